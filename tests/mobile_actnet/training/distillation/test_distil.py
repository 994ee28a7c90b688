"""A student learns from a tiny teacher, resumes to the same losses, and the command does both."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_teacher import DIM, write_teacher

from mobile_actnet.cli.teach import override
from mobile_actnet.cli.train import main
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.checkpoint import Card, load_checkpoint, save_checkpoint
from mobile_actnet.network.config import BackboneKind, NetworkConfig, StreamConfig
from mobile_actnet.pictures.photos import find_photos
from mobile_actnet.training.config import Autocast
from mobile_actnet.training.distillation.config import DistillationConfig, TeacherNormalisation
from mobile_actnet.training.distillation.distil import Distillation, Pace, distil
from mobile_actnet.training.distillation.picture_store import open_store
from mobile_actnet.training.distillation.target_cache import TargetCache
from mobile_actnet.training.distillation.teacher_networks import OnnxTeacher, Teaching
from mobile_actnet.training.sources import Source

CPU = torch.device("cpu")
SMALL = NetworkConfig(BackboneKind.MOBILENET_V2, (StreamConfig(("features.3",)),), 8, 4)
CONFIG = DistillationConfig(
    steps=12, batch_size=8, view_side_px=64, early_side_px=64, late_side_px=64,
    views_per_picture=2, joined_dim=6, held_out_share=0.2, autocast=Autocast.FP32,
)  # fmt: skip


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(20):
        coarse = rng.integers(0, 256, (6, 5, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((60, 50)).save(folder / f"{number:02d}.png")
    return folder


@pytest.fixture
def teacher(tmp_path: Path) -> Path:
    return write_teacher(tmp_path / "teacher.onnx")


def learning(
    pictures: Path, teacher: Path, config: DistillationConfig = CONFIG, teachers: int = 1
) -> Distillation:
    torch.manual_seed(0)
    unit = TeacherNormalisation.ZERO_TO_ONE
    cache = pictures.parent / "cache"
    networks = [OnnxTeacher(teacher, CPU, 64, unit) for _ in range(teachers)]
    return Distillation(
        Actnet(SMALL), open_store([Source(find_photos(pictures), 1.0)], cache, CPU),
        Teaching(networks, [[1.0] * teachers]), config, CPU,
        TargetCache(cache / "targets.sqlite") if config.views_per_picture else None,
    )  # fmt: skip


def entries(state: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in state.with_suffix(".jsonl").read_text().splitlines()]


def silent(_: str) -> None:
    pass


def test_a_student_comes_nearer_to_its_teacher(
    pictures: Path, teacher: Path, tmp_path: Path
) -> None:
    run = learning(pictures, teacher, replace(CONFIG, steps=60))
    before = run.measure()["held_out_cosine_0"]
    student = distil(run, tmp_path / "s.state", silent)
    assert run.measure()["held_out_cosine_0"] > before + 0.02
    # The means of six channels have no more than six components.
    assert student.config.whitening_dim <= 6
    assert entries(tmp_path / "s.state")[-1]["step"] == 60


def test_a_stopped_run_resumes_to_the_same_losses(
    pictures: Path, teacher: Path, tmp_path: Path
) -> None:
    distil(learning(pictures, teacher), tmp_path / "whole.state", silent)
    pace = Pace(state_every_steps=4)

    class StoppedError(Exception):
        pass

    stopped = learning(pictures, teacher)
    update = stopped.update

    def update_until_step_9(step: int) -> torch.Tensor:
        if step == 9:
            raise StoppedError
        return update(step)

    stopped.update = update_until_step_9  # type: ignore[method-assign]
    with pytest.raises(StoppedError):
        distil(stopped, tmp_path / "stopped.state", silent, pace)
    distil(learning(pictures, teacher), tmp_path / "stopped.state", silent, pace)
    whole, resumed = entries(tmp_path / "whole.state"), entries(tmp_path / "stopped.state")
    assert {e["step"]: e["loss"] for e in whole} == {e["step"]: e["loss"] for e in resumed}


def test_ctrl_c_keeps_the_step_and_says_so(
    pictures: Path, teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, state = learning(pictures, teacher), tmp_path / "a.state"
    update = run.update

    def stopped(step: int) -> torch.Tensor:
        if step == 4:
            signal.raise_signal(signal.SIGINT)
        return update(step)

    monkeypatch.setattr(run, "update", stopped)
    with pytest.raises(KeyboardInterrupt, match=r"^5 of 12 steps are kept in .*a\.state"):
        distil(run, state, silent)
    assert torch.load(state, weights_only=True)["step"] == 5
    distil(learning(pictures, teacher), state, silent)
    distil(learning(pictures, teacher), tmp_path / "whole.state", silent)
    assert entries(state)[-1]["loss"] == entries(tmp_path / "whole.state")[-1]["loss"]


def test_new_views_every_time_need_no_cache(pictures: Path, teacher: Path, tmp_path: Path) -> None:
    config = replace(CONFIG, views_per_picture=0, steps=3)
    distil(learning(pictures, teacher, config), tmp_path / "s.state", silent)
    assert entries(tmp_path / "s.state")[-1]["step"] == 3


def test_a_run_by_the_clock_ends_with_it(pictures: Path, teacher: Path, tmp_path: Path) -> None:
    config = replace(CONFIG, steps=100_000, minutes=0.02)
    run = learning(pictures, teacher, config)
    distil(run, tmp_path / "s.state", silent)
    assert run.progress(0) >= 1


def test_two_teachers_have_a_head_each(pictures: Path, teacher: Path) -> None:
    run = learning(pictures, teacher, replace(CONFIG, steps=2), teachers=2)
    assert len(run.targets.dims) == 2
    run.update(0)
    assert {"held_out_cosine_0", "held_out_cosine_1"} <= set(run.measure())
    assert run.joined().config.whitening_dim == 6


def test_more_values_than_the_signature_has_are_refused(pictures: Path, teacher: Path) -> None:
    with pytest.raises(ConfigError, match="whitening_dim"):
        learning(pictures, teacher, teachers=5)


def test_too_few_pictures_are_refused(pictures: Path, teacher: Path) -> None:
    for path in sorted(pictures.iterdir())[3:]:
        path.unlink()
    with pytest.raises(ActnetError, match="too few to learn from"):
        learning(pictures, teacher)


def words(pictures: Path, teacher: Path, output: Path, *more: str) -> list[str]:
    checkpoint = output.parent / "start.safetensors"
    if not checkpoint.exists():
        torch.manual_seed(0)
        save_checkpoint(Actnet(SMALL), checkpoint, Card(name="small"))
    settings = (
        "batch_size=8", "view_side_px=64", "early_side_px=64", "late_side_px=64", "joined_dim=6",
        "held_out_share=0.2", "autocast=fp32", "views.crop=0.37", "distortions.noise=5",
    )  # fmt: skip
    return [
        "--teacher", str(teacher), "--teacher-size", "64", "--teacher-normalisation", "zero-to-one",
        "--data", str(pictures), "--checkpoint", str(checkpoint), "--device", "cpu",
        *(word for setting in settings for word in ("--set", setting)), "-o", str(output), *more,
    ]  # fmt: skip


def test_the_command_writes_a_checkpoint_that_names_its_teacher(
    pictures: Path, teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "student.safetensors"
    assert main(words(pictures, teacher, output, "--steps", "3")) == 0
    assert "saved" in capsys.readouterr().out
    _, card = load_checkpoint(output)
    assert "teacher.onnx" in card.origin
    assert card.training["steps"] == 3
    assert not output.with_suffix(".state").exists()
    assert main(words(pictures, teacher, output, "--steps", "3")) == 1
    assert "give --overwrite" in capsys.readouterr().err


def test_a_pack_made_by_the_command_is_learned_from(
    pictures: Path, teacher: Path, tmp_path: Path
) -> None:
    pack = tmp_path / "pictures.zip"
    assert main(["--pack", str(pack), "--data", str(pictures)]) == 0
    assert main(words(pack, teacher, tmp_path / "s.safetensors", "--steps", "2")) == 0
    assert main(["--pack", str(pack), "--data", str(pictures)]) == 1  # it is there already
    assert main(["--pack", str(pack), "--data", str(pictures), "--overwrite"]) == 0


def test_a_killed_command_resumes_to_the_same_losses(
    pictures: Path, teacher: Path, tmp_path: Path
) -> None:
    whole, killed = tmp_path / "whole.safetensors", tmp_path / "killed.safetensors"
    steps = ["--steps", "220"]
    command = [sys.executable, "-m", "mobile_actnet.cli.train"]
    # Both in processes of their own: the sums of a convolution depend on the number of threads.
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [*command, *words(pictures, teacher, killed, *steps)],
        env=environment, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    state = killed.with_suffix(".state")
    deadline = time.monotonic() + 240
    while not state.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert state.exists()
    for output in (killed, whole):
        subprocess.run(
            [*command, *words(pictures, teacher, output, *steps)],
            env=environment, check=True, stdout=subprocess.DEVNULL, timeout=400,
        )  # fmt: skip
    losses = [{e["step"]: e["loss"] for e in entries(path)} for path in (whole, killed)]
    assert losses[0] == losses[1]
    assert len(losses[0]) == 22


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--set", "nothing=1"], "there is no setting"),
        (["--set", "steps=many"], "the value must be like"),
        (["--set", "whole.crop=1"], "there is no setting"),
        (["--teacher-weights", "1,2"], "give 1 numbers"),
        (["--teacher-weights", "1", "--teacher-weights", "1"], "is given 2 times"),
        (["--teacher", "missing.onnx"], "missing.onnx does not exist"),
        (["--mix", "1,2"], "give 1 positive numbers"),
        (["--set", "views.crop=0.5"], "change two of them together"),
        (["--set", "views.crop_area=0.5"], "give two values above 0 and at most 1"),
        (["--set", "distortions.brightness=0,1"], "give two values above 0"),
        (["--set", "views.frame_aspects=0"], "give values above 0"),
    ],
)
def test_a_wrong_word_is_answered_by_a_sentence(
    pictures: Path, teacher: Path, tmp_path: Path, more: list[str], sentence: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert main(words(pictures, teacher, tmp_path / "s.safetensors", *more)) == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "s.safetensors").exists()


def test_a_clock_that_ends_between_two_steps_leaves_no_run_unmeasured(
    pictures: Path, teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    asked: list[int] = []

    def progress(run: Distillation, step: int) -> float:
        """Whoever asks for step 10 a second time is told that the time is over."""
        asked.append(step)
        return float(step > 10 or asked.count(10) > 1)

    monkeypatch.setattr(Distillation, "progress", progress)
    assert main(words(pictures, teacher, tmp_path / "s.safetensors", "--minutes", "600")) == 0
    out = capsys.readouterr().out
    assert "step 11, 100 %: on held-out pictures" in out
    assert "600 min left" in out


def test_the_clock_alone_ends_a_run_of_minutes(
    pictures: Path, teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "s.safetensors"
    assert main(words(pictures, teacher, output, "--minutes", "0.03")) == 0
    assert ", 100 %: on held-out pictures" in capsys.readouterr().out
    _, card = load_checkpoint(output)
    assert card.training["minutes"] == 0.03
    assert card.training["steps"] > 1_000_000, "the default of 2000 would end a fast run early"


def test_shares_of_views_are_changed_together() -> None:
    config = override(DistillationConfig(), ["views.crop=0.5", "steps=7", "views.capture=0.27"])
    assert (config.views.crop, config.views.capture, config.steps) == (0.5, 0.27, 7)


def test_a_shortened_teacher_is_not_ignored(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--teach", "t.onnx", "--data", str(pictures), "-o", str(tmp_path / "s.safetensors")]
    assert main([*command, "--steps", "1"]) == 1
    assert "write --teacher out in full" in capsys.readouterr().err


def test_a_checkpoint_needs_its_suffix(
    pictures: Path, teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(pictures, teacher, tmp_path / "s.pt")) == 1
    assert "ends in .safetensors" in capsys.readouterr().err


def test_the_teachers_components_bound_the_head(pictures: Path, teacher: Path) -> None:
    run = learning(pictures, teacher, replace(CONFIG, teacher_dim=3))
    assert run.targets.dims == [3]
    assert learning(pictures, teacher).targets.dims == [DIM]


def test_checkpoints_are_teachers_and_several_are_a_start(
    pictures: Path, teacher: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.safetensors"
    torch.manual_seed(1)
    save_checkpoint(Actnet(SMALL), other, Card(name="another"))
    output = tmp_path / "s.safetensors"
    more = ["--teacher", str(other), "--checkpoint", str(other), "--steps", "2"]
    assert main([*words(pictures, teacher, output), *more]) == 0
    _, card = load_checkpoint(output)
    assert "the mean of small" in card.origin
    assert "and another" in card.origin
    assert card.training["teachers"] == ["teacher.onnx", "other.safetensors"]

"""Training: resuming to the same losses, mining, processes, and the command."""

import errno
import json
import multiprocessing
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

from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.checkpoint import Card, load_checkpoint, save_checkpoint
from mobile_actnet.network.config import BackboneKind, NetworkConfig, StreamConfig
from mobile_actnet.pictures.photos import find_photos
from mobile_actnet.training.batches import loader
from mobile_actnet.training.config import Autocast, LossKind, Mining, OptimizerKind, TrainingConfig
from mobile_actnet.training.distributed import Execution
from mobile_actnet.training.optimizers import leading_parameters
from mobile_actnet.training.sources import Source
from mobile_actnet.training.state import StateKeeper
from mobile_actnet.training.trainer import Selection, train

SMALL = NetworkConfig(BackboneKind.MOBILENET_V2, (StreamConfig(("features.3",)),), 8, 4)
CONFIG = TrainingConfig(
    epochs=2, steps_per_epoch=10, batch_size=4, image_sizes=((64, 64),), teacher_sides_px=(64,),
    nested_dims=(4,), warmup_steps=2, frozen_blocks=1, autocast=Autocast.FP32,
)  # fmt: skip
TRIPLET = replace(
    CONFIG, loss=LossKind.TRIPLET, mining=Mining.HARDEST, mining_after_epochs=1,
    triplets_per_epoch=9, steps_per_epoch=5, micro_batch_size=3, classification_epochs=1,
    optimizer=OptimizerKind.SGD,
)  # fmt: skip
MEMORY = replace(TRIPLET, mining=Mining.MEMORY, classification_epochs=0)


def small_network() -> Actnet:
    torch.manual_seed(0)
    return Actnet(SMALL)


def entries(state: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in state.with_suffix(".jsonl").read_text().splitlines()]


def losses(state: Path) -> dict[int, float]:
    return {int(entry["step"]): entry["loss"] for entry in entries(state)}


def silent(_: str) -> None:
    pass


def run(network: Actnet, folder: Path, state: Path, config: TrainingConfig = CONFIG) -> None:
    sources = [Source(find_photos(folder), 1.0)]
    train(network, sources, config, state, silent, Execution(0, 3))


@pytest.mark.parametrize("config", [CONFIG, TRIPLET, MEMORY], ids=["bank", "triplet", "memory"])
def test_a_stopped_run_resumes_to_the_same_losses(
    pictures: Path, tmp_path: Path, config: TrainingConfig
) -> None:
    whole, stopped = small_network(), small_network()
    run(whole, pictures, tmp_path / "whole.state", config)

    class StoppedError(Exception):
        pass

    def stop(line: str) -> None:
        if line.startswith("step 10/"):
            raise StoppedError

    state = tmp_path / "stopped.state"
    sources = [Source(find_photos(pictures), 1.0)]
    with pytest.raises(StoppedError):
        train(stopped, sources, config, state, stop, Execution(0, 4))
    assert torch.load(state, weights_only=True)["step"] < 10
    resumed = small_network()
    run(resumed, pictures, state, config)
    assert losses(state) == losses(tmp_path / "whole.state")
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


def test_ctrl_c_keeps_the_step_and_says_so(pictures: Path, tmp_path: Path) -> None:
    run(small_network(), pictures, tmp_path / "whole.state")
    state = tmp_path / "stopped.state"
    sources = [Source(find_photos(pictures), 1.0)]

    def stop(line: str) -> None:
        if line.startswith("step 10/"):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt, match=r"^10 of 20 steps are kept in .*stopped\.state"):
        # The state would be written at no other step of the epoch.
        train(small_network(), sources, CONFIG, state, stop, Execution(0, 99))
    assert torch.load(state, weights_only=True)["step"] == 10
    run(small_network(), pictures, state)
    assert losses(state) == losses(tmp_path / "whole.state")


def test_ctrl_c_before_the_first_step_says_so(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mobile_actnet.training.trainer.teacher_signatures", interrupted)
    with pytest.raises(KeyboardInterrupt, match="^before the first step was finished: nothing"):
        run(small_network(), pictures, tmp_path / "new.state")
    assert not (tmp_path / "new.state").exists()
    (tmp_path / "old.state").write_bytes(b"of an earlier run")
    with pytest.raises(KeyboardInterrupt, match="still has what an earlier run kept"):
        run(small_network(), pictures, tmp_path / "old.state")


def test_sigterm_in_the_first_epoch_keeps_it(pictures: Path, tmp_path: Path) -> None:
    start, output = tmp_path / "start.safetensors", tmp_path / "new.safetensors"
    save_checkpoint(small_network(), start, Card())
    command = [
        sys.executable, "-m", "mobile_actnet.cli.train", "--data", str(pictures),
        "--checkpoint", str(start), "--steps", "5000", "--workers", "1", "--set", "batch_size=4",
        "--set", "image_sizes=64", "--set", "teacher_sides_px=64", "-o", str(output),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("step 20/"):
            break
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 143, told
    kept = torch.load(output.with_suffix(".state"), weights_only=True)["step"]
    assert kept >= 20
    assert f"stopped: {kept} of 5000 steps are kept in {output.with_suffix('.state')}" in told
    assert "Traceback" not in told


def test_the_state_is_written_every_minute(tmp_path: Path) -> None:
    written: list[int] = []
    keeper = StateKeeper(tmp_path / "x.state", 100, every_s=0)
    for step in range(1, 4):
        time.sleep(0.001)
        keeper.after(step, False, written.append)
    assert written == [1, 2, 3]
    keeper = StateKeeper(tmp_path / "x.state", 2)
    written.clear()
    for step in range(1, 6):
        keeper.after(step, step == 5, written.append)
    assert written == [2, 4, 5]


def test_kill_9_in_mid_epoch_resumes_to_the_same_losses(pictures: Path, tmp_path: Path) -> None:
    start = tmp_path / "start.safetensors"
    save_checkpoint(small_network(), start, Card())
    command = [
        sys.executable, "-m", "mobile_actnet.cli.train", "--data", str(pictures),
        "--checkpoint", str(start), "--steps", "600", "--workers", "0", "--set", "batch_size=4",
        "--set", "image_sizes=64", "--set", "teacher_sides_px=64", "--set", "autocast=fp32",
    ]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    whole, killed = tmp_path / "whole.safetensors", tmp_path / "killed.safetensors"
    subprocess.run([*command, "-o", whole], check=True, env=environment, capture_output=True)
    process = subprocess.Popen([*command, "-o", killed], env=environment, stdout=subprocess.DEVNULL)
    state = killed.with_suffix(".state")
    while not state.exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not killed.exists()
    subprocess.run([*command, "-o", killed], check=True, env=environment, capture_output=True)
    assert losses(killed.with_suffix(".state")) == losses(whole.with_suffix(".state"))
    one, other = (load_checkpoint(path)[0].state_dict() for path in (whole, killed))
    for key, value in one.items():
        assert torch.equal(value, other[key]), key


def test_two_processes_agree_with_one(pictures: Path, tmp_path: Path) -> None:
    start = tmp_path / "start.safetensors"
    save_checkpoint(small_network(), start, Card())
    arguments = [
        "-m", "mobile_actnet.cli.train", "--data", str(pictures), "--checkpoint", str(start),
        "--steps", "10", "--workers", "0", "--set", "batch_size=4", "--device", "cpu",
        "--set", "image_sizes=64", "--set", "teacher_sides_px=64", "--set", "autocast=fp32",
    ]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    for name, launcher in (("one", []), ("two", torchrun)):
        subprocess.run(
            [sys.executable, *launcher, *arguments, "-o", tmp_path / f"{name}.safetensors"],
            check=True, env=environment, capture_output=True,
        )  # fmt: skip
    one, two = (entries(tmp_path / f"{name}.state") for name in ("one", "two"))
    assert two[-1]["loss"] == pytest.approx(one[-1]["loss"], rel=1e-4)
    assert two[-1]["gradient_norm"] == pytest.approx(one[-1]["gradient_norm"], rel=1e-3)
    alone, shared = (load_checkpoint(tmp_path / f"{n}.safetensors")[0] for n in ("one", "two"))
    for key, value in alone.state_dict().items():
        assert torch.allclose(value.float(), shared.state_dict()[key].float(), atol=2e-3), key


def test_training_brings_captures_to_their_pictures(pictures: Path, tmp_path: Path) -> None:
    rate = 3e-3
    config = replace(
        CONFIG, epochs=15, batch_size=6, backbone_rate=rate, whitening_rate=rate, teacher_share=0
    )
    run(small_network(), pictures, tmp_path / "run.state", config)
    found = list(losses(tmp_path / "run.state").values())
    assert np.mean(found[-3:]) < 0.9 * np.mean(found[:3])


def test_the_log_holds_the_learned_parameters(pictures: Path, tmp_path: Path) -> None:
    run(small_network(), pictures, tmp_path / "run.state")
    first, last = entries(tmp_path / "run.state")
    assert {"stream0.alpha", "stream0.beta", "stream0.gamma", "stream0.zeta"} <= set(first)
    assert first["stream0.power"] != last["stream0.power"]
    assert first["images_per_s"] > 0


def test_collapse_is_reported(pictures: Path, tmp_path: Path) -> None:
    network = small_network()
    with torch.no_grad():
        network.head.whitening.bias[0] = 100.0  # every descriptor points there
    said: list[str] = []
    train(network, [Source(find_photos(pictures), 1)], replace(CONFIG, epochs=1),
          tmp_path / "s.state", said.append, Execution(0))  # fmt: skip
    assert any("1 is collapse" in line for line in said)


def test_leading_blocks_stay_as_they_are(pictures: Path, tmp_path: Path) -> None:
    network = small_network()
    frozen = [p.detach().clone() for p in leading_parameters(network.backbone, 2)]
    assert frozen[0].shape == (32, 3, 3, 3)
    run(network, pictures, tmp_path / "run.state", replace(CONFIG, frozen_blocks=2))
    for before, after in zip(frozen, leading_parameters(network.backbone, 2), strict=True):
        assert torch.equal(before, after)
    later = list(network.backbone.parameters())[len(frozen)]
    fresh = list(small_network().backbone.parameters())[len(frozen)]
    assert not torch.equal(later, fresh)


def test_a_share_of_the_start_is_kept(pictures: Path, tmp_path: Path) -> None:
    network = small_network()
    run(network, pictures, tmp_path / "run.state", replace(CONFIG, start_share=1.0))
    fresh = small_network().backbone.state_dict()
    for key, value in network.backbone.state_dict().items():
        assert torch.equal(value, fresh[key]), key


def test_the_best_epoch_is_kept(pictures: Path, tmp_path: Path) -> None:
    network, seen = small_network(), []
    marks = iter((50.0, 40.0))

    def measure(candidate: Actnet) -> float:
        seen.append({key: value.clone() for key, value in candidate.backbone.state_dict().items()})
        return next(marks)

    kept: list[Actnet] = []
    train(network, [Source(find_photos(pictures), 1)], CONFIG, tmp_path / "s.state", silent,
          Execution(0), Selection(measure, kept.append))  # fmt: skip
    assert (len(seen), len(kept)) == (2, 1)
    for key, value in network.backbone.state_dict().items():
        assert torch.equal(value, seen[0][key]), key


def test_a_picture_that_vanishes_is_reported_and_skipped(pictures: Path, tmp_path: Path) -> None:
    said: list[str] = []

    def vanish(line: str) -> None:
        said.append(line)
        (pictures / "0.png").unlink(missing_ok=True)

    train(small_network(), [Source(find_photos(pictures), 1)], CONFIG, tmp_path / "s.state",
          vanish, Execution(0))  # fmt: skip
    assert any(line.startswith("skipped: ") and "0.png does not exist" in line for line in said)
    assert said[-1].startswith("step 20/20") or "skipped" in said[-1]


def test_a_state_of_another_run_is_refused(pictures: Path, tmp_path: Path) -> None:
    state = tmp_path / "run.state"
    run(small_network(), pictures, state, replace(CONFIG, epochs=1))
    with pytest.raises(
        ActnetError, match="a run with other settings, another start or other pictures"
    ):
        run(small_network(), pictures, state)
    other = small_network()
    with torch.no_grad():
        other.head.whitening.bias += 1
    with pytest.raises(ActnetError, match="another start or other pictures; give those again"):
        run(other, pictures, state, replace(CONFIG, epochs=1))
    state.write_bytes(b"damaged")
    with pytest.raises(ActnetError, match="is damaged or no state file; move it away"):
        run(small_network(), pictures, state)


def test_pictures_that_cannot_be_trained_on(pictures: Path, tmp_path: Path) -> None:
    (pictures / "bad.jpg").write_bytes(b"text")
    with pytest.raises(ActnetError, match="1 of 7 pictures cannot be decoded"):
        run(small_network(), pictures, tmp_path / "s.state")


def test_a_loss_that_is_not_finite_stops_the_run(pictures: Path, tmp_path: Path) -> None:
    config = replace(CONFIG, backbone_rate=1e30, whitening_rate=1e30, activation_rate=1e30)
    with pytest.raises(ActnetError, match=r"the loss is (nan|inf) at step"):
        run(small_network(), pictures, tmp_path / "s.state", config)


def test_fp16_needs_a_gpu(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="fp16 needs a GPU"):
        run(
            small_network(), pictures, tmp_path / "s.state", replace(CONFIG, autocast=Autocast.FP16)
        )


@pytest.mark.parametrize("damage", ["missing", "of another kind", "of another shape"])
def test_a_damaged_state_behind_its_mark_is_a_sentence(
    damage: str, pictures: Path, tmp_path: Path
) -> None:
    path = tmp_path / "s.state"
    run(small_network(), pictures, path)
    state = torch.load(path, weights_only=True)
    if damage == "missing":
        del state["optimizer"]
    else:
        state["network"] = 3 if damage == "of another kind" else {"a": torch.ones(2)}
    torch.save(state, path)
    with pytest.raises(ActnetError, match="s.state is damaged .*; move it away"):
        run(small_network(), pictures, path)


def test_captures_are_made_here_where_memory_cannot_be_shared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def read_only() -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(multiprocessing.get_context("spawn"), "Lock", read_only)
    assert loader([], workers=2).num_workers == 0
    assert "shared memory is not writable" in capsys.readouterr().err

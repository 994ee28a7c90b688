"""Training: the loss by hand, resuming to the same losses, and the command's errors."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mobile_actnet.checkpoint import Card, load_checkpoint, save_checkpoint
from mobile_actnet.config import BackboneKind, NetworkConfig, StreamConfig
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.network import Actnet
from mobile_actnet.photos import Photo, find_photos
from mobile_actnet.training import (
    Source,
    TrainingConfig,
    bank_loss,
    instance_numbers,
    readable,
    train,
)
from mobile_actnet.training_cli import main

SMALL = NetworkConfig(BackboneKind.MOBILENET_V2, (StreamConfig(("features.3",)),), 8, 4)
CONFIG = TrainingConfig(
    steps=20, batch_size=3, image_side_px=64, teacher_sides_px=(64,), warmup_steps=2
)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, colour in enumerate(("red", "lime", "blue", "yellow", "white", "black")):
        Image.new("RGB", (50, 60), colour).save(folder / f"{number}.png")
    return folder


def small_network() -> Actnet:
    torch.manual_seed(0)
    return Actnet(SMALL)


def losses(state: Path) -> list[float]:
    lines = state.with_suffix(".jsonl").read_text().splitlines()
    return [json.loads(line)["loss"] for line in lines]


def silent(_: str) -> None:
    pass


def run(network: Actnet, folder: Path, state: Path, config: TrainingConfig = CONFIG) -> None:
    sources = [Source(find_photos(folder), 1.0)]
    train(network, sources, config, state, say=silent, workers=0, state_every_steps=10)


def test_bank_loss_by_hand() -> None:
    bank = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    descriptor = torch.tensor([[1.0, 0.0]])
    config = TrainingConfig(temperature=0.5, same_instance_share=0.5)
    logits = [2.0, 0.0, -2.0]
    total = math.log(sum(math.exp(x) for x in logits))
    alone = bank_loss(descriptor, bank, torch.tensor([0]), torch.tensor([0, 1, 2]), config)
    assert float(alone) == pytest.approx(total - 2.0)
    # Row 1 shows the same thing: it gets half of the target.
    shared = bank_loss(descriptor, bank, torch.tensor([0]), torch.tensor([0, 0, 2]), config)
    assert float(shared) == pytest.approx(0.5 * (total - 2.0) + 0.5 * total)


def test_equal_names_in_two_sources_are_two_things() -> None:
    photo = Photo(Path("IMG_1.jpg"), "IMG_1.jpg")
    other = Photo(Path("b.jpg"), "IMG_1.jpg")
    sources = [Source([photo, other], 1), Source([photo], 1)]
    assert instance_numbers(sources).tolist() == [0, 0, 1]


def test_a_killed_run_resumes_to_the_same_losses(pictures: Path, tmp_path: Path) -> None:
    whole, killed = small_network(), small_network()
    run(whole, pictures, tmp_path / "whole.state")

    class KilledError(Exception):
        pass

    def die_after_10(line: str) -> None:
        if line.startswith("step 20/"):
            raise KilledError

    state = tmp_path / "killed.state"
    sources = [Source(find_photos(pictures), 1.0)]
    with pytest.raises(KilledError):
        train(killed, sources, CONFIG, state, say=die_after_10, workers=0, state_every_steps=10)
    assert state.exists()
    resumed = small_network()
    run(resumed, pictures, state)
    # Step 20 was logged twice: before the kill and after it.
    first, before_kill, after = losses(state)
    assert [first, before_kill] == losses(tmp_path / "whole.state")
    assert after == before_kill
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


def test_training_brings_captures_to_their_pictures(pictures: Path, tmp_path: Path) -> None:
    network = small_network()
    rate = 3e-3
    config = replace(CONFIG, steps=150, batch_size=6, backbone_rate=rate, whitening_rate=rate)
    run(network, pictures, tmp_path / "run.state", config)
    found = losses(tmp_path / "run.state")
    assert np.mean(found[-3:]) < 0.9 * np.mean(found[:3])


def test_a_state_of_another_run_is_refused(pictures: Path, tmp_path: Path) -> None:
    state = tmp_path / "run.state"
    run(small_network(), pictures, state, replace(CONFIG, steps=10))
    with pytest.raises(ActnetError, match="state of a run with other settings; move it away"):
        run(small_network(), pictures, state)
    state.write_bytes(b"damaged")
    with pytest.raises(ActnetError, match="is damaged or no state file; move it away"):
        run(small_network(), pictures, state)


def test_pictures_that_cannot_be_trained_on(pictures: Path, tmp_path: Path) -> None:
    photos = find_photos(pictures)
    with pytest.raises(ActnetError, match="at least two pictures"):
        train(small_network(), [Source(photos[:1], 1)], CONFIG, tmp_path / "s.state", silent)
    (pictures / "bad.jpg").write_bytes(b"text")
    said: list[str] = []
    assert readable(find_photos(pictures), said.append) == photos
    assert "bad.jpg cannot be decoded" in said[0]
    with pytest.raises(ActnetError, match="1 of 7 pictures cannot be decoded"):
        run(small_network(), pictures, tmp_path / "s.state")


def test_settings_out_of_range() -> None:
    with pytest.raises(ConfigError, match="steps is 0; it must be 1 or more"):
        TrainingConfig(steps=0)


def test_command_adapts_a_checkpoint(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start, out = tmp_path / "start.safetensors", tmp_path / "out" / "mine.safetensors"
    save_checkpoint(small_network(), start, Card(name="small", origin="random"))
    arguments = ["--data", str(pictures), "--checkpoint", str(start), "-o", str(out)]
    assert main([*arguments, "--steps", "1", "--name", "mine"]) == 0
    network, card = load_checkpoint(out)
    assert network.config == SMALL
    assert card.name == "mine"
    assert card.origin == "started from small (random); pictures: pictures"
    assert card.training["steps"] == 1
    assert f"actnet-export --format tflite --checkpoint {out}" in capsys.readouterr().out
    assert [path.name for path in out.parent.iterdir()] == ["mine.safetensors"]


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--mix", "1,2"], "--mix is '1,2'; give 1 positive numbers"),
        (["--mix", "-1"], "--mix is '-1'"),
        (["--steps", "0"], "steps is 0"),
        (["--backbone", "none.safetensors"], "none.safetensors cannot be read"),
        (["--checkpoint", "none.safetensors"], "checkpoint none.safetensors cannot be read"),
    ],
)
def test_command_errors(
    pictures: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    extra: list[str],
    message: str,
) -> None:
    out = tmp_path / "out.safetensors"
    assert main(["--data", str(pictures), "-o", str(out), *extra]) == 1
    assert message in capsys.readouterr().err
    assert not out.exists()

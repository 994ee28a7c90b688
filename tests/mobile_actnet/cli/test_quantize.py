"""`actnet-train --quantize`: int8 comes nearer to float in a few steps, and a run resumes."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from mobile_actnet.cli.train import main
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization.calibration import (
    ActivationRanges,
    CalibrationImages,
    measure_ranges,
)
from mobile_actnet.export.quantization.checkpoint_tuning import pictures_of
from mobile_actnet.export.quantization.config import CalibrationMethod, TuningConfig
from mobile_actnet.export.quantization.int8_file import load_recorded, recorded_path
from mobile_actnet.export.quantization.tuning import TuningPictures, _Run, tune
from mobile_actnet.files import sha256_of
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.checkpoint import Card, save_checkpoint
from mobile_actnet.pictures.photos import find_photos
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import ImageSize, Layout
from mobile_actnet.training.distributed import Execution
from mobile_actnet.training.sources import Source, collect

CONFIG = TuningConfig(steps=20, batch_size=4, image_sizes=((64, 64),))
SIZE = ImageSize(64, 64)


@pytest.fixture(scope="module")
def network(shipped_network: Actnet) -> Actnet:
    return shipped_network


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for number, picture in enumerate(generated_pictures(24, SIZE)):
        Image.fromarray(picture).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def pictures(folder: Path) -> TuningPictures:
    learned = collect([Source(find_photos(folder), 1.0)])
    return TuningPictures(learned, generated_pictures(8, SIZE, seed=9))


@pytest.fixture(scope="module")
def found(network: Actnet) -> ActivationRanges:
    images = CalibrationImages(generated_pictures(16, SIZE), ("a",))
    deployable = DeployableActnet(network, 384, Layout.NHWC)
    return measure_ranges(deployable, images, CalibrationMethod.MSE)


def silent(_: str) -> None:
    pass


@pytest.fixture
def always_nearer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few steps of few small pictures may go either way: test_fake_quantization asks what is learnt."""
    rising = itertools.count(0.5, 0.01)
    monkeypatch.setattr(_Run, "cosine", lambda *_: next(rising))


@pytest.mark.usefixtures("always_nearer")
def test_a_stopped_run_resumes_to_the_same_kernels(
    network: Actnet, pictures: TuningPictures, found: ActivationRanges, tmp_path: Path
) -> None:
    class StoppedError(Exception):
        pass

    def stop(line: str) -> None:
        if line.startswith("step 10/"):
            raise StoppedError

    def run(name: str, say) -> ActivationRanges:
        state = tmp_path / name
        return tune(network, pictures, found, CONFIG, state, say, Execution(0, 4))

    whole = run("whole.state", silent)
    with pytest.raises(StoppedError):
        run("stopped.state", stop)
    assert torch.load(tmp_path / "stopped.state", weights_only=True)["step"] == 8
    resumed = run("stopped.state", silent)
    assert whole.tuned is not None
    assert resumed.tuned is not None
    assert resumed.tuned.sha256 == whole.tuned.sha256
    about = whole.tuned.about
    assert (about["cosine_before"], about["cosine_after"]) == (0.5, 0.51)
    other = replace(CONFIG, steps=21)
    with pytest.raises(ActnetError, match="a run with other settings"):
        tune(network, pictures, found, other, tmp_path / "stopped.state", silent, Execution(0))


def test_what_makes_it_worse_is_not_saved(
    network: Actnet, pictures: TuningPictures, found: ActivationRanges, tmp_path: Path
) -> None:
    config = TuningConfig(
        steps=5, batch_size=4, image_sizes=((64, 64),), level_rate=5.0, shift_rate=50.0
    )
    with pytest.raises(ActnetError, match="did not bring the descriptors nearer"):
        tune(network, pictures, found, config, tmp_path / "x.state", silent, Execution(0))
    assert not (tmp_path / "x.state").exists()


def test_a_picture_of_two_folders_counts_once(folder: Path) -> None:
    photos = pictures_of([folder, folder])
    assert len(photos) == 24
    assert len({photo.path for photo in photos}) == 24


@pytest.mark.parametrize("option", ["--workers", "--seed"])
@pytest.mark.parametrize("command", [["--quantize"], ["-o", "any.safetensors"]])
def test_negative_counts(
    option: str, command: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*command, "--data", str(folder), option, "-1"])
    assert "'-1' is not allowed; give a whole number, 0 or more" in capsys.readouterr().err


@pytest.mark.usefixtures("always_nearer")
def test_the_command_records_beside_the_checkpoint(
    network: Actnet, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = tmp_path / "own.safetensors"
    save_checkpoint(network, checkpoint, Card())
    before = checkpoint.read_bytes()
    words = ["--quantize", "--data", str(folder), "--checkpoint", str(checkpoint)]
    words += ["--image-size", "64", "--steps", "10", "--rate", "0.1", "--workers", "0"]
    assert main(words) == 0
    assert "cosine" in capsys.readouterr().out
    assert checkpoint.read_bytes() == before
    found = load_recorded(sha256_of(checkpoint), recorded_path(checkpoint))
    assert found is not None
    assert found.tuned is not None
    assert (found.size, found.images, found.tuned.about["held_out"]) == ("64x64", 24, 8)
    assert not list(tmp_path.glob("*.state"))
    # Nor where a stopped run has left its state.
    recorded_path(checkpoint).with_suffix(".state").write_bytes(b"")
    assert main(words) == 1
    assert "give --overwrite to replace it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--steps", "0"], "--steps is 0; it must be 1 or more"),
        (["--rate", "-1"], "--rate is -1.0; it must be above 0"),
        (["--checkpoint", "none.safetensors"], "none.safetensors cannot be read"),
    ],
)
def test_bad_options(
    words: list[str], error: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--quantize", "--data", str(folder), "--overwrite"]
    assert main([*given, *words]) == 1
    assert error in capsys.readouterr().err


def test_too_few_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, picture in enumerate(generated_pictures(15, SIZE)):
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
    assert main(["--quantize", "--data", str(tmp_path), "--overwrite"]) == 1
    assert "gives 15 readable photos; at least 16 are needed" in capsys.readouterr().err


def test_settings_are_checked() -> None:
    with pytest.raises(ConfigError, match="batch_size is 3; it must be even"):
        TuningConfig(batch_size=3)


def test_without_quantize_it_is_the_training(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", "nowhere"]) == 1
    assert "give -o PATH for the checkpoint" in capsys.readouterr().err

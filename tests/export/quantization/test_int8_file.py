"""The record beside a checkpoint: whose it is, and that an artefact holds its tuned kernels."""

from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import torch

from mobile_actnet.cli.export import main
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization import int8_file
from mobile_actnet.export.quantization.calibration import (
    ActivationRanges,
    CalibrationImages,
    measure_ranges,
)
from mobile_actnet.export.quantization.config import CalibrationMethod
from mobile_actnet.export.quantization.fake_quantization import SimulatedInt8
from mobile_actnet.export.quantization.int8_file import (
    load_recorded,
    recorded_for,
    recorded_path,
    save_recorded,
)
from mobile_actnet.export.quantization.prepare import prepare
from mobile_actnet.files import sha256_of
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.checkpoint import Card, save_checkpoint
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.manifest import load
from mobile_actnet.runtime.vocabulary import ImageSize, Layout, Precision

SMALL = ImageSize(64, 64)


@pytest.fixture(scope="module")
def tuned(shipped_network: Actnet) -> ActivationRanges:
    deployable = DeployableActnet(shipped_network, 64, Layout.NHWC)
    images = CalibrationImages(generated_pictures(16, SMALL), ("a", "b"))
    found = measure_ranges(deployable, images, CalibrationMethod.MSE)
    simulated = SimulatedInt8(DeployableActnet(shipped_network, 64, Layout.NHWC), found)
    with torch.no_grad():
        # As if it had learnt something.
        simulated.levels[0][0] *= -1
    return simulated.record({"steps": 3})


def test_the_record_lies_beside_its_checkpoint() -> None:
    assert recorded_path(Path("a/shop.safetensors")) == Path("a/shop.int8.safetensors")


def test_tuned_kernels_come_back(tuned: ActivationRanges, tmp_path: Path) -> None:
    path = tmp_path / "made.int8.safetensors"
    save_recorded(tuned, path, "0" * 64)
    found = load_recorded("0" * 64, path)
    assert found is not None
    assert found.tuned is not None
    assert tuned.tuned is not None
    assert found.tuned.about == {"steps": 3}
    assert found.tuned.sha256 == tuned.tuned.sha256
    assert found.tuned.levels["features.0.0"].dtype == torch.int8


def test_kernels_of_a_network_that_was_trained_are_stored(
    tuned: ActivationRanges, tmp_path: Path
) -> None:
    """Training orders kernels by pixels, and values that are not contiguous cannot be written."""
    path = tmp_path / "made.int8.safetensors"
    assert tuned.tuned is not None
    levels = {
        name: x.contiguous(memory_format=torch.channels_last)
        for name, x in tuned.tuned.levels.items()
    }
    trained = replace(tuned, tuned=replace(tuned.tuned, levels=levels))
    save_recorded(trained, path, "0" * 64)
    loaded = load_recorded("0" * 64, path)
    assert loaded is not None
    assert loaded.tuned is not None
    assert loaded.tuned.sha256 == tuned.tuned.sha256


def test_without_a_record_the_shipped_weights_are_known_by_their_hash(tmp_path: Path) -> None:
    copy = tmp_path / "renamed.safetensors"
    copy.write_bytes(DEFAULT_CHECKPOINT.read_bytes())
    assert recorded_for(copy, sha256_of(copy)) is not None
    assert recorded_for(copy, "1" * 64) is None


def test_the_record_of_another_checkpoint_is_refused(
    tuned: ActivationRanges, shipped_network: Actnet, tmp_path: Path, capsys
) -> None:
    checkpoint = tmp_path / "own.safetensors"
    save_checkpoint(shipped_network, checkpoint, Card())
    save_recorded(tuned, recorded_path(checkpoint), "1" * 64)
    with pytest.raises(ConfigError, match="belongs to another checkpoint than own.safetensors"):
        recorded_for(checkpoint, sha256_of(checkpoint))
    arguments = ["--format", "onnx", "--precision", "int8", "--checkpoint", str(checkpoint)]
    assert main([*arguments, "-o", str(tmp_path / "out")]) == 1
    assert "tune again with actnet quantize" in capsys.readouterr().err
    # Weights alone need no record.
    arguments[3] = "int8-weights"
    assert main([*arguments, "--image-size", "64", "-o", str(tmp_path / "out")]) == 0
    assert "warning: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("constant", "error", "message"),
    [
        (
            "VERSION",
            ConfigError,
            "is a record of version other, this release reads version 2: tune again",
        ),
        ("FORMAT", ActnetError, "is damaged: its format is 'other', not"),
    ],
)
def test_a_record_that_cannot_be_read_is_named(
    tuned: ActivationRanges, tmp_path: Path, monkeypatch, constant, error, message
) -> None:
    path = tmp_path / "made.int8.safetensors"
    with monkeypatch.context() as patched:
        patched.setattr(int8_file, constant, "other")
        save_recorded(tuned, path, "0" * 64)
    with pytest.raises(error, match=message):
        load_recorded("0" * 64, path)


def test_what_is_kept_in_float_is_not_tuned(
    tuned: ActivationRanges, shipped_network: Actnet
) -> None:
    kept = "features.18.0"
    kernels = {}
    for names in (frozenset[str](), frozenset({kept})):
        deployable = DeployableActnet(shipped_network, 64, Layout.NHWC)
        plan = prepare(deployable, Precision.INT8, tuned, names)
        assert plan is not None
        kernels[bool(names)] = deployable.backbone.get_submodule(kept).weight.detach().clone()
    steps = tuned.tuned.steps[kept].view(-1, 1, 1, 1)  # type: ignore[union-attr]
    off_levels = {key: (x / steps - (x / steps).round()).abs().max() for key, x in kernels.items()}
    assert off_levels[False] < 1e-3
    assert off_levels[True] > 0.1


def test_kernels_of_another_network_are_refused(tuned: ActivationRanges, tmp_path: Path) -> None:
    assert tuned.tuned is not None
    levels = {f"other.{name}": x for name, x in tuned.tuned.levels.items()}
    path = tmp_path / "made.int8.safetensors"
    save_recorded(replace(tuned, tuned=replace(tuned.tuned, levels=levels)), path, "0" * 64)
    with pytest.raises(ActnetError, match="is damaged: .* different convolutions"):
        load_recorded("0" * 64, path)


def test_an_artefact_holds_the_tuned_kernels(
    tuned: ActivationRanges, shipped_network: Actnet, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "own.safetensors"
    save_checkpoint(shipped_network, checkpoint, Card("own"))
    save_recorded(tuned, recorded_path(checkpoint), sha256_of(checkpoint))
    path = tmp_path / "own.onnx"
    loose = ["--min-cosine", "0", "--min-worst-cosine", "0", "--min-overlap", "0"]
    arguments = ["--format", "onnx", "--precision", "int8", "--image-size", "64", *loose]
    assert main([*arguments, "--checkpoint", str(checkpoint), "-o", str(path)]) == 0
    assert tuned.tuned is not None
    held = load(path)
    assert held["checkpoint"]["sha256"] == sha256_of(checkpoint)
    assert held["calibration"]["tuned"] == {"sha256": tuned.tuned.sha256, "steps": 3}
    first = tuned.tuned.levels["features.0.0"]
    kernels = [
        onnx.numpy_helper.to_array(x)
        for x in onnx.load(path).graph.initializer
        if tuple(x.dims) == tuple(first.shape)
    ]
    assert [kernel.tolist() for kernel in kernels] == [first.tolist()]

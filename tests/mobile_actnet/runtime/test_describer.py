"""One way to load what describes pictures."""

from pathlib import Path

import numpy as np
import pytest

import mobile_actnet as actnet
from mobile_actnet.descriptors import cosine
from mobile_actnet.errors import CheckpointError, ConfigError
from mobile_actnet.files import sha256_of
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.runtime.errors import ManifestError
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision

SMALL = ImageSize(64, 64)


def test_checkpoint_and_artefact_are_loaded_alike(small_artefact) -> None:
    pytest.importorskip("onnx", reason="needs the extra onnx")
    path = small_artefact(Format.ONNX, Precision.FP32).path
    checkpoint, artefact = actnet.load(size=SMALL), actnet.load(path)
    assert (checkpoint.size, checkpoint.dim) == (artefact.size, artefact.dim) == (SMALL, 384)
    assert (checkpoint.identity, artefact.identity) == tuple(
        map(sha256_of, (DEFAULT_CHECKPOINT, path))
    )
    pixels = generated_pictures(2, SMALL)
    found = [describer.describe(pixels) for describer in (checkpoint, artefact)]
    assert cosine(*found).min() > 0.9999
    assert np.linalg.norm(found[0], axis=1) == pytest.approx(1, abs=1e-5)


def test_a_checkpoint_gives_other_lengths() -> None:
    short = actnet.load(DEFAULT_CHECKPOINT, SMALL, 32)
    assert short.describe(generated_pictures(1, SMALL)).shape == (1, 32)
    with pytest.raises(ConfigError, match="dim"):
        actnet.load(dim=100_000)


def test_what_cannot_be_loaded(small_artefact, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="needs the extra onnx")
    path = small_artefact(Format.ONNX, Precision.FP32).path
    with pytest.raises(ConfigError, match="has its own size and dim"):
        actnet.load(path, dim=32)
    with pytest.raises(ManifestError, match="does not exist; actnet export makes one"):
        actnet.load(tmp_path / "none.onnx")
    with pytest.raises(CheckpointError, match="cannot be read"):
        actnet.load(tmp_path / "none.safetensors")

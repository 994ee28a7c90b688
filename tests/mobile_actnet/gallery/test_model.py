"""What a gallery is bound to: artefacts by their manifest, checkpoints by their file."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.errors import ActnetError, ConfigError, GalleryError
from mobile_actnet.gallery.model import identify, opened
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.runtime import manifest as manifests
from mobile_actnet.runtime.vocabulary import ImageSize


def test_an_artefact_is_bound_by_its_manifest(artefact: Path) -> None:
    bound, manifest = identify(artefact), manifests.load(artefact)
    assert bound.model_sha256 == manifest["artefact"]["sha256"]
    assert (bound.model_format, bound.model_precision, bound.dim) == ("onnx", "fp32", 384)
    assert (bound.height_px, bound.width_px) == (64, 64)
    assert (bound.preprocessing_name, bound.preprocessing_version) == ("pillow-bilinear", 1)
    with pytest.raises(ConfigError, match="has its own size and dim"):
        identify(artefact, dim=32)


def test_a_checkpoint_describes_at_its_size_and_length() -> None:
    bound = identify(DEFAULT_CHECKPOINT, ImageSize(64, 64), 32)
    found = opened(DEFAULT_CHECKPOINT, bound)(np.zeros((2, 64, 64, 3), np.uint8))
    assert found.shape == (2, 32)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-4)


def test_what_is_not_to_be_trusted_is_refused(artefact: Path, tmp_path: Path) -> None:
    copy = tmp_path / artefact.name
    shutil.copy(artefact, copy)
    with pytest.raises(ActnetError, match="has no manifest"):
        identify(copy)
    told = json.loads(manifests.path_of(artefact).read_text())
    told["preprocessing"]["version"] = 2
    manifests.path_of(copy).write_text(json.dumps(told))
    with pytest.raises(GalleryError, match="wants the preprocessing pillow-bilinear 2"):
        identify(copy)

"""Photos and galleries for the tests of indexing and searching."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from mobile_actnet.export.deployable import ImageSize
from mobile_actnet.export.formats import Format, Precision
from mobile_actnet.export.pictures import generated_pictures

MakePhotos = Callable[..., Path]


@pytest.fixture
def make_photos(tmp_path: Path) -> MakePhotos:
    """Give a function that writes a folder of generated JPEGs: 000.jpg, 001.jpg, ..."""

    def make(count: int = 6, name: str = "photos", side: int = 64) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        pictures = generated_pictures(count, ImageSize(side, side), seed=5)
        for number, pixels in enumerate(pictures):
            Image.fromarray(pixels).save(folder / f"{number:03}.jpg", quality=90)
        return folder

    return make


@pytest.fixture
def artefact(small_artefact) -> Path:
    """An ONNX artefact at 64 x 64; not to be changed."""
    return small_artefact(Format.ONNX, Precision.FP32).path

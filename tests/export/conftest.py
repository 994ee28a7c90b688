"""Photos and galleries for the tests of indexing and searching."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from mobile_actnet.export import Gallery, IndexOptions
from mobile_actnet.export.deployable import ImageSize
from mobile_actnet.export.formats import Format, Precision
from mobile_actnet.export.pictures import generated_pictures

MakePhotos = Callable[..., Path]


def write_photos(folder: Path, count: int = 6, side: int = 64) -> Path:
    """Write a folder of generated JPEGs: 000.jpg, 001.jpg, ..."""
    folder.mkdir()
    pictures = generated_pictures(count, ImageSize(side, side), seed=5)
    for number, pixels in enumerate(pictures):
        Image.fromarray(pixels).save(folder / f"{number:03}.jpg", quality=90)
    return folder


@pytest.fixture
def make_photos(tmp_path: Path) -> MakePhotos:
    """Give a function that writes such a folder beside the test's other files."""

    def make(count: int = 6, name: str = "photos", side: int = 64) -> Path:
        return write_photos(tmp_path / name, count, side)

    return make


@pytest.fixture(scope="session")
def small_gallery(artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `photos` (six, and copy.jpg, which is 002.jpg) and g.sqlite; not to be changed."""
    folder = tmp_path_factory.mktemp("gallery")
    photos = write_photos(folder / "photos")
    shutil.copy(photos / "002.jpg", photos / "copy.jpg")
    Gallery.build(photos, artefact, folder / "g.sqlite", IndexOptions(workers=1)).close()
    return folder


@pytest.fixture(scope="session")
def artefact(small_artefact) -> Path:
    """An ONNX artefact at 64 x 64; not to be changed."""
    return small_artefact(Format.ONNX, Precision.FP32).path

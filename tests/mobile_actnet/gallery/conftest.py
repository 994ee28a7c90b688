"""Galleries of generated descriptors, written without a network."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from posters import COUNT, photo, poster

from mobile_actnet.gallery.indexing.index_options import IndexOptions
from mobile_actnet.gallery.indexing.indexer import build
from mobile_actnet.gallery.sqlite.changes import list_photos
from mobile_actnet.gallery.sqlite.schema import GalleryModel
from mobile_actnet.gallery.sqlite.storage import Storage, encode
from mobile_actnet.gallery.sqlite.writer import (
    DescribedPhoto,
    GallerySettings,
    GalleryWriter,
    create,
)

DIM = 8
MODEL = GalleryModel("m.tflite", "tflite", "fp16", "ab" * 32, "pillow-bilinear", 1, 64, 64, DIM)

MakeGallery = Callable[..., Path]


def _described(path: str, seed: int, storage: Storage = Storage.INT8) -> DescribedPhoto:
    row = np.random.default_rng(seed).standard_normal((1, DIM))
    stored = encode(row / np.linalg.norm(row), storage)
    content = hashlib.sha256(str(seed).encode()).digest()
    return DescribedPhoto(
        path, 100 + seed, seed, content, 40, 30, float(stored.scales[0]),
        stored.values[0].tobytes(), b"\xff\xd8jpeg",
    )  # fmt: skip


@pytest.fixture
def make_gallery(tmp_path: Path) -> MakeGallery:
    """Give a function that writes a gallery of some pictures; their number is their seed."""

    def make(count: int = 5, storage: Storage = Storage.INT8, name: str = "g.sqlite") -> Path:
        path = tmp_path / name
        settings = GallerySettings(storage, 160, "photos", "m.tflite", "")
        create(path, MODEL, settings, "a test")
        with GalleryWriter(path) as writer:
            list_photos(writer, [])
            with writer.transaction():
                for number in range(count):
                    writer.store(_described(f"p{number}.jpg", number, storage))
                writer.advance()
        return path

    return make


@pytest.fixture
def described() -> Callable[..., DescribedPhoto]:
    """Give a function from path and seed to a photo that is ready to be stored."""
    return _described


@pytest.fixture(scope="module")
def built(artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("posters")
    (folder / "photos").mkdir()
    for seed in range(COUNT):
        poster(seed).save(folder / "photos" / f"{seed}.png")
    photo(3).save(folder / "query.png")
    photo(77).save(folder / "unknown.png")
    build(folder / "photos", artefact, folder / "g.sqlite", IndexOptions(workers=1))
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return tmp_path

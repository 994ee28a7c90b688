"""What a worker makes of photos: order, reasons, and which are tried again."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobile_actnet.errors import GalleryError
from mobile_actnet.files import sha256_of
from mobile_actnet.gallery.indexing.picture_work import PictureWork, describe_photos
from mobile_actnet.gallery.sqlite.schema import GalleryModel
from mobile_actnet.gallery.sqlite.storage import Storage
from mobile_actnet.gallery.sqlite.writer import BrokenPhoto, DescribedPhoto
from mobile_actnet.pictures.photo_tree import FoundPhoto

MODEL = GalleryModel("m", "onnx", "fp32", "0" * 64, "pillow-bilinear", 1, 32, 64, 2)


def colour(pixels: np.ndarray) -> np.ndarray:
    """Describe a picture by the direction of its red and green."""
    assert pixels.shape[1:] == (32, 64, 3)
    rows = pixels[:, 0, 0, :2].astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def work(folder: Path, thumbnail: int = 16) -> PictureWork:
    return PictureWork(folder, Path("m"), MODEL, Storage.INT8, thumbnail)


def test_outcomes_in_the_order_of_photos(tmp_path: Path) -> None:
    Image.new("RGB", (40, 20), (30, 40, 0)).save(tmp_path / "a.png")
    (tmp_path / "b.jpg").write_bytes(b"text")
    Image.new("RGB", (20, 40), (50, 0, 0)).save(tmp_path / "d.png")
    photos = [FoundPhoto(name, 7, 8) for name in ("a.png", "b.jpg", "c.jpg", "d.png")]
    first, second, third, fourth = describe_photos(photos, colour, work(tmp_path))
    assert isinstance(first, DescribedPhoto)
    assert (first.width_px, first.height_px, first.size_bytes, first.mtime_ns) == (40, 20, 7, 8)
    assert first.sha256.hex() == sha256_of(tmp_path / "a.png")
    assert np.frombuffer(first.values, np.int8).tolist() == [95, 127]
    assert second == BrokenPhoto(
        "b.jpg",
        "cannot be decoded: it is not a picture in a known format (JPEG, PNG, WEBP, GIF, BMP, TIFF, HEIC and AVIF)",
        7,
        8,
    )
    # The system's fault: no size and time, so that the next update tries again.
    assert third == BrokenPhoto("c.jpg", "cannot be read: No such file or directory")
    assert isinstance(fourth, DescribedPhoto)
    assert fourth.path == "d.png"


def test_without_thumbnails_and_without_photos(tmp_path: Path) -> None:
    Image.new("RGB", (40, 20), (30, 40, 0)).save(tmp_path / "a.png")
    (found,) = describe_photos([FoundPhoto("a.png", 1, 1)], colour, work(tmp_path, 0))
    assert isinstance(found, DescribedPhoto)
    assert found.thumbnail is None
    assert describe_photos([], colour, work(tmp_path)) == []


def test_a_wrong_descriptor_stops_the_run(tmp_path: Path) -> None:
    Image.new("RGB", (40, 20), (30, 40, 0)).save(tmp_path / "a.png")
    with pytest.raises(GalleryError, match="it must be 1"):
        describe_photos(
            [FoundPhoto("a.png", 1, 1)], lambda pixels: 3 * colour(pixels), work(tmp_path)
        )

"""The gallery of a folder of photos: made once, and later only what has changed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from mobile_actnet.errors import ActnetError, GalleryError
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.writer import GalleryWriter
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision
from mobile_actnet.web import photos_gallery
from mobile_actnet.web.photos_gallery import PhotosGallery, gallery_of, index_photos

PICTURES = 12


@pytest.fixture(scope="module")
def model(small_artefact) -> Path:
    pytest.importorskip("litert_torch", reason="needs the extra tflite")
    return small_artefact(Format.TFLITE, Precision.FP32).path


@pytest.fixture(scope="module", autouse=True)
def few_captures() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(photos_gallery, "_CALIBRATING_CAPTURES", 4)
        yield


@pytest.fixture(scope="module")
def indexed(few_captures: None, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of photos that was indexed; not to be changed."""
    photos = tmp_path_factory.mktemp("photos_gallery") / "shop"
    photos.mkdir()
    _add(photos, range(PICTURES))
    _index(photos, model)
    return photos


@pytest.fixture
def photos(indexed: Path, tmp_path: Path) -> Path:
    """A copy of them with their gallery, in a folder of its own."""
    folder = tmp_path / "elsewhere/shop"
    shutil.copytree(indexed, folder)
    shutil.copy(gallery_of(indexed), folder.parent)
    return folder


def _add(photos: Path, numbers: range) -> None:
    drawn = generated_pictures(2 * PICTURES, ImageSize(64, 64), seed=5)
    for number, pixels in enumerate(drawn):
        if number in numbers:
            Image.fromarray(pixels).save(photos / f"{number:03}.jpg", quality=90)


def _index(photos: Path, model: Path | None, overwrite: bool = False) -> PhotosGallery:
    return index_photos(photos, model, _none_wanted, overwrite=overwrite, say=lambda _: None)


def _none_wanted() -> Path:
    raise AssertionError("no default model is needed")


def _made(gallery: Path) -> tuple[str, float]:
    with GalleryReader(gallery) as reader:
        return reader.info.uuid, reader.kept.verified_from


def test_overwrite_describes_and_calibrates_nothing_again(photos: Path, model: Path) -> None:
    gallery = gallery_of(photos)
    with GalleryWriter(gallery) as writer:
        writer.note_verified_from(5.5)
    before = _made(gallery)
    done = _index(photos, model, overwrite=True)
    assert (done.built, done.calibrated) == (False, None)
    assert (done.report.changes.described, done.report.changes.unchanged) == (0, PICTURES)
    assert _made(gallery) == before


def test_one_new_photo_is_described_alone(photos: Path, model: Path) -> None:
    _add(photos, range(PICTURES, PICTURES + 1))
    done = _index(photos, model, overwrite=True)
    assert (done.report.changes.described, done.report.pictures) == (1, PICTURES + 1)
    assert done.calibrated is None


def test_many_new_photos_are_calibrated_for(photos: Path, model: Path) -> None:
    _add(photos, range(PICTURES, PICTURES + 3))
    assert _index(photos, model).calibrated is not None


def test_a_gallery_whose_model_has_gone(photos: Path, model: Path) -> None:
    """The copy looks for its model where the copied gallery's folder would have it."""
    with pytest.raises(ActnetError, match=r"--model where it is now; or give --overwrite to build"):
        _index(photos, None)
    done = index_photos(photos, None, lambda: model, overwrite=True, say=lambda _: None)
    assert (done.built, done.model) == (True, model)


def test_a_damaged_gallery_is_built_anew_where_that_is_allowed(photos: Path, model: Path) -> None:
    gallery = gallery_of(photos)
    content = bytearray(gallery.read_bytes())
    content[100:] = b"\xff" * (len(content) - 100)
    gallery.write_bytes(content)
    with pytest.raises(GalleryError, match="--overwrite"):
        _index(photos, model)
    assert _index(photos, model, overwrite=True).built

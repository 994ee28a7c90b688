"""Folders of pictures, with and without a manifest."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobile_actnet.errors import ActnetError
from mobile_actnet.pictures.photos import Photo, find_photos, load_images


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (5, 4), (200, 30, 90)).save(path)
    return path


def test_a_tree_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpg", "sub/ü.webp", ".hidden.png", ".thumbs/c.png"):
        picture(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    found = find_photos(tmp_path)
    assert [photo.instance for photo in found] == ["a.jpg", "b.PNG", "sub/ü.webp"]
    assert found[0] == Photo(tmp_path / "a.jpg", "a.jpg", "")


def test_a_manifest(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text(
        'path,instance,role\n"a, b.jpg",vase,query\nsub/c.jpg,vase,\n', encoding="utf-8-sig"
    )
    assert find_photos(tmp_path) == [
        Photo(tmp_path / "a, b.jpg", "vase", "query"),
        Photo(tmp_path / "sub/c.jpg", "vase", ""),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"file,label\na,b\n", "has no column instance and path"),
        (b"path,instance\na.jpg,\n", "line 2: path or instance is empty"),
        (b"path,instance\na.jpg\n", "line 2: path or instance is empty"),
        (b"path,instance\n\xff\xfe.jpg,x\n", "cannot be read as UTF-8 CSV"),
        (b"path,instance\n", "holds no pictures"),
        (b"", "has no column"),
    ],
)
def test_broken_manifests(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "manifest.csv").write_bytes(content)
    with pytest.raises(ActnetError, match=message):
        find_photos(tmp_path)


def test_folders_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ActnetError, match="holds no pictures"):
        find_photos(tmp_path)
    with pytest.raises(ActnetError, match="is not a folder"):
        find_photos(tmp_path / "none")


def test_unreadable_pictures_are_listed_and_skipped(tmp_path: Path) -> None:
    good = Photo(picture(tmp_path / "good.png"), "good")
    (tmp_path / "bad.jpg").write_bytes(b"text")
    bad, gone = Photo(tmp_path / "bad.jpg", "bad"), Photo(tmp_path / "gone.jpg", "gone")
    pixels, readable, problems = load_images([bad, good, gone], 64, 96)
    assert pixels.shape == (1, 64, 96, 3)
    assert (pixels == (200, 30, 90)).all()
    assert readable == [good]
    assert "bad.jpg cannot be decoded" in problems[0]
    assert "gone.jpg does not exist" in problems[1]
    assert load_images([bad], 64, 96)[0].shape == (0, 64, 96, 3)
    assert pixels.dtype == np.uint8

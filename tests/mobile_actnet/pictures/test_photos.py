"""Folders of pictures, with and without a manifest."""

import os
import unicodedata
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
    for name in ("a, b.jpg", "sub/c.jpg"):
        picture(tmp_path / name)
    (tmp_path / "manifest.csv").write_text(
        'path,instance,role\n"a, b.jpg",vase,query\nsub/c.jpg,vase,\n', encoding="utf-8-sig"
    )
    assert find_photos(tmp_path) == [
        Photo(tmp_path / "a, b.jpg", "vase", "query"),
        Photo(tmp_path / "sub/c.jpg", "vase", ""),
    ]


def test_a_distractor_without_an_instance_is_a_thing_of_its_own(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        picture(tmp_path / name)
    (tmp_path / "manifest.csv").write_text(
        "path,instance,role\na.jpg,,distractor\nb.jpg,,distractor\n"
    )
    assert [photo.instance for photo in find_photos(tmp_path)] == ["a.jpg", "b.jpg"]


def test_a_line_without_its_file_is_named(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    (tmp_path / "manifest.csv").write_text("path,instance\na.jpg,x\nnosuch.jpg,x\nb.jpg,y\n")
    with pytest.raises(ActnetError, match=r"line 3: nosuch.jpg; line 4: b.jpg does not exist"):
        find_photos(tmp_path)


@pytest.mark.parametrize(("written", "there"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_two_spellings_of_an_accent_are_one_name(written: str, there: str, tmp_path: Path) -> None:
    name = unicodedata.normalize(there, "Küche/Müller é.jpg")
    picture(tmp_path / name)
    line = unicodedata.normalize(written, "Küche/Müller é.jpg")
    (tmp_path / "manifest.csv").write_text(f"path,instance\n{line},x\n", encoding="utf-8")
    (photo,) = find_photos(tmp_path)
    assert photo.path == tmp_path / name


@pytest.mark.parametrize(("delimiter", "coding"), [(";", "utf-8"), ("\t", "utf-16")])
def test_manifests_as_spreadsheets_save_them(delimiter: str, coding: str, tmp_path: Path) -> None:
    picture(tmp_path / "ü.png")
    text = "path,instance,role\nü.png,x,query\n".replace(",", delimiter)
    (tmp_path / "manifest.csv").write_text(text, encoding=coding)
    assert find_photos(tmp_path) == [Photo(tmp_path / "ü.png", "x", "query")]


def test_a_folder_elsewhere_stops_rather_than_halves_the_list(tmp_path: Path) -> None:
    picture(tmp_path / "photos" / "a.jpg")
    (tmp_path / "photos" / "loop").symlink_to("..")
    with pytest.raises(ActnetError, match=r"photos/loop is a link out of the folder, to .*mend"):
        find_photos(tmp_path / "photos")
    (tmp_path / "photos" / "loop").unlink()
    (tmp_path / "photos" / "disk").symlink_to("/not/mounted")
    with pytest.raises(ActnetError, match=r"photos/disk cannot be read: No such file"):
        find_photos(tmp_path / "photos")


def test_a_pipe_is_listed_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    photos = find_photos(tmp_path)
    pixels, readable, problems = load_images(photos, 8, 8)
    assert (len(pixels), readable) == (0, [])
    assert problems == [f"{tmp_path / 'pipe.jpg'} cannot be decoded: it is not a regular file"]


def test_what_else_lies_there_is_reported_where_no_picture_does(tmp_path: Path) -> None:
    for name in ("a.jxl", "b.jxl", "c.txt"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ActnetError, match=r"holds no pictures .*; skipped: 2 .jxl, 1 .txt"):
        find_photos(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"file,label\na,b\n", "has no column instance and path"),
        (b"path,instance\na.jpg,\n", "line 2: instance is empty; name what the photo shows"),
        (b"path,instance\na.jpg\n", "line 2: instance is empty; name what the photo shows"),
        (b"path,instance,role\na.jpg,,query\n", "line 2: instance is empty"),
        (
            b"path,instance,role\na.jpg,x,Query\n",
            "line 2: role is 'Query'; write query, database, both, train, distractor or nothing",
        ),
        (b"path,instance,role\n,,distractor\n", "line 2: path is empty; fill in what is missing"),
        (b"path,instance\n\xff\xfe.jpg,x\n", "cannot be read as UTF-8 CSV: line 2"),
        (b"path,instance\na\0.jpg,x\n", "line 2 holds a NUL"),
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


def test_a_manifest_that_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    os.mkfifo(tmp_path / "manifest.csv")
    with pytest.raises(ActnetError, match=r"manifest.csv cannot be read: it is not a regular file"):
        find_photos(tmp_path)

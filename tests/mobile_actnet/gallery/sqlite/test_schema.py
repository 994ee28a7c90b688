"""The gallery's marks, and what is refused."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from mobile_actnet.errors import GalleryError
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.schema import check_model, from_gallery, looks_like_gallery


def test_marks_in_the_header(make_gallery) -> None:
    head = make_gallery().read_bytes()[:100]
    assert head[:16] == b"SQLite format 3\0"
    assert head[18:20] == b"\x01\x01", "a rollback journal, not WAL"
    assert head[60:64] == b"\0\0\0\x02"
    assert head[68:72] == b"ACTG"


def test_nothing_lies_beside_it(make_gallery) -> None:
    path = make_gallery()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def change(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="does not exist; make it with actnet-index build"):
        GalleryReader(tmp_path / "none.sqlite")
    assert not list(tmp_path.iterdir())


def test_a_folder_is_no_gallery(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="is a folder; give a gallery file"):
        GalleryReader(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"just text, and enough of it to fill a header" * 10,
            "is not a gallery: it is not an SQLite",
        ),
        (b"", "but not a gallery"),
    ],
)
def test_other_files(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    path.write_bytes(content)
    with pytest.raises(GalleryError, match=message):
        GalleryReader(path)
    assert looks_like_gallery(path) == (not content)


def test_other_databases_and_versions(make_gallery) -> None:
    path = make_gallery()
    change(path, "PRAGMA user_version = 3")
    with pytest.raises(GalleryError, match="a gallery of version 3; this release reads 1 and 2"):
        GalleryReader(path)
    change(path, "PRAGMA application_id = 7")
    with pytest.raises(GalleryError, match="but not a gallery"):
        GalleryReader(path)


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM gallery", "UPDATE gallery SET dim = 0", "DROP TABLE gallery"],
)
def test_damaged_content(statement: str, make_gallery) -> None:
    path = make_gallery()
    change(path, statement)
    with pytest.raises(GalleryError):
        GalleryReader(path)


@pytest.mark.parametrize(
    ("change_of_row", "message"),
    [
        ("descriptor = x'0102'", "does not have 8 values"),
        ("descriptor = 'eight ch'", "does not have 8 values"),
        ("descriptor = 8", "does not have 8 values"),
        ("scale = 'long'", "has no length"),
        ("scale = 0", "has no length"),
        ("scale = 9e999", "has no length"),
    ],
)
def test_a_damaged_descriptor_is_refused(change_of_row: str, message: str, make_gallery) -> None:
    path = make_gallery()
    change(
        path,
        "PRAGMA ignore_check_constraints = ON",
        f"UPDATE picture SET {change_of_row} WHERE id = 2",
    )
    with GalleryReader(path) as reader, pytest.raises(GalleryError, match=message):
        reader.load()


def test_a_cut_file_is_refused(make_gallery) -> None:
    path = make_gallery(400)
    path.write_bytes(path.read_bytes()[:8192])
    with pytest.raises(GalleryError, match="is damaged"), GalleryReader(path) as reader:
        reader.load()


def test_another_model_is_refused(make_gallery) -> None:
    with GalleryReader(make_gallery()) as reader:
        info = reader.info
    path = Path("g.sqlite")
    check_model(path, info, replace(info, model_file="renamed.tflite"))
    for change in (
        {"model_sha256": "cd" * 32},
        {"preprocessing_version": 2},
        {"height_px": 32},
        {"dim": 4},
    ):
        with pytest.raises(GalleryError, match=f"was made by m.tflite .{next(iter(change))}"):
            check_model(path, info, replace(info, **change))


def test_paths_are_seen_from_the_gallery(tmp_path: Path) -> None:
    (tmp_path / "link.sqlite").symlink_to("real/g.sqlite")
    assert from_gallery(tmp_path / "link.sqlite", "../photos") == tmp_path.resolve() / "photos"

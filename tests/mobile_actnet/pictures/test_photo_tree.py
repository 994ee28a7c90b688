"""Walking a folder: order, links, loops, names that are no text, what cannot be read."""

import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mobile_actnet.errors import ActnetError
from mobile_actnet.pictures.photo_tree import FoundPhoto, LostPath, WalkOptions, walk_photos


def touch(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def paths(folder: Path) -> list[str]:
    return [found.path for found in walk_photos(folder)]


def test_pictures_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b/2.JPG", "b/1.png", "a.webp", "c.txt", ".hidden/1.jpg", ".x.jpg", "ünï/ø.heic"):
        touch(tmp_path / name)
    assert paths(tmp_path) == ["a.webp", "b/1.png", "b/2.JPG", "ünï/ø.heic"]


def test_size_and_time_of_what_a_link_leads_to(tmp_path: Path) -> None:
    real = touch(tmp_path / "elsewhere" / "real.jpg", b"12345")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "link.jpg").symlink_to(real)
    (found,) = walk_photos(tmp_path / "photos")
    assert found == FoundPhoto("link.jpg", 5, real.stat().st_mtime_ns)


def test_linked_folders_are_followed_where_asked_and_loops_end(tmp_path: Path) -> None:
    touch(tmp_path / "disk" / "x.jpg")
    photos = tmp_path / "photos"
    touch(photos / "a.jpg")
    (photos / "loop").symlink_to(photos)
    (photos / "other").symlink_to(tmp_path / "disk")
    (photos / "same").symlink_to(tmp_path / "disk")
    followed = walk_photos(photos, WalkOptions(follow_links=True))
    assert [entry.path for entry in followed] == ["a.jpg", "other/x.jpg"]


def test_a_link_out_of_the_folder_is_named_and_not_followed(tmp_path: Path) -> None:
    touch(tmp_path / "neighbours" / "x.jpg")
    photos = tmp_path / "photos"
    touch(photos / "a.jpg")
    touch(photos / "z" / "b.jpg")
    (photos / "loop").symlink_to("..")
    (photos / "inside").symlink_to("z")
    found = list(walk_photos(photos))
    assert [entry.path for entry in found] == ["a.jpg", "inside/b.jpg", "loop"]
    assert found[2] == LostPath(
        "loop", f"is a link out of the folder, to {tmp_path}, and is not followed", True
    )
    # The folder itself may be reached through a link.
    (tmp_path / "shortcut").symlink_to(photos)
    assert paths(tmp_path / "shortcut") == ["a.jpg", "inside/b.jpg", "loop"]


def test_what_is_left_out_is_counted_by_suffix(tmp_path: Path) -> None:
    jpeg = b"\xff\xd8\xff\xe0 and so on"
    for name in (
        "a.jfif",
        "b.JPE",
        "c.hif",
        "d.mpo",
        "e.avif",
        "f.jxl",
        "g.txt",
        "h.TXT",
        ".i.txt",
    ):
        touch(tmp_path / name)
    touch(tmp_path / "from_the_web", jpeg)
    touch(tmp_path / "notes", b"no picture")
    os.mkfifo(tmp_path / "pipe")
    left_out = Counter[str]()
    found = [entry.path for entry in walk_photos(tmp_path, left_out=left_out)]
    assert found == ["a.jfif", "b.JPE", "c.hif", "d.mpo", "e.avif", "from_the_web"]
    assert left_out == {".txt": 2, ".jxl": 1, "no suffix": 2}


@pytest.mark.parametrize("year", [1600, 2300])
def test_a_time_beyond_64_bits_is_the_last_of_them(year: int, tmp_path: Path) -> None:
    photo = touch(tmp_path / "a.jpg")
    seconds = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    os.utime(photo, (seconds, seconds))
    if int(photo.stat().st_mtime) != seconds:
        pytest.skip("this file system stores no such year")
    (found,) = walk_photos(tmp_path)
    assert isinstance(found, FoundPhoto)
    assert found.mtime_ns == (2**63 - 1 if year == 2300 else -(2**63))


def test_what_cannot_be_looked_at_is_reported(tmp_path: Path) -> None:
    (tmp_path / "gone.jpg").symlink_to("nowhere")
    (tmp_path / "circle.jpg").symlink_to("circle.jpg")
    (tmp_path / "disk").symlink_to("/not/mounted")
    os.mkfifo(tmp_path / "pipe.jpg")
    found = {lost.path: lost for lost in walk_photos(tmp_path)}
    assert found["gone.jpg"] == LostPath("gone.jpg", "No such file or directory", False)
    assert "symbolic links" in found["circle.jpg"].reason
    assert found["disk"].folder
    assert found["pipe.jpg"].reason == "is not a regular file"


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff.jpg"
    try:
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
    except OSError:
        pytest.skip("this file system takes UTF-8 names alone")
    (found,) = walk_photos(tmp_path)
    assert found == LostPath("\\xff.jpg", "has a name that is not UTF-8; rename it", False)


def test_deep_folders(tmp_path: Path) -> None:
    place = os.getcwd()
    os.chdir(tmp_path)
    try:
        for _ in range(400):
            os.mkdir("d")
            os.chdir("d")
        Path("x.jpg").touch()
    finally:
        os.chdir(place)
    (found,) = walk_photos(tmp_path)
    assert found.path.count("/") == 400


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    touch(tmp_path / "closed" / "x.jpg")
    (tmp_path / "closed").chmod(0)
    assert list(walk_photos(tmp_path)) == [LostPath("closed", "Permission denied", True)]
    (tmp_path / "closed").chmod(0o700)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ActnetError, match="is not a folder"):
        list(walk_photos(tmp_path / "none"))

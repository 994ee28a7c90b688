"""Writing galleries: all of a transaction or nothing, replacing, a full disk."""

import resource
import signal
import sqlite3
import unicodedata
from pathlib import Path

import pytest

from mobile_actnet.errors import ActnetError, GalleryError
from mobile_actnet.gallery.sqlite.changes import list_photos
from mobile_actnet.gallery.sqlite.lock import only_writer
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.schema import remove_journal
from mobile_actnet.gallery.sqlite.writer import (
    BrokenPhoto,
    DescribedPhoto,
    GalleryWriter,
    settle_journal,
)
from mobile_actnet.pictures.items import Catalogue, Item


def contents(path: Path) -> list[tuple]:
    with GalleryReader(path) as reader:
        return reader.rows("SELECT id, path, descriptor FROM picture ORDER BY id")


def store_all(
    writer: GalleryWriter, photos: list[DescribedPhoto], error: BaseException | None = None
) -> None:
    with writer.transaction():
        for photo in photos:
            writer.store(photo)
        if error is not None:
            raise error


def test_new_content_keeps_the_id(make_gallery, described) -> None:
    path = make_gallery()
    before = contents(path)
    with GalleryWriter(path) as writer:
        list_photos(writer, [])
        with writer.transaction():
            writer.store(described("p1.jpg", 77))
    after = contents(path)
    assert [row[:2] for row in after] == [row[:2] for row in before]
    assert [a != b for a, b in zip(before, after, strict=True)] == [
        False,
        True,
        False,
        False,
        False,
    ]


def test_a_broken_photo_takes_the_old_content_out(make_gallery) -> None:
    path = make_gallery()
    with GalleryWriter(path) as writer:
        list_photos(writer, [])
        with writer.transaction():
            writer.note_problem(BrokenPhoto("p1.jpg", "is cut"))
        assert writer.counts() == (4, 1)
    with GalleryReader(path) as reader:
        assert list(reader.problems()) == [("p1.jpg", "is cut")]
        assert reader.numbers()["thumbnails"] == 4


def test_an_error_takes_the_transaction_back(make_gallery, described) -> None:
    path = make_gallery()
    before = path.read_bytes()
    with GalleryWriter(path) as writer:
        list_photos(writer, [])
        with pytest.raises(KeyboardInterrupt):
            store_all(writer, [described("new.jpg", 9)], KeyboardInterrupt())
    assert path.read_bytes() == before


def test_settings_are_written_where_they_differ(make_gallery) -> None:
    path = make_gallery()
    before = path.read_bytes()
    with GalleryWriter(path) as writer:
        writer.note_settings(photos_path="photos", labels="")
        assert path.read_bytes() == before
        writer.note_settings(photos_path="elsewhere")
        assert writer.info.photos_path == "elsewhere"


def test_a_size_limit_stands_for_a_full_disk(make_gallery, described) -> None:
    path = make_gallery(100)
    before = contents(path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with GalleryWriter(path) as writer:
            list_photos(writer, [])
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 8192, limits[1]))
            many = [described(f"p{number}.jpg", number) for number in range(1000, 3000)]
            with pytest.raises(GalleryError, match="What was committed is safe"):
                store_all(writer, many)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert contents(path) == before
    assert not path.with_name(path.name + "-journal").exists()


def test_a_journal_of_a_killed_writer_is_played_back(make_gallery, tmp_path: Path) -> None:
    path = make_gallery(2000)
    before = contents(path)
    # What a kill leaves: the file changed, its old pages in the journal.
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN")
    connection.execute("DELETE FROM picture WHERE id > 5")
    connection.execute("UPDATE picture SET path = path || 'x'")
    journal = path.with_name(path.name + "-journal")
    killed = tmp_path / "killed"
    killed.mkdir()
    for file in (path, journal):
        (killed / file.name).write_bytes(file.read_bytes())
    connection.close()
    assert (killed / path.name).read_bytes() != path.read_bytes(), "pages must have been written"
    assert contents(killed / path.name) == before
    assert not (killed / journal.name).exists()


def test_a_journal_that_was_never_begun_is_removed(make_gallery) -> None:
    path = make_gallery()
    before = contents(path)
    journal = path.with_name(path.name + "-journal")
    for content in (b"", bytes(512)):
        journal.write_bytes(content)
        with only_writer(path), pytest.raises(GalleryError, match="is being written by process"):
            settle_journal(path)
        settle_journal(path)
        assert contents(path) == before
        assert [file.name for file in path.parent.iterdir()] == [path.name]
    settle_journal(path)


def test_remove_journal(make_gallery) -> None:
    path = make_gallery()
    journal = path.with_name(path.name + "-journal")
    for ours in (b"", bytes(512), b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7 and pages"):
        journal.write_bytes(ours)
        remove_journal(path)
        assert not journal.exists()
    journal.write_bytes(b"my diary")
    with pytest.raises(GalleryError, match="another file has this name; move it away"):
        remove_journal(path)
    assert journal.read_bytes() == b"my diary"
    journal.unlink()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_folder_that_is_not_there(tmp_path: Path, make_gallery) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ActnetError, match="cannot write to"):
        make_gallery(1, name="file/g.sqlite")


@pytest.mark.parametrize(("written", "there"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_items_of_a_name_in_the_other_spelling(written: str, there: str, make_gallery) -> None:
    path = make_gallery(2)
    name = unicodedata.normalize(there, "Müller.jpg")
    with GalleryWriter(path) as writer:
        writer.connection.execute("UPDATE picture SET path = ? WHERE id = 2", (name,))
        listed = {unicodedata.normalize(written, "Müller.jpg"): "milk", "p0.jpg": "tea"}
        writer.store_items(Catalogue({n: Item(n) for n in listed.values()}, listed))
    with GalleryReader(path) as reader:
        query = (
            "SELECT picture_id, name FROM item JOIN item_picture ON item.id = item_id ORDER BY 1"
        )
        assert reader.rows(query) == [(1, "tea"), (2, "milk")]

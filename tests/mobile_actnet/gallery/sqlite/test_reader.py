"""Reading galleries: the matrix, pictures, and what a writer does meanwhile."""

import contextlib
import itertools
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.errors import GalleryError
from mobile_actnet.gallery.check import examine_gallery
from mobile_actnet.gallery.sqlite import reader as gallery_module
from mobile_actnet.gallery.sqlite.changes import list_photos
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.storage import Storage, scales_of
from mobile_actnet.gallery.sqlite.writer import GalleryWriter
from mobile_actnet.pictures.items import Item


@pytest.mark.parametrize("storage", Storage)
def test_matrix(storage: Storage, make_gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery_module, "_ROWS_AT_ONCE", 3)
    with GalleryReader(make_gallery(10, storage)) as reader:
        ids, stored = reader.load()
        assert ids.tolist() == list(range(1, 11))
        assert stored.values.dtype == storage.dtype
        np.testing.assert_array_equal(scales_of(stored.values), stored.scales)
        some, few = reader.stored([3, 99, 7])
        assert some.tolist() == [3, 7]
        np.testing.assert_array_equal(few.values, stored.values[[2, 6]])


def test_an_empty_gallery(make_gallery) -> None:
    with GalleryReader(make_gallery(0)) as reader:
        ids, stored = reader.load()
        assert (len(ids), stored.values.shape, reader.count()) == (0, (0, 8), 0)
        assert reader.stored([1])[1].values.shape == (0, 8)


def test_pictures_thumbnails_numbers(make_gallery) -> None:
    with GalleryReader(make_gallery()) as reader:
        assert reader.pictures([2, 99])[2].path == "p1.jpg"
        assert reader.thumbnail(2) == b"\xff\xd8jpeg"
        assert reader.thumbnail(99) is None
        assert reader.numbers()["pictures"] == 5
        assert [picture.id for picture in reader.all_pictures()] == [1, 2, 3, 4, 5]


def test_one_moment(make_gallery) -> None:
    path = make_gallery()
    with GalleryReader(path) as reader, reader.one_moment():
        assert reader.count() == 5
        with GalleryWriter(path) as writer:
            writer.connection.execute("PRAGMA busy_timeout = 0")
            list_photos(writer, [])
            writer.connection.execute("BEGIN IMMEDIATE")
            writer.connection.execute("DELETE FROM picture WHERE id = 1")
            assert reader.count() == 5


def test_a_reader_cannot_write(make_gallery) -> None:
    with GalleryReader(make_gallery()) as reader, pytest.raises(Exception, match="read-?only"):
        reader.rows("DELETE FROM picture")


def test_a_read_only_file_and_folder(make_gallery) -> None:
    path: Path = make_gallery()
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        with GalleryReader(path) as reader:
            assert len(reader.load()[0]) == 5
    finally:
        path.parent.chmod(0o700)


def test_odd_names_of_the_file(make_gallery) -> None:
    with GalleryReader(make_gallery(3, name="ä ?mode=ro&x%20#1.sqlite")) as reader:
        assert reader.count() == 3


def changed(path: Path, *statements: str) -> Path:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return path


def read_all(path: Path) -> None:
    with GalleryReader(path) as reader:
        reader.load()
        ids = [picture.id for picture in reader.all_pictures()]
        for number in ids:
            reader.thumbnail(number), reader.local_features(number), reader.page_picture(number)
            reader.item(number)
        reader.pictures(ids), list(reader.problems()), reader.numbers(), reader.approximate()
        reader.revision()


def test_more_ids_than_a_statement_takes(make_gallery) -> None:
    gallery = changed(
        make_gallery(1203),
        "INSERT INTO item VALUES (1, 'lamp'), (2, 'chair'), (3, 'nothing')",
        "INSERT INTO item_picture SELECT id, 1 + (id > 600) FROM picture WHERE id != 7",
        "INSERT INTO item_field VALUES (1, 'en', 'title', 'Lamp'), (1, '', 'sku', '5'), "
        "(2, 'en', 'title', 'Chair'), (3, 'en', 'title', 'Nothing')",
    )
    with GalleryReader(gallery) as reader:
        ids = [*range(1300, 0, -1), 1]
        pictures, items = reader.pictures(ids), reader.items(ids)
        assert list(pictures) == list(range(1203, 0, -1))
        assert all(number == picture.id for number, picture in pictures.items())
        assert set(items) == set(range(1, 1204)) - {7}
        assert items[1203] == Item("chair", {"en": {"title": "Chair"}})
        assert items[1] == Item("lamp", {"": {"sku": "5"}, "en": {"title": "Lamp"}})
        assert list(items[1].fields) == ["", "en"]
        for number in (1, 7, 601, 1300):
            assert reader.item(number) == items.get(number)
        assert reader.pictures([]) == reader.items([]) == {}


@pytest.mark.parametrize(
    "path", ["../private/x.jpg", "/etc/x.jpg", "a/../../x.jpg", "..", "", "a//b", "./a", "a/"]
)
def test_a_path_out_of_the_folder_of_photos_is_refused(path: str, make_gallery) -> None:
    gallery = changed(make_gallery(2), f"UPDATE picture SET path = '{path}' WHERE id = 2")
    with GalleryReader(gallery) as reader:
        with pytest.raises(GalleryError, match="of picture 2 leads out of its folder"):
            reader.pictures([1, 2])
        assert reader.pictures([1])[1].path == "p0.jpg"
    findings = {finding.text: finding.ok for finding in examine_gallery(gallery)}
    assert [
        text for text, ok in findings.items() if ok is False and "leads out of its folder" in text
    ]


VALUES = ("x'00ff'", "NULL", "-1", "1e300", "'text'", "9223372036854775807", "0.5", "''")


def columns_of(path: Path) -> list[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).fetchall()
        return [
            (table, column)
            for (table,) in tables
            for _, column, *_ in connection.execute(f"PRAGMA table_info({table})")
        ]


def test_any_value_anywhere_is_read_or_refused_with_a_sentence(
    make_gallery, tmp_path: Path
) -> None:
    """SQLite stores anything in a table that was made without types and checks."""
    whole = make_gallery(3)
    refused = 0
    for table, column in columns_of(whole):
        for value in VALUES:
            gallery = tmp_path / "changed.sqlite"
            shutil.copy(whole, gallery)
            changed(
                gallery,
                f"CREATE TABLE loose AS SELECT * FROM {table}",
                f"DROP TABLE {table}",
                f"ALTER TABLE loose RENAME TO {table}",
                f"UPDATE {table} SET {column} = {value}",
            )
            try:
                read_all(gallery)
            except GalleryError:
                refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT i FROM n",
        "CREATE TRIGGER t AFTER UPDATE ON gallery BEGIN DELETE FROM picture; END",
        "CREATE VIRTUAL TABLE words USING fts5(text)",
        "CREATE TABLE more (a, b GENERATED ALWAYS AS (hex(zeroblob(100000000))))",
    ],
)
def test_what_is_no_plain_table_is_refused(statement: str, make_gallery) -> None:
    with pytest.raises(GalleryError, match="which is not a plain table"):
        read_all(changed(make_gallery(1), statement))


def test_an_endless_view_in_place_of_a_table_is_refused_at_once(make_gallery) -> None:
    gallery = changed(
        make_gallery(1),
        "DROP TABLE picture",
        "CREATE VIEW picture AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) "
        "SELECT id, 'a' AS path FROM n",
    )
    with pytest.raises(GalleryError, match="'picture', which is not a plain table"):
        read_all(gallery)


def test_a_schema_that_is_no_text_is_a_sentence(make_gallery) -> None:
    gallery = make_gallery(1)
    content = gallery.read_bytes()
    gallery.write_bytes(content.replace(b"CREATE TABLE picture", b"CREATE T\xd5BLE picture"))
    with pytest.raises(GalleryError, match="is damaged|cannot be used"):
        read_all(gallery)


@pytest.mark.parametrize("counted", [2, 7])
def test_a_gallery_that_counts_wrong_is_damaged(
    counted: int, make_gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged index of paths gives another count than the table has rows."""
    monkeypatch.setattr(GalleryReader, "count", lambda _: counted)
    with (
        GalleryReader(make_gallery(5)) as reader,
        pytest.raises(GalleryError, match=f"it says that it has {counted} pictures, and has"),
    ):
        reader.load()


def test_pictures_out_of_order_are_damage(make_gallery) -> None:
    """SQLite trusts the order of a page; asked for what follows the last, it gave the same for ever."""
    path = make_gallery(5)
    swap_cells(path, 1, 4)
    with (
        GalleryReader(path) as reader,
        pytest.raises(
            GalleryError, match="is damaged: the numbers of its pictures are not in order"
        ),
    ):
        list(itertools.islice(reader.blocks(), 5))


def swap_cells(path: Path, one: int, other: int) -> None:
    """Swap two rows of the table of pictures, which is one page (a leaf: the SQLite file format, 1.6)."""
    with contextlib.closing(sqlite3.connect(path)) as gallery:
        gallery.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ((page_size,),) = gallery.execute("PRAGMA page_size")
        ((page,),) = gallery.execute("SELECT rootpage FROM sqlite_master WHERE name = 'picture'")
    content, start = bytearray(path.read_bytes()), (page - 1) * page_size
    assert content[start] == 13, "no leaf"
    first, second = (slice(start + 8 + 2 * place, start + 10 + 2 * place) for place in (one, other))
    content[first], content[second] = content[second], content[first]
    path.write_bytes(content)

"""Reading galleries: the matrix, pictures, and what a writer does meanwhile."""

from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.gallery.sqlite import reader as gallery_module
from mobile_actnet.gallery.sqlite.changes import list_photos
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.storage import Storage, scales_of
from mobile_actnet.gallery.sqlite.writer import GalleryWriter


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

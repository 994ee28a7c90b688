"""Galleries in Python: ten lines, and what is refused."""

import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.errors import ConfigError, GalleryError, UnreadablePictureError
from mobile_actnet.export import Gallery, IndexOptions, SearchOptions
from mobile_actnet.gallery.approximate_search import index_path
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.storage import decode
from mobile_actnet.runtime.vocabulary import Format, Precision


@pytest.fixture
def gallery(small_gallery: Path, tmp_path: Path):
    shutil.copytree(small_gallery, tmp_path, dirs_exist_ok=True)
    with Gallery.open(tmp_path / "g.sqlite") as opened:
        yield opened


def descriptors(gallery: Gallery) -> np.ndarray:
    with GalleryReader(gallery.path) as reader:
        return decode(reader.load()[1])


def test_a_picture_finds_itself_and_its_copy(gallery: Gallery, tmp_path: Path) -> None:
    hits = gallery.search(tmp_path / "photos" / "002.jpg", top=3)
    assert [hit.path for hit in hits[:2]] == ["002.jpg", "copy.jpg"]
    assert hits[0].similarity == pytest.approx(1, abs=1e-12)
    assert hits[0].similarity == hits[1].similarity
    assert hits[2].similarity < 0.999
    assert len(gallery) == 7
    thumbnail = gallery.thumbnail(hits[0].picture_id)
    assert thumbnail is not None
    assert thumbnail[:2] == b"\xff\xd8"


def test_several_pictures(gallery: Gallery, tmp_path: Path) -> None:
    queries = [tmp_path / "photos" / f"{n:03}.jpg" for n in (4, 1)]
    found = gallery.search_pictures(queries, SearchOptions(top=1, threads=2))
    assert [hits[0].path for hits in found] == ["004.jpg", "001.jpg"]
    assert gallery.search_pictures([]) == []


def test_near_duplicates_are_grouped(gallery: Gallery, tmp_path: Path) -> None:
    picture = tmp_path / "photos" / "002.jpg"
    (hits,) = gallery.search_pictures([picture], SearchOptions(top=2, group=0.9999))
    assert [hit.path for hit in hits[0].duplicates] == ["copy.jpg"]
    assert len(hits) == 2
    assert hits[1].path not in ("002.jpg", "copy.jpg")


def test_a_search_sees_an_update(gallery: Gallery, tmp_path: Path) -> None:
    assert len(gallery.search(tmp_path / "photos" / "000.jpg", top=50)) == 7
    (tmp_path / "photos" / "copy.jpg").unlink()
    report = gallery.update()
    assert report.changes.deleted == 1
    assert len(gallery.search(tmp_path / "photos" / "000.jpg", top=50)) == 6


def test_the_approximate_index_is_used_where_it_is_fresh(gallery: Gallery, tmp_path: Path) -> None:
    assert not gallery.uses_approximate_index()
    report = gallery.update(IndexOptions(labels="keep", approximate_from=3))
    assert report.approximate
    assert index_path(gallery.path).exists()
    with Gallery.open(gallery.path) as opened:
        assert opened.uses_approximate_index()
        rows = descriptors(gallery)[:2]
        found = opened.search_descriptors(rows, SearchOptions(top=3))
        exact = opened.search_descriptors(rows, SearchOptions(top=3, exact=True))
        assert found == exact


def test_another_model_is_refused(gallery: Gallery, small_artefact, tmp_path: Path) -> None:
    other = small_artefact(Format.ONNX, Precision.FP16).path
    with (
        Gallery.open(gallery.path, other) as opened,
        pytest.raises(GalleryError, match="rebuild it: actnet-index build .* --overwrite"),
    ):
        opened.search(tmp_path / "photos" / "000.jpg")


def test_what_cannot_be_searched_for(gallery: Gallery, tmp_path: Path) -> None:
    with pytest.raises(UnreadablePictureError, match="does not exist"):
        gallery.search(tmp_path / "none.jpg")
    with pytest.raises(ConfigError, match="must be .Q, 384"):
        gallery.search_descriptors(np.ones((1, 3)))
    with pytest.raises(GalleryError, match="it must be 1"):
        gallery.search_descriptors(np.ones((1, 384)))
    for wrong in ({"top": 0}, {"threads": 0}, {"group": 1.5}):
        with pytest.raises(ConfigError, match=f"--{next(iter(wrong))} is"):
            SearchOptions(**wrong)


def test_an_empty_gallery(gallery: Gallery, tmp_path: Path) -> None:
    with GalleryReader(gallery.path) as reader:
        assert reader.count() == 7
    with sqlite3.connect(gallery.path) as connection:
        connection.execute("DELETE FROM picture")
    connection.close()
    with Gallery.open(gallery.path) as opened:
        row = np.eye(1, 384)
        assert opened.search_descriptors(row) == [[]]
        assert opened.search_descriptors(row, SearchOptions(group=0.9)) == [[]]

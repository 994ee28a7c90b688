"""The approximate index: built above a number, refused when stale or damaged, nearly exact."""

from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.errors import GalleryError
from mobile_actnet.gallery.approximate_search import (
    ApproximateSearch,
    index_path,
    refresh,
    staleness,
)
from mobile_actnet.gallery.exact_search import search_exact
from mobile_actnet.gallery.sqlite.changes import list_photos
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.storage import Storage, StoredDescriptors
from mobile_actnet.gallery.sqlite.writer import GalleryWriter


def build(gallery: Path, from_count: int = 10) -> bool:
    with GalleryWriter(gallery) as writer:
        return refresh(writer, threads=1, from_count=from_count)


@pytest.mark.parametrize("storage", Storage)
def test_as_the_exact_search(storage: Storage, make_gallery) -> None:
    gallery = make_gallery(1500, storage)
    assert build(gallery)
    assert not build(gallery), "it is fresh"
    with GalleryReader(gallery) as reader:
        ids, database = reader.load()
        queries = StoredDescriptors(database.values[:20], database.scales[:20])
        exact = search_exact(database, queries, 10)
        found = ApproximateSearch(reader).search(queries, 10)
        assert (found.positions[:, 0] == ids[:20]).all()
        right = [
            len(set(a) & set(ids[b])) for a, b in zip(found.positions, exact.positions, strict=True)
        ]
        assert np.mean(right) >= 9.5
        same = found.positions == ids[exact.positions]
        np.testing.assert_allclose(found.similarities[same], exact.similarities[same], atol=2e-6)


def test_fewer_pictures_than_hits(make_gallery) -> None:
    gallery = make_gallery(12)
    build(gallery)
    with GalleryReader(gallery) as reader:
        queries = reader.stored([1])[1]
        found = ApproximateSearch(reader).search(queries, 20)
    assert (found.positions[0] >= 0).sum() == 12
    assert found.positions[0, 12:].tolist() == [-1] * 8


def test_below_the_number_there_is_none(make_gallery) -> None:
    gallery = make_gallery(12)
    build(gallery)
    assert index_path(gallery).exists()
    assert not build(gallery, from_count=12)
    assert not index_path(gallery).exists()
    with GalleryReader(gallery) as reader:
        assert staleness(reader) == "there is no approximate index"


def test_stale_after_a_change_and_rebuilt(make_gallery, described) -> None:
    gallery = make_gallery(12)
    build(gallery)
    with GalleryWriter(gallery) as writer:
        list_photos(writer, [])
        with writer.transaction():
            writer.store(described("new.jpg", 99))
            writer.advance()
    with GalleryReader(gallery) as reader:
        assert staleness(reader) == "the approximate index is older than the pictures"
        with pytest.raises(GalleryError, match="actnet-index update builds it"):
            ApproximateSearch(reader)
    assert build(gallery)


def test_a_changed_file_is_not_opened(make_gallery) -> None:
    gallery = make_gallery(12)
    build(gallery)
    content = bytearray(index_path(gallery).read_bytes())
    content[-1] ^= 1
    index_path(gallery).write_bytes(content)
    with GalleryReader(gallery) as reader, pytest.raises(GalleryError, match="not the file"):
        ApproximateSearch(reader)

"""The approximate index: built above a number, refused when stale or damaged, nearly exact."""

import hashlib
import struct
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


def note(gallery: Path, content: bytes) -> None:
    """Put another file in place of the index, with its hash in the gallery as an attacker would."""
    index_path(gallery).write_bytes(content)
    with GalleryWriter(gallery) as writer, writer.transaction():
        writer.note_approximate(writer.info.revision, hashlib.sha256(content).hexdigest())


def graph(content: bytes) -> tuple[int, int]:
    """Return where the graph begins, and where its first node does."""
    count, row_bytes = struct.unpack_from("<II", content)
    start = 8 + count * row_bytes + 64
    return start, start + 40 + 2 * count


@pytest.mark.parametrize(
    ("told", "change"),
    [
        ("is too short", lambda c: c[:5]),
        ("is too short", lambda c: c[: graph(c)[0]]),
        ("nodes that do not fill", lambda c: c[:-4]),
        ("another length", lambda c: c[:4] + struct.pack("<I", 9) + c[8:]),
        ("another kind", lambda c: c.replace(b"usearch", b"usfarch")),
        ("another shape", lambda c: put(c, graph(c)[0] + 8, "<Q", 2**40)),
        ("levels that it does not have", lambda c: put(c, graph(c)[0] + 24, "<Q", 9)),
        ("levels that it does not have", lambda c: put(c, graph(c)[0] + 32, "<Q", 40)),
        ("levels that it does not have", lambda c: put(c, graph(c)[0] + 40, "<h", -3)),
        ("other levels than", lambda c: put(c, graph(c)[1] + 8, "<h", 7)),
        ("lead out of the file", lambda c: put(c, graph(c)[1] + 10, "<I", 33)),
        ("lead out of the file", lambda c: put(c, graph(c)[1] + 14, "<I", 40)),
        ("a picture twice", lambda c: put(c, graph(c)[1], "<Q", 2)),
    ],
)  # fmt: skip
def test_a_damaged_file_whose_hash_is_noted_is_not_opened(told: str, change, make_gallery) -> None:
    gallery = make_gallery(40)
    build(gallery)
    note(gallery, change(index_path(gallery).read_bytes()))
    with GalleryReader(gallery) as reader:
        assert told in str(staleness(reader))
        with pytest.raises(GalleryError, match="actnet-index update builds it"):
            ApproximateSearch(reader)
    assert build(gallery), "it is made anew from the descriptors"
    with GalleryReader(gallery) as reader:
        assert staleness(reader) is None


def test_links_to_nodes_of_lower_levels_are_refused(make_gallery) -> None:
    gallery = make_gallery(400)
    build(gallery)
    content = index_path(gallery).read_bytes()
    start, node = graph(content)
    levels = np.frombuffer(content, "<i2", 400, start + 40)
    high, low = int(levels.argmax()), int((levels == 0).argmax())
    above = node + int(((levels[:high] * 68) + 10 + 132).sum()) + 10 + 132
    assert struct.unpack_from("<I", content, above)[0] > 0, "it has links"
    note(gallery, put(content, above + 4, "<I", low))
    with GalleryReader(gallery) as reader:
        assert staleness(reader) == "the approximate index has links to nodes of lower levels"


def put(content: bytes, place: int, kind: str, number: int) -> bytes:
    changed = bytearray(content)
    struct.pack_into(kind, changed, place, number)
    return bytes(changed)

"""An approximate index beside a gallery of more than a million pictures.

An HNSW graph (usearch) over the stored values in `GALLERY.usearch`, memory-mapped when it is
opened. The gallery itself holds the file's SHA-256 and the revision it belongs to: a file that is
not that one, or older than the pictures, is not used, nor is one in which a number leads nowhere.
Candidates are compared exactly again, so that only hits can be missing; similarities and their order
are as in an exact search.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mobile_actnet.errors import GalleryError
from mobile_actnet.files import put_in_place, sha256_of, staging_folder
from mobile_actnet.gallery.approximate_file import flaw
from mobile_actnet.gallery.exact_search import Ranking, search_exact
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.storage import Storage, StoredDescriptors
from mobile_actnet.gallery.sqlite.writer import GalleryWriter

if TYPE_CHECKING:
    from usearch.index import Index

APPROXIMATE_FROM = 1_000_000
"""Pictures above which an approximate index is kept."""

_KINDS = {Storage.INT8: "i8", Storage.FLOAT16: "f16"}
# Candidates for each hit that is wanted, and at least so many.
_CANDIDATES_PER_HIT, _MIN_CANDIDATES = 8, 128


def index_path(gallery: Path) -> Path:
    """Return where the approximate index of a gallery lies."""
    return gallery.with_name(gallery.name + ".usearch")


def refresh(writer: GalleryWriter, threads: int, from_count: int = APPROXIMATE_FROM) -> bool:
    """Build the index where it is wanted and not fresh; remove it where it is not wanted.

    Args:
        threads: that build.
        from_count: pictures above which one is wanted.

    Returns:
        whether one was built.
    """
    path = index_path(writer.path)
    with GalleryReader(writer.path) as reader:
        if reader.count() <= from_count:
            if reader.approximate() is not None:
                path.unlink(missing_ok=True)
            return False
        if staleness(reader) is None:
            return False
        revision = reader.info.revision
        with staging_folder(path.parent) as folder:
            staged = folder / path.name
            _build(reader, staged, threads)
            digest = sha256_of(staged)
            put_in_place([(staged, path)])
    with writer.transaction():
        writer.note_approximate(revision, digest)
    return True


def staleness(reader: GalleryReader) -> str | None:
    """Return why the approximate index cannot be used; None where it can."""
    path, noted = index_path(reader.path), reader.approximate()
    if noted is None or not path.is_file():
        return "there is no approximate index"
    if noted[0] != reader.revision():
        return "the approximate index is older than the pictures"
    if sha256_of(path) != noted[1]:
        return "the approximate index is not the file that was written"
    wrong = flaw(path, _empty(reader.info.dim, reader.info.storage))
    return None if wrong is None else f"the approximate index {wrong}"


class ApproximateSearch:
    """An open approximate index."""

    def __init__(self, reader: GalleryReader) -> None:
        """Map the index into memory.

        Raises:
            GalleryError: there is none, or it is stale or damaged.
        """
        stale = staleness(reader)
        if stale is not None:
            raise GalleryError(f"{reader.path}: {stale}; actnet-index update builds it")
        self._reader = reader
        self._index = _new_index(reader.info.dim, reader.info.storage)
        self._index.view(str(index_path(reader.path)))

    def search(self, queries: StoredDescriptors, top: int, threads: int = 1) -> Ranking:
        """Find the most similar descriptors for each query, or nearly all of them.

        Returns:
            `positions` are picture ids; where a query has fewer hits they end with -1 and
            similarity -inf.
        """
        count = max(_MIN_CANDIDATES, _CANDIDATES_PER_HIT * top)
        positions = np.full((len(queries), top), -1, np.int64)
        similarities = np.full((len(queries), top), -np.inf)
        for row in range(len(queries)):
            query = StoredDescriptors(queries.values[row : row + 1], queries.scales[row : row + 1])
            found = self._index.search(query.values[0], count, threads=threads).keys
            ids, stored = self._reader.stored(sorted(found.astype(np.int64).tolist()))
            ranking = search_exact(stored, query, top)
            hits = ranking.positions.shape[1]
            positions[row, :hits] = ids[ranking.positions[0]]
            similarities[row, :hits] = ranking.similarities[0]
        return Ranking(positions, similarities)


def _build(reader: GalleryReader, path: Path, threads: int) -> None:
    index = _new_index(reader.info.dim, reader.info.storage)
    for ids, stored in reader.blocks():
        index.add(ids.astype(np.uint64), stored.values, threads=threads)
    index.save(str(path))


@cache
def _empty(dim: int, storage: Storage) -> bytes:
    """Return the file of an index that holds nothing."""
    return bytes(_new_index(dim, storage).save())


def _new_index(dim: int, storage: Storage) -> "Index":
    from usearch.index import Index

    return Index(
        ndim=dim, metric="cos", dtype=_KINDS[storage], connectivity=16,
        expansion_add=128, expansion_search=256,
    )  # fmt: skip

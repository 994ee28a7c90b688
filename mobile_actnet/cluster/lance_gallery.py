"""A dataset that is searched like a gallery: the same answers, found through LanceDB's index.

The index gives more candidates than are wanted; they are compared again with the arithmetic of
galleries, so that a similarity is the same number in both. Without an index, or with --exact, every
descriptor is compared, a block at a time.
"""

import posixpath
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.cluster.dataset_format import bound_model, lance_reason
from mobile_actnet.cluster.extra import SEARCHING, require
from mobile_actnet.cluster.lance_reader import LanceReader
from mobile_actnet.cluster.places import SUFFIX, check_dataset_name
from mobile_actnet.cluster.vector_index import METRIC, state
from mobile_actnet.errors import GalleryError
from mobile_actnet.gallery.answers.verified_ranking import largest_of_views
from mobile_actnet.gallery.exact_search import search_exact, similarities_between
from mobile_actnet.gallery.gallery import Gallery
from mobile_actnet.gallery.hits import SearchOptions
from mobile_actnet.gallery.indexing.index_options import IndexOptions, IndexReport
from mobile_actnet.gallery.model import identify, opened
from mobile_actnet.gallery.sqlite.schema import check_model
from mobile_actnet.gallery.sqlite.storage import StoredDescriptors, decode
from mobile_actnet.network.config import is_checkpoint
from mobile_actnet.runtime.describer import Describe
from mobile_actnet.runtime.vocabulary import ImageSize

CANDIDATES_PER_HIT, LEAST_CANDIDATES = 4, 100
PROBED_SHARE, LEAST_PROBES = 0.7, 20
"""Partitions that are looked into; docs/scale.md has the recall."""

Found = tuple[NDArray[np.int64], NDArray[np.float64]]


class LanceGallery(Gallery):
    """An open dataset.

    Attributes:
        probes: partitions of the vector index that a search looks into; None for what suits.
    """

    probes: int | None = None

    def __init__(self, address: str | Path, model: str | Path | None = None) -> None:
        """Open a dataset.

        Args:
            model: where the artefact or checkpoint that made it is now; where it was if None.

        Raises:
            GalleryError: missing, another table, damaged, or of another version.
        """
        require(SEARCHING)
        self.reader = LanceReader(check_dataset_name(address))
        super().__init__(self.reader.address, model, self.reader)

    def __enter__(self) -> "LanceGallery":
        return self

    def update(self, options: IndexOptions | None = None) -> IndexReport:
        """Refuse: a dataset is brought up to date by the command that built it."""
        raise GalleryError(
            f"{self.reader.address} is a dataset, which update does not change; "
            "run the actnet-index build --engine ray that made it again"
        )

    def uses_approximate_index(self) -> bool:
        """Tell whether searches go through the vector index unless they are to be exact."""
        return self._indexed

    @cached_property
    def _indexed(self) -> bool:
        return state(self.reader.table) is not None

    @cached_property
    def _lancedb(self) -> Any:
        import lancedb

        folder, name = posixpath.split(self.reader.address)
        return lancedb.connect(folder).open_table(name.removesuffix(SUFFIX))

    def open_model(self) -> Describe:
        if self._describe is None:
            info, address = self.reader.info, self.reader.address
            model = self._model or Path(info.model_path)
            if not model.exists():
                raise GalleryError(
                    f"{model}, which made {address}, is not there; say with --model where it is now"
                )
            of_checkpoint = is_checkpoint(model)
            size = ImageSize(info.height_px, info.width_px) if of_checkpoint else None
            bound = identify(model, size, info.dim if of_checkpoint else None)
            check_model(self.reader.path, bound_model(info), bound)
            self._describe = opened(model, bound)
        return self._describe

    def _rank(
        self, views: StoredDescriptors, per_query: int, options: SearchOptions
    ) -> list[Found]:
        if self.uses_approximate_index() and not options.exact:
            ranked = [self._near(views, row, options.top) for row in range(len(views))]
        else:
            ranked = self._compared(views, options)
        width = max((len(ids) for ids, _ in ranked), default=0)
        ids = np.full((len(views), width), -1, np.int64)
        similarities = np.zeros((len(views), width))
        for row, (numbers, values) in enumerate(ranked):
            ids[row, : len(numbers)], similarities[row, : len(numbers)] = numbers, values
        return largest_of_views(ids, similarities, per_query, options.top)

    def _near(self, views: StoredDescriptors, row: int, top: int) -> Found:
        """Take candidates from the vector index, and compare them exactly."""
        view = StoredDescriptors(views.values[row, None], views.scales[row, None])
        try:
            rows = self._candidates(
                decode(view)[0], max(CANDIDATES_PER_HIT * top, LEAST_CANDIDATES)
            )
        except (ValueError, OSError, RuntimeError) as error:
            raise GalleryError(
                f"{self.reader.address} cannot be searched: {lance_reason(error)}"
            ) from error
        similarities = similarities_between(view, self.reader.checked(rows))[0]
        return _best(rows.column("id").to_numpy(), similarities, top)

    def nearest(
        self, queries: NDArray[np.floating], options: SearchOptions = SearchOptions()
    ) -> list[list[int]]:
        """Return the numbers of the nearest pictures of Q queries, without looking pictures up.

        Args:
            queries: (Q, dim), each of length 1.
        """
        return [ids.tolist() for ids, _ in self._rank(self._stored(queries), 1, options)]

    def _candidates(self, query: NDArray[np.float32], count: int) -> Any:
        """Return what the vector index finds: an Arrow table of id, descriptor and scale."""
        column = self.reader.settings.vector_column
        search = self._lancedb.search(query, vector_column_name=column).distance_type(METRIC)
        search = search.nprobes(self.probes or self.usual_probes).limit(count)
        return search.select(["id", "descriptor", "scale", "_distance"]).to_arrow()

    @cached_property
    def usual_probes(self) -> int:
        """How many partitions of the vector index a search looks into."""
        statistics = self.reader.table.index_statistics("vector_index")
        partitions = sum(len(one.get("partitions", ())) for one in statistics["indices"])
        return max(LEAST_PROBES, round(PROBED_SHARE * partitions))

    def _compared(self, views: StoredDescriptors, options: SearchOptions) -> list[Found]:
        """Compare every descriptor, a block at a time."""
        best: list[Found] = [(np.zeros(0, np.int64), np.zeros(0))] * len(views)
        for ids, stored in self.reader.blocks():
            ranking = search_exact(stored, views, options.top, options.threads)
            best = [
                _best(
                    np.concatenate([known, ids[places]]),
                    np.concatenate([values, similarities]),
                    options.top,
                )
                for (known, values), places, similarities in zip(
                    best, ranking.positions, ranking.similarities, strict=True
                )
            ]
        return best


def open_catalogue(address: str | Path, model: Path | None = None) -> Gallery:
    """Open a gallery or a dataset, whichever an address names."""
    if str(address).rstrip("/").endswith(SUFFIX):
        return LanceGallery(address, model)
    return Gallery.open(Path(address), model)


def _best(ids: NDArray[np.int64], similarities: NDArray[np.float64], top: int) -> Found:
    order = np.lexsort((ids, -similarities))[:top]
    return ids[order], similarities[order]

"""Galleries in Python: build one from a folder, search it with a picture.

from mobile_actnet.export import Gallery

gallery = Gallery.build("photos", "model.tflite", "shop.sqlite")
for hit in gallery.search("query.jpg", top=5):
    print(f"{hit.similarity:.3f} {hit.label or ''} {hit.path}")
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.errors import ConfigError, UnreadablePictureError
from mobile_actnet.gallery.answers.near_duplicates import group_hits
from mobile_actnet.gallery.approximate_search import ApproximateSearch, staleness
from mobile_actnet.gallery.exact_search import search_exact
from mobile_actnet.gallery.indexing import indexer
from mobile_actnet.gallery.indexing.indexer import KEEP, IndexOptions, IndexReport
from mobile_actnet.gallery.model import identify_as, opened
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.schema import GalleryInfo, from_gallery
from mobile_actnet.gallery.sqlite.storage import StoredDescriptors, encode
from mobile_actnet.pictures.preprocessing import Pixels, load_image
from mobile_actnet.runtime.describer import Describe

PathLike = str | os.PathLike[str]

# Near duplicates may fill a ranking; so many more hits are taken before they are grouped.
_HITS_PER_GROUP = 4
_PICTURES_AT_ONCE = 32


@dataclass(frozen=True)
class Hit:
    """A picture that was found.

    Attributes:
        picture_id: its number in the gallery.
        path: relative to the folder of photos, with slashes.
        label: what is shown; None where nothing is known.
        similarity: inner product of the descriptors, -1 to 1.
        duplicates: less similar hits that are nearly the same picture, where hits were grouped.
    """

    picture_id: int
    path: str
    label: str | None
    similarity: float
    duplicates: "tuple[Hit, ...]" = ()


@dataclass(frozen=True)
class Answer:
    """What a picture of several found.

    Attributes:
        picture: the file. hits: best first.
        problem: why it could not be read, in which case there are no hits; else None.
    """

    picture: Path
    hits: list[Hit]
    problem: UnreadablePictureError | None = None


@dataclass(frozen=True)
class SearchOptions:
    """How a gallery is searched.

    Attributes:
        top: hits for each query.
        group: least similarity of near duplicates, 0 to 1, which are taken together; None for none.
        exact: whether every picture is compared even where there is an approximate index.
        threads: that compare.
    """

    top: int = 10
    group: float | None = None
    exact: bool = False
    threads: int = 1

    def __post_init__(self) -> None:
        for name, value in (("top", self.top), ("threads", self.threads)):
            if value < 1:
                raise ConfigError(f"--{name} is {value}; it must be 1 or more")
        if self.group is not None and not 0 < self.group <= 1:
            raise ConfigError(f"--group is {self.group}; it must be above 0 and at most 1")


class Gallery:
    """An open gallery; close it, or use it in a `with` block.

    Attributes:
        path: of the file.
        report: what a build or the last update did; None where it was only opened.
    """

    def __init__(self, path: PathLike, model: PathLike | None = None) -> None:
        """Open a gallery; `Gallery.open` is the same."""
        self.path = Path(path)
        self.report: IndexReport | None = None
        self._reader = GalleryReader(self.path)
        self._model = None if model is None else Path(model)
        self._describe: Describe | None = None
        self._loaded: tuple[int, NDArray[np.int64], StoredDescriptors] | None = None
        self._approximate: tuple[int, ApproximateSearch | None] | None = None

    @classmethod
    def open(cls, path: PathLike, model: PathLike | None = None) -> "Gallery":
        """Open a gallery.

        Args:
            model: where the artefact or checkpoint that made it is now; where it was if None. It
                is opened with the first picture that is searched for.

        Raises:
            GalleryError: missing, no gallery, damaged, or of another version.
        """
        return cls(path, model)

    @classmethod
    def build(
        cls, photos: PathLike, model: PathLike, path: PathLike,
        options: IndexOptions = IndexOptions(),
    ) -> "Gallery":  # fmt: skip
        """Make a gallery from a folder of photos and open it.

        Args:
            photos: their folder. model: artefact or checkpoint that describes them.
            path: of the gallery.

        Raises:
            ActnetError: folder, model or labels cannot be used, the gallery is there already,
                another process writes it, or the disk is full.
        """
        report = indexer.build(Path(photos), Path(model), Path(path), options)
        gallery = cls(path, model)
        gallery.report = report
        return gallery

    def update(self, options: IndexOptions | None = None) -> IndexReport:
        """Bring the gallery up to date with its folder; only new and changed photos are described.

        Raises:
            ActnetError: as in `build`, or the folder holds no picture any more.
        """
        options = options or IndexOptions(labels=KEEP)
        self.report = indexer.update(self.path, options, model=self._model)
        return self.report

    def __enter__(self) -> "Gallery":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    @property
    def info(self) -> GalleryInfo:
        """What the gallery was made by."""
        return self._reader.info

    def __len__(self) -> int:
        """Return the number of pictures."""
        return self._reader.count()

    def thumbnail(self, picture_id: int) -> bytes | None:
        """Return a picture's thumbnail, a JPEG; None where there is none."""
        return self._reader.thumbnail(picture_id)

    def search(self, picture: PathLike, top: int = 10) -> list[Hit]:
        """Find the pictures that are most like a picture file, best first.

        Raises:
            UnreadablePictureError: the picture cannot be decoded.
            GalleryError: the model is not the one that made the gallery.
        """
        return self.search_pictures([picture], SearchOptions(top))[0]

    def search_pictures(
        self, pictures: Iterable[PathLike], options: SearchOptions = SearchOptions()
    ) -> list[list[Hit]]:
        """Search with several picture files; see `search`."""
        answers = []
        for answer in self.answer(pictures, options):
            if answer.problem is not None:
                raise answer.problem
            answers.append(answer.hits)
        return answers

    def answer(
        self, pictures: Iterable[PathLike], options: SearchOptions = SearchOptions()
    ) -> Iterator[Answer]:
        """Search with several picture files, of which some may not be readable.

        Returns:
            an answer for each picture, in their order.

        Raises:
            GalleryError: the model is not the one that made the gallery.
        """
        describe = self._describing()
        waiting = iter(pictures)
        while some := list(islice(waiting, _PICTURES_AT_ONCE)):
            loaded = [self._load(picture) for picture in some]
            pixels = [each for each in loaded if not isinstance(each, UnreadablePictureError)]
            found = iter(
                self.search_descriptors(describe(np.stack(pixels)), options) if pixels else ()
            )
            for picture, each in zip(some, loaded, strict=True):
                if isinstance(each, UnreadablePictureError):
                    yield Answer(Path(picture), [], each)
                else:
                    yield Answer(Path(picture), next(found))

    def _load(self, picture: PathLike) -> Pixels | UnreadablePictureError:
        try:
            return load_image(picture, self.info.height_px, self.info.width_px)
        except UnreadablePictureError as error:
            return error

    def search_descriptors(
        self, descriptors: NDArray[np.floating], options: SearchOptions = SearchOptions()
    ) -> list[list[Hit]]:
        """Search with descriptors of the gallery's model.

        Args:
            descriptors: (Q, dim), each of length 1.

        Returns:
            the hits of each query, best first; equal similarities in the order of picture ids.

        Raises:
            GalleryError: a descriptor is not of length 1.
        """
        if descriptors.ndim != 2 or descriptors.shape[1] != self.info.dim:
            raise ConfigError(
                f"the descriptors' shape is {descriptors.shape}; it must be (Q, {self.info.dim})"
            )
        queries = encode(descriptors, self.info.storage)
        if options.group is None:
            return [self._hits(*row) for row in self._rank(queries, options)]
        wanted = replace(options, top=_HITS_PER_GROUP * options.top)
        while True:
            found = [
                self._grouped(ids, similarities, options.group)
                for ids, similarities in self._rank(queries, wanted)
            ]
            if wanted.top >= len(self) or min(map(len, found)) >= options.top:
                return [hits[: options.top] for hits in found]
            wanted = replace(wanted, top=_HITS_PER_GROUP * wanted.top)

    def uses_approximate_index(self) -> bool:
        """Tell whether searches go through an approximate index unless they are to be exact."""
        return self._approximate_search() is not None

    def _rank(
        self, queries: StoredDescriptors, options: SearchOptions
    ) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Return picture ids and similarities of each query."""
        approximate = None if options.exact else self._approximate_search()
        if approximate is not None:
            ranking = approximate.search(queries, options.top, options.threads)
            ids = ranking.positions
        else:
            all_ids, database = self._database()
            ranking = search_exact(database, queries, options.top, options.threads)
            ids = all_ids[ranking.positions]
        return [
            (row[row >= 0], similarities[row >= 0])
            for row, similarities in zip(ids, ranking.similarities, strict=True)
        ]

    def _database(self) -> tuple[NDArray[np.int64], StoredDescriptors]:
        revision = self._reader.revision()
        if self._loaded is None or self._loaded[0] != revision:
            self._loaded = (revision, *self._reader.load())
        return self._loaded[1:]

    def _approximate_search(self) -> ApproximateSearch | None:
        revision = self._reader.revision()
        if self._approximate is None or self._approximate[0] != revision:
            fresh = staleness(self._reader) is None
            search = ApproximateSearch(self._reader) if fresh else None
            self._approximate = (revision, search)
        return self._approximate[1]

    def _hits(self, ids: NDArray[np.int64], similarities: NDArray[np.float64]) -> list[Hit]:
        pictures = self._reader.pictures(ids.tolist())
        return [
            Hit(number, pictures[number].path, pictures[number].label, float(similarity))
            for number, similarity in zip(ids.tolist(), similarities, strict=True)
            if number in pictures
        ]

    def _grouped(
        self, ids: NDArray[np.int64], similarities: NDArray[np.float64], threshold: float
    ) -> list[Hit]:
        """Return the first hit of each group, the others as its duplicates."""
        hits = {hit.picture_id: hit for hit in self._hits(ids, similarities)}
        kept, stored = self._reader.stored([n for n in ids.tolist() if n in hits])
        numbers: Sequence[int] = kept.tolist()
        return [
            replace(
                hits[numbers[group[0]]],
                duplicates=tuple(hits[numbers[other]] for other in group[1:]),
            )
            for group in group_hits(stored, threshold)
        ]

    def _describing(self) -> Describe:
        if self._describe is None:
            model = self._model or from_gallery(self.path, self.info.model_path)
            self._describe = opened(model, identify_as(model, self.info, self.path))
        return self._describe

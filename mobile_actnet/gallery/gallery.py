"""Galleries in Python: build one from a folder, search it with a picture.

from mobile_actnet.export import Gallery

gallery = Gallery.build("photos", "model.tflite", "shop.sqlite")
for hit in gallery.search("query.jpg", top=5):
    print(f"{hit.similarity:.3f} {hit.label or ''} {hit.path}")
"""

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mobile_actnet.descriptors import Descriptors
from mobile_actnet.errors import ConfigError, GalleryError, UnreadablePictureError
from mobile_actnet.gallery.answers.answer_scores import best_scores
from mobile_actnet.gallery.answers.near_duplicates import grouped
from mobile_actnet.gallery.answers.verified_ranking import Found, largest_of_views, merged
from mobile_actnet.gallery.approximate_search import ApproximateSearch
from mobile_actnet.gallery.config import FIRST_SHORTLIST
from mobile_actnet.gallery.exact_search import search_exact
from mobile_actnet.gallery.hits import Answer, Hit, SearchOptions
from mobile_actnet.gallery.indexing import indexer
from mobile_actnet.gallery.indexing.index_options import KEEP, IndexOptions, IndexReport
from mobile_actnet.gallery.matching import Matcher, QueryPhoto, describe_others, is_certain, prepare
from mobile_actnet.gallery.model import identify_as, opened
from mobile_actnet.gallery.readable import Readable
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.schema import GalleryInfo, from_gallery
from mobile_actnet.gallery.sqlite.storage import StoredDescriptors, encode
from mobile_actnet.gallery.sqlite.storage import decode as decode_stored
from mobile_actnet.pictures.preprocessing import decode
from mobile_actnet.pictures.views import View
from mobile_actnet.runtime.describer import Describe
from mobile_actnet.runtime.vocabulary import ImageSize

PathLike = str | os.PathLike[str]
Rank = Callable[[int], list[Found]]  # From a number of hits to what each query finds.

# Near duplicates may fill a ranking; so many more hits are taken before they are grouped.
_HITS_PER_GROUP = 4
_PICTURES_AT_ONCE = 32


class Gallery:
    """An open gallery; close it, or use it in a `with` block.

    Attributes:
        path: of the file.
        report: what a build or the last update did; None where it was only opened.
    """

    def __init__(
        self, path: PathLike, model: PathLike | None = None, reader: Readable | None = None
    ) -> None:
        """Open a gallery; `Gallery.open` is the same.

        Args:
            reader: of something else than a gallery's file.
        """
        self.path = Path(path)
        self.report: IndexReport | None = None
        self._reader = reader or GalleryReader(self.path)
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

    @property
    def verified_from(self) -> float:
        """Certainty from which on a hit is an answer, as the gallery was calibrated."""
        return self._reader.kept.verified_from

    def thumbnail(self, picture_id: int) -> bytes | None:
        """Return a picture's thumbnail, a JPEG; None where there is none."""
        return self._reader.thumbnail(picture_id)

    def search(self, picture: PathLike, top: int = 10) -> list[Hit]:
        """Find the pictures that are most like a picture file, best first.

        `search_pictures` takes options, and `answer` also says whether a photo was found.

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
        describe = self.open_model()
        waiting = iter(pictures)
        while some := list(islice(waiting, _PICTURES_AT_ONCE)):
            photos = [self._load(picture, options) for picture in some]
            readable = [photo for photo in photos if isinstance(photo, QueryPhoto)]
            found = iter(self._answers(readable, describe, options) if readable else ())
            for picture, photo in zip(some, photos, strict=True):
                if isinstance(photo, QueryPhoto):
                    hits, score = next(found)
                    yield Answer(Path(picture), hits, None, score, options.threshold)
                else:
                    yield Answer(Path(picture), [], photo)

    def search_images(
        self, images: Sequence[Image.Image], options: SearchOptions = SearchOptions()
    ) -> list[list[Hit]]:
        """Search with upright RGB pictures in memory; see `search`."""
        if not images:
            return []
        photos = [self._prepared(image, options) for image in images]
        return [hits for hits, _ in self._answers(photos, self.open_model(), options)]

    def open_model(self) -> Describe:
        """Open the model, which the first search does otherwise; return what describes with it.

        Raises:
            ActnetError: it is missing, damaged, not what made the gallery, or cannot run here.
        """
        if self._describe is None:
            model = self._model or from_gallery(self.path, self.info.model_path)
            self._describe = opened(model, identify_as(model, self.info, self.path))
        return self._describe

    def can_verify(self) -> bool:
        """Tell whether the gallery has local features, so that hits can be verified."""
        return self._reader.kept.local_features

    def _load(
        self, picture: PathLike, options: SearchOptions
    ) -> "QueryPhoto | UnreadablePictureError":
        try:
            image = decode(picture)
        except UnreadablePictureError as error:
            return error
        return self._prepared(image, options)

    def _prepared(self, image: Image.Image, options: SearchOptions) -> "QueryPhoto":
        return prepare(image, self._size(), options, options.verify and self.can_verify())

    def _size(self) -> ImageSize:
        return ImageSize(self.info.height_px, self.info.width_px)

    def _answers(
        self, photos: "list[QueryPhoto]", describe: Describe, options: SearchOptions
    ) -> list[tuple[list[Hit], float | None]]:
        """Return the hits of each photo, and the score that a threshold judges it by."""
        first = describe(np.concatenate([photo.pixels for photo in photos]))
        if photos[0].reduced is not None:
            return [(hits, None) for hits in self._in_two_steps(photos, first, describe, options)]
        views = self._stored(first)
        rank = self._ranking(views, len(options.views), options)
        hits = self._search(rank, options, [self._matcher(photo) for photo in photos])
        scores = self._scores(views, options)
        return list(zip(hits, scores or [None] * len(hits), strict=True))

    def _in_two_steps(
        self, photos: "list[QueryPhoto]", first: Descriptors, describe: Describe,
        options: SearchOptions,
    ) -> list[list[Hit]]:  # fmt: skip
        """Search with the first views, and with all of them for photos without a certain answer."""
        matchers = [self._matcher(photo) for photo in photos]
        rank_first = cache(self._ranking(self._stored(first), len(photos[0].pixels), options))
        hits = self._search(rank_first, options, matchers, FIRST_SHORTLIST)
        least = options.verified_from or self.verified_from
        rows = [row for row, of_photo in enumerate(hits) if not is_certain(of_photo, least)]
        if rows:
            others = describe_others(
                [photos[row] for row in rows], options.views, self._size(), describe
            )
            rank_others = self._ranking(self._stored(others), len(others) // len(rows), options)
            of_all_views = self._search(
                lambda top: merged([rank_first(top)[row] for row in rows], rank_others(top), top),
                options, [matchers[row] for row in rows],
            )  # fmt: skip
            hits = [of_all_views.pop(0) if row in rows else old for row, old in enumerate(hits)]
        return hits

    def _scores(
        self, views: StoredDescriptors, options: SearchOptions
    ) -> list[float | None] | None:
        """Score the best match of each whole photo as it was calibrated; None without need."""
        threshold = options.threshold
        if threshold is None or (options.verify and self.can_verify()):
            return None
        whole = options.views.index(View()) if View() in options.views else 0
        queries = decode_stored(views)[whole :: len(options.views)]
        blocks = (decode_stored(stored) for _, stored in self._reader.blocks())
        return best_scores(queries, blocks, threshold.measure)

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
        rank = self._ranking(self._stored(descriptors), 1, options)
        return self._search(rank, options, [None] * len(descriptors))

    def _stored(self, descriptors: NDArray[np.floating]) -> StoredDescriptors:
        if descriptors.ndim != 2 or descriptors.shape[1] != self.info.dim:
            raise ConfigError(
                f"the descriptors' shape is {descriptors.shape}; it must be (Q, {self.info.dim})"
            )
        return encode(descriptors, self.info.storage)

    def _search(
        self, rank: Rank, options: SearchOptions, matchers: "Sequence[Matcher | None]",
        compared: int = sys.maxsize,
    ) -> list[list[Hit]]:  # fmt: skip
        """Search with several queries.

        Args:
            matchers: of the queries, to verify hits with; None where only descriptors are known.
            compared: hits that are verified, where that is fewer than the shortlist.
        """
        verifies = any(matcher is not None for matcher in matchers)
        wanted = options.top if options.group is None else _HITS_PER_GROUP * options.top
        while True:
            least = max(wanted, options.shortlist) if verifies else wanted
            rankings = [
                self._hits(ids, similarities, matcher, options, compared)
                for (ids, similarities), matcher in zip(rank(least), matchers, strict=True)
            ]
            if options.group is not None:
                rankings = [grouped(hits, self._reader, options.group) for hits in rankings]
            enough = options.group is None or not rankings or min(map(len, rankings)) >= options.top
            if enough or wanted >= len(self):
                return [hits[: options.top] for hits in rankings]
            wanted *= _HITS_PER_GROUP

    def uses_approximate_index(self) -> bool:
        """Tell whether searches go through an approximate index unless they are to be exact."""
        return self._approximate_search() is not None

    def _ranking(self, views: StoredDescriptors, per_query: int, options: SearchOptions) -> Rank:
        """Return the search with the views of several queries, `per_query` of each."""
        return lambda top: self._rank(views, per_query, replace(options, top=top))

    def _rank(
        self, views: StoredDescriptors, per_query: int, options: SearchOptions
    ) -> list[Found]:
        """Return picture ids and similarities of each query, each picture once."""
        approximate = None if options.exact else self._approximate_search()
        if approximate is not None:
            ranking = approximate.search(views, options.top, options.threads)
            ids = ranking.positions
        else:
            all_ids, database = self._database()
            ranking = search_exact(database, views, options.top, options.threads)
            ids = all_ids[ranking.positions]
        return largest_of_views(ids, ranking.similarities, per_query, options.top)

    def _matcher(self, photo: QueryPhoto) -> Matcher | None:
        if photo.features is None:
            return None
        return Matcher(self._reader, photo.features, photo.width_px)

    def _database(self) -> tuple[NDArray[np.int64], StoredDescriptors]:
        revision = self._reader.revision()
        if self._loaded is None or self._loaded[0] != revision:
            self._loaded = (revision, *self._reader.load())
        return self._loaded[1:]

    def _approximate_search(self) -> ApproximateSearch | None:
        revision = self._reader.revision()
        if self._approximate is None or self._approximate[0] != revision:
            search = None
            reader = self._reader
            if isinstance(reader, GalleryReader) and reader.approximate() is not None:
                # None, a stale or a damaged one: every picture is compared.
                with contextlib.suppress(GalleryError):
                    search = ApproximateSearch(reader)
            self._approximate = (revision, search)
        return self._approximate[1]

    def _hits(
        self, ids: NDArray[np.int64], similarities: NDArray[np.float64],
        matcher: "Matcher | None", options: SearchOptions, compared: int,
    ) -> list[Hit]:  # fmt: skip
        """Look pictures up, and verify the shortlist, which may change its order."""
        pictures, items = self._reader.pictures(ids.tolist()), self._reader.items(ids.tolist())
        hits = [
            Hit(
                number, pictures[number].path, pictures[number].label, float(similarity),
                item=items.get(number),
            )
            for number, similarity in zip(ids.tolist(), similarities, strict=True)
            if number in pictures
        ]  # fmt: skip
        if matcher is None:
            return hits
        least = options.verified_from or self.verified_from
        return matcher.rank(hits, least, min(compared, options.shortlist))

"""How often the answer is right, and only the right one: recall@1 and right answers at few false ones.

Each query is searched for twice: in all of the database, and without the pictures of its own thing, as
a person does who photographs something that is not in the catalogue. An answer is given where the
first hit's score lies above a threshold; the threshold is the one at which at most 1 % (or 5 %) of the
second searches are answered. Three searches stand side by side: the whole photo alone, views, and views
with verification, whose score is the certainty: inliers times similarity.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from mobile_actnet.errors import ActnetError, ConfigError, UnreadablePictureError
from mobile_actnet.evaluation.config import AnswerOptions, EvaluationOptions, Half
from mobile_actnet.evaluation.extraction import extract
from mobile_actnet.evaluation.scoring import OpenModel, as_stored, labelled, limited, open_model
from mobile_actnet.gallery.answers.verification import NOT_FOUND, Verifier
from mobile_actnet.gallery.answers.verified_ranking import certainty, fused_order
from mobile_actnet.gallery.config import CERTAIN, FIRST_SHORTLIST, FIRST_VIEWS, VERIFIED_FROM
from mobile_actnet.pictures.local_features import (
    GALLERY_EXTRACTION,
    QUERY_EXTRACTION,
    LocalFeatures,
)
from mobile_actnet.pictures.local_features import extract as extract_local
from mobile_actnet.pictures.photos import Photo, find_photos
from mobile_actnet.pictures.preprocessing import decode
from mobile_actnet.pictures.views import View, view_pictures

FALSE_SHARES = (0.01, 0.05)
_RESAMPLES, _SEED = 1000, 0
_HALVES = {Half.BOTH: slice(None), Half.EVEN: slice(0, None, 2), Half.ODD: slice(1, None, 2)}
_TURNS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180,
          270: Image.Transpose.ROTATE_90}  # fmt: skip

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]


@dataclass(frozen=True)
class Share:
    """A share in per cent, with the 95 % interval of 1 000 bootstrap samples of the queries."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class AnswerScore:
    """What one kind of search gave for one set.

    Attributes:
        recall_at_1: queries whose first hit is right.
        recall_at_shortlist: in per cent, right pictures among the hits that are verified.
        right_answers: by share of false answers, queries that are answered and rightly.
        thresholds: by share of false answers, the score above which a hit is an answer.
        certain_early: in per cent, queries whose search ends after the first views, by default.
        changed_early: of these, how many have another first hit than with all views.
        queries, database: how many.
    """

    recall_at_1: Share
    recall_at_shortlist: float
    right_answers: dict[float, Share]
    thresholds: dict[float, float]
    queries: int
    database: int
    certain_early: float = 0.0
    changed_early: int = 0


@dataclass(frozen=True)
class AnswerEvaluation:
    """Scores by set and kind of search.

    Attributes:
        sets: by folder name, then `whole photo`, `views` and `verified`.
        problems: a sentence for each photo that could not be read.
    """

    sets: dict[str, dict[str, AnswerScore]]
    problems: list[str]


@dataclass(frozen=True)
class FirstHits:
    """The first hits of Q queries in both searches.

    Attributes:
        right: (Q,) whether the first hit of all shows the query's thing.
        known: (Q,) its score. unknown: (Q,) the first hit's score without the own thing.
        shortlisted: (Q,) whether a right picture was among the hits that are verified.
    """

    right: Marks
    known: Floats
    unknown: Floats
    shortlisted: Marks


def right_answers(hits: FirstHits, false_share: float) -> tuple[Marks, float]:
    """Tell which queries are answered rightly where few unknown ones are answered.

    Args:
        false_share: of the unknown queries that may be answered; their number is rounded down.

    Returns:
        (Q,), and the threshold: scores above it are answers.
    """
    allowed = int(false_share * len(hits.unknown) + 1e-9)
    threshold = (
        float(np.sort(hits.unknown)[::-1][allowed]) if allowed < len(hits.unknown) else -np.inf
    )
    return hits.right & (hits.known > threshold), threshold


def score_answers(hits: FirstHits, database: int) -> AnswerScore:
    """Score the first hits of one kind of search, with bootstrap intervals."""
    queries = len(hits.right)
    samples = np.random.default_rng(_SEED).integers(0, queries, (_RESAMPLES, queries))
    answers, thresholds = {}, {}
    for share in FALSE_SHARES:
        answered, thresholds[share] = right_answers(hits, share)
        again = [right_answers(_taken(hits, rows), share)[0].mean() for rows in samples]
        answers[share] = _share(answered.mean(), np.array(again))
    recalls = hits.right[samples].mean(axis=1)
    return AnswerScore(
        _share(hits.right.mean(), recalls), 100 * float(hits.shortlisted.mean()), answers,
        thresholds, queries, database,
    )  # fmt: skip


def evaluate_answers(
    model: Path, folders: list[Path], distractors: Sequence[Path] = (),
    options: EvaluationOptions = EvaluationOptions(), answers: AnswerOptions = AnswerOptions(),
) -> AnswerEvaluation:  # fmt: skip
    """Measure how often the answer is right on folders with a `manifest.csv`.

    Args:
        distractors: folders of photos that show nothing of the queries, whatever their manifests say.

    Raises:
        ActnetError: no folder has a query with a positive in the database.
    """
    opened = open_model(model, options)
    if len(opened.describes) > 1:
        raise ConfigError("right answers are measured at one scale; leave out --scales")
    photos = [photo for folder in folders for photo in limited(labelled(folder), options.limit)]
    others = [
        Photo(photo.path, f"distractor {photo.path}", "distractor")
        for folder in distractors
        for photo in find_photos(folder)
    ]
    # In the order of paths: equal similarities must not depend on the order of lines.
    database = sorted(
        [photo for photo in photos + others if photo.role in ("database", "distractor", "both")],
        key=lambda photo: str(photo.path),
    )
    search = _Search(opened, database, options, answers)
    sets: dict[str, dict[str, AnswerScore]] = {}
    for folder in folders:
        asked = [
            photo
            for photo in photos
            if photo.role in ("query", "both") and photo.instance.startswith(f"{folder}:")
        ]
        scores = search.scores(sorted(asked, key=lambda photo: str(photo.path)))
        if scores:
            sets[folder.name] = scores
    if not sets:
        raise ActnetError(
            "no query has a matching picture in the database; mend the columns instance and role of manifest.csv"
        )
    return AnswerEvaluation(sets, search.problems)


class _Search:
    """A described database, and the three kinds of search in it."""

    def __init__(
        self, opened: OpenModel, database: list[Photo], options: EvaluationOptions,
        answers: AnswerOptions,
    ) -> None:  # fmt: skip
        self._opened, self._options, self._answers = opened, options, answers
        extraction = extract(
            [photo.path for photo in database], opened.describes, options.cache, opened.identity,
            options.progress,
        )  # fmt: skip
        self._database = [database[row] for row in extraction.rows]
        self._instances = np.array([photo.instance for photo in self._database])
        self._descriptors = as_stored(np.asarray(extraction.descriptors), options)
        self.problems = list(extraction.problems)
        self._local = cache(self._local_features)

    def scores(self, asked: list[Photo]) -> dict[str, AnswerScore]:
        """Search for queries; those without a positive or that cannot be read do not count."""
        asked = [photo for photo in asked if self._positives(photo).any()][
            _HALVES[self._answers.half]
        ]
        views = (
            self._answers.views if View() in self._answers.views else (View(), *self._answers.views)
        )
        descriptors, asked = self._describe(asked, views)
        if not asked:
            return {}
        chosen = [views.index(view) for view in self._answers.views]
        kinds: dict[str, list[tuple[bool, float, float, bool]]] = {}
        early: list[tuple[bool, bool]] = []
        rows = zip(asked, descriptors, strict=True)
        bar = tqdm(
            rows, total=len(asked), unit="query", disable=not self._options.progress, leave=False
        )
        for photo, described in bar:
            similarities = described @ self._descriptors.T  # (V, N)
            visible, own = self._visible(photo), self._positives(photo)
            whole, best = similarities[0], similarities[chosen].max(axis=0)
            for name, values in (("whole photo", whole), ("views", best)):
                kinds.setdefault(name, []).append(self._plain(values, visible, own))
            if self._answers.verify:
                at_first = similarities[chosen[:FIRST_VIEWS]].max(axis=0)
                result, ended = self._verified(photo, best, at_first, visible, own)
                kinds.setdefault("verified", []).append(result)
                early.append(ended)
        scores = {
            name: score_answers(_first_hits(outcomes), len(self._database))
            for name, outcomes in kinds.items()
        }
        if early and len(chosen) > FIRST_VIEWS:
            certain, changed = np.array(early).T
            scores["verified"] = replace(
                scores["verified"], certain_early=100 * float(certain.mean()),
                changed_early=int((certain & changed).sum()),
            )  # fmt: skip
        return scores

    def _describe(
        self, asked: list[Photo], views: tuple[View, ...]
    ) -> tuple[NDArray[np.float32], list[Photo]]:
        """Describe each query's views: (Q, V, D), and the queries that could be read."""

        @lru_cache(maxsize=2)
        def cut(number: int) -> list[Image.Image]:
            return view_pictures(self._open(asked[number].path), views)

        if not asked:
            return np.zeros((0, len(views), 1), np.float32), []
        paths = [photo.path for photo in asked for _ in views]
        names = ",".join(map(str, views))
        extraction = extract(
            paths, self._opened.describes, self._options.cache,
            f"{self._opened.identity} {names} {self._answers.turn_deg}", self._options.progress,
            lambda row: cut(row // len(views))[row % len(views)],
        )  # fmt: skip
        self.problems += extraction.problems[:: len(views)]
        readable = [asked[row // len(views)] for row in extraction.rows[:: len(views)]]
        descriptors = as_stored(np.asarray(extraction.descriptors), self._options)
        return descriptors.reshape(len(readable), len(views), -1), readable

    def _plain(self, values: Floats, visible: Marks, own: Marks) -> tuple[bool, float, float, bool]:
        order = _order(values, visible)
        others = values[visible & ~own]
        unknown = float(others.max()) if len(others) else -np.inf
        shortlisted = bool(own[order[: self._answers.shortlist]].any())
        return bool(own[order[0]]), float(values[order[0]]), unknown, shortlisted

    def _verified(
        self, photo: Photo, values: Floats, at_first: Floats, visible: Marks, own: Marks
    ) -> tuple[tuple[bool, float, float, bool], tuple[bool, bool]]:
        """Return what `_first_hits` takes, and whether the first views are enough and change the hit."""
        verifier = Verifier(extract_local(self._open(photo.path), QUERY_EXTRACTION))
        inliers = cache(lambda row: self._inliers(verifier, row))

        def first(
            values: Floats, seen: Marks, count: int = self._answers.shortlist
        ) -> tuple[int, float, NDArray[np.int64]]:
            shortlist = _order(values, seen)[:count]
            if not len(shortlist):
                return 0, -np.inf, shortlist
            counts = np.array([inliers(int(row)) for row in shortlist], np.int64)
            best = fused_order(shortlist, values[shortlist].astype(np.float64), counts)[0]
            row = int(shortlist[best])
            return row, certainty(float(values[row]), int(counts[best])), shortlist

        row, known, shortlist = first(values, visible)
        _, unknown, _ = first(values, visible & ~own)
        soon, sure, _ = first(at_first, visible, min(FIRST_SHORTLIST, self._answers.shortlist))
        ended = sure >= CERTAIN * VERIFIED_FROM, soon != row
        return (bool(own[row]), known, unknown, bool(own[shortlist].any())), ended

    def _inliers(self, verifier: Verifier, row: int) -> int:
        features = self._local(row)
        return (NOT_FOUND if features is None else verifier.verify(features)).inliers

    def _local_features(self, row: int) -> LocalFeatures | None:
        try:
            return extract_local(decode(self._database[row].path), GALLERY_EXTRACTION)
        except UnreadablePictureError:
            return None

    def _open(self, path: Path) -> Image.Image:
        picture = decode(path)
        turn = _TURNS.get(self._answers.turn_deg)
        return picture if turn is None else picture.transpose(turn)

    def _visible(self, photo: Photo) -> Marks:
        """Return which pictures a query may see: all but itself."""
        return np.array([other.path != photo.path for other in self._database])

    def _positives(self, photo: Photo) -> Marks:
        return (self._instances == photo.instance) & self._visible(photo)


def _order(values: Floats, visible: Marks) -> NDArray[np.int64]:
    """Return the visible rows, best first; equal ones in their order."""
    rows = np.flatnonzero(visible)
    return rows[np.argsort(-values[rows], kind="stable")]


def _first_hits(outcomes: list[tuple[bool, float, float, bool]]) -> FirstHits:
    right, known, unknown, shortlisted = zip(*outcomes, strict=True)
    return FirstHits(
        np.array(right, np.bool_), np.array(known, np.float64), np.array(unknown, np.float64),
        np.array(shortlisted, np.bool_),
    )  # fmt: skip


def _taken(hits: FirstHits, rows: NDArray[np.int64]) -> FirstHits:
    return FirstHits(hits.right[rows], hits.known[rows], hits.unknown[rows], hits.shortlisted[rows])


def _share(value: float, samples: Floats) -> Share:
    low, high = np.quantile(samples, (0.025, 0.975))
    return Share(100 * float(value), 100 * float(low), 100 * float(high))

"""The named retrieval protocols: which photos are ranked, what counts, how it is scored.

Every protocol here takes the trapezoidal average precision of its own evaluation program, which is
not the uninterpolated one of `retrieval.average_precision`. docs/protocols.md has the sources.

    task = load_task(Protocol.ROXFORD5K, Path("oxford/jpg"), Path("gnd_roxford5k.json"))
    score_rankings(task, rankings)["medium"].mean_ap
"""

import math
import os
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mobile_actnet.commands import counted
from mobile_actnet.errors import ActnetError
from mobile_actnet.evaluation.protocols.ground_truth import (
    Box,
    GroundTruth,
    QueryTruth,
    read_ground_truth,
    read_text_ground_truth,
)

PRECISION_RANKS = (1, 5, 10)
_SUFFIXES = frozenset((".jpg", ".jpeg", ".png"))
# What counts in each setting: the labels that are positive, the labels that are junk.
_Setting = tuple[tuple[str, ...], tuple[str, ...]]
_REVISITED: dict[str, _Setting] = {
    "easy": (("easy",), ("junk", "hard")),
    "medium": (("easy", "hard"), ("junk",)),
    "hard": (("hard",), ("junk", "easy")),
}
_CLASSIC: dict[str, _Setting] = {"all": (("ok",), ("junk",))}

# Photos that are damaged in the published archive of Paris; results are reported without them
# (robots.ox.ac.uk/~vgg/data/parisbuildings/corrupt.txt).
_PARIS_DAMAGED = frozenset(
    f"paris_{landmark}_{number:06d}"
    for landmark, numbers in {
        "louvre": (136, 146),
        "moulinrouge": (422,),
        "museedorsay": (1059,),
        "notredame": (188,),
        "pantheon": (284, 960, 974),
        "pompidou": (195, 196, 201, 467, 640),
        "sacrecoeur": (299, 330, 353),
        "triomphe": (662, 833, 863, 867),
    }.items()
    for number in numbers
)


class Protocol(StrEnum):
    """A published collection with its queries, ground truth and score."""

    ROXFORD5K = "roxford5k"
    RPARIS6K = "rparis6k"
    OXFORD5K = "oxford5k"
    PARIS6K = "paris6k"
    HOLIDAYS = "holidays"


@dataclass(frozen=True)
class Query:
    """What is searched for.

    Attributes:
        path: its photo.
        box: x1, y1, x2, y2 in pixels of that photo, to be cropped to; the whole photo if None.
    """

    path: Path
    box: Box | None


@dataclass(frozen=True)
class Relevance:
    """What one query should find, as database positions. All others are negative.

    Attributes:
        positive: (P,) int64.
        junk: (J,) int64; taken out of the ranking, neither positive nor negative.
    """

    positive: NDArray[np.int64]
    junk: NDArray[np.int64]


@dataclass(frozen=True)
class Task:
    """A protocol on this disk.

    Attributes:
        database: the photos to be searched.
        queries: what to search for.
        settings: for each setting, such as hard, one relevance per query.
    """

    protocol: Protocol
    database: list[Path]
    queries: list[Query]
    settings: dict[str, list[Relevance]]


@dataclass(frozen=True)
class ProtocolScore:
    """Result of one setting, in per cent; zeros where no query counts.

    Attributes:
        mean_ap: mean over queries of the trapezoidal average precision.
        precision_at: mP@k for k = 1, 5, 10.
        recall_at_1, recall_at_10: queries with a positive among the first one, the first ten hits.
        queries: how many count: those with a positive in this setting.
    """

    mean_ap: float
    precision_at: dict[int, float]
    recall_at_1: float
    recall_at_10: float
    queries: int


def load_task(protocol: Protocol, photos: Path, ground_truth: Path | None) -> Task:
    """Find a protocol's photos below a folder and read what its queries should find.

    Args:
        photos: the folder; NAME.jpg, .jpeg or .png may lie in folders of their own.
        ground_truth: the file, or for oxford5k and paris6k also the folder of text files; None for
            holidays, whose file names are its ground truth.

    Raises:
        ActnetError: photos or ground truth missing, damaged or not this protocol's.
    """
    by_name = _photos_by_name(Path(photos))
    if protocol is Protocol.HOLIDAYS:
        if ground_truth is not None:
            raise ActnetError(
                f"holidays has its ground truth in its file names (got {ground_truth}); give none"
            )
        return _holidays(by_name, Path(photos))
    if ground_truth is None:
        raise ActnetError(
            f"{protocol} needs its ground truth (got none); give gnd_{protocol}.json or .pkl"
        )
    truth = _read(protocol, Path(ground_truth), by_name)
    _require_photos(protocol, truth, by_name, Path(photos))
    return Task(
        protocol,
        [by_name[name] for name in truth.images],
        [Query(by_name[query.name], query.box) for query in truth.queries],
        {
            name: [_relevance(query, setting) for query in truth.queries]
            for name, setting in _settings(protocol).items()
        },
    )


def crop_query(image: Image.Image, box: Box | None) -> Image.Image:
    """Cut a query out of its photo, the box rounded to pixels and clipped to the photo.

    Args:
        image: the photo in full size.
        box: x1, y1, x2, y2 in pixels; the whole photo if None.

    Raises:
        ActnetError: the box holds no pixel of the photo.
    """
    if box is None:
        return image
    left, top, right, bottom = (round(edge) for edge in box)
    left, top = max(left, 0), max(top, 0)
    right, bottom = min(right, image.width), min(bottom, image.height)
    if left >= right or top >= bottom:
        raise ActnetError(
            f"the box {box} holds no pixel of a photo of {image.width} x {image.height}; "
            "boxes belong to photos in their original size"
        )
    return image.crop((left, top, right, bottom))


def score_rankings(task: Task, rankings: NDArray[np.int64]) -> dict[str, ProtocolScore]:
    """Score complete rankings.

    Args:
        rankings: (Q, N) database positions, best first; those from len(task.database) on are
            distractors. Every database position is in every row.

    Returns:
        A score for each setting.

    Raises:
        ActnetError: another shape, a position twice or below 0, or a database photo left out.
    """
    rankings = np.asarray(rankings)
    expected = (len(task.queries), len(task.database))
    if rankings.ndim != 2 or len(rankings) != expected[0] or rankings.shape[1] < expected[1]:
        raise ActnetError(
            f"rankings have shape {rankings.shape}; {task.protocol} needs {expected[0]} rows of at "
            f"least {expected[1]} positions"
        )
    if not np.issubdtype(rankings.dtype, np.integer):
        raise ActnetError(f"rankings are {rankings.dtype}; give whole numbers, not similarities")
    database_ranks = [
        _database_ranks(row, len(task.database), query) for query, row in enumerate(rankings)
    ]
    return {
        name: _score(
            [positive_ranks(*pair) for pair in zip(database_ranks, relevances, strict=True)]
        )
        for name, relevances in task.settings.items()
    }


def positive_ranks(database_ranks: NDArray[np.int64], relevance: Relevance) -> NDArray[np.int64]:
    """Say where the positives are once the junk is out of the ranking.

    Args:
        database_ranks: (N,) zero-based rank of each database photo.

    Returns:
        (P,) zero-based, ascending.
    """
    positives = np.sort(database_ranks[relevance.positive])
    junk = np.sort(database_ranks[relevance.junk])
    return positives - np.searchsorted(junk, positives)


def trapezoidal_average_precision(positive_ranks: NDArray[np.int64], positives: int) -> float:
    """Area below the line through precision before and after each positive.

    Args:
        positive_ranks: (K,) zero-based ranks of the positives that were found, ascending, junk
            taken out.
        positives: how many there are; those not found add nothing.

    Returns:
        0 to 1; NaN where there is no positive, so that the query does not count.
    """
    if positives == 0:
        return math.nan
    ranks = np.asarray(positive_ranks, np.int64)
    earlier = np.arange(len(ranks))
    # Before the first hit nothing was retrieved, which counts as precision 1.
    before = np.where(ranks == 0, 1.0, earlier / np.maximum(ranks, 1))
    after = (earlier + 1) / (ranks + 1)
    return float(np.sum(before + after) / 2 / positives)


def precision_at(positive_ranks: NDArray[np.int64], rank: int) -> float:
    """Share of positives among the first hits.

    A query is not blamed for hits behind its last positive: where that comes before `rank`, only
    the hits up to it are looked at.

    Args:
        positive_ranks: (P,) zero-based ranks of all positives, at least one, ascending, junk taken
            out.
        rank: how many hits.

    Returns:
        0 to 1.
    """
    looked_at = min(rank, int(positive_ranks[-1]) + 1)
    return float(np.sum(positive_ranks < looked_at) / looked_at)


def _settings(protocol: Protocol) -> dict[str, _Setting]:
    return _REVISITED if protocol in (Protocol.ROXFORD5K, Protocol.RPARIS6K) else _CLASSIC


def _read(protocol: Protocol, path: Path, by_name: dict[str, Path]) -> GroundTruth:
    settings = _settings(protocol)
    if not path.is_dir():
        labels = {label for groups in settings.values() for group in groups for label in group}
        return read_ground_truth(path, sorted(labels))
    if settings is _REVISITED:
        raise ActnetError(
            f"{path} is a folder; {protocol} needs a file: gnd_{protocol}.json or .pkl"
        )
    names = [name for name in sorted(by_name) if name not in _PARIS_DAMAGED]
    return read_text_ground_truth(path, names, _PARIS_DAMAGED)


def _score(ranks_per_query: list[NDArray[np.int64]]) -> ProtocolScore:
    counted = [ranks for ranks in ranks_per_query if len(ranks)]
    return ProtocolScore(
        mean_ap=_per_cent(counted, lambda ranks: trapezoidal_average_precision(ranks, len(ranks))),
        precision_at={
            k: _per_cent(counted, partial(precision_at, rank=k)) for k in PRECISION_RANKS
        },
        recall_at_1=_per_cent(counted, lambda ranks: float(ranks[0] < 1)),
        recall_at_10=_per_cent(counted, lambda ranks: float(ranks[0] < 10)),
        queries=len(counted),
    )


def _per_cent(
    counted: list[NDArray[np.int64]], measure: Callable[[NDArray[np.int64]], float]
) -> float:
    return 100 * float(np.mean([measure(ranks) for ranks in counted])) if counted else 0.0


def _database_ranks(ranking: NDArray[np.int64], database: int, query: int) -> NDArray[np.int64]:
    """Turn (N,) positions by rank into (database,) ranks by position."""
    ordered = np.sort(ranking)
    if (ordered[:database] != np.arange(database)).any() or (np.diff(ordered) == 0).any():
        raise ActnetError(
            f"ranking {query} must hold each database position 0 to {database - 1} once, and no "
            "distractor twice; rank everything, junk and the query's own photo too"
        )
    inside = ranking < database
    ranks = np.empty(database, np.int64)
    ranks[ranking[inside]] = np.flatnonzero(inside)
    return ranks


def _relevance(query: QueryTruth, setting: _Setting) -> Relevance:
    positive, junk = (
        np.concatenate([query.labels[label] for label in labels]) for labels in setting
    )
    return Relevance(positive, junk)


def _holidays(by_name: dict[str, Path], photos: Path) -> Task:
    """Group photos by number // 100; number 0 of a group searches for the others."""
    wrong = [path for name, path in by_name.items() if not (name.isascii() and name.isdigit())]
    if wrong:
        raise ActnetError(
            f"{photos} holds {counted(len(wrong), 'photo')} without a number as name (first: "
            f"{wrong[0].name}); holidays has names such as 100000.jpg and nothing else"
        )
    names = sorted(by_name, key=int)
    groups = defaultdict(list)
    for position, name in enumerate(names):
        groups[int(name) // 100].append(position)
    for members in groups.values():
        first = int(names[members[0]])
        if first % 100:
            raise ActnetError(
                f"{photos} holds {first} but not {first // 100 * 100}, the query of its group; "
                "give the complete collection"
            )
    return Task(
        Protocol.HOLIDAYS,
        [by_name[name] for name in names],
        [Query(by_name[names[members[0]]], None) for members in groups.values()],
        {
            "all": [
                # A query finds itself, which says nothing.
                Relevance(np.array(members[1:], np.int64), np.array(members[:1], np.int64))
                for members in groups.values()
            ]
        },
    )


def _photos_by_name(folder: Path) -> dict[str, Path]:
    """Find the photos below a folder by their names without suffix."""
    if not folder.is_dir():
        raise ActnetError(f"{folder} is not a folder; give the folder of the protocol's photos")
    by_name: dict[str, Path] = {}
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for path in (Path(place, name) for name in sorted(files) if not name.startswith(".")):
            if path.suffix.lower() not in _SUFFIXES:
                continue
            if path.stem in by_name:
                raise ActnetError(
                    f"{by_name[path.stem]} and {path} have the same name; keep one of them"
                )
            by_name[path.stem] = path
    if not by_name:
        raise ActnetError(f"{folder} holds no photos ({', '.join(sorted(_SUFFIXES))})")
    return by_name


def _require_photos(
    protocol: Protocol, truth: GroundTruth, by_name: dict[str, Path], photos: Path
) -> None:
    names = dict.fromkeys(truth.images + [query.name for query in truth.queries])
    missing = [name for name in names if name not in by_name]
    if missing:
        raise ActnetError(
            f"{photos} lacks {len(missing)} of the {len(names)} photos of {protocol} "
            f"(first: {missing[0]}.jpg); give the folder of the complete collection"
        )

"""What a query should find: the published ground truth of the Oxford and Paris protocols.

Three forms are read: JSON, the original pickle (see `plain_pickle`), and the original folder of text
files.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.commands import counted
from mobile_actnet.errors import ActnetError
from mobile_actnet.evaluation.protocols.plain_pickle import (
    PlainArray,
    PlainScalar,
    shortened,
    unpickled,
)
from mobile_actnet.files import read_regular

Box = tuple[float, float, float, float]

# Query files of Oxford call photos by the names of an older collection: oxc1_NAME.
_OXFORD_PREFIX = "oxc1_"
_QUERY_SUFFIX = "_query.txt"
_LARGEST_EDGE_PX = 1e9
_KEYS_SHOWN, _LETTERS_SHOWN = 10, 30


@dataclass(frozen=True)
class QueryTruth:
    """One query.

    Attributes:
        name: its photo, without folder and suffix.
        box: x1, y1, x2, y2 in pixels of its photo.
        labels: for each label, such as easy or junk, positions in `GroundTruth.images`.
    """

    name: str
    box: Box
    labels: dict[str, NDArray[np.int64]]


@dataclass(frozen=True)
class GroundTruth:
    """All queries, and the names of the database photos that their positions count."""

    images: list[str]
    queries: list[QueryTruth]


def read_ground_truth(path: Path, labels: Iterable[str]) -> GroundTruth:
    """Read a `.json` or `.pkl` file: imlist, qimlist, and gnd with a box and labels per query.

    Args:
        path: the file.
        labels: the lists that every query must have; others are ignored.

    Raises:
        ActnetError: missing or damaged, a key is missing, a position lies outside imlist or has
            two labels, a box is empty, or a pickle names anything but arrays of numbers.
    """
    path = Path(path)
    readers: dict[str, Callable[[bytes, Path], object]] = {".json": _json, ".pkl": unpickled}
    if path.suffix.lower() not in readers:
        raise ActnetError(f"{path} is neither .json nor .pkl; give the ground truth as one of them")
    content = _mapping(readers[path.suffix.lower()](_bytes(path), path), str(path))
    images = _names(_entry(content, "imlist", str(path)), f"{path}, imlist")
    queries = _names(_entry(content, "qimlist", str(path)), f"{path}, qimlist")
    truths = _entry(content, "gnd", str(path))
    if not isinstance(truths, list | tuple) or len(truths) != len(queries):
        count = len(truths) if isinstance(truths, list | tuple) else "no list of"
        raise ActnetError(f"{path}: {count} entries in gnd for {len(queries)} in qimlist")
    if len(set(images)) < len(images):
        raise ActnetError(f"{path}, imlist names a photo twice; every photo must be there once")
    wanted = tuple(labels)
    return GroundTruth(
        images,
        [
            _query_truth(name, truth, wanted, len(images), f"{path}, query {name}")
            for name, truth in zip(queries, truths, strict=True)
        ],
    )


def read_text_ground_truth(
    folder: Path, images: list[str], left_out: frozenset[str] = frozenset()
) -> GroundTruth:
    """Read the original text files: NAME_query.txt with its _good.txt, _ok.txt and _junk.txt.

    Args:
        folder: where they are.
        images: names of the database photos, without suffix.
        left_out: photos to be ignored wherever a list names them.

    Returns:
        Queries in the order of their file names; label ok holds good and ok, junk the rest.

    Raises:
        ActnetError: no query file, a file is missing or not as described, or photos are unknown.
    """
    folder = Path(folder)
    files = sorted(folder.glob(f"[!.]*{_QUERY_SUFFIX}"))
    if not files:
        raise ActnetError(f"{folder} holds no *{_QUERY_SUFFIX}; give the folder of the text files")
    positions = {name: position for position, name in enumerate(images)}
    named = [_text_query(file, left_out) for file in files]
    unknown = [
        name
        for _, _, lists in named
        for names in lists.values()
        for name in names
        if name not in positions
    ]
    if unknown:
        raise ActnetError(
            f"{folder} names {counted(len(set(unknown)), 'photo')} missing from the photo folder "
            f"(first: {unknown[0]}); give the complete collection"
        )
    return GroundTruth(
        images,
        [
            QueryTruth(name, box, _disjoint(_positions(lists, positions), f"{folder}, {name}"))
            for name, box, lists in named
        ],
    )


def _text_query(file: Path, left_out: frozenset[str]) -> tuple[str, Box, dict[str, list[str]]]:
    """Read one query and the names in its lists."""
    fields = _text(file).split()
    if len(fields) != 5:
        raise ActnetError(f"{file} holds {len(fields)} fields; it must be: NAME x1 y1 x2 y2")
    stem = file.name.removesuffix(_QUERY_SUFFIX)
    good, fair, junk = (
        [
            name
            for name in _text(file.with_name(f"{stem}_{label}.txt")).split()
            if name not in left_out
        ]
        for label in ("good", "ok", "junk")
    )
    try:
        values: list[object] = [float(field) for field in fields[1:]]
    except ValueError as error:
        raise ActnetError(f"{file}: {error}; after NAME come four numbers") from error
    box = _box(values, str(file))
    return fields[0].removeprefix(_OXFORD_PREFIX), box, {"ok": good + fair, "junk": junk}


def _positions(
    lists: dict[str, list[str]], positions: dict[str, int]
) -> dict[str, NDArray[np.int64]]:
    return {
        label: np.array(sorted({positions[name] for name in names}), np.int64)
        for label, names in lists.items()
    }


def _query_truth(
    name: str, truth: object, labels: tuple[str, ...], images: int, where: str
) -> QueryTruth:
    entry = _mapping(truth, where)
    box = _box(_values(_entry(entry, "bbx", where), f"{where}, bbx"), where)
    lists = {label: _entry(entry, label, where) for label in labels}
    numbered = {
        label: _indices(value, images, f"{where}, {label}") for label, value in lists.items()
    }
    return QueryTruth(name, box, _disjoint(numbered, where))


def _indices(value: object, images: int, where: str) -> NDArray[np.int64]:
    indices = []
    for index in _values(value, where):
        if isinstance(index, bool) or not isinstance(index, int):
            raise ActnetError(f"{where} holds {shortened(index)}; positions must be whole numbers")
        if not 0 <= index < images:
            raise ActnetError(f"{where} holds position {index}; imlist allows 0 to {images - 1}")
        indices.append(index)
    return np.array(indices, np.int64)


def _disjoint(labels: dict[str, NDArray[np.int64]], where: str) -> dict[str, NDArray[np.int64]]:
    """Return the labels if no photo has two of them, or the same one twice."""
    values, counts = np.unique(np.concatenate(list(labels.values())), return_counts=True)
    if (counts > 1).any():
        twice = values[counts > 1][0]
        raise ActnetError(
            f"{where}: photo {twice} is listed twice in {', '.join(labels)}; "
            "a photo may have one label only"
        )
    return labels


def _box(values: list[object], where: str) -> Box:
    """Check x1, y1, x2, y2."""
    numbers = [
        float(value)
        for value in values
        if isinstance(value, int | float) and abs(value) < _LARGEST_EDGE_PX
    ]
    if len(values) != 4 or len(numbers) != 4:
        raise ActnetError(
            f"{where}: the box is {shortened(values)}; it must be four finite numbers x1, y1, x2, y2"
        )
    left, top, right, bottom = numbers
    if left >= right or top >= bottom:
        raise ActnetError(f"{where}: the box {numbers} is empty; x1 < x2 and y1 < y2 must hold")
    return left, top, right, bottom


def _values(value: object, where: str) -> list[object]:
    """Return the elements of a list, a tuple or a pickled array."""
    if isinstance(value, PlainArray):
        return [*value.values]
    if isinstance(value, list | tuple):
        return [element.value if isinstance(element, PlainScalar) else element for element in value]
    raise ActnetError(f"{where} is a {type(value).__name__}; it must be a list of numbers")


def _names(value: object, where: str) -> list[str]:
    if not isinstance(value, list | tuple) or not value:
        raise ActnetError(f"{where} must be a list of photo names with at least one")
    for name in value:
        if not isinstance(name, str):
            raise ActnetError(f"{where} holds {shortened(name)}; photo names must be text")
    return list(value)


def _mapping(value: object, where: str) -> Mapping[object, object]:
    if not isinstance(value, dict):
        raise ActnetError(f"{where} holds {shortened(value)}; it must hold named entries")
    return value


def _entry(mapping: Mapping[object, object], key: str, where: str) -> object:
    if key not in mapping:
        names = sorted(name for name in mapping if isinstance(name, str))
        keys = ", ".join(name[:_LETTERS_SHOWN] for name in names[:_KEYS_SHOWN]) or "no names"
        raise ActnetError(f"{where} has no {key} (it has {keys}); is it another protocol's?")
    return mapping[key]


def _bytes(path: Path) -> bytes:
    try:
        return read_regular(path)
    except OSError as error:
        raise ActnetError(f"{path} cannot be read: {error.strerror}") from error


def _text(path: Path) -> str:
    try:
        return _bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ActnetError(f"{path} is not a text file: {error}") from error


def _json(content: bytes, path: Path) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ActnetError(f"{path} cannot be read as JSON: {error}") from error

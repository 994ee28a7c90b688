"""Streaming extraction: descriptors of any number of photos in constant memory, resumable.

With a cache folder the descriptors are appended, chunk by chunk, to a file named after what they
depend on: model, size, length and photos. A killed run goes on behind the last whole chunk, and
a finished one is read instead of made again.
"""

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from mobile_actnet.descriptors import Descriptors
from mobile_actnet.errors import ActnetError, UnreadablePictureError
from mobile_actnet.files import reason, sha256_of
from mobile_actnet.pictures.preprocessing import Pixels, decode, resize
from mobile_actnet.runtime.describer import Describe
from mobile_actnet.runtime.vocabulary import ImageSize

Open = Callable[[int], Image.Image]

_CHUNK = 64
_VALUE_BYTES = 4


@dataclass(frozen=True)
class Extraction:
    """Descriptors of the readable ones among some photos.

    Attributes:
        descriptors: (N, D) float32; memory-mapped where there is a cache.
        rows: (N,) int64, which photo each belongs to.
        problems: a sentence for each of the others.
    """

    descriptors: Descriptors
    rows: NDArray[np.int64]
    problems: list[str]


def extract(
    paths: Sequence[Path],
    describes: Sequence[tuple[Describe, ImageSize]],
    cache: Path | None = None,
    identity: str = "",
    progress: bool = False,
    opener: Open | None = None,
) -> Extraction:
    """Describe photos, decoding the next chunk while the present one is described.

    Args:
        paths: of the photos.
        describes: functions from (n, H, W, 3) uint8 pixels to (n, D), each with its size; the
            descriptors of several are summed and brought back to length 1 (multi-scale).
        cache: folder for descriptors; none is kept if None.
        identity: what the descriptors depend on besides sizes and photos.
        opener: from a photo's number to its RGB picture; `decode` of its path if None.

    Raises:
        ActnetError: the cache cannot be written or another run writes it, or no photo can be read.
    """
    opener = opener or (lambda row: decode(paths[row]))
    key = _key(paths, [str(size) for _, size in describes], identity)
    with (
        contextlib.closing(_Store(cache, key)) as store,
        tqdm(
            total=len(paths), initial=store.done, unit="photo", disable=not progress, leave=False
        ) as bar,
    ):
        for rows, pixels, problems in _chunks(len(paths), store.done, describes, opener):
            descriptors = None
            if rows:
                views = zip(describes, pixels, strict=True)
                descriptors = _sum([describe(view) for (describe, _), view in views])
            store.append(descriptors, rows, problems)
            bar.update(len(rows) + len(problems))
        return store.read()


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files.

    Raises:
        ActnetError: it cannot be read.
    """
    try:
        return sha256_of(path)
    except OSError as error:
        raise ActnetError(f"{error.filename or path} cannot be read: {reason(error)}") from error


class _Store:
    """Descriptors in memory, or in a file with an index beside it.

    The index is one JSON line a chunk, written once the chunk's bytes are on the disk. Bytes
    without a line are a chunk that a kill cut short, lines without bytes belong to a file that was
    cut or lost: both are dropped. One run at a time may have a store open.
    """

    def __init__(self, folder: Path | None, key: str) -> None:
        self._memory: list[Descriptors] = []
        self._rows: list[int] = []
        self._problems: list[str] = []
        self.done = self._dim = 0
        self._path = None if folder is None else folder / f"{key}.f32"
        if self._path is not None:
            self._open(self._path)

    def append(self, descriptors: Descriptors | None, rows: list[int], problems: list[str]) -> None:
        dim = 0 if descriptors is None else descriptors.shape[1]
        if self._path is not None:
            self._write(self._path, descriptors, {"rows": rows, "problems": problems, "dim": dim})
        elif descriptors is not None:
            self._memory.append(descriptors)
        self._note(rows, problems, dim)

    def read(self) -> Extraction:
        if not self._rows:
            first = f": {self._problems[0]}" if self._problems else ""
            raise ActnetError(f"none of the photos can be read{first}")
        if self._path is None:
            descriptors = np.concatenate(self._memory)
        else:
            shape = (len(self._rows), self._dim)
            descriptors = np.memmap(self._path, np.float32, "r", shape=shape)
        return Extraction(descriptors, np.array(self._rows, np.int64), self._problems)

    def close(self) -> None:
        """Close the files and let another run in."""
        if self._path is not None:
            for file in (self._data, self._index):
                # What a full disk refused was reported when it was written.
                with contextlib.suppress(OSError):
                    file.close()

    def _open(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._index: BinaryIO = path.with_suffix(".jsonl").open("a+b")
            fcntl.flock(self._index, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._data: BinaryIO = path.open("a+b")
            self._take_up()
        except BlockingIOError as error:
            raise ActnetError(
                f"another run is writing the same descriptors to {path.parent}; "
                "wait for it, or give another cache folder"
            ) from error
        except OSError as error:
            raise ActnetError(f"cannot write to {path.parent}: {reason(error)}") from error

    def _write(self, path: Path, descriptors: Descriptors | None, entry: dict[str, Any]) -> None:
        try:
            if descriptors is not None:
                self._data.write(np.ascontiguousarray(descriptors, np.float32).tobytes())
                self._data.flush()
                os.fsync(self._data.fileno())
            self._index.write(json.dumps(entry).encode() + b"\n")
            self._index.flush()
        except OSError as error:
            raise ActnetError(f"cannot write {path}: {reason(error)}") from error

    def _take_up(self) -> None:
        """Read the whole chunks and cut off what is behind them."""
        size_bytes = os.fstat(self._data.fileno()).st_size
        whole_bytes = 0
        self._index.seek(0)
        for line in self._index.readlines():
            entry = _entry(line)
            if entry is None:
                break
            rows, dim = len(self._rows) + len(entry["rows"]), self._dim or entry["dim"]
            if rows * dim * _VALUE_BYTES > size_bytes:
                break
            self._note(entry["rows"], entry["problems"], entry["dim"])
            whole_bytes += len(line)
        self._index.truncate(whole_bytes)
        self._data.truncate(len(self._rows) * self._dim * _VALUE_BYTES)

    def _note(self, rows: list[int], problems: list[str], dim: int) -> None:
        self._rows += rows
        self._problems += problems
        self._dim = self._dim or dim
        self.done += len(rows) + len(problems)


def _entry(line: bytes) -> dict[str, Any] | None:
    """Read a line of the index; None where a kill or a power cut left only a part of it."""
    try:
        return json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None


def _chunks(
    count: int, first: int, describes: Sequence[tuple[Describe, ImageSize]], opener: Open
) -> Iterator[tuple[list[int], list[Pixels], list[str]]]:
    """Yield row numbers, pixels by size and problems of each chunk, one chunk read ahead."""
    sizes = [size for _, size in describes]
    with ThreadPoolExecutor(1) as ahead:
        waiting = None
        for start in range(first, count, _CHUNK):
            rows = range(start, min(start + _CHUNK, count))
            coming = ahead.submit(_load, rows, sizes, opener)
            if waiting is not None:
                yield waiting.result()
            waiting = coming
        if waiting is not None:
            yield waiting.result()


def _load(
    numbers: range, sizes: list[ImageSize], opener: Open
) -> tuple[list[int], list[Pixels], list[str]]:
    rows, problems, pixels = [], [], []
    for row in numbers:
        try:
            image = opener(row)
        except UnreadablePictureError as error:
            problems.append(str(error))
            continue
        rows.append(row)
        pixels.append([resize(image, size.height, size.width) for size in sizes])
    return rows, [np.stack(views) for views in zip(*pixels, strict=True)], problems


def _sum(descriptors: list[Descriptors]) -> Descriptors:
    if len(descriptors) == 1:
        return descriptors[0]
    total = np.sum(descriptors, axis=0)
    return (total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)).astype(
        np.float32
    )


def _key(paths: Sequence[Path], sizes: list[str], identity: str) -> str:
    digest = hashlib.sha256(f"{identity} {sizes}".encode())
    for path in paths:
        try:
            status = path.stat()
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        except OSError:
            digest.update(f"{path}\0missing\n".encode())
    return digest.hexdigest()

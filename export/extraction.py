"""Streaming extraction: descriptors of any number of photos in constant memory, resumable.

With a cache folder the descriptors are appended, chunk by chunk, to a file named after what they
depend on: model, size, length and photos. A killed run goes on behind the last whole chunk, and
a finished one is read instead of made again.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from mobile_actnet.errors import ActnetError, UnreadablePictureError
from mobile_actnet.export.deployable import ImageSize
from mobile_actnet.export.runtimes import Descriptors
from mobile_actnet.files import reason
from mobile_actnet.preprocessing import Pixels, decode, resize

Describe = Callable[[Pixels], Descriptors]
Open = Callable[[Path], Image.Image]

_CHUNK = 64
_BLOCK_BYTES = 1 << 20


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
    opener: Open = decode,
) -> Extraction:
    """Describe photos, decoding the next chunk while the present one is described.

    Args:
        paths: of the photos.
        describes: functions from (n, H, W, 3) uint8 pixels to (n, D), each with its size; the
            descriptors of several are summed and brought back to length 1 (multi-scale).
        cache: folder for descriptors; none is kept if None.
        identity: what the descriptors depend on besides sizes and photos.
        opener: from path to RGB picture.

    Raises:
        ActnetError: the cache cannot be written, or no photo can be read.
    """
    store = _Store(cache, _key(paths, [str(size) for _, size in describes], identity))
    with tqdm(
        total=len(paths), initial=store.done, unit="photo", disable=not progress, leave=False
    ) as bar:
        for rows, pixels, problems in _chunks(paths, store.done, describes, opener):
            found = None
            if rows:
                views = zip(describes, pixels, strict=True)
                found = _sum([describe(view) for (describe, _), view in views])
            store.append(found, rows, problems)
            bar.update(len(rows) + len(problems))
    return store.read()


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, or of the files of a folder with their names."""
    digest = hashlib.sha256()
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in (file for file in files if file.is_file()):
        digest.update(file.name.encode())
        try:
            with file.open("rb") as stream:
                while block := stream.read(_BLOCK_BYTES):
                    digest.update(block)
        except OSError as error:
            raise ActnetError(f"{file} cannot be read: {reason(error)}") from error
    return digest.hexdigest()


class _Store:
    """Descriptors in memory, or in a file with an index beside it.

    The index is one JSON line a chunk, written behind the chunk's bytes: bytes without a line are
    a chunk that a kill cut short, and are overwritten.
    """

    def __init__(self, folder: Path | None, key: str) -> None:
        self._memory: list[Descriptors] = []
        self._rows: list[int] = []
        self._problems: list[str] = []
        self.done = self._dim = 0
        self._data: Path | None = None
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ActnetError(f"cannot write to {folder}: {reason(error)}") from error
            self._data, self._index = folder / f"{key}.f32", folder / f"{key}.jsonl"
            self._take_up()

    def append(self, found: Descriptors | None, rows: list[int], problems: list[str]) -> None:
        if self._data is not None:
            self._write(found, rows, problems)
        elif found is not None:
            self._memory.append(found)
        self._note(rows, problems, 0 if found is None else found.shape[1])

    def read(self) -> Extraction:
        if not self._rows:
            first = f": {self._problems[0]}" if self._problems else ""
            raise ActnetError(f"none of the photos can be read{first}")
        if self._data is None:
            descriptors = np.concatenate(self._memory)
        else:
            shape = (len(self._rows), self._dim)
            descriptors = np.memmap(self._data, np.float32, "r", shape=shape)
        return Extraction(descriptors, np.array(self._rows, np.int64), self._problems)

    def _write(self, found: Descriptors | None, rows: list[int], problems: list[str]) -> None:
        assert self._data is not None
        dim = 0 if found is None else found.shape[1]
        line = json.dumps({"rows": rows, "problems": problems, "dim": dim})
        try:
            with self._data.open("r+b" if self._data.exists() else "w+b") as file:
                file.seek(len(self._rows) * (self._dim or dim) * 4)
                if found is not None:
                    file.write(np.ascontiguousarray(found, np.float32).tobytes())
                file.truncate()
            with self._index.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise ActnetError(f"cannot write {self._data}: {reason(error)}") from error

    def _take_up(self) -> None:
        if not self._index.exists():
            return
        whole = b""
        for line in self._index.read_bytes().splitlines(keepends=True):
            try:
                entry = json.loads(line)
            except ValueError:
                break
            if not line.endswith(b"\n"):
                break
            self._note(entry["rows"], entry["problems"], entry["dim"])
            whole += line
        self._index.write_bytes(whole)

    def _note(self, rows: list[int], problems: list[str], dim: int) -> None:
        self._rows += rows
        self._problems += problems
        self._dim = self._dim or dim
        self.done += len(rows) + len(problems)


def _chunks(
    paths: Sequence[Path], first: int, describes: Sequence[tuple[Describe, ImageSize]], opener: Open
) -> Iterator[tuple[list[int], list[Pixels], list[str]]]:
    """Yield row numbers, pixels by size and problems of each chunk, one chunk read ahead."""
    sizes = [size for _, size in describes]
    with ThreadPoolExecutor(1) as ahead:
        waiting = None
        for start in range(first, len(paths), _CHUNK):
            coming = ahead.submit(_load, paths, start, sizes, opener)
            if waiting is not None:
                yield waiting.result()
            waiting = coming
        if waiting is not None:
            yield waiting.result()


def _load(
    paths: Sequence[Path], start: int, sizes: list[ImageSize], opener: Open
) -> tuple[list[int], list[Pixels], list[str]]:
    rows, problems, pixels = [], [], []
    for row in range(start, min(start + _CHUNK, len(paths))):
        try:
            image = opener(paths[row])
        except UnreadablePictureError as error:
            problems.append(str(error))
            continue
        rows.append(row)
        pixels.append([resize(image, size.height, size.width) for size in sizes])
    return rows, [np.stack(views) for views in zip(*pixels, strict=True)], problems


def _sum(found: list[Descriptors]) -> Descriptors:
    if len(found) == 1:
        return found[0]
    total = np.sum(found, axis=0)
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

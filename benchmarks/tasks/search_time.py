"""What a search costs beside other libraries and beside reading the memory once."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.gallery.approximate_search import ApproximateSearch, refresh
from mobile_actnet.gallery.exact_search import search_exact
from mobile_actnet.gallery.sqlite.changes import list_photos
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.schema import GalleryModel
from mobile_actnet.gallery.sqlite.storage import Storage, StoredDescriptors, encode
from mobile_actnet.gallery.sqlite.writer import (
    DescribedPhoto,
    GallerySettings,
    GalleryWriter,
    create,
)
from mobile_actnet.network.config import MOBILE_ACTNET

DIM = MOBILE_ACTNET.descriptor_dim
TOP = 10
_MODEL = GalleryModel("made-up", "tflite", "fp16", "0" * 64, "pillow-bilinear", 1, 224, 224, DIM)
_OURS, _FLOOR = "this", "reading int8 once"
# Pictures of one thing are near each other; recall on unrelated points would say nothing.
_PICTURES_PER_THING, _SPREAD = 20, 0.8

Search = Callable[[int], object]


@dataclass(frozen=True)
class SearchReport:
    """Single queries on one thread, in turn.

    Attributes:
        pictures: searched.
        p50_ms, p90_ms: by method. The floor is a pass over the int8 bytes alone.
        fastest_peer: exact, in the median. ratio: ours over it.
        open_s, open_bytes: reading the gallery's descriptors into memory.
        file_bytes: of the gallery without thumbnails.
        approximate: recall at 10 against the exact search, p50_ms, build_s, open_s; None where it
            was not asked for.
    """

    pictures: int
    p50_ms: dict[str, float]
    p90_ms: dict[str, float]
    fastest_peer: str
    ratio: float
    open_s: float
    open_bytes: int
    file_bytes: int
    approximate: dict[str, float] | None


def measure_search(
    pictures: int, folder: Path, num_queries: int = 50, approximate: bool = False
) -> SearchReport:
    """Time our search, faiss, usearch and NumPy on generated descriptors, interleaved.

    Args:
        folder: where a gallery lies for the time being.
        approximate: also build and measure the approximate index.
    """
    rows, queries = generated(pictures, num_queries)
    stored, asked = encode(rows, Storage.INT8), encode(queries, Storage.INT8)
    gallery = folder / f"{pictures}.sqlite"
    _write(gallery, stored)
    with GalleryReader(gallery) as reader:
        before, started = _resident_bytes(), time.perf_counter()
        _, database = reader.load()
        open_s, open_bytes = time.perf_counter() - started, _resident_bytes() - before
    methods = _methods(database, asked, rows, queries)
    samples = _interleaved(methods, num_queries)
    p50 = {name: float(np.median(times_ms)) for name, times_ms in samples.items()}
    peers = {name: value for name, value in p50.items() if name not in (_OURS, _FLOOR)}
    fastest = min(peers, key=lambda name: peers[name])
    return SearchReport(
        pictures, p50, {name: float(np.percentile(times_ms, 90)) for name, times_ms in samples.items()},
        fastest, p50[_OURS] / peers[fastest], open_s, open_bytes, gallery.stat().st_size,
        _measure_approximate(gallery, database, asked) if approximate else None,
    )  # fmt: skip


def generated(pictures: int, num_queries: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return descriptors of made-up things, several pictures each, and queries of the same things."""
    rng = np.random.default_rng(0)
    things = rng.standard_normal((max(1, pictures // _PICTURES_PER_THING), DIM), np.float32)

    def seen(which: NDArray[np.int64]) -> NDArray[np.float32]:
        rows = things[which] + _SPREAD * rng.standard_normal((len(which), DIM), np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    return seen(np.arange(pictures) % len(things)), seen(rng.integers(0, len(things), num_queries))


def _methods(
    database: StoredDescriptors,
    asked: StoredDescriptors,
    rows: NDArray[np.float32],
    queries: NDArray[np.float32],
) -> dict[str, Search]:
    from usearch.index import MetricKind, search

    words = database.values.view(np.int64)

    def ours(number: int) -> object:
        one = StoredDescriptors(asked.values[number, None], asked.scales[number, None])
        return search_exact(database, one, TOP)

    def numpy_float32(number: int) -> object:
        similarities = rows @ queries[number]
        best = np.argpartition(similarities, -TOP)[-TOP:]
        return best[np.argsort(-similarities[best])]

    return {
        _OURS: ours,
        _FLOOR: lambda _: words.max(),
        "usearch exact, int8": lambda number: search(
            database.values, asked.values[number], TOP, MetricKind.Cos, exact=True, threads=1
        ),
        "numpy, float32": numpy_float32,
        **_faiss(database, asked, rows, queries),
    }


def _faiss(
    database: StoredDescriptors,
    asked: StoredDescriptors,
    rows: NDArray[np.float32],
    queries: NDArray[np.float32],
) -> dict[str, Search]:
    try:
        import faiss  # pyright: ignore[reportMissingImports]
    except ImportError:
        print("faiss is left out: pip install faiss-cpu")
        return {}
    faiss.omp_set_num_threads(1)
    flat = faiss.IndexFlatIP(DIM)
    flat.add(rows)
    int8 = faiss.IndexScalarQuantizer(
        DIM, faiss.ScalarQuantizer.QT_8bit_direct_signed, faiss.METRIC_INNER_PRODUCT
    )
    int8.train(database.values[:1].astype(np.float32))
    for start in range(0, len(rows), 1 << 16):
        int8.add(database.values[start : start + (1 << 16)].astype(np.float32))
    wide = asked.values.astype(np.float32)
    return {
        "faiss flat, float32": lambda number: flat.search(queries[number, None], TOP),
        "faiss scalar quantizer, int8": lambda number: int8.search(wide[number, None], TOP),
    }


def _interleaved(methods: dict[str, Search], num_queries: int) -> dict[str, list[float]]:
    """Time every method with every query, in turn, first one then another in front."""
    samples: dict[str, list[float]] = {name: [] for name in methods}
    names = list(methods)
    for method in methods.values():
        method(0)
    for number in range(num_queries):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            started = time.perf_counter()
            methods[name](number)
            samples[name].append(1e3 * (time.perf_counter() - started))
    return samples


def _measure_approximate(
    gallery: Path, database: StoredDescriptors, asked: StoredDescriptors
) -> dict[str, float]:
    started = time.perf_counter()
    with GalleryWriter(gallery) as writer:
        refresh(writer, threads=2, from_count=0)
    build_s = time.perf_counter() - started
    exact = search_exact(database, asked, TOP).positions + 1  # ids count from 1
    with GalleryReader(gallery) as reader:
        started = time.perf_counter()
        index = ApproximateSearch(reader)
        open_s, hit_count, times_ms = time.perf_counter() - started, 0, []
        for number in range(len(asked)):
            one = StoredDescriptors(asked.values[number, None], asked.scales[number, None])
            started = time.perf_counter()
            hits = index.search(one, TOP).positions[0]
            times_ms.append(1e3 * (time.perf_counter() - started))
            hit_count += len(set(hits) & set(exact[number]))
    return {
        "recall@10": hit_count / exact.size,
        "p50_ms": float(np.median(times_ms)),
        "build_s": build_s,
        "open_s": open_s,
    }


def _write(gallery: Path, stored: StoredDescriptors) -> None:
    create(gallery, _MODEL, GallerySettings(Storage.INT8, 0, "", "", ""), "benchmark")
    with GalleryWriter(gallery) as writer:
        list_photos(writer, ())
        with writer.transaction():
            for photo in _photos(stored):
                writer.store(photo)
            writer.advance()


def _photos(stored: StoredDescriptors) -> Iterable[DescribedPhoto]:
    for number, (values, scale) in enumerate(zip(stored.values, stored.scales, strict=True)):
        yield DescribedPhoto(
            f"things/{number:08}.jpg", 1, 1, bytes(32), 1, 1, float(scale), values.tobytes(), None
        )


def _resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * 4096

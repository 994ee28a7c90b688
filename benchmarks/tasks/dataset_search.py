"""What a dataset's vector index finds and costs beside comparing every descriptor, and a cut of it."""

import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.cluster.dataset_check import size_of_dataset
from mobile_actnet.cluster.dataset_format import DatasetSettings, problem_schema, problems_of
from mobile_actnet.cluster.gallery_cut import cut_gallery
from mobile_actnet.cluster.lance_gallery import LanceGallery
from mobile_actnet.cluster.picture_rows import fixed_rows
from mobile_actnet.cluster.vector_index import build_vector_index, create_id_index
from mobile_actnet.gallery.hits import SearchOptions
from mobile_actnet.gallery.sqlite.kept import Kept
from mobile_actnet.gallery.sqlite.schema import GalleryInfo
from mobile_actnet.gallery.sqlite.storage import Storage, decode, encode
from mobile_actnet.network.config import MOBILE_ACTNET

if TYPE_CHECKING:
    import pyarrow as pa

DIM, TOP = MOBILE_ACTNET.descriptor_dim, 20
_ROWS_AT_ONCE = 65536
_PICTURES_PER_THING, _SPREAD = 20, 0.8
_CUT = 20_000
Result = TypeVar("Result")
_INFO = GalleryInfo(
    "made-up", "tflite", "fp16", "0" * 64, "pillow-bilinear", 1, 224, 224, DIM, Storage.INT8, 0,
    "/nowhere", "/nowhere/made-up", "", "0" * 36, 0, "benchmark",
)  # fmt: skip


@dataclass(frozen=True)
class SearchFigures:
    """Single queries, one after another, in a process of their own.

    Attributes:
        probes: partitions that were looked into; None where every descriptor was compared.
        recall: share of the 20 nearest. p50_ms: of one query, with comparing its candidates again.
        peak_mb: of the process.
    """

    probes: int | None
    recall: float
    p50_ms: float
    peak_mb: float


@dataclass(frozen=True)
class IndexFigures:
    """One kind of index.

    Attributes:
        kind: Lance's word. build_s, build_mb: that building took, and the peak of its process.
        bytes: of the index's files.
        searches: with each number of partitions.
    """

    kind: str
    build_s: float
    build_mb: float
    bytes: int
    searches: list[SearchFigures]


@dataclass(frozen=True)
class DatasetSearchReport:
    """What was measured over one dataset.

    Attributes:
        pictures: searched. dataset_bytes: without indices.
        exact: searches that compare every descriptor, read from the files.
        indices: each kind.
        cut_s, cut_pictures, cut_bytes: of a gallery of 20 000 pictures that a filter chooses.
    """

    pictures: int
    dataset_bytes: int
    exact: SearchFigures
    indices: list[IndexFigures]
    cut_s: float
    cut_pictures: int
    cut_bytes: int


def measure_dataset_search(
    pictures: int, folder: Path, kinds: list[str], probes: list[int | None], num_queries: int = 50
) -> DatasetSearchReport:
    """Build each kind of index over generated descriptors, and search with and without it.

    Args:
        folder: where the dataset lies for the time being: about 1.4 kB a picture.
        probes: partitions that are looked into; None for what a search uses.
    """
    address = str(folder / "made_up.lance")
    queries = write_generated(address, pictures, num_queries)
    size_bytes = size_of_dataset(address) or 0
    create_id_index(address)
    exact_mb, (nearest, exact_ms) = _alone(_timed, address, queries, True, None)
    indices = []
    for kind in kinds:
        build_mb, build_s = _alone(_built, address, kind)
        searches = []
        for count in [each or _usual_probes(address) for each in probes]:
            peak_mb, (hits, p50_ms) = _alone(_timed, address, queries, False, count)
            shared = sum(len(set(a) & set(b)) for a, b in zip(hits, nearest, strict=True))
            searches.append(SearchFigures(count, shared / (TOP * num_queries), p50_ms, peak_mb))
        newest = max(Path(address, "_indices").iterdir(), key=lambda each: each.stat().st_mtime)
        size = size_of_dataset(str(newest)) or 0
        indices.append(IndexFigures(kind, build_s, build_mb, size, searches))
    started = time.perf_counter()
    report = cut_gallery(address, folder / "cut.sqlite", "museum = 'X'", _CUT)
    return DatasetSearchReport(
        pictures, size_bytes, SearchFigures(None, 1.0, exact_ms, exact_mb), indices,
        time.perf_counter() - started, report.pictures, report.gallery.stat().st_size,
    )  # fmt: skip


def write_generated(address: str, pictures: int, num_queries: int) -> NDArray[np.float32]:
    """Write a dataset of made-up things, several pictures each; return queries of the same things.

    Every tenth picture is of the museum X. There are no local features and thumbnails.
    """
    import lance

    settings = DatasetSettings(_INFO, Kept(), ("museum",))
    schema, empty = settings.schema(), problem_schema()
    rng = np.random.default_rng(0)
    things = rng.standard_normal((max(1, pictures // _PICTURES_PER_THING), DIM), np.float32)
    lance.write_dataset(empty.empty_table(), problems_of(address), schema=empty)
    batches = (
        _batch(start, min(_ROWS_AT_ONCE, pictures - start), things, rng, schema)
        for start in range(0, pictures, _ROWS_AT_ONCE)
    )
    lance.write_dataset(_reader(batches, schema), address, schema=schema)
    return _seen(things, rng.integers(0, len(things), num_queries), rng)


def _reader(batches: "Iterator[pa.RecordBatch]", schema: "pa.Schema") -> Any:
    import pyarrow as pa

    return pa.RecordBatchReader.from_batches(schema, batches)


def _seen(
    things: NDArray[np.float32], which: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float32]:
    rows = things[which] + _SPREAD * rng.standard_normal((len(which), DIM), np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _batch(
    start: int, count: int, things: NDArray[np.float32], rng: np.random.Generator,
    schema: "pa.Schema",
) -> "pa.RecordBatch":  # fmt: skip
    import pyarrow as pa

    numbers = np.arange(start, start + count)
    stored = encode(_seen(things, numbers % len(things), rng), Storage.INT8)
    columns = {
        "id": pa.array(numbers + 1),
        "path": pa.array([f"things/{number:09}.jpg" for number in numbers]),
        "sha256": pa.array([bytes(32)] * count, pa.binary(32)),
        **{
            name: pa.array(np.ones(count), pa.int64())
            for name in ("size_bytes", "mtime_ns", "width_px", "height_px")
        },
        "scale": pa.array(stored.scales),
        "descriptor": fixed_rows(stored.values),
        "vector": fixed_rows(decode(stored).astype(np.float16)),
        "museum": pa.array(["X" if number % 10 == 0 else "Y" for number in numbers]),
    }
    arrays = [
        columns[field.name].cast(field.type)
        if field.name in columns
        else pa.nulls(count, field.type)
        for field in schema
    ]
    return pa.record_batch(arrays, schema=schema)


def _alone(function: Callable[..., Result], *arguments: Any) -> tuple[float, Result]:
    """Call a function in a process of its own; return the most memory that this had, in MB, too."""
    started_anew = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, started_anew) as pool:
        return pool.submit(_with_peak, function, *arguments).result()


def _with_peak(function: Callable[..., Result], *arguments: Any) -> tuple[float, Result]:
    result = function(*arguments)
    return _peak_mb(), result


def _peak_mb() -> float:
    """Return the most memory that this process had; Linux's ru_maxrss holds the parent's too."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _built(address: str, kind: str) -> float:
    """Build an index; return the seconds."""
    started = time.perf_counter()
    build_vector_index(address, kind)
    return time.perf_counter() - started


def _usual_probes(address: str) -> int:
    with LanceGallery(address) as gallery:
        return gallery.usual_probes


def _timed(
    address: str, queries: NDArray[np.float32], exact: bool, probes: int | None
) -> tuple[list[list[int]], float]:
    """Search with one query after another; return the hits of each, and the median in ms."""
    options, hits, times_ms = SearchOptions(TOP, exact=exact), [], []
    with LanceGallery(address) as gallery:
        gallery.probes = probes
        for number in range(-1, len(queries)):  # The first one opens files.
            started = time.perf_counter()
            ids = gallery.nearest(queries[max(0, number), None], options)[0]
            if number >= 0:
                times_ms.append(1e3 * (time.perf_counter() - started))
                hits.append(ids)
    return hits, float(np.median(times_ms))

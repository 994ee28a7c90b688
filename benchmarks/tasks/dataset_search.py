"""What a dataset's vector index finds and costs beside comparing every descriptor, and a cut of it."""

import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    import pyarrow as pa

DIM, TOP = 256, 20
_ROWS_AT_ONCE = 65536
_PICTURES_PER_THING, _SPREAD = 20, 0.8
_CUT = 20_000
_INFO = GalleryInfo(
    "made-up", "tflite", "fp16", "0" * 64, "pillow-bilinear", 1, 224, 224, DIM, Storage.INT8, 0,
    "/nowhere", "/nowhere/made-up", "", "0" * 36, 0, "benchmark",
)  # fmt: skip


@dataclass(frozen=True)
class IndexFigures:
    """One kind of index.

    Attributes:
        kind: Lance's word. build_s: that building took.
        recall: share of the 20 nearest, by partitions that were looked into.
        p50_ms: of one query, with comparing its candidates again, likewise.
        bytes: of the index's files.
    """

    kind: str
    build_s: float
    recall: dict[int, float]
    p50_ms: dict[int, float]
    bytes: int


@dataclass(frozen=True)
class DatasetSearchReport:
    """Single queries, one after another.

    Attributes:
        pictures: searched. dataset_bytes: without indices.
        exact_p50_ms: of one query that is compared with every descriptor, read from the files.
        indices: each kind. peak_mb: of this process, building included.
        cut_s, cut_pictures, cut_bytes: of a gallery of 20 000 pictures that a filter chooses.
    """

    pictures: int
    dataset_bytes: int
    exact_p50_ms: float
    indices: list[IndexFigures]
    peak_mb: float
    cut_s: float
    cut_pictures: int
    cut_bytes: int


def measure_dataset_search(
    pictures: int, folder: Path, kinds: list[str], probes: list[int], num_queries: int = 50
) -> DatasetSearchReport:
    """Build each kind of index over generated descriptors, and search with and without it.

    Args:
        folder: where the dataset lies for the time being: about 800 bytes a picture.
        probes: partitions that are looked into.
    """
    address = str(folder / "made_up.lance")
    queries = write_generated(address, pictures, num_queries)
    size_bytes = size_of_dataset(address) or 0
    create_id_index(address)
    exact, exact_ms = _timed(address, queries, None)
    indices = []
    for kind in kinds:
        started = time.perf_counter()
        build_vector_index(address, kind)
        build_s = time.perf_counter() - started
        recall, p50_ms = {}, {}
        for count in probes:
            found, p50_ms[count] = _timed(address, queries, count)
            shared = sum(len(set(a) & set(b)) for a, b in zip(found, exact, strict=True))
            recall[count] = shared / (TOP * num_queries)
        newest = max(Path(address, "_indices").iterdir(), key=lambda each: each.stat().st_mtime)
        indices.append(
            IndexFigures(kind, build_s, recall, p50_ms, size_of_dataset(str(newest)) or 0)
        )
    started = time.perf_counter()
    report = cut_gallery(address, folder / "cut.sqlite", "museum = 'X'", _CUT)
    return DatasetSearchReport(
        pictures, size_bytes, exact_ms, indices,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
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


def _timed(
    address: str, queries: NDArray[np.float32], probes: int | None
) -> tuple[list[list[int]], float]:
    """Search with one query after another; without `probes`, with every descriptor."""
    options, found, taken = SearchOptions(TOP, exact=probes is None), [], []
    with LanceGallery(address) as gallery:
        gallery.probes = probes
        for number in range(-1, len(queries)):  # The first one opens files.
            started = time.perf_counter()
            ids = gallery.nearest(queries[max(0, number), None], options)[0]
            if number >= 0:
                taken.append(1e3 * (time.perf_counter() - started))
                found.append(ids)
    return found, float(np.median(taken))

"""The scan of int8 descriptors, by every way that the processor has, against whole numbers in NumPy."""

import ctypes
import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mobile_actnet.errors import GalleryError
from mobile_actnet.gallery import exact_search
from mobile_actnet.gallery.exact_search import search_exact
from mobile_actnet.gallery.sqlite import storage
from mobile_actnet.gallery.sqlite.storage import Storage, StoredDescriptors, encode
from mobile_actnet.native import engine
from mobile_actnet.native.scanning import scan_descriptors, store_descriptors

SOURCE = Path(__file__).parents[3] / "android_demo" / "native" / "actnet_scan.c"

Stored = tuple[NDArray[np.int8], NDArray[np.float64]]
Scan = Callable[[Stored, Stored, int], tuple[NDArray[np.int64], NDArray[np.float64]] | None]


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[int, ctypes.CDLL]:
    """The C compiled for vectors of at most so many bytes."""
    if shutil.which("cc") is None or sys.platform != "linux":
        pytest.skip("the C engine: needs Linux and a C compiler (Debian: apt install gcc)")
    folder = tmp_path_factory.mktemp("scan")
    libraries = {}
    for widest in (64, 32, 16):
        library = folder / f"libscan{widest}.so"
        words = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
        widest_word = f"-DACTNET_WIDEST={widest}"
        subprocess.run(["cc", *words, widest_word, SOURCE, "-lm", "-o", library], check=True)
        libraries[widest] = ctypes.CDLL(str(library))
        function = libraries[widest].actnet_scan
        function.restype, function.argtypes = engine._SIGNATURES["actnet_scan"]
    return libraries


@pytest.fixture(params=[64, 32])
def scan(
    request: pytest.FixtureRequest,
    libraries: dict[int, ctypes.CDLL],
    monkeypatch: pytest.MonkeyPatch,
) -> Scan:
    """The scan with vectors of at most so many bytes."""
    monkeypatch.setattr(engine, "_engine", lambda: libraries[request.param])
    values = (np.ones((2, 8), np.int8), np.ones(2))
    if scan_descriptors(values, values, 1) is None:
        pytest.skip("needs a processor with AVX2")
    return scan_descriptors


def drawn(rng: np.random.Generator, count: int, length: int) -> Stored:
    return (
        rng.integers(-128, 128, (count, length)).astype(np.int8),
        rng.uniform(0.001, 0.01, count),
    )


def plain(rows: Stored, queries: Stored, top: int) -> tuple[NDArray, NDArray]:
    # Whole numbers of this size stay whole in float64, whose products are fast.
    products = queries[0].astype(np.float64) @ rows[0].astype(np.float64).T
    similarities = products * queries[1][:, None] * rows[1]
    order = np.argsort(-similarities, axis=1, kind="stable")[:, :top]
    return order, np.take_along_axis(similarities, order, 1)


@pytest.mark.parametrize("length", [1, 3, 15, 16, 17, 63, 64, 65, 128, 130, 384, 2560])
@pytest.mark.parametrize("queries", [2, 3, 4, 5, 9])
def test_to_the_bit(scan: Scan, length: int, queries: int) -> None:
    rng = np.random.default_rng(length)
    # Of more than four queries, each four see 1024 rows at once.
    rows, wanted = drawn(rng, 1100, length), drawn(rng, queries, length)
    order, similarities = plain(rows, wanted, 1100)
    for top in (1, 20, 1100):
        ranking = scan(rows, wanted, top)
        assert ranking is not None
        np.testing.assert_array_equal(ranking[0], order[:, :top])
        np.testing.assert_array_equal(ranking[1], similarities[:, :top])


def test_one_query(libraries: dict[int, ctypes.CDLL], monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(7)
    rows, wanted = drawn(rng, 1100, 100), drawn(rng, 1, 100)
    expected = search_exact(StoredDescriptors(*rows), StoredDescriptors(*wanted), 20)
    for got, right in zip(
        (expected.positions, expected.similarities), plain(rows, wanted, 20), strict=True
    ):
        np.testing.assert_array_equal(got, right)
    monkeypatch.setattr(engine, "_engine", lambda: libraries[64])
    ranking = scan_descriptors(rows, wanted, 20)
    flags = Path("/proc/cpuinfo").read_text().split()
    assert (ranking is not None) == {"avx512bw", "avx512_bitalg", "avx512_vnni"}.issubset(flags)
    if ranking is not None:
        np.testing.assert_array_equal(ranking[0], expected.positions)
        np.testing.assert_array_equal(ranking[1], expected.similarities)
    # With AVX2 numkong is faster.
    monkeypatch.setattr(engine, "_engine", lambda: libraries[32])
    assert scan_descriptors(rows, wanted, 20) is None


def test_extreme_values_do_not_overflow(scan: Scan) -> None:
    length = exact_search._LONGEST_BY_ENGINE
    values = np.repeat(np.array([[127], [-128]], np.int8), length, axis=1)
    stored = values, np.ones(2)
    ranking = scan(stored, stored, 2)
    assert ranking is not None
    for got, expected in zip(ranking, plain(stored, stored, 2), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_equal_similarities_keep_the_order_of_rows(scan: Scan) -> None:
    rng = np.random.default_rng(1)
    few = drawn(rng, 3, 40)
    rows = np.tile(few[0], (30, 1)), np.tile(few[1], 30)
    ranking = scan(rows, few, 40)
    assert ranking is not None
    np.testing.assert_array_equal(ranking[0], plain(rows, few, 40)[0])
    nothing = np.zeros((50, 40), np.int8), np.ones(50)
    ranking = scan(nothing, few, 7)
    assert ranking is not None
    assert ranking[0].tolist() == [list(range(7))] * 3


def test_rows_without_a_finite_similarity_are_not_found(scan: Scan) -> None:
    rng = np.random.default_rng(2)
    rows, queries = drawn(rng, 30, 20), drawn(rng, 2, 20)
    rows[1][[3, 7, 8]] = np.nan, np.inf, -np.inf
    assert scan(rows, queries, 28) is None
    ranking = scan(rows, queries, 27)
    assert ranking is not None
    assert not set(ranking[0].ravel().tolist()) & {3, 7, 8}


def test_a_processor_without_wide_vectors_scans_in_another_way(
    libraries: dict[int, ctypes.CDLL], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(3)
    rows, queries = drawn(rng, 300, 64), drawn(rng, 3, 64)
    database, wanted = StoredDescriptors(*rows), StoredDescriptors(*queries)
    expected = search_exact(database, wanted, 10)
    monkeypatch.setattr(engine, "_engine", lambda: libraries[16])
    assert scan_descriptors(rows, queries, 10) is None
    ranking = search_exact(database, wanted, 10)
    np.testing.assert_array_equal(ranking.positions, expected.positions)
    np.testing.assert_array_equal(ranking.similarities, expected.similarities)


@pytest.mark.parametrize("top", [10, 2000])
def test_both_ways_of_a_search_agree(top: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    database = StoredDescriptors(*drawn(rng, 3000, 48))
    wanted = StoredDescriptors(*drawn(rng, 6, 48))
    for threads in (1, 4):
        ranking = search_exact(database, wanted, top, threads)
        with monkeypatch.context() as without:
            without.setattr(exact_search, "_MOST_BY_ENGINE", 0)
            expected = search_exact(database, wanted, top, threads)
        np.testing.assert_array_equal(ranking.positions, expected.positions)
        np.testing.assert_array_equal(ranking.similarities, expected.similarities)


def test_stored_as_numpy_stores_them(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    for length in (1, 2, 17, 384):
        rows = rng.standard_normal((400, length)).astype(np.float32)
        rows[::3] = np.round(rows[::3] * 2) / 2 + 0.5  # Many values lie between two whole numbers.
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-3)
        rows[~(np.abs(np.linalg.norm(rows, axis=1) - 1) < 0.001)] = np.eye(1, length)
        encoded = encode(rows, Storage.INT8)
        fortran = encode(np.asfortranarray(rows), Storage.INT8)
        with monkeypatch.context() as without:
            without.setattr(storage, "store_descriptors", lambda *_: None)
            expected = encode(rows, Storage.INT8)
        for stored in (encoded, fortran):
            np.testing.assert_array_equal(stored.values, expected.values)
            np.testing.assert_array_equal(stored.scales, expected.scales)
            assert stored.values.dtype == np.int8


@pytest.mark.parametrize("wrong", [0.0, 1.02, 0.98, math.nan, math.inf])
def test_a_descriptor_of_another_length_is_refused(wrong: float) -> None:
    rows = np.eye(3, 8, dtype=np.float32)
    rows[1, 1] = wrong
    assert store_descriptors(rows, storage.LENGTH_TOLERANCE) is None
    with pytest.raises(GalleryError, match="descriptor 1 has the length"):
        encode(rows, Storage.INT8)

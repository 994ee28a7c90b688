"""The exact search against plain NumPy in whole numbers: same bits, same order."""

import numpy as np
import pytest

from mobile_actnet.gallery import exact_search
from mobile_actnet.gallery.exact_search import search_exact, similarities_between
from mobile_actnet.gallery.sqlite.storage import Storage, StoredDescriptors, encode


@pytest.fixture(autouse=True, params=["engine", "numkong"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scan with the C engine where the processor lets it, or with numkong."""
    if request.param == "numkong":
        monkeypatch.setattr(exact_search, "_MOST_BY_ENGINE", 0)


def stored(
    count: int, dim: int, storage: Storage = Storage.INT8, seed: int = 0
) -> StoredDescriptors:
    rows = np.random.default_rng(seed).standard_normal((count, dim))
    return encode(rows / np.linalg.norm(rows, axis=1, keepdims=True), storage)


def plain(database: StoredDescriptors, queries: StoredDescriptors, top: int) -> tuple:
    """The document's rule, with int64 sums."""
    dots = queries.values.astype(np.int64) @ database.values.astype(np.int64).T
    similarities = dots.astype(np.float64) * queries.scales[:, None] * database.scales
    order = np.argsort(-similarities, axis=1, kind="stable")[:, :top]
    return order, np.take_along_axis(similarities, order, 1)


@pytest.mark.parametrize("dim", [3, 64, 256, 2560])
@pytest.mark.parametrize("queries", [1, 2, 4, 7])
@pytest.mark.parametrize("threads", [1, 3])
def test_int8_to_the_bit(
    dim: int, queries: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exact_search, "_BLOCK_ROWS", 97)
    database, wanted = stored(500, dim), stored(queries, dim, seed=1)
    ranking = search_exact(database, wanted, 10, threads)
    positions, similarities = plain(database, wanted, 10)
    np.testing.assert_array_equal(ranking.positions, positions)
    np.testing.assert_array_equal(ranking.similarities, similarities)


def test_extreme_values_do_not_overflow() -> None:
    values = np.full((3, 2560), 127, np.int8)
    values[1] = -127
    database = StoredDescriptors(values, np.full(3, 1.0))
    ranking = search_exact(database, StoredDescriptors(values[:1], np.ones(1)), 3)
    assert ranking.similarities.tolist() == [[127.0**2 * 2560, 127.0**2 * 2560, -(127.0**2) * 2560]]
    assert ranking.positions.tolist() == [[0, 2, 1]]


@pytest.mark.parametrize("threads", [1, 2])
def test_equal_similarities_keep_the_order_of_rows(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exact_search, "_BLOCK_ROWS", 8)
    few = stored(4, 32)
    database = StoredDescriptors(np.tile(few.values, (20, 1)), np.tile(few.scales, 20))
    query = StoredDescriptors(few.values[2:3], few.scales[2:3])
    ranking = search_exact(database, query, 6, threads)
    assert ranking.positions.tolist() == [[2, 6, 10, 14, 18, 22]]


@pytest.mark.parametrize("queries", [1, 5])
def test_float16_is_near(queries: int) -> None:
    database, wanted = stored(300, 128, Storage.FLOAT16), stored(queries, 128, Storage.FLOAT16, 1)
    ranking = search_exact(database, wanted, 5)
    expected = -np.sort(-similarities_between(wanted, database), axis=1)[:, :5]
    np.testing.assert_allclose(ranking.similarities, expected, atol=2e-6)


def test_fewer_rows_than_wanted_and_none() -> None:
    assert search_exact(stored(3, 8), stored(2, 8), 10).positions.shape == (2, 3)
    empty = StoredDescriptors(np.zeros((0, 8), np.int8), np.zeros(0))
    assert search_exact(empty, stored(2, 8), 10).positions.shape == (2, 0)

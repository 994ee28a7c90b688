"""Exact search: every stored descriptor is compared with the query.

int8 descriptors are scanned by the C engine where the processor has AVX2 or AVX-512. Elsewhere, and for float16,
the inner products are numkong's (SIMD; the library under usearch). Whole numbers stay whole, so that
similarities and their order are the same to the bit in every reader and on every way.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.gallery.sqlite.storage import StoredDescriptors
from mobile_actnet.native.scanning import Int8Descriptors, scan_descriptors

# Rows at once: their products stay in the processor's cache.
_BLOCK_ROWS = 16384
_QUERIES_AT_ONCE = 4

_MOST_BY_ENGINE = 1024
"""The engine moves all hits behind a new one."""
_LONGEST_BY_ENGINE = 32_768
"""Products of more values may exceed 32 bits."""

Positions = NDArray[np.int64]
Similarities = NDArray[np.float64]


@dataclass(frozen=True)
class Ranking:
    """The best hits of Q queries.

    Attributes:
        positions: (Q, K) int64, rows of the database, best first; equal similarities in the order
            of rows.
        similarities: (Q, K) float64.
    """

    positions: Positions
    similarities: Similarities


def search_exact(
    database: StoredDescriptors, queries: StoredDescriptors, top: int, threads: int = 1
) -> Ranking:
    """Find the most similar descriptors for each query.

    The similarity is `dot(values, values) * scale of the query * scale of the row`, float64,
    from left to right.

    Args:
        database: N descriptors. queries: Q, of the same storage and length.
        top: hits wanted; there are K = min(top, N).
        threads: that scan, each a part of the rows.
    """
    count = min(top, len(database))
    if threads == 1:
        best = _scan(database, queries, count, range(len(database)))
    else:
        starts = np.linspace(0, len(database), threads + 1).astype(int)
        spans = [range(a, b) for a, b in pairwise(starts.tolist())]
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(lambda span: _scan(database, queries, count, span), spans))
        best = [_best([part[query] for part in parts], count) for query in range(len(queries))]
    shape = (len(queries), count)
    return Ranking(
        np.array([positions for positions, _ in best], np.int64).reshape(shape),
        np.array([similarities for _, similarities in best], np.float64).reshape(shape),
    )


def similarities_between(one: StoredDescriptors, other: StoredDescriptors) -> Similarities:
    """Return all similarities, (N, M) float64, for few descriptors."""
    dots = one.values.astype(np.float64) @ other.values.astype(np.float64).T
    return dots * one.scales[:, None] * other.scales


def _scan(
    database: StoredDescriptors, queries: StoredDescriptors, count: int, span: range
) -> list[tuple[Positions, Similarities]]:
    """Return the best `count` of a span of rows for each query."""
    rows, wanted = _for_engine(database), _for_engine(queries)
    most = min(count, len(span))
    if rows and wanted and 0 < most <= _MOST_BY_ENGINE:
        values, scales = rows
        part = slice(span.start, span.stop)
        ranking = scan_descriptors((values[part], scales[part]), wanted, most)
        if ranking is not None:
            return list(zip(ranking[0] + span.start, ranking[1], strict=True))
    return _scan_by_numkong(database, queries, count, span)


def _for_engine(stored: StoredDescriptors) -> Int8Descriptors | None:
    """Return what the engine takes; None of others."""
    values, scales = stored.values, stored.scales
    if values.dtype != np.int8 or scales.dtype != np.float64:
        return None
    if values.shape[1] > _LONGEST_BY_ENGINE or not values.flags.c_contiguous:
        return None
    return cast("NDArray[np.int8]", values), np.ascontiguousarray(scales)


def _scan_by_numkong(
    database: StoredDescriptors, queries: StoredDescriptors, count: int, span: range
) -> list[tuple[Positions, Similarities]]:
    dots = _dots_with(queries)
    best = [(np.zeros(0, np.int64), np.zeros(0)) for _ in range(len(queries))]
    for rows in _blocks(span):
        products = dots(database.values[rows])  # (Q, rows)
        for query in range(len(queries) if count else 0):
            found = products[query] * queries.scales[query] * database.scales[rows]
            held = best[query][1]
            # Later rows lose against equal ones.
            better = found > held[-1] if len(held) == count else np.isfinite(found)
            places = np.flatnonzero(better)
            if len(places):
                best[query] = _best([best[query], (places + rows.start, found[places])], count)
    return best


def _best(
    parts: list[tuple[Positions, Similarities]], count: int
) -> tuple[Positions, Similarities]:
    positions = np.concatenate([part[0] for part in parts])
    similarities = np.concatenate([part[1] for part in parts])
    if len(similarities) > 4 * count > 0:
        # Sorting all of a first block would cost more than scanning it.
        limit = np.partition(similarities, -count)[-count]
        kept = similarities >= limit
        positions, similarities = positions[kept], similarities[kept]
    order = np.lexsort((positions, -similarities))[:count]
    return positions[order], similarities[order]


def _blocks(span: range) -> Iterator[slice]:
    for start in range(span.start, span.stop, _BLOCK_ROWS):
        yield slice(start, min(start + _BLOCK_ROWS, span.stop))


def _dots_with(queries: StoredDescriptors) -> Callable[[NDArray], NDArray]:
    """Return a function from (n, D) rows to their (Q, n) inner products with the queries."""
    import numkong

    if len(queries) == 1:
        return lambda rows: np.asarray(numkong.cdist(queries.values, rows, "dot"))
    # numkong takes four queries in less time than two or three.
    count = len(queries)
    filled = np.zeros(
        (count + -count % _QUERIES_AT_ONCE, queries.values.shape[1]), queries.values.dtype
    )
    filled[:count] = queries.values
    packed = numkong.dots_pack(filled)
    return lambda rows: np.asarray(numkong.dots_packed(rows, packed)).T[:count]

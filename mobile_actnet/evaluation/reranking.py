"""Re-ranking: query expansion, database-side augmentation and diffusion.

All take and return L2-normalised descriptors or rankings; similarity is the inner product.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.errors import ConfigError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Descriptors = NDArray[np.float32]
Rankings = NDArray[np.int64]

# 64 MiB of similarities, whatever the size of the database.
_SIMILARITIES_AT_ONCE = 1 << 24
_EXPANDED_AT_ONCE = 1024


def nearest(
    queries: Descriptors, database: Descriptors, count: int
) -> tuple[Rankings, NDArray[np.float32]]:
    """Find the `count` most similar database rows of each query, best first.

    Args:
        queries: (Q, D). database: (N, D). count: cut to N.

    Returns:
        rows (Q, count) int64 and similarities (Q, count) float32.

    Raises:
        ConfigError: `count` below 1.
    """
    if count < 1:
        raise ConfigError(f"the number of neighbours is {count}; it must be 1 or more")
    count = min(count, len(database))
    rows = np.empty((len(queries), count), np.int64)
    values = np.empty((len(queries), count), np.float32)
    step = max(1, _SIMILARITIES_AT_ONCE // max(1, len(database)))
    for start in range(0, len(queries), step):
        chunk = slice(start, start + step)
        similarities = queries[chunk] @ database.T
        rows[chunk] = _largest(similarities, count)
        values[chunk] = np.take_along_axis(similarities, rows[chunk], 1)
    return rows, values


def alpha_query_expansion(
    queries: Descriptors, database: Descriptors, neighbours: int = 10, alpha: float = 3.0
) -> Descriptors:
    """Add to each query its neighbours, weighted by similarity^alpha (Radenovic et al., 2018).

    Args:
        queries: (Q, D). database: (N, D).
        neighbours: how many; the query itself is added with weight 1.
        alpha: 0 weighs all alike; negative similarities weigh nothing.

    Returns:
        (Q, D) float32, each of length 1.

    Raises:
        ConfigError: `neighbours` below 1.
    """
    rows, similarities = nearest(queries, database, neighbours)
    return _normalise(queries + _weighted_sums(database, rows, similarities, alpha))


def augment_database(
    database: Descriptors, neighbours: int = 10, alpha: float = 3.0
) -> Descriptors:
    """Replace each database row by the expansion of itself among the others (Turcot, Lowe, 2009).

    A row's nearest is itself, with similarity 1; `neighbours` others are added.

    Args:
        database: (N, D).

    Returns:
        (N, D) float32, each of length 1.

    Raises:
        ConfigError: `neighbours` below 0.
    """
    rows, similarities = nearest(database, database, neighbours + 1)
    return _normalise(_weighted_sums(database, rows, similarities, alpha))


def diffusion_rankings(
    queries: Descriptors,
    database: Descriptors,
    neighbours: int = 50,
    query_neighbours: int = 10,
    damping: float = 0.99,
    gamma: float = 3.0,
) -> Rankings:
    """Rank by diffusion on the database's mutual k-NN graph (Iscen et al., 2017; "DFS").

    Solves (I - a S) f = y for each query by conjugate gradients, S the symmetrically normalised
    affinities max(similarity, 0)^gamma, y the query's affinities with its nearest rows.

    Args:
        queries: (Q, D). database: (N, D).
        neighbours, query_neighbours: k of the graph and of the query; cut to what there is.
        damping: a, 0 to below 1.

    Returns:
        (Q, N) database rows, best first; rows that diffusion does not reach follow by similarity.

    Raises:
        ConfigError: a k below 1, or a `damping` that the equation has no solution for.
    """
    rankings = np.empty((len(queries), len(database)), np.int64)
    scores = diffuse(queries, database, neighbours, query_neighbours, damping, gamma)
    for number, score in enumerate(scores):
        # f is never negative; what the iteration leaves below zero or near it is rounding.
        reached = np.round(np.maximum(score, 0), 12)
        rankings[number] = np.lexsort((-(database @ queries[number]), -reached))
    return rankings


def diffuse(
    queries: Descriptors, database: Descriptors, neighbours: int, query_neighbours: int,
    damping: float, gamma: float,
) -> NDArray[np.float64]:  # fmt: skip
    """Return f of `diffusion_rankings`: (Q, N)."""
    if not 0 <= damping < 1:
        raise ConfigError(f"damping is {damping}; it must be 0 or more and below 1")
    from scipy.sparse import identity
    from scipy.sparse.linalg import cg

    if not len(database):
        return np.zeros((len(queries), 0))
    system = identity(len(database), format="csr") - damping * _transitions(
        database, neighbours, gamma
    )
    rows, similarities = nearest(queries, database, query_neighbours)
    scores = np.empty((len(queries), len(database)))
    for number in range(len(queries)):
        start = np.zeros(len(database))
        start[rows[number]] = np.maximum(similarities[number], 0).astype(np.float64) ** gamma
        scores[number] = cg(system, start, rtol=1e-8, maxiter=500)[0]
    return scores


def _largest(similarities: NDArray[np.float32], count: int) -> Rankings:
    """Return the columns of the `count` largest values of each row, largest first."""
    if 0 < count < similarities.shape[1]:
        # Sorting a million similarities for ten neighbours takes many times as long.
        columns = np.argpartition(-similarities, count - 1, axis=1)[:, :count]
        columns.sort(axis=1)
        order = np.argsort(-np.take_along_axis(similarities, columns, 1), axis=1, kind="stable")
        return np.take_along_axis(columns, order, 1)
    return np.argsort(-similarities, axis=1, kind="stable")


def _weighted_sums(
    database: Descriptors, rows: Rankings, similarities: NDArray[np.float32], alpha: float
) -> NDArray[np.float32]:
    """Sum database rows (Q, k) with similarity^alpha as weights: (Q, D)."""
    weights = np.where(similarities > 0, np.maximum(similarities, 0) ** alpha, 0)
    sums = np.empty((len(rows), database.shape[1]), np.float32)
    for start in range(0, len(rows), _EXPANDED_AT_ONCE):
        chunk = slice(start, start + _EXPANDED_AT_ONCE)
        sums[chunk] = np.einsum("qk,qkd->qd", weights[chunk], database[rows[chunk]])
    return sums


def _transitions(database: Descriptors, neighbours: int, gamma: float) -> "csr_matrix":
    """Return S of `diffusion_rankings`: (N, N), zero on its diagonal."""
    from scipy.sparse import csr_matrix

    if neighbours < 1:
        raise ConfigError(f"the number of neighbours is {neighbours}; it must be 1 or more")
    count = len(database)
    rows, similarities = nearest(database, database, neighbours + 1)
    start = np.repeat(np.arange(count), rows.shape[1])
    values = np.maximum(similarities, 0).astype(np.float64).ravel() ** gamma
    keep = start != rows.ravel()
    graph = csr_matrix((values[keep], (start[keep], rows.ravel()[keep])), (count, count))
    mutual = graph.minimum(graph.T)
    degree = np.asarray(mutual.sum(1)).ravel()
    scale = np.divide(1, np.sqrt(degree), out=np.zeros(count), where=degree > 0)
    return mutual.multiply(scale[:, None]).multiply(scale[None, :]).tocsr()


def _normalise(rows: NDArray) -> Descriptors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.maximum(lengths, 1e-12)).astype(np.float32)

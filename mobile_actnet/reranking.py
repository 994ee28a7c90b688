"""Re-ranking: query expansion, database-side augmentation and diffusion.

All take and return L2-normalised descriptors or rankings; similarity is the inner product.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, identity
from scipy.sparse.linalg import cg

Descriptors = NDArray[np.float32]
Rankings = NDArray[np.int64]

_CHUNK = 1024


def nearest(
    queries: Descriptors, database: Descriptors, count: int
) -> tuple[Rankings, NDArray[np.float32]]:
    """Find the `count` most similar database rows of each query, best first.

    Args:
        queries: (Q, D). database: (N, D). count: cut to N.

    Returns:
        rows (Q, count) int64 and similarities (Q, count).
    """
    count = min(count, len(database))
    rows, values = [], []
    for start in range(0, len(queries), _CHUNK):
        similarities = queries[start : start + _CHUNK] @ database.T
        order = np.argsort(-similarities, axis=1, kind="stable")[:, :count]
        rows.append(order)
        values.append(np.take_along_axis(similarities, order, 1))
    if not rows:
        return np.zeros((0, count), np.int64), np.zeros((0, count), np.float32)
    return np.concatenate(rows), np.concatenate(values)


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
    """
    rows, similarities = nearest(queries, database, neighbours)
    weights = np.where(similarities > 0, np.maximum(similarities, 0) ** alpha, 0)
    expanded = queries + np.einsum("qk,qkd->qd", weights, database[rows])
    return _normalise(expanded)


def augment_database(
    database: Descriptors, neighbours: int = 10, alpha: float = 3.0
) -> Descriptors:
    """Replace each database row by the expansion of itself among the others (Turcot, Lowe, 2009).

    Its nearest row is itself, with similarity 1, and weighs as one of the neighbours.
    """
    rows, similarities = nearest(database, database, neighbours + 1)
    weights = np.where(similarities > 0, np.maximum(similarities, 0) ** alpha, 0)
    parts = [
        np.einsum(
            "qk,qkd->qd", weights[start : start + _CHUNK], database[rows[start : start + _CHUNK]]
        )
        for start in range(0, len(rows), _CHUNK)
    ]
    return _normalise(np.concatenate(parts))


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
        neighbours, query_neighbours: k of the graph and of the query.
        damping: a, 0 to below 1.

    Returns:
        (Q, N) database rows, best first; rows that diffusion does not reach follow by similarity.
    """
    scores = diffuse(queries, database, neighbours, query_neighbours, damping, gamma)
    similarities = queries @ database.T
    return np.stack(
        [
            np.lexsort((-similarity, -np.round(score, 12)))
            for score, similarity in zip(scores, similarities, strict=True)
        ]
    ).astype(np.int64)


def diffuse(
    queries: Descriptors, database: Descriptors, neighbours: int, query_neighbours: int,
    damping: float, gamma: float,
) -> NDArray[np.float64]:  # fmt: skip
    """Return f of `diffusion_rankings`: (Q, N)."""
    system = identity(len(database), format="csr") - damping * _transitions(
        database, neighbours, gamma
    )
    rows, similarities = nearest(queries, database, query_neighbours)
    scores = []
    for own, values in zip(rows, similarities, strict=True):
        start = np.zeros(len(database))
        start[own] = np.maximum(values, 0) ** gamma
        scores.append(cg(system, start, rtol=1e-8, maxiter=500)[0])
    return np.array(scores).reshape(len(queries), len(database))


def _transitions(database: Descriptors, neighbours: int, gamma: float) -> csr_matrix:
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

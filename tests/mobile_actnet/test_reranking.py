"""Re-ranking on descriptors whose neighbourhood is known."""

import numpy as np

from mobile_actnet.reranking import (
    _transitions,
    alpha_query_expansion,
    augment_database,
    diffuse,
    diffusion_rankings,
)


def on_circle(*degrees: float) -> np.ndarray:
    angles = np.deg2rad(np.array(degrees))
    return np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)


def test_query_expansion_by_hand() -> None:
    # cos 60 = 0.5; 0.5^3 = 0.125. The row at 180 degrees has a negative similarity: no weight.
    found = alpha_query_expansion(on_circle(0), on_circle(60, 180), neighbours=2, alpha=3)
    expected = np.array([1 + 0.125 * 0.5, 0.125 * np.sqrt(0.75)])
    np.testing.assert_allclose(found[0], expected / np.linalg.norm(expected), atol=1e-6)


def test_augmented_rows_move_to_their_neighbours() -> None:
    found = augment_database(on_circle(0, 20, 180), neighbours=1)
    # 0 and 20 degrees attract each other; 180 has none.
    angles = np.rad2deg(np.arctan2(found[:, 1], found[:, 0]))
    assert 0 < angles[0] < angles[1] < 20
    assert abs(abs(angles[2]) - 180) < 1e-3


def test_diffusion_solves_its_equation() -> None:
    rng = np.random.default_rng(0)
    database = rng.standard_normal((30, 4)).astype(np.float32)
    database /= np.linalg.norm(database, axis=1, keepdims=True)
    queries = database[:2]
    found = diffuse(queries, database, 6, 3, 0.9, 3.0)
    system = np.eye(30) - 0.9 * _transitions(database, 6, 3.0).toarray()
    assert np.allclose(system, system.T)
    for query, scores in zip(queries, found, strict=True):
        similarities = database @ query
        start = np.where(
            np.argsort(np.argsort(-similarities)) < 3, np.maximum(similarities, 0) ** 3, 0
        )
        np.testing.assert_allclose(scores, np.linalg.solve(system, start), atol=1e-6)


def test_diffusion_follows_a_chain() -> None:
    chain = on_circle(0, 12, 24, 36, 48, 60)
    # As far from the query as the chain's end, on the other side, with nothing between.
    alone = on_circle(-59, -59.5)
    database = np.concatenate([chain, alone])
    (by_similarity,) = np.argsort(-(chain[:1] @ database.T), axis=1)
    (by_diffusion,) = diffusion_rankings(chain[:1], database, 2, 1)
    assert list(by_similarity).index(6) < list(by_similarity).index(5)
    assert list(by_diffusion).index(5) < list(by_diffusion).index(6)
    assert sorted(by_diffusion) == list(range(8))


def test_small_sets() -> None:
    one = on_circle(0)
    assert diffusion_rankings(one, one).tolist() == [[0]]
    assert alpha_query_expansion(np.zeros((0, 2), np.float32), one).shape == (0, 2)

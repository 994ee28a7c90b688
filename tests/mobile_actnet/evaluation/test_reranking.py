"""Re-ranking on descriptors whose neighbourhood is known."""

import numpy as np
import pytest

from mobile_actnet.errors import ConfigError
from mobile_actnet.evaluation import reranking
from mobile_actnet.evaluation.reranking import (
    _transitions,
    alpha_query_expansion,
    augment_database,
    diffuse,
    diffusion_rankings,
    nearest,
)


def random_descriptors(count: int, dim: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def on_circle(*degrees: float) -> np.ndarray:
    angles = np.deg2rad(np.array(degrees))
    return np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)


@pytest.mark.parametrize("at_once", [1, 70, 1 << 24])
def test_nearest_is_what_sorting_finds(monkeypatch, at_once: int) -> None:
    monkeypatch.setattr(reranking, "_SIMILARITIES_AT_ONCE", at_once)
    queries, database = random_descriptors(9, 5, 1), random_descriptors(23, 5, 2)
    expected = np.argsort(-(queries @ database.T), axis=1)
    for count in (1, 4, 23, 99):
        rows, similarities = nearest(queries, database, count)
        assert np.array_equal(rows, expected[:, :count])
        for query, own, values in zip(queries, rows, similarities, strict=True):
            np.testing.assert_allclose(values, database[own] @ query, atol=1e-6)


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
    database = random_descriptors(30, 4, 0)
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


def test_affinities_by_hand() -> None:
    # 0 and 30 degrees choose each other; 70 chooses 30, which does not choose it back.
    found = _transitions(on_circle(0, 30, 70), 1, 3.0).toarray()
    # One neighbour each: cos^3 / sqrt(cos^3 * cos^3) = 1.
    np.testing.assert_allclose(found, [[0, 1, 0], [1, 0, 0], [0, 0, 0]], atol=1e-6)


def test_diffusion_keeps_the_order_by_similarity_where_it_does_not_reach() -> None:
    database = on_circle(0, 10, 100, 90, 200)
    (ranking,) = diffusion_rankings(on_circle(1), database, 1, 1)
    # 100 and 90 are a pair of their own, 200 is alone: 90 is nearer than 100, 100 than 200.
    assert ranking.tolist() == [0, 1, 3, 2, 4]


def test_small_sets() -> None:
    one, none = on_circle(0), np.zeros((0, 2), np.float32)
    assert diffusion_rankings(one, one).tolist() == [[0]]
    assert diffusion_rankings(none, one).shape == (0, 1)
    assert diffusion_rankings(one, none).shape == (1, 0)
    assert alpha_query_expansion(none, one).shape == (0, 2)
    np.testing.assert_allclose(alpha_query_expansion(one, none), one)
    assert augment_database(none).shape == (0, 2)
    np.testing.assert_allclose(augment_database(one), one)


def test_settings_without_meaning_get_a_sentence() -> None:
    one = on_circle(0)
    for call, message in (
        (lambda: alpha_query_expansion(one, one, neighbours=0), "neighbours is 0"),
        (lambda: diffusion_rankings(one, one, neighbours=0), "neighbours is 0"),
        (lambda: diffusion_rankings(one, one, query_neighbours=-1), "neighbours is -1"),
        (lambda: diffusion_rankings(one, one, damping=1.0), "damping is 1.0"),
    ):
        with pytest.raises(ConfigError, match=message):
            call()

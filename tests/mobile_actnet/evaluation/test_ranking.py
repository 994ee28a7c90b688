"""Scores against brute force."""

from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.evaluation.ranking import average_precision, evaluate
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.describe import describe
from mobile_actnet.pictures.photos import Photo


def brute_force(positives: list[bool]) -> float:
    precisions, found = [], 0
    for rank, positive in enumerate(positives, 1):
        if positive:
            found += 1
            precisions.append(found / rank)
    return sum(precisions) / len(precisions) if precisions else 0.0


def test_average_precision_by_hand() -> None:
    assert average_precision(np.array([True, False, True])) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(np.array([False, False])) == 0.0
    assert average_precision(np.array([], bool)) == 0.0


def test_average_precision_equals_brute_force_on_1000_rankings() -> None:
    rng = np.random.default_rng(0)
    for _ in range(1000):
        positives = rng.random(rng.integers(1, 60)) < rng.random()
        assert average_precision(positives) == pytest.approx(brute_force(positives.tolist()))


def collection(rows: list[tuple[str, str, float]]) -> tuple[np.ndarray, list[Photo]]:
    """(instance, role, angle in degrees): descriptors on the unit circle."""
    angles = np.radians([angle for _, _, angle in rows])
    photos = [Photo(Path(str(i)), instance, role) for i, (instance, role, _) in enumerate(rows)]
    return np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32), photos


def test_evaluate_by_hand() -> None:
    score = evaluate(
        *collection(
            [
                ("a", "query", 0),
                ("a", "database", 20),  # second behind the distractor: AP 1/2
                ("x", "distractor", 10),
                ("b", "query", 90),
                ("b", "database", 91),  # first: AP 1
                ("c", "query", 45),  # no positive: not counted
                ("a", "train", 1),  # not searched
            ]
        )
    )
    assert (score.queries, score.database) == (2, 3)
    assert score.mean_ap == pytest.approx(75)
    assert score.recall_at_1 == pytest.approx(50)
    assert score.recall_at_10 == pytest.approx(100)


def test_role_both_leaves_the_query_out() -> None:
    score = evaluate(*collection([("a", "both", 0), ("a", "both", 5), ("b", "both", 1)]))
    # 0: b (1) before a (5): 1/2. 5: b (4) before a (5): 1/2. b has no other photo.
    assert (score.queries, score.mean_ap, score.recall_at_1) == (2, pytest.approx(50), 0)


def test_recall_at_10_counts_the_tenth_hit_and_not_the_eleventh() -> None:
    for before, expected in ((9, 100), (10, 0)):
        rows = [("a", "query", 0.0), ("a", "database", 30.0)]
        rows += [("x", "distractor", 1.0 + i) for i in range(before)]
        assert evaluate(*collection(rows)).recall_at_10 == expected


def test_nothing_to_search_for() -> None:
    assert evaluate(*collection([("a", "database", 0)])).queries == 0


def test_describe_is_the_same_in_batches_of_any_size(shipped_network: Actnet) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), np.uint8)
    whole, single = describe(shipped_network, pixels), describe(shipped_network, pixels, None, 1)
    assert whole.shape == (5, 384)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole, single, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(whole, axis=1), 1, atol=1e-5)
    assert describe(shipped_network, pixels[:0], 128).shape == (0, 128)

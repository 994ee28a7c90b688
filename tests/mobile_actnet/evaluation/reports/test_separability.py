"""KL divergence of known histograms, and distances of descriptors placed by hand."""

import math
from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.evaluation.reports.separability import distance_histograms, kl_divergence
from mobile_actnet.pictures.photos import Photo


def test_divergence_by_hand() -> None:
    # Shares with half a pair added: (3.5, 0.5) / 4 and (0.5, 1.5) / 2.
    p, q = (0.875, 0.125), (0.25, 0.75)
    expected = p[0] * math.log(p[0] / q[0]) + p[1] * math.log(p[1] / q[1])
    assert kl_divergence(np.array([3, 0]), np.array([0, 1])) == pytest.approx(expected)
    back = q[0] * math.log(q[0] / p[0]) + q[1] * math.log(q[1] / p[1])
    assert kl_divergence(np.array([0, 1]), np.array([3, 0])) == pytest.approx(back)


def test_equal_shares_do_not_diverge_and_empty_bins_stay_finite() -> None:
    same = np.array([5, 2, 0])
    assert kl_divergence(same, same) == pytest.approx(0)
    assert math.isfinite(kl_divergence(np.array([9, 0]), np.array([0, 9])))


def test_pairs_fall_into_their_bins() -> None:
    angles = np.radians([0, 60, 180, 0, 90])
    descriptors = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    roles = ("query", "database", "distractor", "both", "train")
    instances = ("a", "a", "b", "a", "a")
    photos = [
        Photo(Path(str(number)), instance, role)
        for number, (instance, role) in enumerate(zip(instances, roles, strict=True))
    ]
    found = distance_histograms(descriptors, photos, np.array([0, 3]), bins=4)
    # Query 0: 60 degrees is distance 1, query 3 lies on it; query 3 is not compared with itself.
    # The bins are [0, 0.5), [0.5, 1), [1, 1.5), [1.5, 2].
    assert found.matching.sum() == 3
    assert found.matching[0] == 1
    assert found.matching[1:3].sum() == 2  # a distance of 1 up to rounding
    assert found.non_matching.tolist() == [0, 0, 0, 2]
    assert found.has_both_kinds
    assert found.kl_matching == kl_divergence(found.matching, found.non_matching)
    assert found.kl_non_matching == kl_divergence(found.non_matching, found.matching)


def test_every_chunk_of_queries_is_counted() -> None:
    rng = np.random.default_rng(0)
    descriptors = rng.standard_normal((150, 8)).astype(np.float32)
    descriptors /= np.linalg.norm(descriptors, axis=1, keepdims=True)
    photos = [Photo(Path(str(n)), str(n % 50), "both") for n in range(150)]
    found = distance_histograms(descriptors, photos, np.arange(150))
    assert found.matching.sum() == 150 * 2
    assert found.non_matching.sum() == 150 * 147
    distances = np.linalg.norm(descriptors[:, None] - descriptors[None], axis=2)
    instances = np.arange(150) % 50
    other = distances[instances[:, None] != instances[None]]
    np.testing.assert_allclose(found.non_matching, np.histogram(other, found.edges)[0], atol=2)


def test_a_set_without_positives_has_not_both_kinds() -> None:
    photos = [Photo(Path("q"), "a", "query"), Photo(Path("d"), "b", "database")]
    found = distance_histograms(np.eye(2, dtype=np.float32), photos, np.array([0]))
    assert not found.has_both_kinds

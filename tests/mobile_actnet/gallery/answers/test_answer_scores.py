"""Best matches of known and unknown things, by hand-made descriptors."""

import numpy as np
import pytest

from mobile_actnet.gallery.answers.answer_scores import BestSoFar, Measure, known_and_unknown


def unit(*angles_deg: float) -> np.ndarray:
    """Descriptors of two values, at some angles."""
    angles = np.radians(angles_deg)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_distinctness_is_in_deviations_above_the_mean() -> None:
    best = BestSoFar(1)
    everything = np.ones((1, 3), np.bool_)
    best.add(np.array([[1.0, -1.0, 1.0]]), ~everything, everything)
    found = best.result()  # Mean 1/3, deviation sqrt(8)/3.
    assert found.similarity == pytest.approx([1.0])
    assert found.score(Measure.DISTINCTNESS) == pytest.approx([1 / np.sqrt(2)])


def test_nothing_stands_out_where_all_is_equal_or_nothing_is_there() -> None:
    best = BestSoFar(2)
    seen = np.array([[True, True], [False, False]])
    best.add(np.full((2, 2), 0.5), np.zeros_like(seen), seen)
    found = best.result()
    assert found.distinctness.tolist() == [0.0, 0.0]
    assert found.similarity.tolist() == [0.5, -np.inf]


def test_blocks_give_what_one_block_gives() -> None:
    rng = np.random.default_rng(0)
    database = rng.standard_normal((50, 8)).astype(np.float32)
    database /= np.linalg.norm(database, axis=1, keepdims=True)
    queries, things = database[[3, 41]], np.arange(50)
    own = np.array([3, 41])
    parts = [(things[:20], database[:20]), (things[20:], database[20:])]
    whole = known_and_unknown(queries, queries, own, [(things, database)])
    split = known_and_unknown(queries, queries, own, parts)
    for one, other in zip(whole, split, strict=True):
        np.testing.assert_allclose(one.similarity, other.similarity)
        np.testing.assert_allclose(one.distinctness, other.distinctness)
        assert one.right.tolist() == other.right.tolist()


def test_the_own_thing_and_its_near_duplicates_are_unknown() -> None:
    database, things = unit(0, 5, 40, 90), np.array([0, 1, 2, 0])
    known, unknown = known_and_unknown(unit(2), unit(0), np.array([0]), [(things, database)])
    assert known.similarity == pytest.approx(np.cos(np.radians([2])))
    assert known.right.tolist() == [True]
    # 5 degrees is nearly the same picture, 90 has the same number: 40 is left.
    assert unknown.similarity == pytest.approx(np.cos(np.radians([38])), abs=1e-6)
    assert unknown.right.tolist() == [False]


def test_a_wrong_best_match_is_not_right() -> None:
    database, things = unit(0, 40), np.array([0, 1])
    known, _ = known_and_unknown(unit(35), unit(0), np.array([0]), [(things, database)])
    assert known.right.tolist() == [False]

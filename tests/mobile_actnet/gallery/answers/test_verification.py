"""Verification: models known beforehand, shapes that are refused, and the golden pairs."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mobile_actnet.gallery.answers.verification import (
    MAX_DISTANCE,
    NOT_FOUND,
    Verifier,
    _PackedCodes,
)
from mobile_actnet.pictures.local_features import LocalFeatures

FOLDER = Path(__file__).parents[3] / "golden" / "verification"


def features(
    positions: NDArray, sizes: NDArray, angles: NDArray, codes: NDArray, side: tuple[int, int]
) -> LocalFeatures:
    return LocalFeatures(
        *side, np.rint(positions * 16).astype(np.uint16), np.rint(sizes).astype(np.uint8),
        (np.rint(angles).astype(int) & 255).astype(np.uint8), codes,
    )  # fmt: skip


def pair(
    model: NDArray, count: int = 80, seed: int = 3, noise_px: float = 0.5
) -> tuple[LocalFeatures, LocalFeatures]:
    """Make a picture's features and what a photo shows of them under a homography."""
    rng = np.random.default_rng(seed)
    here = rng.uniform((10, 10), (390, 290), (count, 2))
    codes = rng.integers(0, 256, (count, 16), dtype=np.uint8)
    sizes, angles = rng.uniform(32, 64, count), rng.uniform(0, 256, count)
    step = 0.5 * np.stack([np.cos(angles * np.pi / 128), np.sin(angles * np.pi / 128)], 1)
    there, ahead = mapped(model, here), mapped(model, here + step)
    arrow = (ahead - there) / 0.5
    photo_sizes = sizes + 16 * np.log2(np.hypot(*arrow.T))
    photo_angles = np.arctan2(arrow[:, 1], arrow[:, 0]) * 128 / np.pi
    there = there + rng.normal(0, noise_px, there.shape)
    seen = ((there > 0) & (there < (640, 480))).all(1)
    return (
        features(here, sizes, angles, codes, (400, 300)),
        features(there[seen], photo_sizes[seen], photo_angles[seen], codes[seen], (640, 480)),
    )


def mapped(model: NDArray, points: NDArray) -> NDArray:
    wide = np.concatenate([points, np.ones((len(points), 1))], 1) @ model.T
    return wide[:, :2] / wide[:, 2:]


CORNERS = np.array([(0, 0), (400, 0), (400, 300), (0, 300)], float)
TURN = np.radians(130)
SIMILAR = np.array([
    (0.8 * np.cos(TURN), -0.8 * np.sin(TURN), 480),
    (0.8 * np.sin(TURN), 0.8 * np.cos(TURN), 160),
    (0, 0, 1),
])  # fmt: skip
SLANTED = np.array([(1.1, 0.1, 40), (0.05, 1.2, 30), (0.0006, 0.0004, 1)])


@pytest.mark.parametrize("model", [SIMILAR, SLANTED], ids=["similar", "slanted"])
def test_a_known_model_is_found(model: NDArray) -> None:
    picture, photo = pair(model)
    result = Verifier(photo).verify(picture)
    assert result.inliers > 50
    assert result.outline is not None
    assert np.abs(result.outline - mapped(model, CORNERS)).max() < 4
    assert result.homography is not None
    np.testing.assert_allclose(mapped(result.homography, CORNERS), result.outline, atol=1e-6)


def test_chance_finds_next_to_nothing() -> None:
    picture, _ = pair(SIMILAR, seed=1)
    _, photo = pair(SIMILAR, seed=2)
    assert Verifier(photo).verify(picture) == NOT_FOUND


def test_the_same_codes_at_other_places_are_no_model() -> None:
    picture, photo = pair(SIMILAR)
    order = np.random.default_rng(5).permutation(len(photo))
    mixed = LocalFeatures(640, 480, photo.positions[order], photo.sizes, photo.angles, photo.codes)
    assert Verifier(mixed).verify(picture).inliers < 7


def test_a_mirrored_picture_is_refused() -> None:
    picture, photo = pair(np.array([(-1.0, 0, 500), (0, 1, 60), (0, 0, 1)]))
    assert Verifier(photo).verify(picture).inliers < 7


def test_a_picture_flattened_below_a_tenth_is_refused() -> None:
    flat = np.array([(1.0, 0, 100), (0, 0.06, 200), (0, 0, 1)])
    picture, photo = pair(flat, noise_px=0)
    assert Verifier(photo).verify(picture) == NOT_FOUND


def test_inliers_of_one_cell_count_once() -> None:
    rng = np.random.default_rng(4)
    count = 30
    codes = rng.integers(0, 256, (count, 16), dtype=np.uint8)
    sizes, angles = np.full(count, 40), np.full(count, 10)
    # All in a square of 20 pixels: one cell of a picture of 400 pixels.
    here = rng.uniform((200, 200), (219, 219), (count, 2))
    logo = features(here, sizes, angles, codes, (400, 300))
    photo = features(here + 30, sizes, angles, codes, (640, 480))
    assert Verifier(photo).verify(logo).inliers == 1


def test_matching_by_hand() -> None:
    zeros = np.zeros((1, 16), np.uint8)
    photo = np.repeat(zeros, 4, axis=0)
    photo[:, 0] = (0b111, 0b1, 0b1, 0xFF)  # 3, 1, 1 and 8 bits away: the first of equal ones wins,
    photo[2, 5:9] = 255  # and is then not alone enough unless the other goes away.
    rows, columns = _PackedCodes(photo).match(zeros)
    assert (rows.tolist(), columns.tolist()) == ([0], [1])
    photo[2, 5:9] = 0
    assert _PackedCodes(photo).match(zeros)[0].tolist() == []


def test_a_code_that_is_too_far_is_no_match() -> None:
    far = np.zeros((2, 16), np.uint8)
    far[0, :5] = 255
    far[1] = 255
    assert MAX_DISTANCE == 40
    assert _PackedCodes(far).match(np.zeros((1, 16), np.uint8))[1].tolist() == [0]
    far[0, 5] = 1
    assert _PackedCodes(far).match(np.zeros((1, 16), np.uint8))[1].tolist() == []


def test_distances_are_hamming_distances() -> None:
    rng = np.random.default_rng(8)
    photo = rng.integers(0, 256, (50, 16), dtype=np.uint8)
    picture = photo[:20].copy()
    for row in range(20):
        picture[row, :4] ^= rng.integers(0, 256, 4, dtype=np.uint8)
    distances = np.bitwise_count(picture[:, None] ^ photo[None]).sum(2)
    rows, columns = _PackedCodes(photo).match(picture)
    first, second = np.sort(distances, axis=1)[:, :2].T
    expected = np.flatnonzero((first <= 40) & (20 * first.astype(int) <= 17 * second.astype(int)))
    assert sorted(rows.tolist()) == expected.tolist()
    np.testing.assert_array_equal(columns, distances[rows].argmin(1))


def test_few_features_are_no_error() -> None:
    picture, photo = pair(SIMILAR)
    nothing = LocalFeatures.from_bytes(b"", 640, 480)
    assert Verifier(photo).verify(nothing) == NOT_FOUND
    assert Verifier(nothing).verify(picture) == NOT_FOUND
    assert Verifier(nothing).verify_all([picture, nothing]) == [NOT_FOUND, NOT_FOUND]


INDEX = json.loads((FOLDER / "index.json").read_text())


@pytest.mark.parametrize("golden", INDEX["pairs"], ids=lambda golden: golden["name"])
def test_golden_pairs(golden: dict) -> None:
    def read(side: str) -> LocalFeatures:
        told = golden[side]
        return LocalFeatures.from_bytes((FOLDER / told["file"]).read_bytes(), *told["size"])

    result = Verifier(read("photo")).verify(read("picture"))
    assert result.inliers == golden["inliers"]
    assert (result.outline is None) == (golden["outline"] is None)
    if result.outline is not None:
        np.testing.assert_allclose(result.outline, golden["outline"], atol=INDEX["tolerance_px"])

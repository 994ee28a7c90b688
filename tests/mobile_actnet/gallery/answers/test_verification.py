"""Verification, by the C engine and in NumPy: models known beforehand, shapes that are refused, the golden pairs."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from numpy_verification import MAX_DISTANCE, NumpyVerifier

from mobile_actnet.gallery.answers.verification import NOT_FOUND, Verifier
from mobile_actnet.pictures.local_features import LocalFeatures

Kind = type[Verifier] | type[NumpyVerifier]
FOLDER = Path(__file__).parents[3] / "golden" / "verification"


@pytest.fixture(params=[Verifier, NumpyVerifier], ids=["engine", "numpy"])
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


def features(
    positions: NDArray, sizes: NDArray, angles: NDArray, codes: NDArray, side: tuple[int, int]
) -> LocalFeatures:
    return LocalFeatures.from_arrays(
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
def test_a_known_model_is_found(kind: Kind, model: NDArray) -> None:
    picture, photo = pair(model)
    result = kind(photo).verify(picture)
    assert result.inliers > 50
    assert result.outline is not None
    assert np.abs(result.outline - mapped(model, CORNERS)).max() < 4


def test_chance_finds_next_to_nothing(kind: Kind) -> None:
    picture, _ = pair(SIMILAR, seed=1)
    _, photo = pair(SIMILAR, seed=2)
    assert kind(photo).verify(picture) == NOT_FOUND


def test_the_same_codes_at_other_places_are_no_model(kind: Kind) -> None:
    picture, photo = pair(SIMILAR)
    order = np.random.default_rng(5).permutation(len(photo))
    mixed = LocalFeatures.from_arrays(
        640, 480, photo.positions[order], photo.sizes, photo.angles, photo.codes
    )
    assert kind(mixed).verify(picture).inliers < 7


def test_a_mirrored_picture_is_refused(kind: Kind) -> None:
    picture, photo = pair(np.array([(-1.0, 0, 500), (0, 1, 60), (0, 0, 1)]))
    assert kind(photo).verify(picture).inliers < 7


def test_a_picture_flattened_below_a_tenth_is_refused(kind: Kind) -> None:
    flat = np.array([(1.0, 0, 100), (0, 0.06, 200), (0, 0, 1)])
    picture, photo = pair(flat, noise_px=0)
    assert kind(photo).verify(picture) == NOT_FOUND


def test_inliers_of_one_cell_count_once(kind: Kind) -> None:
    rng = np.random.default_rng(4)
    count = 30
    codes = rng.integers(0, 256, (count, 16), dtype=np.uint8)
    sizes, angles = np.full(count, 40), np.full(count, 10)
    # All in a square of 20 pixels: one cell of a picture of 400 pixels.
    here = rng.uniform((200, 200), (219, 219), (count, 2))
    logo = features(here, sizes, angles, codes, (400, 300))
    photo = features(here + 30, sizes, angles, codes, (640, 480))
    assert kind(photo).verify(logo).inliers == 1


def matched(kind: Kind, photo: NDArray, picture: NDArray) -> tuple[list[int], list[int]]:
    """Match codes that lie anywhere."""
    both = [
        features(
            np.zeros((len(codes), 2)), np.zeros(len(codes)), np.zeros(len(codes)), codes, (9, 9)
        )
        for codes in (photo, picture)
    ]
    rows, columns = kind(both[0]).match(both[1])
    return rows.tolist(), columns.tolist()


def test_matching_by_hand(kind: Kind) -> None:
    zeros = np.zeros((4, 16), np.uint8)
    photo = zeros.copy()
    photo[:, 0] = (0b111, 0b1, 0b1, 0xFF)  # 3, 1, 1 and 8 bits away: the first of equal ones wins,
    photo[2, 5:9] = 255  # and is then not alone enough unless the other goes away.
    assert matched(kind, photo, zeros) == ([0, 1, 2, 3], [1, 1, 1, 1])
    photo[2, 5:9] = 0
    assert matched(kind, photo, zeros) == ([], [])


def test_a_code_that_is_too_far_is_no_match(kind: Kind) -> None:
    far, zeros = np.full((4, 16), 255, np.uint8), np.zeros((4, 16), np.uint8)
    far[0, 5:] = 0
    assert MAX_DISTANCE == 40
    assert matched(kind, far, zeros)[1] == [0, 0, 0, 0]
    far[0, 5] = 1
    assert matched(kind, far, zeros)[1] == []


def test_distances_are_hamming_distances(kind: Kind) -> None:
    rng = np.random.default_rng(8)
    photo = rng.integers(0, 256, (50, 16), dtype=np.uint8)
    picture = photo[:20].copy()
    for row in range(20):
        picture[row, :4] ^= rng.integers(0, 256, 4, dtype=np.uint8)
    distances = np.bitwise_count(picture[:, None] ^ photo[None]).sum(2)
    rows, columns = matched(kind, photo, picture)
    first, second = np.sort(distances, axis=1)[:, :2].T
    expected = np.flatnonzero((first <= 40) & (20 * first.astype(int) <= 17 * second.astype(int)))
    assert sorted(rows) == expected.tolist()
    np.testing.assert_array_equal(columns, distances[rows].argmin(1))


def check_outline(outline: NDArray | None, expected: NDArray | None) -> None:
    """NumPy solves the homography's equations in another order: the last bits differ."""
    assert (outline is None) == (expected is None)
    if outline is not None and expected is not None:
        np.testing.assert_allclose(outline, expected, atol=1e-8)


def test_the_engine_finds_what_numpy_finds() -> None:
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        turn, size = rng.uniform(0, 2 * np.pi), rng.uniform(0.4, 1.5)
        cosine, sine = size * np.cos(turn), size * np.sin(turn)
        slant = rng.uniform(-6e-4, 6e-4, 2)
        model = np.array([(cosine, -sine, 320), (sine, cosine, 240), (*slant, 1)])
        model[:2, 2] -= model[:2, :2] @ (200, 150)
        picture, photo = pair(model, seed=seed, noise_px=float(rng.uniform(0, 5)))
        if len(photo) < 2:
            continue
        result, expected = Verifier(photo).verify(picture), NumpyVerifier(photo).verify(picture)
        assert result.inliers == expected.inliers
        check_outline(result.outline, expected.outline)
        matches = Verifier(photo).match(picture)
        for some, others in zip(matches, NumpyVerifier(photo).match(picture), strict=True):
            np.testing.assert_array_equal(some, others)
        again = Verifier(photo).fit(picture, *matches)
        assert again.inliers == expected.inliers
        check_outline(again.outline, expected.outline)
        found.append(result.inliers)
    assert len(found) > 30
    assert max(found) > 40


def test_bytes_of_any_kind_give_what_numpy_finds() -> None:
    """A damaged gallery may hold any bytes: positions outside the picture, sizes and angles by chance."""
    found = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        counts, sides = rng.integers(0, 80, 2), rng.integers(1, 4096, 4)
        blobs = [rng.integers(0, 256, 22 * count, dtype=np.uint8) for count in counts]
        shared = int(min(counts) * rng.random())
        # Where each part of a blob begins, in bytes a feature, and how many bytes a feature has there.
        for start, size in ((0, 2), (2, 2), (4, 1), (5, 1), (6, 16)):
            part = blobs[0][start * counts[0] :][: size * shared]
            blobs[1][start * counts[1] :][: size * shared] = part
        picture, photo = (
            LocalFeatures(int(sides[2 * k]), int(sides[2 * k + 1]), blobs[k].tobytes())
            for k in range(2)
        )
        result, expected = Verifier(photo).verify(picture), NumpyVerifier(photo).verify(picture)
        assert result.inliers == expected.inliers, seed
        check_outline(result.outline, expected.outline)
        found.append(result.inliers)
    assert sum(inliers == 0 for inliers in found) > 20
    assert sum(inliers > 10 for inliers in found) > 50


def test_matches_of_features_that_are_not_there_are_refused() -> None:
    picture, photo = pair(SIMILAR)
    for rows, columns in (([0, len(picture)], [0, 1]), ([0, 1], [0, -1])):
        with pytest.raises(ValueError, match="match 1 names features that are not there"):
            Verifier(photo).fit(picture, np.array(rows, np.int32), np.array(columns, np.int32))


def test_few_features_are_no_error(kind: Kind) -> None:
    picture, photo = pair(SIMILAR)
    nothing = LocalFeatures.from_bytes(b"", 640, 480)
    assert kind(photo).verify(nothing) == NOT_FOUND
    assert kind(nothing).verify(picture) == NOT_FOUND
    assert kind(nothing).verify_all([picture, nothing]) == [NOT_FOUND, NOT_FOUND]


INDEX = json.loads((FOLDER / "index.json").read_text())


@pytest.mark.parametrize("golden", INDEX["pairs"], ids=lambda golden: golden["name"])
def test_golden_pairs(kind: Kind, golden: dict) -> None:
    def read(side: str) -> LocalFeatures:
        told = golden[side]
        return LocalFeatures.from_bytes((FOLDER / told["file"]).read_bytes(), *told["size"])

    result = kind(read("photo")).verify(read("picture"))
    assert result.inliers == golden["inliers"]
    assert (result.outline is None) == (golden["outline"] is None)
    if result.outline is not None:
        np.testing.assert_allclose(result.outline, golden["outline"], atol=INDEX["tolerance_px"])

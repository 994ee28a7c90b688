"""Generated pictures: the same everywhere, and varied enough to compare on."""

import hashlib

import numpy as np

from mobile_actnet.runtime.generated_pictures import (
    extreme_pictures,
    generated_pictures,
    golden_picture,
)
from mobile_actnet.runtime.vocabulary import ImageSize

SIZE = ImageSize(64, 96)


def test_golden_picture_by_its_formula() -> None:
    picture = golden_picture(SIZE)
    assert picture.shape == (64, 96, 3)
    assert picture.dtype == np.uint8
    # Row 5, column 90: (2*90) ^ (4*5), (3*90) ^ (3*5), (4*90) ^ (2*5), mod 256.
    assert list(picture[5, 90]) == [180 ^ 20, (270 ^ 15) % 256, (360 ^ 10) % 256]
    assert hashlib.sha256(picture.tobytes()).hexdigest().startswith("0d9e8335b9bbe9eb")


def test_extremes() -> None:
    pictures = extreme_pictures(SIZE)
    assert pictures.shape == (6, 64, 96, 3)
    assert not pictures[0].any()
    assert (pictures[1] == 255).all()
    assert len(np.unique(pictures[5])) == 256


def test_generated_pictures_repeat_by_seed_and_differ_from_each_other() -> None:
    pictures = generated_pictures(4, SIZE)
    assert pictures.shape == (4, 64, 96, 3)
    assert np.array_equal(pictures, generated_pictures(4, SIZE))
    assert not np.array_equal(pictures, generated_pictures(4, SIZE, seed=1))
    differences = np.abs(pictures[:, None].astype(int) - pictures[None]).mean((2, 3, 4))
    assert (differences[~np.eye(4, dtype=bool)] > 10).all()

"""Pictures that are made, not taken: for checks where no photos are given, and the golden one.

All come from integers and a seed, so that they are the same on every machine.
"""

import numpy as np

from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.vocabulary import ImageSize

GOLDEN_NAME = "xor-1"


def golden_picture(size: ImageSize) -> Pixels:
    """Return the picture of a manifest's self-test, (H, W, 3) uint8.

    Channel c of the pixel in row y and column x is ((2 + c) * x XOR (4 - c) * y) mod 256: five
    lines in any language, no file to carry.
    """
    y, x, c = np.mgrid[0 : size.height, 0 : size.width, 0:3]
    return (((2 + c) * x ^ (4 - c) * y) & 255).astype(np.uint8)


def extreme_pictures(size: ImageSize) -> Pixels:
    """Return black, white, saturated red, green and blue, and noise: (6, H, W, 3) uint8."""
    shape = (size.height, size.width, 3)
    plain = [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255)]
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    return np.stack([*(np.full(shape, colour, np.uint8) for colour in plain), noise])


def generated_pictures(count: int, size: ImageSize, seed: int = 0) -> Pixels:
    """Return pictures with the spectrum and the edges of photos: (count, H, W, 3) uint8.

    Each is a sum of smooth colour fields at several scales with a few discs and bars on it.
    """
    rng = np.random.default_rng(seed)
    return np.stack([_generated(rng, size) for _ in range(count)])


def _generated(rng: np.random.Generator, size: ImageSize) -> Pixels:
    y, x = np.mgrid[0 : size.height, 0 : size.width]
    y, x = y / size.height, x / size.width
    picture = np.full((size.height, size.width, 3), 128.0)
    for octave in range(5):
        for channel in range(3):
            across, down = rng.uniform(-1, 1, 2) * 2.0**octave * 6.3
            phase, strength = rng.uniform(0, 6.3), rng.uniform(20, 60) / (octave + 1)
            picture[..., channel] += strength * np.sin(across * x + down * y + phase)
    for _ in range(rng.integers(2, 7)):
        left, top = rng.uniform(0, 1, 2)
        colour, radius = rng.uniform(0, 255, 3), rng.uniform(0.05, 0.3)
        disc = (x - left) ** 2 + (y - top) ** 2 < radius**2
        bar = (np.abs(x - left) < radius) & (np.abs(y - top) < radius / 3)
        picture[disc if rng.random() < 0.5 else bar] = colour
    return np.clip(picture + rng.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)

"""Posters, and photos of them lying sideways."""

import numpy as np
from PIL import Image, ImageDraw

from mobile_actnet.gallery.indexing.index_options import KEEP, IndexOptions

COUNT = 6
AGAIN = IndexOptions(labels=KEEP, workers=1)


def poster(seed: int) -> Image.Image:
    """A picture full of corners."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (360, 480), tuple(int(v) for v in rng.integers(0, 256, 3)))
    pen = ImageDraw.Draw(picture)
    for _ in range(120):
        x, y, w, h = (int(v) for v in rng.integers(0, (360, 480, 70, 70)))
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        pen.rectangle((x, y, x + w + 4, y + h + 4), colour)
    return picture


def photo(seed: int) -> Image.Image:
    """A poster at half its size, lying sideways in the left half of a photo of 800 x 600."""
    scene = Image.new("RGB", (800, 600), (120, 110, 100))
    scene.paste(poster(seed).resize((270, 360)).transpose(Image.Transpose.ROTATE_270), (60, 200))
    return scene

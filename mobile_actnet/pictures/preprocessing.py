"""Preprocessing, version 1: from a picture file to the bytes that the network sees.

EXIF orientation -> RGB uint8 in sRGB -> resize to the model's height and width with Pillow's
antialiased bilinear arithmetic -> uint8 (H, W, 3). Kotlin and Swift implement the same integers;
the golden files in tests/golden/preprocessing hold all of them to the bit. docs/preprocessing.md
writes the arithmetic out.
"""

import os

import numpy as np
from PIL import Image

from mobile_actnet.pictures.decoding import Pixels, decode

__all__ = ["NAME", "VERSION", "Pixels", "decode", "load_image", "resize"]

NAME = "pillow-bilinear"
VERSION = 1


def load_image(source: str | os.PathLike[str] | bytes, height_px: int, width_px: int) -> Pixels:
    """Decode a picture and resize it to the model's input.

    Args:
        source: a path, or the bytes of a picture file.
        height_px: of the result; the aspect ratio is not kept.
        width_px: of the result.

    Returns:
        (height_px, width_px, 3) uint8, RGB.

    Raises:
        UnreadablePictureError: missing, truncated, not a picture, or too large to be safe.
    """
    return resize(decode(source), height_px, width_px)


def resize(image: Image.Image, height_px: int, width_px: int) -> Pixels:
    """Resize an RGB picture: horizontal pass first, then vertical, 8-bit values between them.

    Returns:
        (height_px, width_px, 3) uint8.
    """
    # A call for each pass: Pillow 13 chooses their order by the sizes, earlier ones do not, and the
    # order shows in the last bit.
    bilinear = Image.Resampling.BILINEAR
    horizontal = image.resize((width_px, image.height), bilinear)
    return np.array(horizontal.resize((width_px, height_px), bilinear))

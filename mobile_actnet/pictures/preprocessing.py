"""Preprocessing, version 1: from a picture file to the bytes that the network sees.

EXIF orientation -> RGB uint8 in sRGB -> resize to the model's height and width with Pillow's
antialiased bilinear arithmetic -> uint8 (H, W, 3). Kotlin and Swift implement the same integers;
the golden files in tests/golden/preprocessing hold all of them to the bit. docs/preprocessing.md
writes the arithmetic out.
"""

import os
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PIL import Image

from mobile_actnet.native.borrowed import borrowed_pixels
from mobile_actnet.native.engine import resize_pixels, turn_pixels
from mobile_actnet.pictures.decoding import Pixels, decode

__all__ = ["NAME", "VERSION", "Pixels", "decode", "load_image", "resize", "resize_turned"]

NAME = "pillow-bilinear"
VERSION = 1

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels."""

_STRIP_PIXELS = 1 << 18
"""Of a strip, where a picture is copied strip by strip: it stays in the processor's cache."""


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


def resize(
    image: Image.Image, height_px: int, width_px: int, box: Box | None = None,
    into: Pixels | None = None,
) -> Pixels:  # fmt: skip
    """Resize an RGB picture: horizontal pass first, then vertical, 8-bit values between them.

    Args:
        box: left, top, right and bottom of a part of it; all of it where it is None.
        into: (height_px, width_px, 3), what is filled and returned, where it is given.

    Returns:
        (height_px, width_px, 3) uint8.
    """
    if image.mode != "RGB":
        return np.array(resize_by_pillow(image.crop(box) if box else image, height_px, width_px))
    pixels = borrowed_pixels(image)
    if pixels is not None:
        return resize_pixels(_part(pixels, box), height_px, width_px, into=into)
    left, top, right, bottom = box or (0, 0, *image.size)
    rows = np.empty((bottom - top, width_px, 3), np.uint8)
    step = max(1, _STRIP_PIXELS // (right - left))
    for start in range(top, bottom, step):
        end = min(start + step, bottom)
        strip = _pixels(image.crop((left, start, right, end)))
        resize_pixels(strip, end - start, width_px, into=rows[start - top : end - top])
    return resize_pixels(rows, height_px, width_px, into=into)


def resize_by_pillow(image: Image.Image, height_px: int, width_px: int) -> Image.Image:
    """Resize a picture of any mode: the bytes of `resize`, but slower."""
    # A call for each pass: Pillow 13 chooses their order by the sizes, earlier ones do not, and the
    # order shows in the last bit.
    bilinear = Image.Resampling.BILINEAR
    horizontal = image.resize((width_px, image.height), bilinear)
    return horizontal.resize((width_px, height_px), bilinear)


def resize_turned(
    image: Image.Image, turns_deg: Sequence[int], height_px: int, width_px: int,
    upright: Pixels | None = None, box: Box | None = None,
    into: Sequence[Pixels] | None = None,
) -> list[Pixels]:  # fmt: skip
    """Turn an RGB picture in several ways, and resize each: the bytes of `resize` after the turn.

    One resize serves two turns where its weights are the same from both ends, as they nearly always are:
    turning by 180 degrees then only reverses bytes, and turning by 90 or 270 swaps the passes.

    Args:
        turns_deg: clockwise, each 0, 90, 180 or 270.
        upright: the picture resized without a turn, where it is at hand already.
        box: left, top, right and bottom of the part that is turned; all of it where it is None.
        into: (height_px, width_px, 3) for each turn, what is filled and returned, where it is given.

    Returns:
        (height_px, width_px, 3) uint8 for each turn.
    """
    left, top, right, bottom = box or (0, 0, *image.size)
    width, height = right - left, bottom - top
    places = (
        [np.empty((height_px, width_px, 3), np.uint8) for _ in turns_deg] if into is None else into
    )
    swapped: Pixels | None = None
    for turn_deg, place in zip(turns_deg, places, strict=True):
        if turn_deg == 180:
            symmetric = _is_symmetric(width, width_px) and _is_symmetric(height, height_px)
        else:
            symmetric = _is_symmetric(height if turn_deg == 90 else width, width_px)
        if turn_deg and not symmetric:
            part = (image.crop(box) if box else image).transpose(_TURNS[turn_deg])
            resize(part, height_px, width_px, into=place)
        elif turn_deg == 0:
            if upright is None:
                upright = resize(image, height_px, width_px, box, place)
            else:
                place[:] = upright
        elif turn_deg == 180:
            upright = resize(image, height_px, width_px, box) if upright is None else upright
            turn_pixels(upright, turn_deg, place)
        else:
            if swapped is None:
                swapped = resize_pixels(
                    _part(_pixels(image), box), width_px, height_px, columns_first=True
                )
            turn_pixels(swapped, turn_deg, place)
    return list(places)


def _pixels(image: Image.Image) -> Pixels:
    borrowed = borrowed_pixels(image)
    return np.asarray(image) if borrowed is None else borrowed


def _part(pixels: Pixels, box: Box | None) -> Pixels:
    if box is None:
        return pixels
    left, top, right, bottom = box
    return pixels[top:bottom, left:right]


# Pillow turns the other way round.
_TURNS = {
    90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90,
}  # fmt: skip
_WEIGHT_BITS = 22


@lru_cache(maxsize=256)
def _is_symmetric(length: int, new_length: int) -> bool:
    """Tell whether a pass has the same whole-number weights from both ends (docs/preprocessing.md)."""
    scale = length / new_length
    support = max(scale, 1.0)
    centres = (np.arange(new_length) + 0.5) * scale
    first = np.maximum(0, (centres - support + 0.5).astype(np.int64))
    end = np.minimum(length, (centres + support + 0.5).astype(np.int64))
    if not np.array_equal(first[::-1], length - end):
        return False
    taps = np.arange((end - first).max())
    weights = 1 - np.abs((first[:, None] + taps - centres[:, None] + 0.5) * (1 / support))
    weights = np.where(taps < (end - first)[:, None], np.maximum(weights, 0.0), 0.0)
    # A running sum adds from left to right, as Pillow does.
    whole = (weights / weights.cumsum(axis=1)[:, -1:] * (1 << _WEIGHT_BITS) + 0.5).astype(np.int64)
    backwards = np.clip((end - first)[::-1, None] - 1 - taps, 0, None)
    mirrored = np.take_along_axis(whole[::-1], backwards, axis=1)
    return bool((whole == mirrored)[taps < (end - first)[:, None]].all())

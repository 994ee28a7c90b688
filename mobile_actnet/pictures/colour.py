"""Colours: an embedded ICC profile is converted to sRGB, and a picture without one is sRGB.

Phones save Display P3; the same scene as sRGB must give the same descriptor. A profile that moves
no colour by more than two levels is sRGB under another name and changes no byte. One that is
damaged, or of other channels than the picture, is ignored: pixels count.
"""

import functools
import io
from typing import Any

import numpy as np
from PIL import Image, ImageCms

_LEVELS_OF_SRGB = 2
_SPACES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_RGB_LIKE = ("RGB", "RGBX", "P", "L", "1", "YCbCr")
_FITTING = {"L": ("L", "1"), "CMYK": ("CMYK",)}
_LARGEST_PROFILE_BYTES = 8 << 20


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert a picture without transparency to RGB in sRGB.

    Args:
        image: any mode that Pillow converts to RGB.
        profile: ICC; None for none.

    Returns:
        the picture itself where it is so already.
    """
    mode = profile_mode(profile) if profile else None
    if profile and mode and image.mode in _FITTING.get(mode, _RGB_LIKE):
        transform = _transform(profile, mode)
        if transform is not None:
            return _applied(image if image.mode == mode else image.convert(mode), transform)
    # A conversion to the same mode would be a copy.
    return image if image.mode == "RGB" else image.convert("RGB")


def profile_mode(profile: bytes) -> str | None:
    """Return the Pillow mode that a profile is for: RGB, L or CMYK; None where it is unusable."""
    opened = _opened(profile)
    return _SPACES.get(opened.profile.xcolor_space.strip()) if opened else None


@functools.lru_cache(maxsize=8)
def _opened(profile: bytes) -> ImageCms.ImageCmsProfile | None:
    if len(profile) > _LARGEST_PROFILE_BYTES:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


@functools.lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> Any:
    """Return what converts to sRGB; None where nothing is to be done, or nothing can be."""
    opened = _opened(profile)
    if opened is None:
        return None
    try:
        transform = ImageCms.buildTransform(
            opened, ImageCms.createProfile("sRGB"), mode, "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        )  # fmt: skip
        if mode == "CMYK":
            return transform
        probe = _probe(mode)
        moved = np.asarray(_applied(probe, transform), np.int16) - np.asarray(probe.convert("RGB"))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    return transform if np.abs(moved).max() > _LEVELS_OF_SRGB else None


def _applied(image: Image.Image, transform: Any) -> Image.Image:
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None
    return converted


def _probe(mode: str) -> Image.Image:
    """Return every 17th colour, or all greys."""
    if mode == "L":
        return Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    levels = np.arange(0, 256, 17, dtype=np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1)
    return Image.fromarray(grid.reshape(1, -1, 3))

"""Preprocessing, version 1: from a picture file to the bytes that the network sees.

EXIF orientation -> RGB uint8 -> resize to the model's height and width with Pillow's antialiased
bilinear arithmetic -> uint8 (H, W, 3). Kotlin and Swift implement the same integers; the golden
files in tests/golden/preprocessing hold all of them to the bit. docs/preprocessing.md writes the
arithmetic out.
"""

import io
import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from mobile_actnet.errors import MissingDecoderError, UnreadablePictureError

NAME = "pillow-bilinear"
VERSION = 1


_HEIC_BRANDS = frozenset((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"))

Pixels = NDArray[np.uint8]


def load_image(source: str | os.PathLike[str] | bytes, height_px: int, width_px: int) -> Pixels:
    """Decode a picture and resize it to the model's input.

    Args:
        source: a path, or the bytes of a picture file.
        height_px, width_px: size of the result; the aspect ratio is not kept.

    Returns:
        (height_px, width_px, 3) uint8, RGB.

    Raises:
        UnreadablePictureError: missing, truncated, not a picture, or too large to be safe.
    """
    return resize(decode(source), height_px, width_px)


def decode(source: str | os.PathLike[str] | bytes) -> Image.Image:
    """Decode a picture into upright 8-bit RGB.

    Of several frames the first counts. Transparency is laid over white, 16-bit grey keeps its
    high byte, colour profiles are ignored.

    Raises:
        UnreadablePictureError: missing, truncated, not a picture, or too large to be safe.
    """
    name = "the picture" if isinstance(source, bytes) else str(Path(source))
    try:
        with warnings.catch_warnings():
            # Above Pillow's limit of 89 478 485 pixels: refuse, do not warn and go on.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with _open(source) as image:
                image.load()
                return _to_rgb(ImageOps.exif_transpose(image))
    except _HeicError as error:
        raise MissingDecoderError(
            f"{name} is HEIC, which needs a package: pip install 'mobile-actnet[heic]'"
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadablePictureError(f"{name} has too many pixels to be decoded safely") from error
    except FileNotFoundError as error:
        raise UnreadablePictureError(f"{name} does not exist") from error
    # Pillow's decoders raise almost anything on damaged files.
    except (OSError, ValueError, SyntaxError, TypeError, EOFError, IndexError, KeyError,
            AttributeError, ZeroDivisionError, OverflowError, MemoryError, RuntimeError,
            struct.error, zlib.error) as error:  # fmt: skip
        reason = str(error) or type(error).__name__
        raise UnreadablePictureError(f"{name} cannot be decoded: {reason}") from error


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


class _HeicError(Exception):
    """A HEIC picture without the package that decodes it."""


def _open(source: str | os.PathLike[str] | bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(source) if isinstance(source, bytes) else source)
    except UnidentifiedImageError:
        if not _is_heic(source):
            raise
    try:
        from pillow_heif import register_heif_opener
    except ImportError as error:
        raise _HeicError from error
    register_heif_opener()
    return Image.open(io.BytesIO(source) if isinstance(source, bytes) else source)


def _is_heic(source: str | os.PathLike[str] | bytes) -> bool:
    if not isinstance(source, bytes):
        with open(source, "rb") as file:
            source = file.read(12)
    return source[4:8] == b"ftyp" and source[8:12] in _HEIC_BRANDS


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode == "I":
        return Image.fromarray(_high_byte(np.asarray(image))).convert("RGB")
    if image.mode == "F":
        raise ValueError("floating-point pictures have no defined range")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        return _over_white(np.asarray(image.convert("RGBA")))
    return image.convert("RGB")


def _high_byte(values: NDArray[np.generic]) -> Pixels:
    wide = values.astype(np.int64)
    return (np.clip(wide, 0, 65535) >> 8).astype(np.uint8)


def _over_white(rgba: Pixels) -> Image.Image:
    """Lay (H, W, 4) over white: (colour * alpha + 255 * (255 - alpha) + 127) // 255."""
    wide = rgba.astype(np.uint32)
    colour, alpha = wide[..., :3], wide[..., 3:]
    return Image.fromarray(((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8))

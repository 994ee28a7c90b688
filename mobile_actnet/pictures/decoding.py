"""From a picture file to upright RGB pixels in sRGB: the one place where foreign pictures are read.

Decoders are chosen by content from a closed list, get a file without its metadata, and whatever
they raise is that picture's problem. Pixels, scans and bytes are bounded before anything is
decoded, so that a small file can cost neither much memory nor much time.
"""

import io
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from mobile_actnet.errors import MissingDecoderError, UnreadablePictureError
from mobile_actnet.files import reason
from mobile_actnet.pictures.colour import profile_mode, to_srgb
from mobile_actnet.pictures.containers import Bare, bare_jpeg, bare_png
from mobile_actnet.pictures.exif import orientation_of
from mobile_actnet.pictures.formats import HEAD_BYTES, KNOWN, Format, format_of

MOST_PIXELS = 89_478_485
"""Of a decoded picture. A JPEG of more is decoded at a half, a quarter or an eighth of its size."""

MOST_JPEG_PIXELS = 4 * MOST_PIXELS
"""Phones make 200 million."""

_MOST_SCANNED_PIXELS = 2_000_000_000  # Pixels times scans: about six seconds.
_MOST_BYTES = 1 << 30
_STRIPE_PIXELS = 1 << 20
_NO_PICTURE = f"cannot be decoded: it is not a picture in a known format ({KNOWN})"
_TIFF_ORIENTATION = 274
_ASSOCIATED = {"La": "LA", "RGBa": "RGBA"}

Pixels = NDArray[np.uint8]
Source = str | os.PathLike[str] | bytes

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode(source: Source) -> Image.Image:
    """Decode a picture into upright 8-bit RGB in sRGB.

    Of several frames the first counts. Transparency is laid over white, 16-bit grey keeps its
    high byte. Nothing but pixels, the ICC profile and the EXIF orientation is looked at.

    Raises:
        UnreadablePictureError: missing, truncated, not a picture, no regular file, or too large
            to be safe.
        MissingDecoderError: HEIC or AVIF without the package that decodes it.
    """
    name = "the picture" if isinstance(source, bytes) else str(Path(source))
    try:
        return _decoded(_content(source))
    except _RefusedError as error:
        raise UnreadablePictureError(f"{name} {error}") from error
    except _NoDecoderError as error:
        raise MissingDecoderError(f"{name} {error}") from error
    except FileNotFoundError as error:
        raise UnreadablePictureError(f"{name} does not exist") from error
    except Exception as error:  # Decoders raise almost anything on damaged files.
        message = reason(error) if isinstance(error, OSError) else str(error)
        raise UnreadablePictureError(
            f"{name} cannot be decoded: {message or type(error).__name__}"
        ) from error


class _RefusedError(Exception):
    """The rest of a sentence on a picture that is not decoded."""


class _NoDecoderError(Exception):
    """The rest of a sentence on a picture whose decoder is not installed."""


def _content(source: Source) -> bytes:
    if isinstance(source, bytes):
        return source
    # Without waiting: a pipe named as a picture must not stop everything.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(source, flags)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _RefusedError("cannot be decoded: it is not a regular file")
        if status.st_size > _MOST_BYTES:
            raise _RefusedError(
                f"has too many bytes to be decoded safely: {status.st_size / 1e6:.0f} MB; "
                f"at most {_MOST_BYTES / 1e6:.0f}"
            )
        with open(descriptor, "rb", closefd=False) as file:
            head = file.read(HEAD_BYTES)
            if format_of(head) is None:
                raise _RefusedError(_NO_PICTURE)
            return head + file.read()
    finally:
        os.close(descriptor)


def _decoded(content: bytes) -> Image.Image:
    kind = format_of(content[:HEAD_BYTES])
    if kind is None:
        raise _RefusedError(_NO_PICTURE)
    bare = {Format.JPEG: bare_jpeg, Format.PNG: bare_png}.get(kind, Bare)(content)
    image = _OPENERS[kind](io.BytesIO(bare.data))
    if kind == Format.JPEG:
        _bound_jpeg(image, bare.scans)
        image = _loaded_jpeg(image, bare.data)
    else:
        _bound(image)
        image.load()
    exif = bare.exif or image.info.get("exif")
    turned = orientation_of(exif if isinstance(exif, bytes) else None)
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        turned = image.tag_v2.get(_TIFF_ORIENTATION, 1)
    profile = bare.profile or image.info.get("icc_profile")
    upright = _flat(image, profile if isinstance(profile, bytes) else None)
    del image  # Its pixels are as many bytes again.
    return upright.transpose(_TURNS[turned]) if turned in _TURNS else upright


def _open_avif(file: io.BytesIO) -> Image.Image:
    try:
        from PIL import AvifImagePlugin
    except ImportError as error:
        raise _NoDecoderError("is AVIF, which needs Pillow 11.3 or newer") from error
    if not AvifImagePlugin.SUPPORTED:
        raise _NoDecoderError(
            "is AVIF, which this build of Pillow cannot read; install Pillow from PyPI"
        )
    return AvifImagePlugin.AvifImageFile(file)


def _open_heic(file: io.BytesIO) -> Image.Image:
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise _NoDecoderError(
            "is HEIC, which needs the package pillow-heif; run: pip install 'mobile-actnet[heic]'"
        ) from error
    image: Image.Image = HeifImageFile(file)
    return image


_OPENERS: dict[Format, Callable[[io.BytesIO], Image.Image]] = {
    Format.JPEG: JpegImagePlugin.JpegImageFile,
    Format.PNG: PngImagePlugin.PngImageFile,
    Format.WEBP: WebPImagePlugin.WebPImageFile,
    Format.GIF: GifImagePlugin.GifImageFile,
    Format.BMP: BmpImagePlugin.BmpImageFile,
    Format.TIFF: TiffImagePlugin.TiffImageFile,
    Format.HEIC: _open_heic,
    Format.AVIF: _open_avif,
}


def _bound(image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise _RefusedError(_too_many(image, MOST_PIXELS))


def _bound_jpeg(image: Image.Image, scans: int) -> None:
    """Refuse what costs too much, and have a very large one decoded smaller."""
    pixels = image.width * image.height
    if pixels > MOST_JPEG_PIXELS:
        raise _RefusedError(_too_many(image, MOST_JPEG_PIXELS))
    if scans > 1 and pixels * scans > _MOST_SCANNED_PIXELS:
        raise _RefusedError(
            f"has too many scans to be decoded safely: {scans} of {image.width}x{image.height}; "
            "save it again"
        )
    factor = next(f for f in (1, 2, 4, 8) if pixels <= MOST_PIXELS * f * f)
    if factor > 1:
        image.draft(None, (max(1, image.width // factor), max(1, image.height // factor)))
        _bound(image)  # One of a few pixels' height is not made narrower.


def _too_many(image: Image.Image, limit: int) -> str:
    return (
        f"has too many pixels to be decoded safely: {image.width}x{image.height}, "
        f"{image.width * image.height / 1e6:.0f} megapixels; at most {limit / 1e6:.0f}: "
        "save it smaller"
    )


def _loaded_jpeg(image: Image.Image, data: bytes) -> Image.Image:
    """Decode a JPEG; one that lacks only its end marker is whole."""
    try:
        image.load()
        return image
    except OSError as error:
        # Half of an end marker is no marker.
        data, cut = data.rstrip(b"\xff"), data.endswith(b"\xff")
        if "truncated" not in str(error) and not cut:
            raise
        # Whole is a picture whose pixels do not depend on what follows its last byte, but do
        # depend on its last bytes.
        whole = _ended(image, data, b"")
        pixels = np.asarray(whole)
        followed = np.asarray(_ended(image, data, b"\x5a\xa5\x3c" * 64))
        shorter = np.asarray(_ended(image, data[:-16], b""))
        if np.array_equal(pixels, followed) and not np.array_equal(pixels, shorter):
            return whole
        raise


def _ended(like: Image.Image, data: bytes, rest: bytes) -> Image.Image:
    """Decode with the end marker put behind the data, at the size of `like`."""
    image = JpegImagePlugin.JpegImageFile(io.BytesIO(data + rest + b"\xff\xd9"))
    if image.size != like.size:
        image.draft(None, like.size)
    image.load()
    return image


def _flat(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return RGB of 8 bits in sRGB, without transparency."""
    if image.mode.startswith("I;16") or image.mode == "I":
        return to_srgb(Image.fromarray(_high_byte(image)), profile)
    if image.mode == "F":
        raise ValueError("floating-point pictures have no defined range")
    if image.mode in _ASSOCIATED:
        image = image.convert(_ASSOCIATED[image.mode])
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        # A conversion to the same mode would be a copy of up to 360 MB.
        return _over_white(image if image.mode == "RGBA" else image.convert("RGBA"), profile)
    return to_srgb(image, profile)


def _high_byte(image: Image.Image) -> Pixels:
    """(H, W) of 16 or 32 bits to uint8, a few rows at a time."""
    values: NDArray[Any] = np.asarray(image)
    high = np.empty(values.shape, np.uint8)
    for rows in _stripes(image):
        wide = values[rows].astype(np.int64)
        high[rows] = np.clip(wide, 0, 65535) >> 8
    return high


def _over_white(rgba: Image.Image, profile: bytes | None) -> Image.Image:
    """Lay RGBA over white: (colour * alpha + 255 * (255 - alpha) + 127) // 255."""
    flat = Image.new("RGB", rgba.size)
    grey = profile is not None and profile_mode(profile) == "L"
    for rows in _stripes(rgba):
        stripe = rgba.crop((0, rows.start, rgba.width, rows.stop))
        colours = stripe.getchannel("R") if grey else stripe.convert("RGB")
        colour = np.asarray(to_srgb(colours, profile), np.uint16)
        alpha = np.asarray(stripe.getchannel("A"), np.uint16)[..., None]
        # At most 255 * 255 + 127: it fits 16 bits.
        mixed = (colour * alpha + 255 * (255 - alpha) + 127) // 255
        flat.paste(Image.fromarray(mixed.astype(np.uint8)), (0, rows.start))
    return flat


def _stripes(image: Image.Image) -> list[slice]:
    step = max(1, _STRIPE_PIXELS // image.width)
    return [slice(top, min(top + step, image.height)) for top in range(0, image.height, step)]

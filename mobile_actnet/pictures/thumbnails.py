"""Small JPEG copies of pictures, for galleries and pages."""

import io

from PIL import Image

_JPEG_QUALITY = 80


def thumbnail_jpeg(image: Image.Image, side_px: int) -> bytes:
    """Return a JPEG of an RGB picture, its longest side `side_px` or less.

    The picture itself is left as it is.
    """
    small = (
        image.copy() if max(image.size) <= 2 * side_px else image.reduce(_factor(image, side_px))
    )
    small.thumbnail((side_px, side_px))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()


def _factor(image: Image.Image, side_px: int) -> int:
    """Return by how much whole pixels can be averaged and still leave twice what is needed."""
    return max(image.size) // (2 * side_px)

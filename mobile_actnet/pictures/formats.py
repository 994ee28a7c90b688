"""The picture formats that are decoded: what a file holds decides, never its name alone.

The list is closed. Pillow knows forty formats more; some of them start other programs (PostScript
runs Ghostscript), and none of them is what a camera or a browser saves.
"""

from enum import Enum

HEAD_BYTES = 32
"""How much of a file tells its format."""


class Format(Enum):
    """A format, by Pillow's name for it."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    GIF = "GIF"
    BMP = "BMP"
    TIFF = "TIFF"
    HEIC = "HEIC"
    AVIF = "AVIF"


PICTURE_SUFFIXES = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".bmp", ".gif", ".tif",
    ".tiff", ".heic", ".heif", ".hif", ".avif",
))  # fmt: skip
"""A file with one of these names is a picture, or is named as one that cannot be decoded."""

KNOWN = "JPEG, PNG, WEBP, GIF, BMP, TIFF, HEIC and AVIF"

_MAGIC = (
    (b"\xff\xd8\xff", Format.JPEG),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
    (b"BM", Format.BMP),
    (b"II*\0", Format.TIFF),
    (b"MM\0*", Format.TIFF),
    (b"II+\0", Format.TIFF),
    (b"MM\0+", Format.TIFF),
)
_HEIC_BRANDS = frozenset((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"))
_AVIF_BRANDS = frozenset((b"avif", b"avis"))


def format_of(head: bytes) -> Format | None:
    """Tell a format from the first `HEAD_BYTES` bytes of a file; None for anything else."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Format.WEBP
    if head[4:8] == b"ftyp":
        return _boxed(head)
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


def _boxed(head: bytes) -> Format | None:
    """Tell HEIC from AVIF by the major brand, then by the compatible ones."""
    major = head[8:12]
    if major in _AVIF_BRANDS:
        return Format.AVIF
    if major in _HEIC_BRANDS - {b"mif1", b"msf1"}:
        return Format.HEIC
    end = min(int.from_bytes(head[:4], "big"), len(head))
    compatible = {head[at : at + 4] for at in range(16, end - 3, 4)}
    if compatible & _AVIF_BRANDS:
        return Format.AVIF
    return Format.HEIC if major in _HEIC_BRANDS or compatible & _HEIC_BRANDS else None

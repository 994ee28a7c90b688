"""JPEG and PNG files without what is no pixel: what decoders get is what pixels depend on.

A damaged comment, thumbnail or text is the commonest thing wrong with a photo, and decoders refuse
the photo for it. Here such parts are left out before a decoder sees them.
"""

import re
import zlib
from dataclasses import dataclass

_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_NO_FRAME = (0xC4, 0xC8, 0xCC)  # Tables that have numbers between those of frames
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
_KEPT_SEGMENTS = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}

_PNG_START = b"\x89PNG\r\n\x1a\n"
_KEPT_CHUNKS = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"))
_LARGEST_PROFILE_BYTES = 8 << 20


@dataclass(frozen=True)
class Bare:
    """A picture file without its metadata.

    Attributes:
        data: for the decoder.
        exif, profile: as they stood in the file; None where there is none, or it is damaged. A
            JPEG keeps its profile in `data`.
        scans: how often a JPEG goes over the whole picture; 1 for others.
    """

    data: bytes
    exif: bytes | None = None
    profile: bytes | None = None
    scans: int = 1


def bare_jpeg(data: bytes) -> Bare:
    """Leave out all segments of a JPEG but those that pixels and colours depend on."""
    kept, exif, at, components, many = [data[:2]], None, 2, 0, False
    while True:
        at = data.find(b"\xff", at)
        while at >= 0 and data[at + 1 : at + 2] == b"\xff":
            at += 1
        if at < 0 or at + 4 > len(data):
            return Bare(data, exif)
        marker, end = data[at + 1], at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in (0x00, 0x01) or 0xD0 <= marker <= _SOI:
            at += 2
            continue
        if marker == _EOI or end < at + 4:
            return Bare(data, exif)
        if marker == _SOS:
            scans = _count_scans(data, at) if many or data[at + 4] < components else 1
            return Bare(b"".join([*kept, data[at:]]), exif, None, scans)
        if marker == 0xE1 and exif is None and data[at + 4 : at + 10] == b"Exif\0\0":
            exif = data[at + 4 : end]
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            many = many or marker in _PROGRESSIVE
            components = data[at + 9] if at + 9 < len(data) else 0
        if _is_needed(marker, data[at + 4 : at + 16]):
            kept.append(data[at:end])
        at = end


def bare_png(data: bytes) -> Bare:
    """Leave out all chunks of a PNG but those that pixels depend on."""
    kept, exif, profile, at = [_PNG_START], None, None, len(_PNG_START)
    while at + 8 <= len(data):
        kind, end = data[at + 4 : at + 8], at + 12 + int.from_bytes(data[at : at + 4], "big")
        if kind in _KEPT_CHUNKS:
            kept.append(data[at:end])
        elif kind in (b"eXIf", b"iCCP") and _is_intact(data[at:end]):
            content = data[at + 8 : end - 4]
            if kind == b"eXIf":
                exif = exif or content
            else:
                profile = profile or _unpacked(content.partition(b"\0")[2][1:])
        at = end
    return Bare(b"".join(kept), exif, profile)


def _is_needed(marker: int, content: bytes) -> bool:
    if marker in _KEPT_SEGMENTS:
        return content.startswith(_KEPT_SEGMENTS[marker])
    return not (0xE0 <= marker <= 0xEF or marker == _COM)


def _count_scans(data: bytes, at: int) -> int:
    count = 0
    while found := _MARKER.search(data, at):
        marker, at = data[found.start() + 1], found.end()
        if marker == _EOI:
            break
        count += marker == _SOS
        if not (marker == 0x01 or marker == _SOI):
            at += int.from_bytes(data[at : at + 2], "big")
    return count


def _is_intact(chunk: bytes) -> bool:
    return len(chunk) >= 12 and zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")


def _unpacked(content: bytes) -> bytes | None:
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(content, _LARGEST_PROFILE_BYTES)
    except zlib.error:
        return None
    return profile if unpacker.eof else None

"""The one thing that is read of EXIF: how a picture is turned.

Everything else in there (positions, thumbnails, makers' notes) is often damaged and never needed.
"""

import struct

_ORIENTATION = 0x0112
_ENTRY_BYTES = 12
_SHORT, _LONG = 3, 4


def orientation_of(exif: bytes | None) -> int:
    """Return the orientation, 1 to 8; 1 where EXIF says none or is damaged before it.

    Args:
        exif: a TIFF structure, with or without `Exif\\0\\0` before it.
    """
    data = (exif or b"").removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    try:
        if order is None:
            return 1
        (start,) = struct.unpack_from(order + "I", data, 4)
        (count,) = struct.unpack_from(order + "H", data, start)
        for place in range(start + 2, start + 2 + count * _ENTRY_BYTES, _ENTRY_BYTES):
            tag, kind = struct.unpack_from(order + "HH", data, place)
            if tag == _ORIENTATION:
                code = {_SHORT: "H", _LONG: "I"}.get(kind, "B")
                (value,) = struct.unpack_from(order + code, data, place + 8)
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1

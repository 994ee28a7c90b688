"""ICC profiles put together from their numbers: no file of others is needed."""

import struct

SRGB_COLOURS = (
    (0.43607, 0.22249, 0.01392),
    (0.38515, 0.71687, 0.09708),
    (0.14307, 0.06061, 0.7141),
)
P3_COLOURS = ((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407))


def fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def curve_of(*parameters: float) -> bytes:
    return b"para\0\0\0\0\0\3\0\0" + b"".join(map(fixed, parameters))


def profile_of(
    colours: tuple[tuple[float, ...], ...], curve: bytes, space: bytes = b"RGB "
) -> bytes:
    """Put an ICC profile of matrix and curve together, or of a curve alone for grey."""
    tags = {b"wtpt": b"XYZ \0\0\0\0" + b"".join(map(fixed, (0.9642, 1.0, 0.82491)))}
    for name, colour in zip((b"r", b"g", b"b"), colours, strict=False):
        tags[name + b"XYZ"] = b"XYZ \0\0\0\0" + b"".join(map(fixed, colour))
        tags[name + b"TRC"] = curve
    if not colours:
        tags[b"kTRC"] = curve
    table, data, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for tag, content in tags.items():
        table += tag + struct.pack(">II", at + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    head = struct.pack(">I4sI4s4s4s", at + len(data), b"lcms", 0x04000000, b"mntr", space, b"XYZ ")
    white = b"".join(map(fixed, (0.9642, 1.0, 0.82491)))
    head += bytes(12) + b"acsp" + bytes(28) + white
    return head.ljust(128, b"\0") + table + data


def display_p3() -> bytes:
    """Display P3 as phones write it: these primaries, sRGB's curve."""
    return profile_of(P3_COLOURS, curve_of(2.4, 0.94787, 0.05213, 0.07739, 0.04045))

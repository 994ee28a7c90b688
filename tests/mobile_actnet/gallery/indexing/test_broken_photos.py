"""Sixty kinds of broken picture among good ones: all listed, none lost, none stops the run."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from mobile_actnet.gallery.indexing.index_options import IndexOptions
from mobile_actnet.gallery.indexing.indexer import build, update
from mobile_actnet.gallery.sqlite.reader import GalleryReader

FORMATS = {"jpg": "JPEG", "png": "PNG", "gif": "GIF", "bmp": "BMP", "tif": "TIFF", "webp": "WEBP",
           "avif": "AVIF"}  # fmt: skip


def encoded(kind: str) -> bytes:
    noise = np.random.default_rng(3).integers(0, 256, (120, 90, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, FORMATS[kind])
    return buffer.getvalue()


def png(width: int, height: int, *chunks: tuple[bytes, bytes], crc: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", zlib.crc32(kind + data) ^ crc)
        for kind, data in ((b"IHDR", header), *chunks)
    )


def bmp(width: int, height: int) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 1 << 20, 0, 0, 54) + head + b"\0" * 1000


def with_size(jpeg: bytes, height: int, width: int) -> bytes:
    """Write another size into a JPEG's frame header."""
    place = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:place] + struct.pack(">HH", height, width) + jpeg[place + 4 :]


def broken_files() -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for kind in FORMATS:
        whole = encoded(kind)
        files[f"zero_bytes.{kind}"] = b""
        files[f"first_bytes.{kind}"] = whole[:10]
        files[f"cut_early.{kind}"] = whole[: len(whole) // 10]
        files[f"cut_in_the_middle.{kind}"] = whole[: len(whole) // 2]
        files[f"cut_late.{kind}"] = whole[: len(whole) * 19 // 20]
        files[f"zeros_in_the_header.{kind}"] = b"\0" * 64 + whole[64:]
    jpeg, billion = encoded("jpg"), (40_000, 30_000)
    files |= {
        "text.jpg": b"this is no picture\n" * 50,
        "page.jpg": b"<!DOCTYPE html><html><body>404 not found</body></html>",
        "document.png": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n",
        "archive.png": b"PK\x03\x04" + bytes(200),
        "noise.jpg": np.random.default_rng(9).bytes(5000),
        "noise.webp": b"RIFF" + np.random.default_rng(8).bytes(500),
        "zeros.bmp": bytes(5000),
        "video.heic": b"\0\0\0\x18ftypmp42" + bytes(500),
        "cut.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100),
        "bomb.png": png(*billion, (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")),
        "bomb.bmp": bmp(*billion),
        "bomb.jpg": with_size(jpeg, *billion),
        "bomb.gif": b"GIF89a" + struct.pack("<HHBBB", 60_000, 60_000, 0, 0, 0) + b",\0\0\0\0"
        + struct.pack("<HHB", 60_000, 60_000, 0) + b"\x02\x02\x4c\x01\0;",
        "no_width.png": png(0, 10, (b"IDAT", zlib.compress(b"")), (b"IEND", b"")),
        "wrong_checksum.png": png(4, 4, (b"IDAT", zlib.compress(bytes(52))), crc=1),
        "no_pixels.png": png(4, 4, (b"IEND", b"")),
        "garbage_pixels.png": png(9, 9, (b"IDAT", b"no zlib"), (b"IEND", b"")),
    }  # fmt: skip
    return files


def write_broken(folder: Path) -> set[str]:
    """Write all kinds into a folder; return their names."""
    for name, content in broken_files().items():
        (folder / name).write_bytes(content)
    floats = Image.fromarray(np.ones((8, 8), np.float32))
    floats.save(folder / "floats.tif")
    (folder / "nowhere.jpg").symlink_to("does not exist")
    (folder / "circle.jpg").symlink_to("circle.jpg")
    os.mkfifo(folder / "pipe.jpg")
    return {*broken_files(), "floats.tif", "nowhere.jpg", "circle.jpg", "pipe.jpg"}


def test_all_listed_none_lost_none_stops_the_run(
    make_photos, artefact: Path, tmp_path: Path
) -> None:
    photos = make_photos(9)
    good = sorted(path.name for path in photos.iterdir())
    broken = write_broken(photos)
    # A wrong extension alone does not break a picture.
    (photos / "really_a.png.jpg").write_bytes(encoded("png"))
    assert len(broken) >= 50
    gallery = tmp_path / "g.sqlite"
    report = build(photos, artefact, gallery, IndexOptions(workers=2))
    with GalleryReader(gallery) as reader:
        problems = dict(reader.problems())
        indexed = [picture.path for picture in reader.all_pictures()]
    assert set(problems) == broken
    assert sorted(indexed) == sorted([*good, "really_a.png.jpg"])
    assert (report.pictures, report.problems) == (len(indexed), len(broken))
    assert all(reason and str(photos) not in reason for reason in problems.values())
    for name in ("bomb.png", "bomb.bmp", "bomb.jpg", "bomb.gif"):
        assert problems[name].startswith("has too many pixels to be decoded safely: ")
    before = gallery.read_bytes()
    assert update(gallery, IndexOptions(workers=1)).problems == len(broken)
    assert gallery.read_bytes() == before, "nothing has changed, nothing is tried again"

"""Preprocessing to the bit: golden files, and an independent resize in plain integers."""

import hashlib
import io
import json
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mobile_actnet.errors import MissingDecoderError, UnreadablePictureError
from mobile_actnet.native.borrowed import borrowed_pixels
from mobile_actnet.network.normalisation import normalise
from mobile_actnet.pictures.preprocessing import (
    NAME,
    VERSION,
    _is_symmetric,
    decode,
    load_image,
    resize,
    resize_by_pillow,
    resize_turned,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "preprocessing"
INDEX = json.loads((GOLDEN / "index.json").read_text())
CASES = {case["source"]: case for case in INDEX["cases"]}

BITS = 22


def weights(n: int, m: int) -> list[tuple[int, list[int]]]:
    """docs/preprocessing.md in Python: first pixel and integer weights of each new pixel."""
    scale = n / m
    support = max(scale, 1.0)
    inverse = 1.0 / support
    found = []
    for i in range(m):
        centre = (i + 0.5) * scale
        first = max(0, int(centre - support + 0.5))
        end = min(n, int(centre + support + 0.5))
        w = [max(0.0, 1.0 - abs((k - centre + 0.5) * inverse)) for k in range(first, end)]
        total = 0.0
        for value in w:
            total += value
        found.append((first, [int(value / total * (1 << BITS) + 0.5) for value in w]))
    return found


def resize_first_axis(pixels: np.ndarray, m: int) -> np.ndarray:
    """(n, ..., 3) uint8 to (m, ..., 3)."""
    if pixels.shape[0] == m:
        return pixels
    out = np.zeros((m, *pixels.shape[1:]), np.uint8)
    for i, (first, q) in enumerate(weights(pixels.shape[0], m)):
        total = np.full(pixels.shape[1:], 1 << (BITS - 1), np.int64)
        for offset, weight in enumerate(q):
            total += pixels[first + offset].astype(np.int64) * weight
        out[i] = np.clip(total >> BITS, 0, 255)
    return out


def documented_resize(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    rows = resize_first_axis(pixels.transpose(1, 0, 2), width).transpose(1, 0, 2)
    return resize_first_axis(rows, height)


@pytest.mark.parametrize(
    ("width", "height", "new_width", "new_height"),
    # The weights of 288 to 224 are not the same from both ends.
    [
        (448, 336, 224, 224),
        (299, 448, 224, 224),
        (288, 150, 224, 224),
        (53, 71, 60, 32),
        (1, 9, 4, 5),
    ],
)
def test_turns_that_share_a_resize(
    width: int, height: int, new_width: int, new_height: int
) -> None:
    rng = np.random.default_rng(5)
    picture = Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
    turns = (180, 90, 0, 270)
    upright = resize(picture, new_height, new_width)
    for known in (None, upright):
        views = resize_turned(picture, turns, new_height, new_width, known)
        for turn_deg, pixels in zip(turns, views, strict=True):
            turned = np.rot90(np.asarray(picture), -turn_deg // 90)
            expected = resize(Image.fromarray(turned.copy()), new_height, new_width)
            np.testing.assert_array_equal(pixels, expected, err_msg=str(turn_deg))


@pytest.mark.parametrize("turn_deg", [0, 90, 180, 270])
def test_turned_parts(turn_deg: int) -> None:
    rng = np.random.default_rng(6)
    picture = Image.fromarray(rng.integers(0, 256, (90, 131, 3), dtype=np.uint8))
    for box in ((0, 0, 131, 90), (7, 3, 8, 4), (30, 20, 120, 90)):
        (pixels,) = resize_turned(picture, (turn_deg,), 32, 40, box=box)
        turned = picture.crop(box).rotate(-turn_deg, expand=True)
        np.testing.assert_array_equal(pixels, resize_by_pillow(turned, 32, 40))


@pytest.mark.parametrize("size", [(2600, 2000), (300, 15_000)])
def test_pictures_that_pillow_keeps_in_several_blocks(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(7)
    picture = Image.fromarray(rng.integers(0, 256, (*size[::-1], 3), dtype=np.uint8))
    assert borrowed_pixels(picture) is None
    box = (1, 0, size[0] - 2, size[1] - size[1] // 3)
    for part in (None, box):
        cut = picture.crop(box) if part else picture
        np.testing.assert_array_equal(resize(picture, 48, 56, part), resize_by_pillow(cut, 48, 56))
        np.testing.assert_array_equal(
            resize_turned(picture, (90,), 48, 56, box=part)[0],
            resize_by_pillow(cut.transpose(Image.Transpose.ROTATE_270), 48, 56),
        )


def test_borrowed_pixels_outlive_their_picture() -> None:
    rng = np.random.default_rng(8)
    expected = rng.integers(0, 256, (300, 400, 3), dtype=np.uint8)
    picture = Image.fromarray(expected)
    pixels = borrowed_pixels(picture)
    assert pixels is not None
    assert pixels.shape == (300, 400, 4)
    assert not pixels.flags.writeable
    del picture
    others = [Image.new("RGB", (400, 300)) for _ in range(8)]
    np.testing.assert_array_equal(pixels[..., :3], expected)
    assert others
    with pytest.raises(ValueError, match="mode L"):
        borrowed_pixels(Image.new("L", (3, 3)))


def test_other_modes_are_resized_as_pillow_does() -> None:
    grey = Image.effect_noise((71, 53), 60)
    np.testing.assert_array_equal(resize(grey, 20, 30), resize_by_pillow(grey, 20, 30))


@pytest.mark.parametrize(("old", "new"), [(448, 224), (299, 224), (288, 224), (71, 32), (5, 60)])
def test_symmetric_weights(old: int, new: int) -> None:
    dense = np.zeros((new, old), np.int64)
    for i, (first, q) in enumerate(weights(old, new)):
        dense[i, first : first + len(q)] = q
    # Weights of 0 at one end alone do no harm, but count as not symmetric.
    assert _is_symmetric(old, new) <= np.array_equal(dense, dense[::-1, ::-1])
    assert _is_symmetric(old, new) == (old != 288)


def golden(case: dict) -> np.ndarray:
    data = (GOLDEN / case["expected"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == case["sha256"]
    return np.frombuffer(data, np.uint8).reshape(case["height"], case["width"], 3)


def test_there_are_pictures_of_every_kind() -> None:
    assert len(CASES) >= 16
    assert (INDEX["preprocessing"], INDEX["version"]) == (NAME, VERSION)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_golden_bytes(case: dict) -> None:
    found = load_image(GOLDEN / case["source"], case["height"], case["width"])
    assert np.array_equal(found, golden(case))
    again = load_image((GOLDEN / case["source"]).read_bytes(), case["height"], case["width"])
    assert np.array_equal(again, found)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_documented_arithmetic_gives_the_golden_bytes(case: dict) -> None:
    pixels = np.asarray(decode(GOLDEN / case["source"]))
    assert pixels.shape == (case["decoded_height"], case["decoded_width"], 3)
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == case["decoded_sha256"]
    assert np.array_equal(documented_resize(pixels, case["height"], case["width"]), golden(case))


# EXIF's table, with numpy in place of Pillow.
TURNED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: p.transpose(1, 0, 2)[:, ::-1],
    7: lambda p: p.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda p: p.transpose(1, 0, 2)[::-1],
}


@pytest.mark.parametrize("orientation", TURNED)
def test_orientation(orientation: int) -> None:
    path = GOLDEN / f"sources/orientation_{orientation}.png"
    with Image.open(path) as stored:
        raw = np.asarray(stored.convert("RGB"))
    assert np.array_equal(np.asarray(decode(path)), TURNED[orientation](raw))


def test_transparency_lies_on_white() -> None:
    rgba = np.array([[[10, 200, 255, 0], [10, 200, 255, 255], [0, 100, 255, 128]]], np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(rgba).save(buffer, "PNG")
    # Third: (0*128 + 255*127 + 127) // 255 = 127; (100*128 + 32385 + 127) // 255 = 177.
    assert np.asarray(decode(buffer.getvalue())).tolist() == [
        [[255, 255, 255], [10, 200, 255], [127, 177, 255]]
    ]


def test_16_bit_grey_keeps_its_high_byte() -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.array([[0, 255, 256, 65535]], np.uint16)).save(buffer, "PNG")
    assert np.asarray(decode(buffer.getvalue()))[0, :, 0].tolist() == [0, 0, 1, 255]


def test_normalise_by_hand() -> None:
    pixels = np.array([[[[0, 128, 255]]]], np.uint8)
    expected = [(0 - 0.485) / 0.229, (128 / 255 - 0.456) / 0.224, (1 - 0.406) / 0.225]
    found = normalise(pixels)
    assert found.shape == (1, 3, 1, 1)
    torch.testing.assert_close(found.flatten(), torch.tensor(expected), rtol=1e-6, atol=1e-6)


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


def whole(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((60, 60), 50).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be decoded"),
        (b"just text", "cannot be decoded"),
        (whole("JPEG")[:-400], "truncated"),
        (whole("PNG")[:-400], "cannot be decoded"),
        (whole("TIFF")[:200], "cannot be decoded"),
        (png_header(50_000, 50_000), "too many pixels to be decoded safely"),
        (png_header(15_000, 10_000), "too many pixels to be decoded safely"),
    ],
)
def test_broken_pictures_get_a_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(content)
    with pytest.raises(UnreadablePictureError, match=message) as caught:
        load_image(path, 64, 64)
    assert "broken.jpg" in str(caught.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(UnreadablePictureError, match="does not exist"):
        decode(tmp_path / "none.jpg")
    with pytest.raises(UnreadablePictureError, match="not a regular file"):
        decode(tmp_path)


def test_damaged_files_are_decoded_or_refused() -> None:
    """No other exception escapes on damaged files."""
    rng = np.random.default_rng(0)
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"):
        good = whole(kind)
        for _ in range(60):
            bad = bytearray(good)
            for place in rng.integers(0, len(bad), 4):
                bad[place] ^= 1 << int(rng.integers(0, 8))
            try:
                decode(bytes(bad))
            except UnreadablePictureError:
                continue


@pytest.fixture
def heic(tmp_path: Path) -> Path:
    pillow_heif = pytest.importorskip("pillow_heif", reason="needs the extra heic")
    path = tmp_path / "photo.heic"
    pixels = np.zeros((64, 96, 3), np.uint8)
    pixels[:, :48] = (200, 40, 20)
    pillow_heif.from_pillow(Image.fromarray(pixels)).save(path, quality=95)
    return path


def test_heic(heic: Path) -> None:
    for source in (heic, heic.read_bytes()):
        pixels = np.asarray(decode(source)).astype(int)
        assert pixels.shape == (64, 96, 3)
        assert abs(pixels[30, 20] - (200, 40, 20)).max() < 12
        assert pixels[30, 80].max() < 12


def test_heic_without_its_package(heic: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.init()
    for registry in (Image.OPEN, Image.EXTENSION):
        for name in [name for name in registry if "HEI" in name.upper()]:
            monkeypatch.delitem(registry, name)
    monkeypatch.setattr(Image, "ID", [name for name in Image.ID if "HEI" not in name])
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingDecoderError, match=r"pip install 'mobile-actnet\[heic\]'"):
        decode(heic)

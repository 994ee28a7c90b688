"""Foreign pictures: which are decoded, what of them counts, and what they may cost."""

import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from mobile_actnet.errors import UnreadablePictureError
from mobile_actnet.pictures import decoding
from mobile_actnet.pictures.colour import to_srgb
from mobile_actnet.pictures.decoding import decode
from mobile_actnet.pictures.formats import Format, format_of
from tests.golden.icc_profiles import SRGB_COLOURS, curve_of, display_p3, profile_of

ORIENTATION = 0x0112


def noise(width: int = 64, height: int = 48) -> Image.Image:
    rng = np.random.default_rng(5)
    small = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
    return small.resize((width, height))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def same(first: Image.Image, second: Image.Image) -> bool:
    return np.array_equal(np.asarray(first), np.asarray(second))


def png_chunk(kind: bytes, data: bytes, good: bool = True) -> bytes:
    check = zlib.crc32(kind + data) if good else 0
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def with_chunk(png: bytes, chunk: bytes) -> bytes:
    """Put a chunk behind a PNG's header."""
    return png[:33] + chunk + png[33:]


def with_segment(jpeg: bytes, marker: int, content: bytes) -> bytes:
    return (
        jpeg[:2] + bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content + jpeg[2:]
    )


def exif(*entries: bytes) -> bytes:
    return (
        b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    )


def short(tag: int, value: int) -> bytes:
    return struct.pack("<HHIHH", tag, 3, 1, value, 0)


class TestFormats:
    @pytest.mark.parametrize(
        ("kind", "expected"),
        [(each, Format[each]) for each in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")]
        + [("MPO", Format.JPEG)],
    )
    def test_by_content(self, kind: str, expected: Format, tmp_path: Path) -> None:
        content = saved(noise(), kind)
        assert format_of(content[:32]) == expected
        (tmp_path / "name.that.lies").write_bytes(content)
        assert decode(tmp_path / "name.that.lies").size == (64, 48)

    @pytest.mark.parametrize("kind", ["EPS", "PPM", "ICO", "PCX", "TGA", "PDF"])
    def test_everything_else_is_refused(self, kind: str) -> None:
        with pytest.raises(
            UnreadablePictureError, match=r"not a picture in a known format \(JPEG, PNG"
        ):
            decode(saved(noise(), kind))

    def test_avif(self) -> None:
        pytest.importorskip("PIL._avif", reason="Pillow was built without AVIF")
        assert decode(saved(noise(), "AVIF")).size == (64, 48)

    def test_no_picture_starts_a_program(self, tmp_path: Path) -> None:
        """PostScript named .jpg makes Pillow start the first `gs` of the path."""
        program = tmp_path / "gs"
        program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\nexit 1\n")
        program.chmod(0o755)
        (tmp_path / "holiday.jpg").write_bytes(saved(noise(), "EPS"))
        code = (
            "import sys; from mobile_actnet.pictures.decoding import decode\n"
            "from PIL import Image; Image.init()\n"
            "try: decode(sys.argv[1])\nexcept Exception as error: print(error)"
        )
        run = subprocess.run(
            [sys.executable, "-c", code, tmp_path / "holiday.jpg"],
            env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert "not a picture" in run.stdout
        assert not (tmp_path / "started").exists()

    @pytest.mark.parametrize(
        "error", [ZeroDivisionError, RecursionError, AssertionError, Exception]
    )
    def test_whatever_a_decoder_raises_is_the_pictures_problem(
        self, error: type[Exception], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(_: object) -> Image.Image:
            raise error

        monkeypatch.setitem(decoding._OPENERS, Format.PNG, broken)
        with pytest.raises(UnreadablePictureError, match=f"cannot be decoded: {error.__name__}"):
            decode(saved(noise(), "PNG"))

    def test_a_pipe_and_a_device_are_not_opened(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.jpg")
        for source in (tmp_path / "pipe.jpg", Path("/dev/zero"), tmp_path):
            with pytest.raises(UnreadablePictureError, match="not a regular file"):
                decode(source)


class TestMetadata:
    """Pixels count; of the rest only the orientation that EXIF gives, and the profile."""

    @pytest.mark.parametrize(
        "segment",
        [
            (0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff"),
            (0xE1, b"Exif\0\0garbage"),
            (0xE1, exif(struct.pack("<HHII", 0x011A, 5, 1, 0xFFFFFF))),
            (0xE2, b"MPF\0garbage"),
            (0xED, b"Photoshop 3.0\0" + b"\xff" * 40),
            (0xFE, b"\xff" * 60_000),
        ],
    )
    def test_a_damaged_segment_of_a_jpeg(self, segment: tuple[int, bytes]) -> None:
        jpeg = saved(noise(), "JPEG")
        assert same(decode(with_segment(jpeg, *segment)), decode(jpeg))

    def test_a_bad_rational_leaves_the_orientation(self) -> None:
        jpeg = saved(noise(), "JPEG")
        bad = exif(struct.pack("<HHII", 0x011A, 5, 1, 0xFFFFFF), short(ORIENTATION, 6))
        turned = decode(with_segment(jpeg, 0xE1, bad))
        assert same(turned, decode(jpeg).transpose(Image.Transpose.ROTATE_270))

    @pytest.mark.parametrize(
        "chunk",
        [
            png_chunk(b"eXIf", b"garbage"),
            png_chunk(b"eXIf", exif(short(ORIENTATION, 6))[6:], good=False),
            png_chunk(b"tEXt", b"Title\0text", good=False),
            png_chunk(b"zTXt", b"Title\0\0" + zlib.compress(bytes(3_000_000))),
            png_chunk(b"iCCP", b"name\0\0" + b"garbage"),
            png_chunk(b"acTL", b"x"),
        ],
    )
    def test_a_damaged_chunk_of_a_png(self, chunk: bytes) -> None:
        png = saved(noise(), "PNG")
        assert same(decode(with_chunk(png, chunk)), noise())

    def test_orientation_outside_exif_is_not_read(self) -> None:
        xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
        jpeg = saved(noise(), "JPEG")
        outside = with_segment(jpeg, 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)
        assert same(decode(outside), decode(jpeg))
        nothing = with_segment(outside, 0xE1, exif(short(0x0128, 2)))
        assert same(decode(nothing), decode(jpeg))
        text = PngImagePlugin.PngInfo()
        raw = exif(short(ORIENTATION, 6))
        text.add_text("Raw profile type exif", f"\nexif\n{len(raw):8}\n{raw.hex()}\n")
        text.add_itxt("XML:com.adobe.xmp", xmp.decode())
        assert same(decode(saved(noise(), "PNG", pnginfo=text)), noise())
        assert same(decode(saved(noise(), "WEBP", lossless=True, xmp=xmp)), noise())

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
    def test_orientation_of_exif(self, kind: str) -> None:
        tags = Image.Exif()
        tags[ORIENTATION] = 8
        plain, turned = (decode(saved(noise(), kind, **more)) for more in ({}, {"exif": tags}))
        assert same(turned, plain.transpose(Image.Transpose.ROTATE_90))

    def test_grey_with_associated_alpha(self) -> None:
        """Pillow reads it as La, which it converts to LA alone."""
        tiff = saved(Image.fromarray(np.full((2, 3, 2), (60, 120), np.uint8), "LA"), "TIFF")
        at = tiff.index(struct.pack("<HHI", 338, 3, 1))
        associated = tiff[: at + 8] + b"\1\0" + tiff[at + 10 :]
        # 60 is 60/120 of the light; over white: (127 * 120 + 255 * 135 + 127) // 255 = 195.
        assert np.asarray(decode(associated))[0, 0].tolist() == [195, 195, 195]


class TestTruncation:
    @pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 30}])
    def test_a_jpeg_without_its_end_marker_is_whole(self, options: dict[str, object]) -> None:
        jpeg = saved(noise(200, 120), "JPEG", **options)
        for lost in (1, 2):
            assert same(decode(jpeg[:-lost]), decode(jpeg))
        for cut in (3, 40, len(jpeg) // 2):
            with pytest.raises(UnreadablePictureError, match="truncated"):
                decode(jpeg[:-cut])

    def test_zeros_in_place_of_the_rest_are_not_the_rest(self) -> None:
        jpeg = saved(noise(200, 120), "JPEG")
        with pytest.raises(UnreadablePictureError, match="truncated"):
            decode(jpeg[: len(jpeg) // 2] + bytes(5000))


class TestBounds:
    def test_a_jpeg_of_many_pixels_is_decoded_smaller(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(decoding, "MOST_PIXELS", 60 * 40)
        monkeypatch.setattr(decoding, "MOST_JPEG_PIXELS", 320 * 240)
        jpeg = saved(noise(320, 240), "JPEG", exif=b"Exif\0\0" + exif(short(ORIENTATION, 6))[6:])
        assert decode(jpeg).size == (30, 40)
        assert decode(jpeg[:-2]).size == (30, 40)
        with pytest.raises(UnreadablePictureError, match=r"too many pixels .* 328x240"):
            decode(saved(noise(328, 240), "JPEG"))
        with pytest.raises(UnreadablePictureError, match="too many pixels"):
            decode(saved(noise(61, 40), "PNG"))

    def test_a_hundred_megapixels_of_a_phone(self) -> None:
        large = decode(saved(Image.new("RGB", (12000, 9000), (200, 30, 90)), "JPEG"))
        assert large.size == (6000, 4500)
        assert np.abs(np.array(large.getpixel((9, 9))) - (200, 30, 90)).max() <= 2

    def test_scans_are_counted_before_they_are_decoded(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        jpeg = saved(noise(), "JPEG", progressive=True)
        start = jpeg.rindex(b"\xff\xda")
        many = jpeg[:start] + jpeg[start:-2] * 300 + jpeg[-2:]
        assert decode(many).size == (64, 48)
        monkeypatch.setattr(decoding, "_MOST_SCANNED_PIXELS", 64 * 48 * 300)
        assert decode(jpeg).size == (64, 48)
        with pytest.raises(UnreadablePictureError, match=r"too many scans .* 3\d\d of 64x48"):
            decode(many)

    def test_bytes(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "a.png").write_bytes(saved(noise(), "PNG"))
        monkeypatch.setattr(decoding, "_MOST_BYTES", 1000)
        with pytest.raises(UnreadablePictureError, match="too many bytes"):
            decode(tmp_path / "a.png")

    def test_memory_of_a_large_picture_with_alpha(self, tmp_path: Path) -> None:
        """A few kB on the disk must not take gigabytes: 4 bytes a pixel twice, and a stripe."""
        Image.new("RGBA", (6000, 5000), (200, 30, 90, 128)).save(tmp_path / "a.png")
        code = (
            "import resource, sys; from mobile_actnet.pictures.decoding import decode\n"
            "used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024\n"
            "before = used(); decode(sys.argv[1]); print(used() - before)"
        )
        run = subprocess.run(
            [sys.executable, "-c", code, tmp_path / "a.png"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert int(run.stdout) < 6000 * 5000 * 4 * 2 + 60_000_000


class TestStripes:
    def test_they_join(self, monkeypatch: pytest.MonkeyPatch) -> None:
        rng = np.random.default_rng(7)
        rgba = Image.fromarray(rng.integers(0, 256, (50, 30, 4), dtype=np.uint8))
        grey = Image.fromarray(rng.integers(0, 65536, (50, 30), dtype=np.uint16))
        whole = [decode(saved(image, "PNG")) for image in (rgba, grey)]
        monkeypatch.setattr(decoding, "_STRIPE_PIXELS", 30 * 7)
        for image, expected in zip((rgba, grey), whole, strict=True):
            assert same(decode(saved(image, "PNG")), expected)


class TestColour:
    """Profiles are converted to sRGB; what is sRGB keeps its bytes."""

    def test_display_p3(self) -> None:
        """By hand: the colour's P3 matrix, sRGB's inverse matrix, and sRGB's curve for both."""
        p3 = np.array([[0.4865709, 0.2656677, 0.1982173], [0.2289746, 0.6917385, 0.0792869],
                       [0.0, 0.0451134, 1.0439444]])  # fmt: skip
        srgb = np.array([[0.4123908, 0.3575843, 0.1804808], [0.2126390, 0.7151687, 0.0721923],
                         [0.0193308, 0.1191948, 0.9505322]])  # fmt: skip
        rng = np.random.default_rng(3)
        stored = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
        values = stored / 255
        light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
        there = np.clip(light @ (np.linalg.inv(srgb) @ p3).T, 0, 1)
        curve = np.where(there <= 0.0031308, there * 12.92, 1.055 * there ** (1 / 2.4) - 0.055)
        expected = np.round(curve * 255).astype(int)
        png = saved(Image.fromarray(stored), "PNG", icc_profile=display_p3())
        found = np.asarray(decode(png), int)
        # littleCMS counts in 15 bits, which shows where the curve is steep.
        assert np.abs(found - expected).mean() < 0.5
        assert np.abs(found - expected).max() <= 3
        assert np.abs(found - stored).max() > 30

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
    def test_in_every_format(self, kind: str) -> None:
        lossless = {"WEBP": {"lossless": True}}.get(kind, {})
        plain = decode(saved(noise(), kind, **lossless))
        wide = decode(saved(noise(), kind, icc_profile=display_p3(), **lossless))
        assert same(wide, decode(saved(plain, "PNG", icc_profile=display_p3())))
        assert not same(wide, plain)

    def test_srgb_by_any_name_changes_no_byte(self) -> None:
        for profile in (
            ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
            profile_of(SRGB_COLOURS, curve_of(2.4, 0.94787, 0.05213, 0.07739, 0.04045)),
        ):
            jpeg = saved(noise(), "JPEG", icc_profile=profile)
            assert same(decode(jpeg), decode(saved(noise(), "JPEG")))

    def test_transparency_grey_and_palette(self) -> None:
        p3 = display_p3()
        rgba = noise().copy()
        rgba.putalpha(255)
        expected = decode(saved(noise(), "PNG", icc_profile=p3))
        assert same(decode(saved(rgba, "PNG", icc_profile=p3)), expected)
        palette = noise().quantize(16)
        expected = decode(saved(palette.convert("RGB"), "PNG", icc_profile=p3))
        assert same(decode(saved(palette, "PNG", icc_profile=p3)), expected)
        grey = noise().convert("L")
        assert same(decode(saved(grey, "PNG", icc_profile=p3)), grey.convert("RGB"))

    def test_a_grey_profile(self) -> None:
        linear = profile_of((), curve_of(1.0, 1.0, 0.0, 1.0, 0.0), space=b"GRAY")
        grey = Image.fromarray(np.array([[0, 55, 255]], np.uint8))
        # 55 / 255 of the light is 128 in sRGB: 1.055 * 0.2157 ** (1 / 2.4) - 0.055 = 0.5018.
        for image in (grey, Image.merge("LA", (grey, Image.new("L", grey.size, 255)))):
            found = np.asarray(decode(saved(image, "PNG", icc_profile=linear)), int)
            assert np.abs(found[0, :, 0] - (0, 128, 255)).max() <= 1
        # Of other channels than the picture: ignored.
        assert same(decode(saved(noise(), "PNG", icc_profile=linear)), noise())

    @pytest.mark.parametrize("damage", [b"", b"garbage" * 40, None])
    def test_a_damaged_profile_is_ignored(self, damage: bytes | None) -> None:
        profile = display_p3()[:200] if damage is None else damage
        assert same(decode(saved(noise(), "PNG", icc_profile=profile)), noise())


def test_rgb_is_not_copied() -> None:
    picture = Image.new("RGB", (20, 10), (200, 40, 20))
    assert to_srgb(picture, None) is picture
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG")
    opened = Image.open(buffer)
    opened.load()
    assert to_srgb(opened, None) is opened
    assert to_srgb(Image.new("L", (3, 3)), None).mode == "RGB"

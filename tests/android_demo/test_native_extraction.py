"""Local features in C: nearly all that OpenCV finds, and the same codes; the pixels before it to the bit."""

import ctypes
import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from native_engine import EngineError
from native_extractor import (
    CODES,
    NATIVE,
    SOURCES,
    Extraction,
    NativeExtractor,
    Picture,
    compile_extractor,
)
from numpy.typing import NDArray
from opencv_features import extract_by_opencv
from PIL import Image, ImageDraw

from mobile_actnet.gallery.answers.verification import Verifier
from mobile_actnet.pictures.local_features import (
    GALLERY_EXTRACTION,
    QUERY_EXTRACTION,
    ExtractionConfig,
    LocalFeatures,
    extract,
)
from mobile_actnet.pictures.views import working_picture

GOLDEN = Path(__file__).parents[1] / "golden" / "extraction"
INDEX = json.loads((GOLDEN / "index.json").read_text())
WRONG_ARGUMENT = 5


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("cc") is None or sys.platform != "linux":
        pytest.skip("the C engine: needs Linux and a C compiler (Debian: apt install gcc)")
    return compile_extractor(tmp_path_factory.mktemp("extraction"), "-O2")


@pytest.fixture
def extractor(library: Path):
    opened = NativeExtractor(library)
    yield opened
    opened.close()


def drawn(entry: dict) -> Image.Image:
    picture = Image.new("RGB", tuple(entry["size"]), (INDEX["background"],) * 3)
    pen = ImageDraw.Draw(picture)
    for left, top, width, height, *colour in entry["rectangles"]:
        pen.rectangle((left, top, left + width - 1, top + height - 1), tuple(colour))
    return picture


def nearest_bits(expected: LocalFeatures, found: LocalFeatures) -> list[int | None]:
    """For each feature the bits that the most alike at its place, size and angle differs in; None for none."""
    near = INDEX["near"]
    places = np.abs(expected.positions[:, None].astype(int) - found.positions[None])
    sizes = np.abs(expected.sizes[:, None].astype(int) - found.sizes[None])
    turns = np.abs((expected.angles[:, None].astype(int) - found.angles[None] + 128) % 256 - 128)
    same = (np.hypot(*np.moveaxis(places, 2, 0)) <= near["position"]) & (sizes <= near["size"])
    same &= turns <= near["angle"]
    bits = np.unpackbits(expected.codes[:, None] ^ found.codes[None], axis=2).sum(axis=2)
    return [
        int(row[fits].min()) if fits.any() else None for row, fits in zip(bits, same, strict=True)
    ]


def check_agreement(expected: LocalFeatures, found: LocalFeatures) -> None:
    assert (found.width_px, found.height_px) == (expected.width_px, expected.height_px)
    assert abs(len(found) - len(expected)) <= 0.02 * len(expected)
    bits = [bit for bit in nearest_bits(expected, found) if bit is not None]
    assert len(bits) >= INDEX["least_share"] * len(expected)
    assert np.median(bits) <= INDEX["most_median_bits"]


@pytest.mark.parametrize("entry", INDEX["pictures"], ids=lambda entry: entry["name"])
def test_features_are_those_of_opencv(extractor: NativeExtractor, entry: dict) -> None:
    expected = LocalFeatures.from_bytes(
        (GOLDEN / entry["file"]).read_bytes(), *entry["reduced_size"]
    )
    found = extractor.extract(drawn(entry), ExtractionConfig(entry["side_px"], entry["count"]))
    check_agreement(expected, found)


@pytest.mark.parametrize("entry", INDEX["pictures"], ids=lambda entry: entry["name"])
def test_the_golden_features_are_what_opencv_finds_today(entry: dict) -> None:
    expected = LocalFeatures.from_bytes(
        (GOLDEN / entry["file"]).read_bytes(), *entry["reduced_size"]
    )
    check_agreement(
        expected,
        extract_by_opencv(drawn(entry), ExtractionConfig(entry["side_px"], entry["count"])),
    )


@pytest.mark.parametrize("entry", INDEX["pictures"], ids=lambda entry: entry["name"])
def test_python_has_the_same_engine(extractor: NativeExtractor, entry: dict) -> None:
    config = ExtractionConfig(entry["side_px"], entry["count"])
    assert extract(drawn(entry), config) == extractor.extract(drawn(entry), config)


def test_photos_are_looked_at_as_in_python(extractor: NativeExtractor) -> None:
    settings = extractor.photo_extraction()
    assert (settings.side_px, settings.count) == (QUERY_EXTRACTION.side_px, QUERY_EXTRACTION.count)


def test_a_photo_by_c_is_verified_against_a_gallery_by_opencv(extractor: NativeExtractor) -> None:
    picture = drawn(INDEX["pictures"][1])
    photo = Image.new("RGB", (800, 600), (90, 120, 60))
    photo.paste(picture.rotate(20, resample=Image.Resampling.BICUBIC, expand=True), (150, 20))
    gallery = extract_by_opencv(picture, GALLERY_EXTRACTION)
    in_c = Verifier(extractor.extract(photo, QUERY_EXTRACTION)).verify(gallery)
    by_opencv = Verifier(extract_by_opencv(photo, QUERY_EXTRACTION)).verify(gallery)
    assert by_opencv.inliers >= 40
    assert abs(in_c.inliers - by_opencv.inliers) <= 0.1 * by_opencv.inliers
    assert in_c.outline is not None
    assert by_opencv.outline is not None
    assert float(np.abs(in_c.outline - by_opencv.outline).max()) < 3


def test_without_doubling_the_finest_places_are_missing(extractor: NativeExtractor) -> None:
    picture = drawn(INDEX["pictures"][1])
    config = ExtractionConfig(480, 5000)
    whole, coarse = (extractor.extract(picture, config, octave) for octave in (-1, 0))
    # The smallest diameter of octave 0 is 3.2 * 2^(1/6) pixels, 16 * 1.84 in steps; of octave -1 half of it.
    assert len(coarse) > 100
    assert coarse.sizes.min() >= 29 > whole.sizes.min() >= 13


def textured(width: int, height: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(width * 10000 + height)
    small = rng.integers(0, 256, (max(1, height // 5), max(1, width // 5), 3), np.uint8)
    return np.array(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (640, 480),
        (4000, 3000),
        (641, 333),
        (97, 33),
        (30, 2000),
        (5, 5),
        (1, 1),
        (8, 8),
        (648, 481),
    ],
)
def test_grey_pixels_are_those_of_pillow_and_opencv(library: Path, width: int, height: int) -> None:
    c = ctypes.CDLL(str(library))
    pixels = textured(width, height)
    expected = np.asarray(working_picture(Image.fromarray(pixels).convert("L"), 480))
    grey = np.zeros_like(expected)
    reduced = grey.shape[1], grey.shape[0]
    place = ctypes.c_void_p(grey.ctypes.data)
    assert (
        c.actnet_reduce_to_grey(ctypes.c_void_p(pixels.ctypes.data), width, height, place, *reduced)
        == 1
    )
    np.testing.assert_array_equal(grey, expected)
    assert c.actnet_even_contrast(place, *reduced) == 1
    np.testing.assert_array_equal(grey, cv2.createCLAHE(3.0, (8, 8)).apply(expected))


@pytest.mark.parametrize("size", [(1, 1), (4, 3), (11, 11), (12, 500), (3000, 2), (64, 64)])
@pytest.mark.parametrize("first_octave", [-1, 0])
def test_pictures_of_any_shape_give_features_or_none(
    extractor: NativeExtractor, size: tuple[int, int], first_octave: int
) -> None:
    picture = Image.fromarray(textured(*size))
    found = extractor.extract(picture, QUERY_EXTRACTION, first_octave)
    assert (found.positions <= np.array([found.width_px, found.height_px]) * 16).all()
    assert len(found) <= len(extract(picture, QUERY_EXTRACTION)) * 1.1 + 2


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_plain_picture_has_no_features(extractor: NativeExtractor, grey: int) -> None:
    assert len(extractor.extract(Image.new("RGB", (640, 480), (grey,) * 3), QUERY_EXTRACTION)) == 0


def test_the_same_picture_gives_the_same_bytes(extractor: NativeExtractor) -> None:
    picture = drawn(INDEX["pictures"][0])
    one, other = (extractor.extract(picture, QUERY_EXTRACTION).to_bytes() for _ in range(2))
    assert one == other


def weathered(seed: int, width: int, height: int) -> NDArray[np.uint8]:
    """Make what looks like a photo: noise of every size, edges, a gradient, and the sensor's grain."""
    rng = np.random.default_rng(seed)
    pixels = np.linspace(40, 180, width)[None, :, None] + np.zeros((height, 1, 3))
    for side in (2, 4, 9, 17, 40):
        small = rng.integers(0, 256, (max(2, height // side), max(2, width // side), 3), np.uint8)
        large = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
        pixels += (np.asarray(large, float) - 128) * rng.uniform(0.1, 0.6)
    for _ in range(12):
        left, top = rng.integers(0, width), rng.integers(0, height)
        pixels[top : top + height // 4, left : left + width // 5] += rng.integers(-90, 90, 3)
    return (pixels + rng.normal(0, 3, pixels.shape)).clip(0, 255).astype(np.uint8)


SIZES = [(640, 480), (333, 641), (401, 97), (12, 500), (64, 64), (31, 29)]


@pytest.mark.parametrize("first_octave", [-1, 0])
def test_wider_vectors_change_no_bit(library: Path, tmp_path: Path, first_octave: int) -> None:
    if "avx2" not in Path("/proc/cpuinfo").read_text().split():
        pytest.skip("vectors of 32 bytes: this processor has none")
    narrow = compile_extractor(tmp_path, "-O2", "-DACTNET_WIDEST=16")
    extractors = [NativeExtractor(each) for each in (library, narrow)]
    pictures = [drawn(entry) for entry in INDEX["pictures"]]
    for seed, size in enumerate(SIZES):
        pictures += [Image.fromarray(textured(*size)), Image.fromarray(weathered(seed, *size))]
    features = 0
    for picture in pictures:
        for config in (GALLERY_EXTRACTION, QUERY_EXTRACTION, ExtractionConfig(640, 5000)):
            wide, plain = (
                extractor.extract(picture, config, first_octave).to_bytes()
                for extractor in extractors
            )
            assert wide == plain
            features += len(wide) // 22
    for extractor in extractors:
        extractor.close()
    assert features > 5000


def test_what_lies_beside_a_picture_changes_nothing(library: Path) -> None:
    """Rows end in lanes that belong to no pixel; whatever memory held before, features are the same."""
    extractor = NativeExtractor(library)
    for width in range(100, 133):
        picture = Image.fromarray(weathered(width, width, 90))
        before = extractor.extract(picture, QUERY_EXTRACTION).to_bytes()
        extractor.extract(Image.fromarray(weathered(1, 400, 300)), QUERY_EXTRACTION)
        assert extractor.extract(picture, QUERY_EXTRACTION).to_bytes() == before
        assert len(before) > 22 * 50
    extractor.close()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program under sanitisers: it ends at an access outside, at lost memory, at undefined arithmetic."""
    if shutil.which("cc") is None or sys.platform != "linux":
        pytest.skip("the C engine: needs Linux and a C compiler (Debian: apt install gcc)")
    program = tmp_path_factory.mktemp("guarded") / "extract_features"
    words = ["-std=gnu11", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover"]
    sources = [NATIVE / "extract_features.c", *SOURCES]
    subprocess.run(["cc", *words, *sources, "-lm", "-o", program], check=True)
    return program


@pytest.mark.parametrize("first_octave", [-1, 0])
@pytest.mark.parametrize("size", [(257, 190), (1, 1), (12, 11), (900, 3), (31, 700)])
def test_nothing_is_read_or_written_outside(
    guarded: Path, library: Path, tmp_path: Path, size: tuple[int, int], first_octave: int
) -> None:
    (tmp_path / "picture.rgb").write_bytes(textured(*size).tobytes())
    words = [CODES, *size, tmp_path / "picture.rgb", 240, 90, first_octave]
    out = subprocess.run([guarded, *map(str, words)], check=True, capture_output=True, text=True)
    assert out.stderr == ""
    reduced, blob = out.stdout.splitlines()
    found = LocalFeatures.from_bytes(bytes.fromhex(blob), *map(int, reduced.split()))
    extractor = NativeExtractor(library)
    same = extractor.extract(
        Image.fromarray(textured(*size)), ExtractionConfig(240, 90), first_octave
    )
    extractor.close()
    assert (found.width_px, found.height_px) == (same.width_px, same.height_px)
    bits = [bit for bit in nearest_bits(same, found) if bit is not None]
    assert len(bits) >= 0.95 * len(same)


@pytest.mark.parametrize(
    ("picture", "settings", "room", "sentence"),
    [
        (None, (640, 10, -1), None, "NULL is not allowed"),
        (Picture(2, 2, b"0" * 12, 12), (63, 10, -1), None, "side_px is 63; 64 to 4095 are allowed"),
        (Picture(2, 2, b"0" * 12, 12), (640, 0, -1), None, "count is 0; 1 to 65535 are allowed"),
        (Picture(2, 2, b"0" * 12, 12), (640, 10, 1), None, "first_octave is 1; -1 and 0 are allowed"),
        (Picture(0, 2, b"0" * 12, 12), (640, 10, -1), None, "the picture has 0 x 2 pixels; at least 1 x 1 is needed"),
        (Picture(2, 2, b"0" * 12, 11), (640, 10, -1), None, "the picture has 11 bytes; 2 x 2 pixels have 12"),
        (Picture(2, 2, b"0" * 12, 12), (640, 10, -1), 219, "there is room for 219 bytes; 10 features need 220"),
    ],
)  # fmt: skip
def test_what_is_refused_is_reported(
    extractor: NativeExtractor, picture: Picture | None, settings: tuple[int, int, int], room: int | None,
    sentence: str,
) -> None:  # fmt: skip
    with pytest.raises(EngineError, match=sentence) as caught:
        extractor.extract_from(picture, Extraction(*settings), room)
    assert caught.value.code == WRONG_ARGUMENT

"""Local features: what they hold, how they are stored, and that turns do not change codes much."""

import platform
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mobile_actnet.errors import ConfigError
from mobile_actnet.pictures.local_features import (
    FEATURE_BYTES,
    GALLERY_EXTRACTION,
    ExtractionConfig,
    LocalFeatures,
    extract,
    root_sift,
)


def drawn(seed: int = 1, size: tuple[int, int] = (400, 300)) -> Image.Image:
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    for _ in range(60):
        x, y, w, h = (int(v) for v in rng.integers(0, (size[0], size[1], 60, 60)))
        pen.rectangle((x, y, x + w + 3, y + h + 3), tuple(int(v) for v in rng.integers(0, 256, 3)))
    return picture


def test_a_gallery_picture_takes_at_most_8_kb() -> None:
    assert FEATURE_BYTES * GALLERY_EXTRACTION.count <= 8000
    features = extract(drawn(), ExtractionConfig(side_px=480, count=50))
    assert len(features) == 50
    assert len(features.to_bytes()) == 50 * FEATURE_BYTES


def test_positions_lie_in_the_reduced_picture() -> None:
    features = extract(drawn(size=(1200, 900)), GALLERY_EXTRACTION)
    assert (features.width_px, features.height_px) == (240, 180)
    assert len(features) > 100
    assert (features.positions <= (240 * 16, 180 * 16)).all()
    # They fill it: sixteenths, not pixels.
    assert features.positions.max() > 200 * 16


def test_bytes_come_back_as_they_were() -> None:
    features = extract(drawn(), GALLERY_EXTRACTION)
    again = LocalFeatures.from_bytes(features.to_bytes(), features.width_px, features.height_px)
    for name in ("positions", "sizes", "angles", "codes"):
        np.testing.assert_array_equal(getattr(again, name), getattr(features, name))
    with pytest.raises(ValueError, match="22 a feature"):
        LocalFeatures.from_bytes(b"123", 10, 10)
    with pytest.raises(ValueError, match="0 x 10 pixels; a side is 1 to 4095"):
        LocalFeatures.from_bytes(b"", 0, 10)
    with pytest.raises(ValueError, match="65536 features; at most 65535"):
        LocalFeatures.from_bytes(bytes(22 * 65536), 10, 10)


def test_the_order_of_bytes_is_the_documents() -> None:
    features = LocalFeatures.from_arrays(
        100, 50, np.array([[1, 2], [259, 4]], np.uint16), np.array([5, 6], np.uint8),
        np.array([7, 8], np.uint8), np.arange(32, dtype=np.uint8).reshape(2, 16),
    )  # fmt: skip
    assert features.to_bytes() == bytes([1, 0, 3, 1, 2, 0, 4, 0, 5, 6, 7, 8, *range(32)])


def test_a_quarter_turn_turns_positions_and_angles_and_keeps_codes() -> None:
    picture = drawn()
    upright = extract(picture, ExtractionConfig(480, 200))
    turned = extract(picture.transpose(Image.Transpose.ROTATE_270), ExtractionConfig(480, 200))
    # (x, y) of the picture lies at (height - y, x) of the picture that was turned clockwise.
    expected = np.stack(
        [300 * 16 - upright.positions[:, 1].astype(int), upright.positions[:, 0]], 1
    )
    apart = np.abs(expected[:, None] - turned.positions[None].astype(int)).max(2)
    angle = (turned.angles[None].astype(int) - upright.angles[:, None] - 64 + 128) % 256 - 128
    same = (apart <= 16) & (np.abs(angle) <= 6)
    rows, columns = same.argmax(1)[same.any(1)], np.flatnonzero(same.any(1))
    assert len(rows) > 100
    differing = np.bitwise_count(upright.codes[columns] ^ turned.codes[rows]).sum(1)
    assert np.median(differing) < 12


def test_root_sift_has_length_1() -> None:
    gradients = np.array([[0, 4, 12, 0], [0, 0, 0, 0]], np.uint8)
    np.testing.assert_allclose(root_sift(gradients), [[0, 0.5, 0.75**0.5, 0], [0] * 4], atol=1e-7)


def test_a_plain_picture_has_none() -> None:
    features = extract(Image.new("RGB", (300, 200), "red"), GALLERY_EXTRACTION)
    assert len(features) == 0
    assert features.to_bytes() == b""
    assert len(LocalFeatures.from_bytes(b"", 300, 200)) == 0


def test_settings_that_cannot_be() -> None:
    with pytest.raises(ConfigError, match="side_px is 5000"):
        ExtractionConfig(5000, 10)
    with pytest.raises(ConfigError, match="count is 0"):
        ExtractionConfig(480, 0)
    with pytest.raises(ConfigError, match="count is 65536"):
        ExtractionConfig(480, 65536)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's malloc is what is tuned")
def test_memory_is_kept_from_photo_to_photo() -> None:
    # Without it each photo takes about 4 000 pages anew. A process of its own: others have raised the threshold.
    program = """
import resource
import numpy as np
from PIL import Image
from mobile_actnet.pictures.local_features import QUERY_EXTRACTION, extract
rng = np.random.default_rng(0)
photo = Image.fromarray(rng.integers(0, 256, (400, 300, 3), dtype=np.uint8))
for _ in range(4):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    extract(photo, QUERY_EXTRACTION)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert int(ran.stdout) < 1000

"""Thumbnails: size, format, and the picture left as it was."""

import io

import pytest
from PIL import Image

from mobile_actnet.pictures.thumbnails import thumbnail_jpeg


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((4000, 1000), (160, 40)),
        ((300, 600), (80, 160)),
        ((20, 10), (20, 10)),
        ((5000, 1), (160, 1)),
    ],
)
def test_longest_side(size: tuple[int, int], expected: tuple[int, int]) -> None:
    image = Image.new("RGB", size, (200, 30, 90))
    with Image.open(io.BytesIO(thumbnail_jpeg(image, 160))) as small:
        assert small.format == "JPEG"
        assert small.size == expected
        assert all(
            abs(a - b) < 6 for a, b in zip(small.getpixel((0, 0)), (200, 30, 90), strict=True)
        )
    assert image.size == size

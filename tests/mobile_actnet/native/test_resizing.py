"""The C resize, by every way that the processor has, against Pillow's two passes, byte for byte."""

import ctypes
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mobile_actnet.native import engine

NATIVE = Path(__file__).parents[3] / "android_demo" / "native"
TURNS = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}

GUARDED = """
#include <stdlib.h>
#include "actnet_resize.h"
int main(int count, char **words) { /* width, height, new width, new height; again and again */
  for (int k = 1, ready = 1; k + 3 < count; k += 4)
    for (int bytes = 3; bytes < 5; bytes++)
      for (int columns_first = 0; columns_first < 2; columns_first++) {
        const int width = atoi(words[k]), height = atoi(words[k + 1]);
        const int new_width = atoi(words[k + 2]), new_height = atoi(words[k + 3]);
        uint8_t *from = calloc((size_t)width * height, bytes), *to = malloc(3 * (size_t)new_width * new_height);
        const ActnetPixels pixels = {from, width, height, bytes, (int64_t)bytes * width};
        ready &= actnet_resize(&pixels, to, new_width, new_height, columns_first);
        free(from), free(to);
        if (!ready) return 1;
      }
}
"""

Pixels = NDArray[np.uint8]
Resize = Callable[..., Pixels]


@pytest.fixture(scope="module", params=["library", "32 bytes", "16 bytes"])
def resize(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Resize:
    """`resize_pixels` of the library, and of the C compiled for vectors of 32 and of 16 bytes."""
    if request.param == "library":
        return engine.resize_pixels
    if shutil.which("cc") is None or sys.platform != "linux":
        pytest.skip("the C engine: needs Linux and a C compiler (Debian: apt install gcc)")
    library = tmp_path_factory.mktemp("resize") / "libresize.so"
    words = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    widest = f"-DACTNET_WIDEST={request.param.split()[0]}"
    sources = [NATIVE / f"actnet_{name}.c" for name in ("resize", "grey", "planes")]
    subprocess.run(["cc", *words, widest, *sources, "-lm", "-o", library], check=True)
    c = ctypes.CDLL(str(library))

    def resize_pixels(
        pixels: Pixels, height: int, width: int, columns_first: bool = False
    ) -> Pixels:
        given = engine._Pixels(
            pixels.ctypes.data, pixels.shape[1], pixels.shape[0], pixels.shape[2], pixels.strides[0]
        )
        resized = np.empty((height, width, 3), np.uint8)
        place = ctypes.c_void_p(resized.ctypes.data)
        assert c.actnet_resize(ctypes.byref(given), place, width, height, int(columns_first))
        return resized

    return resize_pixels


def by_pillow(pixels: Pixels, height: int, width: int) -> Pixels:
    """Rows first, a call for each pass: what docs/preprocessing.md writes out."""
    bilinear = Image.Resampling.BILINEAR
    image = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    rows = image.resize((width, image.height), bilinear)
    return np.array(rows.resize((width, height), bilinear))


def drawn(rng: np.random.Generator, height: int, width: int, channels: int) -> Pixels:
    # Nearly white pictures have the sums that come closest to 256.
    lowest = int(rng.choice([0, 254]))
    return rng.integers(lowest, 256, (height, width, channels), dtype=np.uint8)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ((1, 1), (1, 1)), ((1, 1), (7, 5)), ((1, 90), (3, 1)), ((90, 1), (1, 40)), ((3, 2), (8, 50)),
        ((480, 640), (224, 224)), ((336, 448), (224, 224)), ((240, 320), (224, 224)),
        ((224, 300), (224, 224)), ((300, 224), (224, 224)), ((224, 224), (224, 224)),
        ((53, 71), (32, 61)), ((100, 33), (301, 170)), ((1531, 2047), (224, 225)),
        ((5, 60_000), (3, 9)), ((60_000, 5), (9, 3)),
    ],
)  # fmt: skip
def test_sizes(resize: Resize, channels: int, old: tuple[int, int], new: tuple[int, int]) -> None:
    pixels = drawn(np.random.default_rng(1), *old, channels)
    np.testing.assert_array_equal(resize(pixels, *new), by_pillow(pixels, *new))


def test_parts_of_larger_pictures(resize: Resize) -> None:
    rng = np.random.default_rng(2)
    for _ in range(300):
        height, width = (int(side) for side in rng.integers(1, 120, 2))
        pixels = drawn(rng, height, width, int(rng.integers(3, 5)))
        top, left = int(rng.integers(0, height)), int(rng.integers(0, width))
        bottom, right = int(rng.integers(top, height)) + 1, int(rng.integers(left, width)) + 1
        new = tuple(int(side) for side in rng.integers(1, 60, 2))
        part = pixels[top:bottom, left:right]
        np.testing.assert_array_equal(
            resize(part, *new), by_pillow(part, *new), err_msg=f"{part.shape} to {new}"
        )
        # The passes the other way round are those of the picture whose rows are columns.
        swapped = by_pillow(part.transpose(1, 0, 2), *new[::-1]).transpose(1, 0, 2)
        np.testing.assert_array_equal(resize(part, *new, columns_first=True), swapped)


def test_nothing_behind_the_result_is_written(resize: Resize) -> None:
    """The last pixel of a row takes 3 bytes, not 4; the second row is not yet there when it is written."""
    pixels = drawn(np.random.default_rng(3), 9, 40, 4)
    for height in range(1, 10):
        new = resize(pixels[:height], height, 17)
        np.testing.assert_array_equal(new, by_pillow(pixels[:height], height, 17))


@pytest.mark.parametrize("widest", [32, 16])
def test_nothing_is_read_or_written_outside(tmp_path: Path, widest: int) -> None:
    """Under sanitisers, with pictures that fill their memory to the last byte."""
    if shutil.which("cc") is None or sys.platform != "linux":
        pytest.skip("the C engine: needs Linux and a C compiler (Debian: apt install gcc)")
    words = ["-std=gnu11", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    (tmp_path / "guarded.c").write_text(GUARDED)
    sources = [NATIVE / f"actnet_{name}.c" for name in ("resize", "grey", "planes")]
    words += [f"-DACTNET_WIDEST={widest}", f"-I{NATIVE}", "-lm", "-o", str(tmp_path / "guarded")]
    subprocess.run(["cc", tmp_path / "guarded.c", *sources, *words], check=True)
    sizes = [(1, 1), (2, 1), (5, 3), (9, 40), (11, 17), (33, 34), (64, 48), (300, 5)]
    pairs = [map(str, (*old, *new)) for old in sizes for new in sizes]
    subprocess.run([tmp_path / "guarded", *(word for pair in pairs for word in pair)], check=True)


def test_rows_that_are_one_row_in_memory(resize: Resize) -> None:
    for channels in (3, 4):
        pixels = np.broadcast_to(
            drawn(np.random.default_rng(6), 1, 50, channels), (40, 50, channels)
        )
        np.testing.assert_array_equal(resize(pixels, 20, 30), by_pillow(pixels, 20, 30))


def test_other_orders_in_memory() -> None:
    pixels = drawn(np.random.default_rng(4), 40, 50, 3)
    for other in (np.asfortranarray(pixels), pixels[:, ::-1], pixels[::-1], pixels[:, ::2]):
        np.testing.assert_array_equal(engine.resize_pixels(other, 20, 30), by_pillow(other, 20, 30))


def test_what_is_given_is_filled() -> None:
    pixels = drawn(np.random.default_rng(6), 50, 70, 4)
    room = np.full((3, 20, 30, 3), 7, np.uint8)
    assert engine.resize_pixels(pixels, 20, 30, into=room[1]) is not None
    np.testing.assert_array_equal(room[1], by_pillow(pixels, 20, 30))
    assert (room[::2] == 7).all()
    engine.turn_pixels(room[1], 180, room[0])
    np.testing.assert_array_equal(room[0], room[1][::-1, ::-1])
    for wrong in (room[:1], room[0, :, ::2], room[0].astype(np.int8), room[0].transpose(1, 0, 2)):
        with pytest.raises(ValueError, match="in a row is filled"):
            engine.resize_pixels(pixels, 20, 30, into=wrong)
        with pytest.raises(ValueError, match="in a row is filled"):
            engine.turn_pixels(room[2], 180, wrong)


@pytest.mark.parametrize("turn_deg", TURNS)
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (7, 4), (224, 224)])
def test_turns(turn_deg: int, size: tuple[int, int]) -> None:
    pixels = drawn(np.random.default_rng(5), *size, 3)
    expected = np.asarray(Image.fromarray(pixels).transpose(TURNS[turn_deg]))
    np.testing.assert_array_equal(engine.turn_pixels(pixels, turn_deg), expected)
    np.testing.assert_array_equal(
        engine.turn_pixels(pixels[::-1], turn_deg),
        np.asarray(Image.fromarray(pixels[::-1].copy()).transpose(TURNS[turn_deg])),
    )


def test_pictures_that_cannot_be() -> None:
    for shape, new in (((4, 4, 2), (2, 2)), ((4, 0, 3), (2, 2)), ((4, 4, 3), (0, 2))):
        with pytest.raises(ValueError, match="cannot become"):
            engine.resize_pixels(np.zeros(shape, np.uint8), *new)
    with pytest.raises(ValueError, match="pixels of float64 cannot become"):
        engine.resize_pixels(np.zeros((4, 4, 3)), 2, 2)  # type: ignore[arg-type]
    for channels, turn_deg in ((4, 90), (1, 90), (3, 45), (3, 0)):
        with pytest.raises(ValueError, match="3 uint8 can, by 90, 180 or 270"):
            engine.turn_pixels(np.zeros((4, 4, channels), np.uint8), turn_deg)

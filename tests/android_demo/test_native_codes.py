"""Codes of local features in C: from what OpenCV's SIFT gives to the blob that a gallery stores."""

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from native_engine import EngineError, Error
from numpy.typing import NDArray
from opencv_features import detect_by_opencv, extract_by_opencv
from PIL import Image, ImageDraw
from safetensors.numpy import load_file

from mobile_actnet.pictures.local_features import (
    QUERY_EXTRACTION,
    LocalFeatures,
    root_sift,
)

REPOSITORY = Path(__file__).parents[2]
NATIVE = REPOSITORY / "android_demo" / "native"
CODES = REPOSITORY / "mobile_actnet" / "weights" / "local_codes.safetensors"
WRONG_ARGUMENT = 5


class Codes:
    """The learned projection, in C."""

    def __init__(self, library: Path, content: bytes) -> None:
        self._c = ctypes.CDLL(str(library))
        pointer, size = ctypes.c_void_p, ctypes.c_size_t
        self._c.actnet_codes_open.restype = pointer
        self._c.actnet_codes_open.argtypes = [ctypes.c_char_p, size, pointer]
        self._c.actnet_encode_features.argtypes = [pointer] * 3 + [size, pointer, size, pointer]
        self._c.actnet_codes_close.argtypes = [pointer]
        error = Error()
        self._codes = self._c.actnet_codes_open(content, len(content), ctypes.byref(error))
        if not self._codes:
            raise EngineError(error)

    def encode(
        self, points: NDArray[np.float32], gradients: NDArray[np.float32], room: int | None = None
    ) -> bytes:
        count = len(points)
        blob, error = ctypes.create_string_buffer(room or 22 * count), Error()
        if self._c.actnet_encode_features(
            self._codes, points.ctypes.data, gradients.ctypes.data, count, blob, len(blob),
            ctypes.byref(error),
        ):  # fmt: skip
            raise EngineError(error)
        return blob.raw

    def close(self) -> None:
        self._c.actnet_codes_close(self._codes)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("cc") is None or sys.platform != "linux":
        pytest.skip("the C engine: needs Linux and a C compiler (Debian: apt install gcc)")
    path = tmp_path_factory.mktemp("codes") / "libcodes.so"
    words = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run(["cc", *words, NATIVE / "actnet_codes.c", "-lm", "-o", path], check=True)
    return path


@pytest.fixture
def codes(library: Path):
    opened = Codes(library, CODES.read_bytes())
    yield opened
    opened.close()


def drawn() -> Image.Image:
    rng = np.random.default_rng(5)
    picture = Image.new("RGB", (640, 480), "grey")
    pen = ImageDraw.Draw(picture)
    for _ in range(200):
        x, y, w, h = (int(v) for v in rng.integers(0, (600, 440, 60, 60)))
        pen.rectangle((x, y, x + w + 4, y + h + 4), tuple(int(v) for v in rng.integers(0, 256, 3)))
    return picture


def check_codes(found: LocalFeatures, gradients: NDArray[np.float32]) -> None:
    """Every bit is Python's, where its sum is not as near to the threshold as sums are rounded."""
    tensors = load_file(CODES)
    wide = root_sift(gradients).astype(np.float64) @ tensors["projection"].astype(np.float64)
    margins = wide - tensors["thresholds"]
    clear = np.abs(margins) > 1e-5
    assert clear.mean() > 0.999
    bits = np.unpackbits(found.codes, axis=1).astype(bool)
    np.testing.assert_array_equal(bits[clear], (margins > 0)[clear])


def test_features_of_a_picture_are_those_of_python(codes: Codes) -> None:
    picture = drawn()
    width, height, points, gradients = detect_by_opencv(picture, QUERY_EXTRACTION)
    blob = codes.encode(np.ascontiguousarray(points[:, :4], np.float32), gradients)
    found = LocalFeatures.from_bytes(blob, width, height)
    expected = extract_by_opencv(picture, QUERY_EXTRACTION)
    assert len(found) == len(expected) > 300
    np.testing.assert_array_equal(found.positions, expected.positions)
    np.testing.assert_array_equal(found.sizes, expected.sizes)
    np.testing.assert_array_equal(found.angles, expected.angles)
    check_codes(found, gradients)
    assert np.unpackbits(found.codes ^ expected.codes).sum() <= 2


def test_gradients_of_all_kinds_are_coded(codes: Codes) -> None:
    rng = np.random.default_rng(6)
    gradients = rng.integers(0, 256, (2000, 128)).astype(np.float32)
    gradients[:500] *= rng.random((500, 128)) < 0.1
    gradients[0] = 0
    blob = codes.encode(np.zeros((2000, 4), np.float32), gradients)
    check_codes(LocalFeatures.from_bytes(blob, 640, 480), gradients)


def test_numbers_are_rounded_and_kept_in_range(codes: Codes) -> None:
    nan = float("nan")
    points = np.array(
        [
            # Halves to even: (0.03125 + 0.5) * 16 = 8.5; 16 * log2 2 = 16; 0.703125 degrees are half a step.
            (0.03125, 0.09375, 2.0, 0.703125), (-9, 5000, 0.1, -1), (0, 0, 1e9, 359.9),
            (nan, nan, nan, nan), (0, 0, 1, 1e30),
        ],
        np.float32,
    )  # fmt: skip
    blob = codes.encode(points, np.zeros((5, 128), np.float32))
    found = LocalFeatures.from_bytes(blob, 640, 480)
    assert found.positions.tolist() == [[8, 10], [0, 65535], [8, 8], [0, 0], [8, 8]]
    assert found.sizes.tolist() == [16, 0, 255, 0, 0]
    assert found.angles.tolist() == [0, 255, 0, 0, 0]


@pytest.mark.parametrize("change", [b"", b"short", "cut", "renamed", "longer"])
def test_what_is_no_file_of_codes_is_reported(library: Path, change: bytes | str) -> None:
    whole = CODES.read_bytes()
    content = {
        "cut": whole[:-1], "renamed": whole.replace(b"thresholds", b"thresholdz"), "longer": whole + b"0",
    }.get(change, change)  # type: ignore[call-overload]  # fmt: skip
    told = f"these {len(content)} bytes are no codes; give local_codes.safetensors"
    with pytest.raises(EngineError, match=told) as caught:
        Codes(library, content)
    assert caught.value.code == WRONG_ARGUMENT


def test_another_room_is_reported(codes: Codes) -> None:
    with pytest.raises(EngineError, match="1 features have room for 23 bytes; 22 each are needed"):
        codes.encode(np.zeros((1, 4), np.float32), np.zeros((1, 128), np.float32), room=23)

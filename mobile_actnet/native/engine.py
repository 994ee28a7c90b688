"""The C engine, opened with ctypes: resizing, local features of a picture, and where it lies in a photo.

`build_backend.py` compiles it from `android_demo/native`, whose headers say what each function does, when the
package is installed. docs/verification.md is the definition. Calls let other threads run.
"""

import ctypes
import shlex
import weakref
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.errors import MissingPackageError

LIBRARY = Path(__file__).with_name("libactnet.so")
CODES_FILE = Path(__file__).parent.parent / "weights" / "local_codes.safetensors"
FEATURE_BYTES = 22
GRADIENTS = 128

_OUT_OF_MEMORY = 1
_DOUBLED = -1
_LONGEST_SIDE_PX = 4095
_LARGEST_KEPT_BYTES = 31 << 20
"""glibc's threshold rises to 32 MiB at most."""

Model = tuple[int, NDArray[np.float64] | None]
"""Inliers; (4, 2) the picture's corners in the reduced photo in pixels, from its top left clockwise as the
picture is seen, or None where there is no model."""

_POINTER, _SIZE, _INT = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int32


class _Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("text", ctypes.c_char * 512)]


class _Features(ctypes.Structure):
    _fields_ = [
        ("width_px", _INT), ("height_px", _INT),
        ("features", ctypes.c_char_p), ("features_bytes", _SIZE),
    ]  # fmt: skip


class _Verification(ctypes.Structure):
    _fields_ = [("inliers", _INT), ("has_outline", _INT), ("outline", ctypes.c_double * 8)]


class _Matches(ctypes.Structure):
    _fields_ = [("count", _INT), ("rows", _INT * 128), ("columns", _INT * 128)]


class _Extraction(ctypes.Structure):
    _fields_ = [("side_px", _INT), ("count", _INT), ("first_octave", _INT)]


class _Pixels(ctypes.Structure):
    _fields_ = [
        ("pixels", _POINTER), ("width", _INT), ("height", _INT), ("pixel_bytes", _INT),
        ("row_bytes", ctypes.c_int64),
    ]  # fmt: skip


class _Sift(ctypes.Structure):
    _fields_ = [("first_octave", _INT), ("count", _INT)]


_SIGNATURES = {
    "actnet_codes_open": (_POINTER, [ctypes.c_char_p, _SIZE, _POINTER]),
    "actnet_even_contrast": (ctypes.c_int, [_POINTER, ctypes.c_int, ctypes.c_int]),
    "actnet_extract_from_grey": (
        ctypes.c_int,
        [_POINTER, _POINTER, _INT, _INT, _Extraction, _POINTER, _SIZE, _POINTER, _POINTER],
    ),
    "actnet_fit": (ctypes.c_int, [_POINTER, _POINTER, _POINTER, _POINTER, _POINTER]),
    "actnet_match": (ctypes.c_int, [_POINTER, _POINTER, _POINTER, _POINTER]),
    "actnet_resize": (ctypes.c_int, [_POINTER, _POINTER, _INT, _INT, ctypes.c_int]),
    "actnet_scan": (ctypes.c_int, [_POINTER, _POINTER, _INT, _POINTER, _POINTER, _POINTER]),
    "actnet_sift": (_INT, [_POINTER, ctypes.c_int, ctypes.c_int, _Sift, _POINTER, _POINTER]),
    "actnet_store": (
        ctypes.c_int,
        [_POINTER, ctypes.c_int64, _INT, ctypes.c_double, _POINTER, _POINTER],
    ),
    "actnet_turn": (None, [_POINTER, _INT, _INT, ctypes.c_int, _POINTER]),
    "actnet_verifier_open": (_POINTER, [_POINTER, _POINTER]),
    "actnet_verifier_close": (None, [_POINTER]),
    "actnet_verify": (ctypes.c_int, [_POINTER, _POINTER, _POINTER, _POINTER]),
}


def require_engine() -> ctypes.CDLL:
    """Open the engine, and return it.

    Raises:
        MissingPackageError: it was not compiled, does not load here, or is older than this code.
    """
    return _engine()


def extract_features(grey: NDArray[np.uint8], count: int) -> bytes:
    """Take local features from a picture.

    Args:
        grey: (height, width), as large as it is to be looked at; 1 to 4095 pixels a side.
        count: features kept, those of the largest contrast; 1 to 65535.

    Returns:
        22 bytes each, as a gallery's blob has them.

    Raises:
        MissingPackageError: the engine is not there.
        MemoryError: too little memory.
        ValueError: a side or `count` cannot be.
    """
    engine, codes = _engine(), _codes()
    pixels = np.array(grey, np.uint8, order="C")  # The engine writes into it.
    height, width = pixels.shape
    _check_sides(width, height)
    blob = ctypes.create_string_buffer(count * FEATURE_BYTES)
    extracted, error = _Features(), _Error()
    settings = _Extraction(max(64, width, height), count, _DOUBLED)
    code = engine.actnet_extract_from_grey(
        codes, pixels.ctypes.data, width, height, settings, blob, len(blob),
        ctypes.byref(extracted), ctypes.byref(error),
    )  # fmt: skip
    _raise_for(code, error)
    return ctypes.string_at(blob, extracted.features_bytes)


def detect_points(
    grey: NDArray[np.uint8], count: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Find SIFT's points in a picture that is evened out in contrast first.

    Args:
        grey: (height, width); 1 to 4095 pixels a side.
        count: points kept, those of the largest contrast.

    Returns:
        (N, 4) x, y (0 is the first pixel's centre), diameter in pixels, angle in degrees; (N, 128)
        gradients, 0 to 255.

    Raises:
        MissingPackageError: the engine is not there.
        MemoryError: too little memory.
        ValueError: a side cannot be.
    """
    engine = _engine()
    pixels = np.array(grey, np.uint8, order="C")
    height, width = pixels.shape
    _check_sides(width, height)
    points, gradients = np.empty((count, 4), np.float32), np.empty((count, GRADIENTS), np.float32)
    number = -1
    if engine.actnet_even_contrast(pixels.ctypes.data, width, height):
        number = engine.actnet_sift(
            pixels.ctypes.data, width, height, _Sift(_DOUBLED, count),
            points.ctypes.data, gradients.ctypes.data,
        )  # fmt: skip
    if number < 0:
        raise MemoryError
    return points[:number], gradients[:number]


def resize_pixels(
    pixels: NDArray[np.uint8], height_px: int, width_px: int, columns_first: bool = False,
    into: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:  # fmt: skip
    """Resize with the arithmetic of docs/preprocessing.md, rows first.

    Args:
        pixels: (height, width, 3) RGB, or (height, width, 4) with a byte that counts for nothing; it may be
            a part of a larger picture.
        columns_first: what the turns by 90 and 270 degrees need.
        into: what is filled and returned, where it is given; rows one after another.

    Returns:
        (height_px, width_px, 3), rows one after another.

    Raises:
        MissingPackageError: the engine is not there.
        MemoryError: too little memory.
        ValueError: a side is 0, or a pixel has neither 3 nor 4 bytes.
    """
    height, width, pixel_bytes = pixels.shape
    sides = (height, width, height_px, width_px)
    if min(sides) < 1 or pixel_bytes not in (3, 4) or pixels.dtype != np.uint8:
        raise ValueError(
            f"{pixels.shape} pixels of {pixels.dtype} cannot become ({height_px}, {width_px}, 3); "
            "sides of 1 or more and pixels of 3 or 4 uint8 can"
        )
    if pixels.strides[1:] != (pixel_bytes, 1):
        pixels = np.ascontiguousarray(pixels)
    given = _Pixels(pixels.ctypes.data, width, height, pixel_bytes, pixels.strides[0])
    resized = _room((height_px, width_px, 3), into)
    if not _engine().actnet_resize(
        ctypes.byref(given), resized.ctypes.data, width_px, height_px, columns_first
    ):
        raise MemoryError
    return resized


def turn_pixels(
    pixels: NDArray[np.uint8], turn_deg: int, into: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Turn (height, width, 3) pixels clockwise by 90, 180 or 270 degrees.

    Args:
        into: what is filled and returned, where it is given; rows one after another.

    Raises:
        MissingPackageError: the engine is not there.
        ValueError: the turn is another one, or pixels do not have 3 bytes.
    """
    height, width, pixel_bytes = pixels.shape
    if turn_deg not in (90, 180, 270) or pixel_bytes != 3 or pixels.dtype != np.uint8:
        raise ValueError(
            f"{pixels.shape} pixels of {pixels.dtype} cannot be turned by {turn_deg} degrees; "
            "pixels of 3 uint8 can, by 90, 180 or 270"
        )
    pixels = np.ascontiguousarray(pixels)
    turned = _room((height, width, 3) if turn_deg == 180 else (width, height, 3), into)
    _engine().actnet_turn(pixels.ctypes.data, width, height, turn_deg, turned.ctypes.data)
    return turned


class PreparedPhoto:
    """A photo's local features, ready to be compared with those of gallery pictures; threads may share it."""

    def __init__(self, width_px: int, height_px: int, features: bytes) -> None:
        """Prepare a photo.

        Args:
            width_px, height_px: of the reduced photo.
            features: its blob, 22 bytes each.

        Raises:
            MissingPackageError: the engine is not there.
            MemoryError: too little memory.
            ValueError: the size or the number of bytes cannot be.
        """
        self._engine, error = _engine(), _Error()
        given = _Features(width_px, height_px, features, len(features))
        self._verifier = self._engine.actnet_verifier_open(ctypes.byref(given), ctypes.byref(error))
        _raise_for(error.code, error)
        closing = weakref.finalize(self, self._engine.actnet_verifier_close, self._verifier)
        closing.atexit = False  # A thread may still compare; the system takes the memory.

    def compare(self, width_px: int, height_px: int, features: bytes) -> Model:
        """Compare a gallery picture with the photo.

        Args:
            width_px, height_px: of the reduced picture.
            features: its blob, 22 bytes each.

        Raises:
            ValueError: the size or the number of bytes cannot be.
        """
        verification, error = _Verification(), _Error()
        given = _Features(width_px, height_px, features, len(features))
        code = self._engine.actnet_verify(
            self._verifier, ctypes.byref(given), ctypes.byref(verification), ctypes.byref(error)
        )
        _raise_for(code, error)
        return _model(verification)

    def match(
        self, width_px: int, height_px: int, features: bytes
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return rows and columns, (M,) each: which features of a picture and of the photo are alike.

        Raises:
            ValueError: the size or the number of bytes cannot be.
        """
        matches, error = _Matches(), _Error()
        given = _Features(width_px, height_px, features, len(features))
        code = self._engine.actnet_match(
            self._verifier, ctypes.byref(given), ctypes.byref(matches), ctypes.byref(error)
        )
        _raise_for(code, error)
        rows, columns = (np.ctypeslib.as_array(part) for part in (matches.rows, matches.columns))
        return rows[: matches.count], columns[: matches.count]

    def fit(
        self, width_px: int, height_px: int, features: bytes,
        rows: NDArray[np.int32], columns: NDArray[np.int32],
    ) -> Model:  # fmt: skip
        """Return the model that most of the matches fit.

        Raises:
            ValueError: the size, the number of bytes or a match cannot be.
        """
        verification, matches, error = _Verification(), _Matches(len(rows)), _Error()
        for part, values in ((matches.rows, rows), (matches.columns, columns)):
            np.ctypeslib.as_array(part)[: len(values)] = values
        given = _Features(width_px, height_px, features, len(features))
        code = self._engine.actnet_fit(
            self._verifier, ctypes.byref(given), ctypes.byref(matches),
            ctypes.byref(verification), ctypes.byref(error),
        )  # fmt: skip
        _raise_for(code, error)
        return _model(verification)


def _room(shape: tuple[int, int, int], into: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    if into is None:
        return np.empty(shape, np.uint8)
    if into.shape != shape or into.dtype != np.uint8 or not into.flags.c_contiguous:
        raise ValueError(
            f"{into.dtype} of {into.shape} was given; uint8 of {shape} in a row is filled"
        )
    return into


def _check_sides(width: int, height: int) -> None:
    if not 1 <= min(width, height) <= max(width, height) <= _LONGEST_SIDE_PX:
        raise ValueError(
            f"the picture has {width} x {height} pixels; a side is 1 to {_LONGEST_SIDE_PX}"
        )


def _model(verification: _Verification) -> Model:
    if not verification.has_outline:
        return verification.inliers, None
    return verification.inliers, np.array(verification.outline).reshape(4, 2)


def _raise_for(code: int, error: _Error) -> None:
    if code == _OUT_OF_MEMORY:
        raise MemoryError
    if code:
        raise ValueError(error.text.decode())


@cache
def _codes() -> int:
    """Return the learned projection, which stays for the process."""
    content, error = CODES_FILE.read_bytes(), _Error()
    codes = _engine().actnet_codes_open(content, len(content), ctypes.byref(error))
    _raise_for(error.code, error)
    return codes


@cache
def _engine() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(str(LIBRARY))
    except OSError as error:
        reason = f"does not load: {error}" if LIBRARY.exists() else "is not there"
        raise _missing(reason) from error
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name, None)
        if function is None:
            raise _missing(f"was compiled from another version of the C code: it has no {name}")
        function.restype, function.argtypes = result, arguments
    _keep_freed_memory()
    return library


def _missing(reason: str) -> MissingPackageError:
    return MissingPackageError(f"the C engine {LIBRARY} {reason}; run: {_command()}")


def _command() -> str:
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "build_backend.py").is_file():
        return f"pip install --no-deps --editable {shlex.quote(str(checkout))}"
    return "pip install --force-reinstall --no-deps mobile-actnet"


def _keep_freed_memory() -> None:
    """Let glibc keep what is freed after a picture for the next one.

    glibc gives large blocks back to the system, and the next picture takes thousands of new pages. Freeing a
    large block once raises the size from which glibc does so (mallopt(3), M_MMAP_THRESHOLD).
    """
    np.empty(_LARGEST_KEPT_BYTES, np.uint8)

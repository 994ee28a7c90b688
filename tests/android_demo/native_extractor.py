"""The C engine's local features as Python sees them."""

import ctypes
import subprocess
from pathlib import Path

import numpy as np
from native_engine import EngineError, Error
from native_verifier import Features
from PIL import Image

from mobile_actnet.pictures.local_features import ExtractionConfig, LocalFeatures

REPOSITORY = Path(__file__).parents[2]
NATIVE = REPOSITORY / "android_demo" / "native"
CODES = REPOSITORY / "mobile_actnet" / "weights" / "local_codes.safetensors"
SOURCES = [
    NATIVE / f"actnet_{name}.c"
    for name in ("extraction", "codes", "grey", "planes", "sift", "extrema", "gradients")
]


class Picture(ctypes.Structure):
    _fields_ = [
        ("width_px", ctypes.c_int32), ("height_px", ctypes.c_int32),
        ("rgb", ctypes.c_char_p), ("rgb_bytes", ctypes.c_size_t),
    ]  # fmt: skip


class Extraction(ctypes.Structure):
    _fields_ = [
        ("side_px", ctypes.c_int32), ("count", ctypes.c_int32), ("first_octave", ctypes.c_int32),
    ]  # fmt: skip


def compile_extractor(folder: Path, *flags: str) -> Path:
    """Compile the extractor, with whatever warnings there are as errors."""
    library = folder / "libextraction.so"
    words = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", *flags]
    subprocess.run(["cc", *words, *SOURCES, "-lm", "-o", library], check=True)
    return library


class NativeExtractor:
    """The extractor of a library."""

    def __init__(self, library: Path) -> None:
        self._c = ctypes.CDLL(str(library))
        pointer, size = ctypes.c_void_p, ctypes.c_size_t
        self._c.actnet_photo_extraction.restype = Extraction
        self._c.actnet_codes_open.restype = pointer
        self._c.actnet_codes_open.argtypes = [ctypes.c_char_p, size, pointer]
        self._c.actnet_codes_close.argtypes = [pointer]
        self._c.actnet_extract.argtypes = [
            pointer,
            pointer,
            Extraction,
            pointer,
            size,
            pointer,
            pointer,
        ]
        error, content = Error(), CODES.read_bytes()
        self._codes = self._c.actnet_codes_open(content, len(content), ctypes.byref(error))
        if not self._codes:
            raise EngineError(error)

    def photo_extraction(self) -> Extraction:
        return self._c.actnet_photo_extraction()

    def extract(
        self, picture: Image.Image, config: ExtractionConfig, first_octave: int = -1
    ) -> LocalFeatures:
        """Take local features from upright RGB."""
        pixels = np.asarray(picture).tobytes()
        given = Picture(*picture.size, pixels, len(pixels))
        return self.extract_from(given, Extraction(config.side_px, config.count, first_octave))

    def extract_from(
        self, picture: Picture | None, settings: Extraction, room: int | None = None
    ) -> LocalFeatures:
        size = max(1, 22 * max(0, settings.count)) if room is None else room
        blob, found, error = ctypes.create_string_buffer(size), Features(), Error()
        given = None if picture is None else ctypes.byref(picture)
        if self._c.actnet_extract(
            self._codes, given, settings, blob, size, ctypes.byref(found), ctypes.byref(error)
        ):
            raise EngineError(error)
        return LocalFeatures.from_bytes(
            blob.raw[: found.features_bytes], found.width_px, found.height_px
        )

    def close(self) -> None:
        self._c.actnet_codes_close(self._codes)

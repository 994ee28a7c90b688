"""The C engine's extraction, compiled for this machine, as Python sees it."""

import ctypes
import subprocess
from pathlib import Path

import numpy as np
from PIL import Image
from toolchain import ANDROID_DEMO

from mobile_actnet.pictures.local_features import QUERY_EXTRACTION, LocalFeatures

NATIVE = ANDROID_DEMO / "native"
CODES = ANDROID_DEMO.parent / "mobile_actnet/weights/local_codes.safetensors"
EXTRACTION_SOURCES = [
    NATIVE / f"actnet_{name}.c"
    for name in ("extraction", "codes", "grey", "planes", "sift", "extrema", "gradients")
]
_FEATURE_BYTES = 22


class _Picture(ctypes.Structure):
    _fields_ = [
        ("width_px", ctypes.c_int32), ("height_px", ctypes.c_int32),
        ("rgb", ctypes.c_char_p), ("rgb_bytes", ctypes.c_size_t),
    ]  # fmt: skip


class _Settings(ctypes.Structure):
    _fields_ = [
        ("side_px", ctypes.c_int32), ("count", ctypes.c_int32), ("first_octave", ctypes.c_int32),
    ]  # fmt: skip


class _Features(ctypes.Structure):
    _fields_ = [
        ("width_px", ctypes.c_int32), ("height_px", ctypes.c_int32),
        ("features", ctypes.c_void_p), ("features_bytes", ctypes.c_size_t),
    ]  # fmt: skip


class Extractor:
    """Local features of photos, as the apps take them."""

    def __init__(self, folder: Path) -> None:
        """Compile into a folder."""
        library = folder / "libextraction.so"
        words = ["-std=gnu11", "-O2", "-shared", "-fPIC"]
        subprocess.run(["cc", *words, *EXTRACTION_SOURCES, "-lm", "-o", library], check=True)
        self._c = ctypes.CDLL(str(library))
        pointer, size = ctypes.c_void_p, ctypes.c_size_t
        self._c.actnet_codes_open.restype = pointer
        self._c.actnet_codes_open.argtypes = [ctypes.c_char_p, size, pointer]
        self._c.actnet_codes_close.argtypes = [pointer]
        self._c.actnet_photo_extraction.restype = _Settings
        self._c.actnet_extract.argtypes = [
            pointer, pointer, _Settings, pointer, size, pointer, pointer,
        ]  # fmt: skip
        content = CODES.read_bytes()
        self._codes = self._c.actnet_codes_open(content, len(content), None)

    def extract(self, photo: Image.Image) -> LocalFeatures:
        """Take the local features of a photo, upright RGB."""
        pixels = np.asarray(photo).tobytes()
        picture = _Picture(*photo.size, pixels, len(pixels))
        room = ctypes.create_string_buffer(QUERY_EXTRACTION.count * _FEATURE_BYTES)
        found = _Features()
        settings = self._c.actnet_photo_extraction()
        code = self._c.actnet_extract(
            self._codes, ctypes.byref(picture), settings, room, len(room), ctypes.byref(found), None
        )
        if code:
            raise RuntimeError(f"actnet_extract ended with code {code}")
        blob = room.raw[: found.features_bytes]
        return LocalFeatures.from_bytes(blob, found.width_px, found.height_px)

    def close(self) -> None:
        """Free the codes."""
        self._c.actnet_codes_close(self._codes)

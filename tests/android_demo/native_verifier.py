"""The C engine's verification as Python sees it."""

import ctypes
from pathlib import Path

import numpy as np
from native_engine import EngineError, Error
from numpy.typing import NDArray

from mobile_actnet.pictures.local_features import LocalFeatures


class Features(ctypes.Structure):
    _fields_ = [
        ("width_px", ctypes.c_int32), ("height_px", ctypes.c_int32),
        ("features", ctypes.c_char_p), ("features_bytes", ctypes.c_size_t),
    ]  # fmt: skip

    @classmethod
    def of(cls, features: LocalFeatures) -> "Features":
        blob = features.to_bytes()
        return cls(features.width_px, features.height_px, blob, len(blob))


class Verification(ctypes.Structure):
    _fields_ = [
        ("inliers", ctypes.c_int32), ("has_outline", ctypes.c_int32),
        ("outline", ctypes.c_double * 8),
    ]  # fmt: skip


class NativeVerifier:
    """A photo, prepared by a library that has actnet_verification.c."""

    def __init__(self, library: Path, photo: Features | None) -> None:
        self._c = ctypes.CDLL(str(library))
        self._c.actnet_verifier_open.restype = ctypes.c_void_p
        pointer = ctypes.c_void_p
        self._c.actnet_verify.argtypes = [pointer, pointer, pointer, pointer]
        self._c.actnet_verifier_close.argtypes = [pointer]
        error = Error()
        given = None if photo is None else ctypes.byref(photo)
        self._verifier = self._c.actnet_verifier_open(given, ctypes.byref(error))
        if not self._verifier:
            raise EngineError(error)

    def verify(self, picture: Features) -> tuple[int, NDArray[np.float64] | None]:
        """Return inliers, and the outline, (4, 2), or None."""
        found, error = Verification(), Error()
        if self._c.actnet_verify(
            self._verifier, ctypes.byref(picture), ctypes.byref(found), ctypes.byref(error)
        ):
            raise EngineError(error)
        outline = np.array(found.outline).reshape(4, 2) if found.has_outline else None
        return found.inliers, outline

    def close(self) -> None:
        self._c.actnet_verifier_close(self._verifier)
        self._verifier = None

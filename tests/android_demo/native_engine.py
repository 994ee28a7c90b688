"""The C engine as Python sees it."""

import ctypes
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# ActnetAccelerator of actnet_engine.h.
CPU, GPU = 0, 1


class Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("text", ctypes.c_char * 512)]


class Sizes(ctypes.Structure):
    _fields_ = [
        ("height", ctypes.c_int32), ("width", ctypes.c_int32),
        ("pixel_bytes", ctypes.c_size_t), ("descriptor_length", ctypes.c_size_t),
    ]  # fmt: skip


class EngineError(Exception):
    """`code` as in actnet_engine.h, and its sentence."""

    def __init__(self, error: Error) -> None:
        super().__init__(error.text.decode())
        self.code = error.code


class Engine:
    """One artefact, loaded by the library of build_host.sh."""

    def __init__(
        self, library: Path, model: Path, num_threads: int = 1, accelerator: int = CPU
    ) -> None:
        self._c = ctypes.CDLL(str(library))
        self._c.actnet_open_on.restype = ctypes.c_void_p
        self._c.actnet_accelerator.argtypes = [ctypes.c_void_p]
        self._c.actnet_sizes.restype = Sizes
        self._c.actnet_sizes.argtypes = [ctypes.c_void_p]
        self._c.actnet_close.argtypes = [ctypes.c_void_p]
        self._c.actnet_describe.argtypes = [
            ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t,
            ctypes.c_void_p,
        ]  # fmt: skip
        error = Error()
        self._engine = self._c.actnet_open_on(
            str(model).encode(), num_threads, accelerator, ctypes.byref(error)
        )
        if not self._engine:
            raise EngineError(error)
        self.sizes: Sizes = self._c.actnet_sizes(self._engine)
        self.accelerator: int = self._c.actnet_accelerator(self._engine)

    def describe(self, pixels: bytes, length: int | None = None) -> NDArray[np.float32]:
        values = np.full(length or self.sizes.descriptor_length, np.nan, np.float32)
        error = Error()
        if self._c.actnet_describe(
            self._engine, pixels, len(pixels), values.ctypes.data, len(values), ctypes.byref(error)
        ):
            raise EngineError(error)
        return values

    def close(self) -> None:
        self._c.actnet_close(self._engine)
        self._engine = None

"""The pixels of a Pillow picture where they lie in memory, without a copy."""

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_CHANNELS = 4
"""Pillow keeps RGB with a fourth byte that counts for nothing."""


class _ArrowArray(ctypes.Structure):
    """https://arrow.apache.org/docs/format/CDataInterface.html"""


_ArrowArray._fields_ = [
    ("length", ctypes.c_int64), ("null_count", ctypes.c_int64), ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64), ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_ArrowArray))),
]  # fmt: skip

_address_of = ctypes.pythonapi.PyCapsule_GetPointer
_address_of.restype, _address_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


def borrowed_pixels(image: Image.Image) -> NDArray[np.uint8] | None:
    """Return the pixels of an RGB picture, for reading.

    Returns:
        (height, width, 4) uint8; the fourth byte counts for nothing. They keep the picture's memory.
        None where Pillow keeps a picture in several blocks, as it does from 16 MiB on.

    Raises:
        ValueError: the picture is not RGB.
    """
    if image.mode != "RGB":
        raise ValueError(f"a picture of mode {image.mode} has no RGB pixels; convert it first")
    try:
        return np.asarray(_Borrowed(image))
    except ValueError:
        return None


class _Borrowed:
    """Tells NumPy where the pixels lie, and keeps them there."""

    def __init__(self, image: Image.Image) -> None:
        _, self._array = image.__arrow_c_array__()  # The memory is Pillow's until this is gone.
        array = _ArrowArray.from_address(_address_of(self._array, b"arrow_array"))
        self.__array_interface__: dict[str, Any] = {
            "shape": (image.height, image.width, _CHANNELS),
            "typestr": "|u1",
            "data": (array.children[0].contents.buffers[1], True),
            "version": 3,
        }

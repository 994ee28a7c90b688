"""Pickles of lists and numbers, read without running them.

A pickle is a program, so none of what it names is ever called: inert stand-ins take the place of the
few NumPy names that arrays of numbers need, and any other name is refused.
"""

import io
import pickle
import re
import reprlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from mobile_actnet.errors import ActnetError

# Dtypes of plain numbers: booleans, integers and floats of 1, 2, 4 or 8 bytes.
_NUMBERS = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248])")


_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxlist, _SHORT.maxtuple, _SHORT.maxdict = 2, 4, 4, 4


def shortened(value: object) -> str:
    """Return a foreign value for a message: four entries of two levels, 30 letters."""
    return _SHORT.repr(value)


def unpickled(content: bytes, path: Path) -> object:
    """Return what a pickle holds.

    Raises:
        ActnetError: damaged, or it asks for anything but lists and numbers.
    """
    try:
        # Latin-1 keeps the bytes of arrays that Python 2 wrote.
        return _Unpickler(io.BytesIO(content), encoding="latin1").load()
    except _RefusedError as error:
        raise ActnetError(
            f"{path} is refused: {error}; only lists and numbers may be in it"
        ) from error
    except Exception as error:  # A damaged pickle raises almost anything.
        raise ActnetError(f"{path} cannot be read as a pickle: {error!s:.200}") from error


class _RefusedError(pickle.UnpicklingError):
    """A pickle that asks for something beyond arrays of numbers."""


class _Dtype:
    """Stands for numpy.dtype; plain numbers only."""

    def __init__(self, code: object, *_: object) -> None:
        if not isinstance(code, str) or not _NUMBERS.fullmatch(code):
            raise _RefusedError(f"it holds an array of {shortened(code)}")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        # (version, byte order, ...); what follows describes records, which there are none of.
        if state[1] not in ("<", ">", "|", "="):
            raise _RefusedError(f"it holds an array in byte order {shortened(state[1])}")
        self.dtype = self.dtype.newbyteorder(state[1])


class PlainArray:
    """Stands for numpy.ndarray; its numbers come out as Python's."""

    def __init__(self, values: list[int | float] | None = None) -> None:
        self.values = values or []

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, _, content = state
        self.values = _decoded(content, dtype, shape)


@dataclass(frozen=True)
class PlainScalar:
    """Stands for a NumPy number."""

    value: int | float


class _Allowed:
    """A callable that a pickle can call, and do nothing else with."""

    def __init__(self, function: Callable[..., object]) -> None:
        self._function = function

    def __call__(self, *arguments: object) -> object:
        return self._function(*arguments)

    def __setstate__(self, state: object) -> None:
        raise _RefusedError("it changes a function")


def _decoded(content: object, dtype: object, shape: object) -> list[int | float]:
    if isinstance(content, str):
        content = content.encode("latin1")
    if not isinstance(content, bytes | bytearray) or not isinstance(dtype, _Dtype):
        raise _RefusedError("it holds an array without numbers")
    values: list[int | float] = np.frombuffer(content, dtype.dtype).tolist()
    if shape not in ((len(values),), [len(values)]):
        raise _RefusedError(
            f"it holds an array of shape {shortened(shape)} for {len(values)} numbers"
        )
    return values


def _latin1(text: str, encoding: str) -> bytes:
    if encoding not in ("latin1", "latin-1"):
        raise _RefusedError(f"it encodes text as {shortened(encoding)}")
    return text.encode("latin1")


# How NumPy 1 and 2 write arrays and numbers: protocols 0 to 4, protocol 5, and how Python 3 writes
# bytes, none of them or some, in protocol 2.
_ALLOWED: dict[tuple[str, str], Callable[..., object]] = {
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): PlainArray,
    ("_codecs", "encode"): _latin1,
    ("__builtin__", "bytes"): lambda: b"",
    **{
        (f"numpy.{core}.{module}", name): function
        for core in ("core", "_core")
        for module, name, function in (
            ("multiarray", "_reconstruct", lambda *_: PlainArray()),
            ("multiarray", "scalar", lambda d, c: PlainScalar(_decoded(c, d, (1,))[0])),
            ("numeric", "_frombuffer", lambda c, d, s, _: PlainArray(_decoded(c, d, s))),
        )
    },
}


# Sets hash what is in them, and nothing here is made of objects.
_LEFT_OUT = frozenset((
    pickle.EMPTY_SET, pickle.ADDITEMS, pickle.FROZENSET, pickle.EXT1, pickle.EXT2, pickle.EXT4,
    pickle.PERSID, pickle.BINPERSID, pickle.INST, pickle.OBJ, pickle.NEWOBJ, pickle.NEWOBJ_EX,
))  # fmt: skip


_InPython: Any = pickle._Unpickler


class _Unpickler(_InPython):  # type: ignore[misc]
    """Hands out stand-ins, never what a name in the pickle stands for.

    Python's own implementation, because its steps can be changed: a few bytes can name a list of
    lists of lists that takes for ever to hash, and ask the one in C for a table of any size.
    """

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = {
        code: step for code, step in _InPython.dispatch.items() if bytes([code]) not in _LEFT_OUT
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise _RefusedError(f"it wants to call {module:.80}.{name:.80}")
        return _Allowed(_ALLOWED[module, name])

    def load_setitem(self) -> None:
        self._set_items(self.stack[-2:-1], super().load_setitem)

    def load_setitems(self) -> None:
        self._set_items(self.stack[::2], super().load_setitems)

    def load_dict(self) -> None:
        self._set_items(self.stack[::2], super().load_dict)

    def _set_items(self, keys: list[object], step: Callable[[], None]) -> None:
        for key in keys:
            if not isinstance(key, str | int):
                raise _RefusedError(f"it names an entry by a {type(key).__name__}")
        step()

    dispatch[pickle.SETITEM[0]] = load_setitem
    dispatch[pickle.SETITEMS[0]] = load_setitems
    dispatch[pickle.DICT[0]] = load_dict

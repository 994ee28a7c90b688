"""What all commands share: one sentence and exit code 1 for what a user can mend.

Exit codes: 0 done, 1 an error, which a sentence names, 2 wrong usage, 130 stopped with Ctrl-C, 143 with
SIGTERM.
"""

import contextlib
import errno
import io
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, TextIO

from mobile_actnet.errors import ActnetError
from mobile_actnet.extras import missing_package
from mobile_actnet.starting import begin_work

_RIGHTS = (errno.EACCES, errno.EPERM, errno.EROFS)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_MEMORY = (
    "there is not enough memory; close other programs, or ask for less at once: fewer workers, "
    "smaller pictures, a smaller batch"
)
_EXIT_ERROR = 1
_EXIT_INTERRUPTED = 130
_EXIT_TERMINATED = 143

# Everything that moves a terminal's cursor or changes its colours, but tabs and ends of lines.
_CONTROLS = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n\r"
}


def run(command: Callable[[], int]) -> int:
    """Run a command's body and turn the errors a user can mend into one line and an exit code.

    Every error of the system is one line. What is printed meanwhile keeps no control characters:
    names of files may hold them.
    """
    _fill_standard_streams()
    stdout, stderr = sys.stdout, sys.stderr
    try:
        sys.stdout, sys.stderr = _Printable(stdout), _Printable(stderr)
        with _terminated_as_interrupted() as terminated:
            code = _run(command)
        return _EXIT_TERMINATED if terminated and code == _EXIT_INTERRUPTED else code
    finally:
        sys.stdout, sys.stderr = stdout, stderr


def one_line(text: object) -> str:
    """Return a name for a line of its own: an end of a line in it cannot begin another."""
    return str(text).replace("\n", "\\n").replace("\r", "\\r")


def counted(number: int, thing: str, things: str | None = None) -> str:
    """Return a number and what is counted: "1 picture", "2 pictures".

    Args:
        things: the plural, where it is another word than `thing` and an s.
    """
    return f"{number} {thing if number == 1 else things or thing + 's'}"


def size_of(size_bytes: int) -> str:
    """Return a size for people: "860 bytes", "12.3 kB", "4.5 MB"."""
    if size_bytes < 1000:
        return counted(size_bytes, "byte")
    return f"{size_bytes / 1e3:.1f} kB" if size_bytes < 1e6 else f"{size_bytes / 1e6:.1f} MB"


def command_line(*words: object) -> str:
    """Return a command as it can be pasted into a shell."""
    return shlex.join(str(word) for word in words)


def _run(command: Callable[[], int]) -> int:
    try:
        begin_work()
        code = command()
        sys.stdout.flush()  # Here an error has its sentence; at the end of Python it has none.
        return code
    except BrokenPipeError:
        # Whoever read our output has had enough; there is nobody to tell.
        _drop_output()
        return _EXIT_ERROR
    except ModuleNotFoundError as error:
        missing = missing_package(error)
        if missing is None:
            raise
        return _fail(str(missing))
    except ActnetError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(_sentence(error))
    except Exception as error:
        if not _is_out_of_memory(error):
            raise
        return _fail(_NO_MEMORY)
    except KeyboardInterrupt as stop:
        # A command that kept something says so.
        print("stopped:", *(stop.args or ("nothing half-written is left",)), file=sys.stderr)
        return _EXIT_INTERRUPTED


def _is_out_of_memory(error: Exception) -> bool:
    """Tell whether Python, torch (on a GPU too) or the system's loader lacked memory."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return "can't allocate memory" in str(error) or "failed to map segment" in str(error)


@contextlib.contextmanager
def _terminated_as_interrupted() -> Iterator[list[int]]:
    """Clean up on SIGTERM as on Ctrl-C: by itself it ends a program on the spot."""
    received: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        received.append(number)
        raise KeyboardInterrupt

    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    ):
        yield received
        return
    signal.signal(signal.SIGTERM, note)
    try:
        yield received
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _fail(sentence: str) -> int:
    try:
        print(f"error: {one_line(sentence)}", file=sys.stderr)
        sys.stdout.flush()
    except OSError:
        _drop_output()
    return _EXIT_ERROR


def _sentence(error: OSError) -> str:
    if error.errno in _FULL:
        return "the disk is full; free some space and run again"
    message = error.strerror or str(error) or type(error).__name__
    if error.filename is None:
        return f"the system refused: {message}"
    place = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "a file"
    if error.errno in _RIGHTS:
        message += "; this command may not read or write that file or its folder"
    return f"{place}: {message}"


def _drop_output() -> None:
    """Let the rest of the output go nowhere, so that Python does not fail at it in the end."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fill_standard_streams() -> None:
    """Open what the caller closed: the next file would get its number, and its messages."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # The lowest number that is free: this one.
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (until the end of the process)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal without check marks is no reason to stop.
            stream.reconfigure(errors="replace")


class _Printable(io.TextIOBase):
    """A stream that shows control characters instead of obeying them."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(text.translate(_CONTROLS))
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

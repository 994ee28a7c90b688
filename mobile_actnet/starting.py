"""Ctrl-C while a command starts: one sentence and exit code 130, whatever is being imported.

Modules take a second to import, and an exception raised meanwhile is lost or shown as a traceback
where a library runs code of its own. So until its work begins a command ends on the spot.
"""

import os
import signal
from collections.abc import Callable
from types import FrameType

_STOPPED = b"stopped; nothing was done\n"
_EXIT_INTERRUPTED = 130


def start(command: Callable[[], int]) -> int:
    """Run a command that calls `begin_work` before it does anything that would have to be undone.

    Where Ctrl-C is ignored, as in a shell's background, or handled by the caller, it stays so.
    """
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, _stop)
    try:
        return command()
    finally:
        if ours:  # All is done; the end of Python would show a traceback.
            signal.signal(signal.SIGINT, signal.SIG_DFL)


def begin_work() -> None:
    """From here on Ctrl-C is a `KeyboardInterrupt`, and the command cleans up."""
    if signal.getsignal(signal.SIGINT) is _stop:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _stop(_: int, __: FrameType | None) -> None:
    try:
        os.write(2, _STOPPED)
    finally:
        os._exit(_EXIT_INTERRUPTED)

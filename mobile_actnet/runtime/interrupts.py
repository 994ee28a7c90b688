"""Ctrl-C that libraries neither lose nor die of."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


@contextlib.contextmanager
def keep_interrupt() -> Iterator[None]:
    """Keep a first Ctrl-C until the end of the block, and raise `KeyboardInterrupt` there.

    The converters import and run code that catches everything; seen: a Ctrl-C while litert-torch
    was being imported, and the export went on to write its file. Raised inside litert-torch's
    native code, it sometimes ended the process with a segmentation fault. A second Ctrl-C is
    raised at once, for whoever cannot wait.
    """
    previous = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(previous):
        yield
        return
    interrupted = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        if interrupted:
            previous(number, frame)
        interrupted = True

    signal.signal(signal.SIGINT, note)
    try:
        yield
    except Exception as error:
        if interrupted:
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, previous)
    if interrupted:
        raise KeyboardInterrupt

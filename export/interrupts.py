"""Ctrl-C that libraries cannot lose."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


@contextlib.contextmanager
def keep_interrupt() -> Iterator[None]:
    """Raise `KeyboardInterrupt` at the end of the block if one was swallowed inside it.

    The converters import and run code that catches everything; seen: a Ctrl-C while litert-torch
    was being imported, and the export went on to write its file.
    """
    previous = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(previous):
        yield
        return
    interrupted = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        previous(number, frame)

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

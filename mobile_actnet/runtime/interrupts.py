"""Ctrl-C that libraries neither lose nor die of, and that waits for the end of a step."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
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


@contextlib.contextmanager
def noted_stop() -> Iterator[Callable[[], bool]]:
    """Note a first Ctrl-C or SIGTERM instead of raising it, so that a step can be finished.

    Yields a function that tells whether one came. The block looks at it and ends; whatever it does,
    `KeyboardInterrupt` is raised at its end. A second one of the same kind is raised at once.
    """
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    kept = {number: handler for number, handler in handlers.items() if callable(handler)}
    if threading.current_thread() is not threading.main_thread() or not kept:
        yield lambda: False
        return
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        first = number not in received
        received.append(number)
        if not first:
            kept[signal.Signals(number)](number, frame)

    for number in kept:
        signal.signal(number, note)
    failure: BaseException | None = None
    try:
        yield lambda: bool(received)
    # Such as the end of worker processes that the same Ctrl-C has reached.
    except (Exception, KeyboardInterrupt) as error:
        failure = error
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
    if received:
        # Whoever handles the signal is told of it, too.
        with contextlib.suppress(KeyboardInterrupt):
            kept[signal.Signals(received[0])](received[0], None)
        raise KeyboardInterrupt from failure
    if failure is not None:
        raise failure

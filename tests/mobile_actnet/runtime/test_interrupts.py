"""A Ctrl-C is not lost, whatever the code inside does with it."""

import contextlib
import signal
import threading
from collections.abc import Callable

import pytest

from mobile_actnet.runtime.interrupts import keep_interrupt, noted_stop


def test_a_first_interrupt_waits_for_the_end_of_the_block() -> None:
    finished = []

    def convert() -> None:
        signal.raise_signal(signal.SIGINT)
        finished.append(True)

    with pytest.raises(KeyboardInterrupt), keep_interrupt():
        convert()
    assert finished


def test_a_second_interrupt_does_not_wait() -> None:
    finished = []

    def convert() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        finished.append(True)

    with pytest.raises(KeyboardInterrupt), keep_interrupt():
        convert()
    assert not finished


def test_swallowed_interrupt_comes_back() -> None:
    def convert() -> None:
        with contextlib.suppress(BaseException):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), keep_interrupt():
        convert()


def test_interrupt_turned_into_another_error_comes_back() -> None:
    def convert() -> None:
        signal.raise_signal(signal.SIGINT)
        raise RuntimeError("conversion failed")

    with pytest.raises(KeyboardInterrupt), keep_interrupt():
        convert()


def test_nothing_happens_without_one_and_the_handler_is_given_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with keep_interrupt():
        pass
    with pytest.raises(RuntimeError, match="bug"), keep_interrupt():
        raise RuntimeError("bug")
    assert signal.getsignal(signal.SIGINT) is before


def test_works_beside_the_main_thread() -> None:
    ran = []

    def work() -> None:
        with keep_interrupt():
            ran.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ran


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_is_noted_and_raised_at_the_end(number: signal.Signals) -> None:
    told: list[int] = []
    steps: list[int] = []

    def note(received: int, _: object) -> None:
        told.append(received)
        raise KeyboardInterrupt

    def work(stopped: Callable[[], bool], signals: int = 1) -> None:
        for step in range(5):
            if step == 2:
                for _ in range(signals):
                    signal.raise_signal(number)
            steps.append(step)
            if stopped():
                raise KeyboardInterrupt  # As a loop may end, too.

    def fail() -> None:
        signal.raise_signal(number)
        raise RuntimeError("a worker was stopped by the same signal")

    before = signal.signal(number, note)
    try:
        with pytest.raises(KeyboardInterrupt), noted_stop() as stopped:
            work(stopped)
        assert steps == [0, 1, 2], "the step was finished"
        assert told == [number], "whoever counts signals is told"
        assert signal.getsignal(number) is note
        steps.clear()
        with pytest.raises(KeyboardInterrupt), noted_stop() as stopped:
            work(stopped, signals=2)
        assert steps == [0, 1], "a second one does not wait"
        with pytest.raises(KeyboardInterrupt), noted_stop():
            fail()
        with pytest.raises(RuntimeError, match="bug"), noted_stop():
            raise RuntimeError("bug")
    finally:
        signal.signal(number, before)

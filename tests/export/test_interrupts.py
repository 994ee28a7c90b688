"""A Ctrl-C is not lost, whatever the code inside does with it."""

import contextlib
import signal
import threading

import pytest

from mobile_actnet.export.interrupts import keep_interrupt


def test_swallowed_interrupt_comes_back() -> None:
    with pytest.raises(KeyboardInterrupt), keep_interrupt(), contextlib.suppress(BaseException):
        signal.raise_signal(signal.SIGINT)


def test_interrupt_turned_into_another_error_comes_back() -> None:
    def convert() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as error:
            raise RuntimeError("conversion failed") from error

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

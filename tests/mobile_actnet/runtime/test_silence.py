"""Silence: nothing reaches the terminal, errors do reach the caller."""

import logging
import os
import sys
import warnings

import pytest

from mobile_actnet.runtime.silence import silence


def test_python_and_system_streams_are_silent(capfd: pytest.CaptureFixture[str]) -> None:
    with silence():
        print("python out")
        print("python err", file=sys.stderr)
        os.write(2, b"system err")
        logging.getLogger("converter").error("logged")
        warnings.warn("warned", stacklevel=1)
    print("afterwards")
    os.write(2, b"afterwards")
    printed = capfd.readouterr()
    assert printed.out == "afterwards\n"
    assert printed.err == "afterwards"


def test_exceptions_pass_and_everything_is_restored(capfd: pytest.CaptureFixture[str]) -> None:
    level = logging.root.manager.disable
    with pytest.raises(RuntimeError, match="conversion failed"), silence():
        raise RuntimeError("conversion failed")
    assert logging.root.manager.disable == level
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"

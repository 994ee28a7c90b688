"""Ctrl-C ends a command that is starting with one sentence, wherever it comes."""

import os
import signal
import subprocess
import sys

import pytest

PROGRAM = """
import _signal, sys
at, sys.argv = int(sys.argv[1]), ["/bin/actnet", *sys.argv[2:]]
from mobile_actnet.__main__ import main
calls = 0
def interrupt(frame, event, _):
    global calls
    if event == "call":
        calls += 1
        if calls == at:
            _signal.raise_signal(2)
sys.setprofile(interrupt)
try:
    code = main()
finally:
    sys.setprofile(None)
    if not at:
        print(calls)
sys.exit(code)
"""
# `main` and what it calls: before the first line of either nothing can be caught.
BEFORE = 2


def started(*words: str, at: int) -> subprocess.CompletedProcess[str]:
    """Run `actnet` and send it Ctrl-C at the call of a Python function with this number."""
    command = [sys.executable, "-c", PROGRAM, str(at), *words]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize("words", [["--version"], ["index", "info", "x.sqlite"]])
def test_ctrl_c_at_any_call_of_a_function(words: list[str]) -> None:
    # The first run makes more calls than those behind it where it compiles modules; a later one may make a few less.
    calls = [int(started(*words, at=0).stdout.splitlines()[-1]) for _ in range(2)][-1]
    assert calls > 500, "the test interrupts nothing"
    for at in [*range(BEFORE + 1, 12), *range(12, calls * 9 // 10, calls // 15)]:
        ended = started(*words, at=at)
        ending = (at, ended.returncode, ended.stderr)
        assert ended.returncode in (130, -signal.SIGINT), ending
        assert ended.stderr in (
            "", "stopped; nothing was done\n", "stopped: nothing half-written is left\n",
        ), ending  # fmt: skip


def test_ctrl_c_at_the_end_is_silent() -> None:
    program = (
        "import atexit, os, signal, sys; sys.argv[1:] = ['--version']\n"
        "atexit.register(os.kill, os.getpid(), signal.SIGINT)\n"
        "from mobile_actnet.__main__ import main; sys.exit(main())"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, b"")


def test_ctrl_c_that_a_shell_ignores_stays_ignored() -> None:
    program = (
        "import signal, sys; sys.argv[1:] = ['--version']\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from mobile_actnet.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: sys.exit(signal.getsignal(signal.SIGINT) is not signal.SIG_IGN)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

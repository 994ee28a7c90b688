"""Runs commands in forks of one process that has imported everything, and disturbs them.

    python -m tests.disturbed.forked FOLDER < orders > answers

An order is a line of JSON with the words of a command, and how it is disturbed; so is an answer. Only what the
command does to files below FOLDER counts as a step. A fork costs no import, so that hundreds of kills take minutes.
"""

import contextlib
import json
import os
import resource
import signal
import sys
import time
from functools import partial
from typing import Any

_CHANGES = {
    "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate", "os.symlink", "os.utime",
}  # fmt: skip
_POLL_S = 0.001
_FORK_LIMIT_S = 300.0


def prepare() -> None:
    """Import what the commands import, and make their made-up photos few."""
    import ai_edge_quantizer  # noqa: F401
    import coremltools  # noqa: F401
    import litert_torch  # noqa: F401
    import onnxruntime  # noqa: F401
    import torch

    from mobile_actnet.cli import export, index, search, train  # noqa: F401
    from mobile_actnet.export import pipeline  # noqa: F401
    from mobile_actnet.gallery.answers.answer_threshold import calibrate
    from mobile_actnet.gallery.indexing import indexer
    from mobile_actnet.training import trainer

    torch.set_num_threads(1)
    index.calibrate = partial(calibrate, captures=20)  # type: ignore[assignment]
    index._CALIBRATED_CAPTURES = 10
    # Commits and states as often as can be, so that kills fall into all parts of them.
    indexer._COMMIT_EVERY_S, indexer._PHOTOS_PER_TASK = 0.0, 2
    trainer.train.__defaults__ = tuple(  # type: ignore[attr-defined]
        3 if value == 100 else value for value in trainer.train.__defaults__ or ()
    )


class Steps:
    """Counts what a process does to the files below a folder, and kills it before one of them."""

    def __init__(self, folder: str, kill_at: int | None, counted: int) -> None:
        self._folder, self._kill_at, self._counted = folder, kill_at, counted
        self._done = 0

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" and event not in _CHANGES:
            return
        if event == "open" and not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
            return
        if not isinstance(arguments[0], str | os.PathLike):
            return
        if not os.path.abspath(os.fspath(arguments[0])).startswith(self._folder):
            return
        if self._done == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self._done += 1
        os.pwrite(self._counted, str(self._done).encode(), 0)


class Printed:
    """What a fork prints: pipes, since a limit for files holds for standard output too."""

    def __init__(self) -> None:
        self._pipes = [os.pipe() for _ in range(2)]
        self._read = [b"", b""]
        for reading, _ in self._pipes:
            os.set_blocking(reading, False)

    def take(self) -> None:
        """Become standard output and standard error, in the fork."""
        for number, (_, writing) in enumerate(self._pipes, 1):
            os.dup2(writing, number)
        # Python's own objects think that they can seek.
        sys.stdout = os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", closefd=False)

    def close_writing(self) -> None:
        for _, writing in self._pipes:
            os.close(writing)

    def drain(self) -> None:
        for number, (reading, _) in enumerate(self._pipes):
            with contextlib.suppress(BlockingIOError):
                while piece := os.read(reading, 1 << 16):
                    self._read[number] += piece

    def close(self) -> list[str]:
        """Return all of standard output and of standard error."""
        self.drain()
        for reading, _ in self._pipes:
            os.close(reading)
        return [text.decode(errors="replace") for text in self._read]


def run_fork(folder: str, order: dict[str, Any], counted: int) -> dict[str, Any]:
    """Run one command in a fork; return how it ended, what it printed and its number of steps."""
    os.ftruncate(counted, 0)
    printed, started = Printed(), time.monotonic()
    child = os.fork()
    if child == 0:
        _become(folder, order, printed, counted)
    printed.close_writing()
    after_s = order.get("kill_after_s")
    status = _wait(child, started + (_FORK_LIMIT_S if after_s is None else after_s), printed)
    if status is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
    out, err = printed.close()
    return {
        "code": os.waitstatus_to_exitcode(status), "seconds": time.monotonic() - started,
        "steps": int(os.pread(counted, 20, 0) or 0), "out": out, "err": err,
    }  # fmt: skip


def _become(folder: str, order: dict[str, Any], printed: Printed, counted: int) -> None:
    """Be the command, in the fork; this does not return."""
    code = 70
    try:
        os.setsid()
        printed.take()
        from mobile_actnet.cli.main import main

        if order.get("largest_file") is not None:
            largest = order["largest_file"]
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
        sys.addaudithook(Steps(folder, order.get("kill_at"), counted))
        try:
            code = main(order["words"])
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 2
        sys.stdout.flush()
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stderr.flush()
        os._exit(code)


def _wait(child: int, until: float, printed: Printed) -> int | None:
    while time.monotonic() < until:
        printed.drain()
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        time.sleep(_POLL_S)
    return None


def main(arguments: list[str]) -> int:
    (folder,) = arguments
    prepare()
    # In memory: a full disk is none of its business.
    counted = os.memfd_create("steps")
    # What libraries print while they are imported is no answer.
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(run_fork(os.path.abspath(folder), json.loads(line), counted)), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

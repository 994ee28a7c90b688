"""Work in processes of their own that may die without harm.

A worker is a plain child process that reads tasks from its standard input: it needs no guard in
the user's script, ends when its parent does, however that ends, and when a task kills it (a broken
picture in a native decoder, memory) another takes its place.
"""

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

_WAITING_PER_WORKER = 3
_LIMIT_S = 900.0  # For a few photos; a decoder can be kept busy by a file made for it.
# Run as a file, so that a child imports no more than its tasks need.
_CHILD = Path(__file__).with_name("worker_main.py")
# Numerical libraries read these when they are loaded. There is a worker for each core: with more
# threads each, OpenBLAS's wait for one another, and a build takes twice as long.
_THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


class WorkerDiedError(Exception):
    """A worker ended in the middle of a task."""


class Worker(Generic[Task, Result]):
    """One child process."""

    def __init__(
        self,
        prepare: Callable[..., Callable[[Task], Result]],
        *arguments: Any,
        limit_s: float = _LIMIT_S,
    ) -> None:
        """Plan a worker; it starts with its first task.

        Args:
            prepare: called once in the child with `arguments`; returns the function for the
                tasks. It is found by its name in its module.
            limit_s: a child that takes longer for a task is ended.
        """
        self._setup, self._limit_s = (prepare, arguments), limit_s
        self._process: subprocess.Popen[bytes] | None = None

    def do(self, task: Task) -> Result:
        """Do a task in the child, started when it is needed.

        Raises:
            WorkerDiedError: the child died or took too long; the next task gets a new one.
            Exception: whatever the function raised.
        """
        try:
            process = self._process or self._start()
            assert process.stdin is not None
            assert process.stdout is not None
            with _ended_after(process, self._limit_s):
                pickle.dump(task, process.stdin)
                process.stdin.flush()
                succeeded, value = pickle.load(process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            self.close()
            raise WorkerDiedError from error
        if not succeeded:
            raise value
        return value

    def close(self) -> None:
        """End the child."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()

    def _start(self) -> "subprocess.Popen[bytes]":
        # A group of its own: Ctrl-C goes to the parent, which ends its children.
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_CHILD)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            process_group=0, env=dict.fromkeys(_THREAD_COUNTS, "1") | dict(os.environ),
        )  # fmt: skip
        assert self._process.stdin is not None
        # The path first: without it the child may not find what the rest names.
        pickle.dump(sys.path, self._process.stdin)
        pickle.dump(self._setup, self._process.stdin)
        return self._process


@contextlib.contextmanager
def _ended_after(process: "subprocess.Popen[bytes]", limit_s: float) -> Iterator[None]:
    timer = threading.Timer(limit_s, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def in_order(
    workers: list[Worker[Task, Result]], tasks: Iterable[Task]
) -> Iterator[tuple[Task, Result | None]]:
    """Do tasks in several workers, a bounded number ahead; yield them in their order.

    Yields:
        task and result; None where the worker died.
    """
    idle: SimpleQueue[Worker[Task, Result]] = SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def do(task: Task) -> Result | None:
        worker = idle.get()
        try:
            return worker.do(task)
        except WorkerDiedError:
            return None
        finally:
            idle.put(worker)

    waiting: deque[tuple[Task, Future[Result | None]]] = deque()
    pool = ThreadPoolExecutor(len(workers))
    try:
        for task in tasks:
            waiting.append((task, pool.submit(do, task)))
            if len(waiting) >= _WAITING_PER_WORKER * len(workers):
                yield _result(waiting)
        while waiting:
            yield _result(waiting)
    finally:
        for _, future in waiting:
            future.cancel()
        for worker in workers:
            worker.close()
        pool.shutdown()
        for worker in workers:
            worker.close()  # One that was just being started.


def _result(waiting: "deque[tuple[Task, Future[Result | None]]]") -> tuple[Task, Result | None]:
    task, future = waiting.popleft()
    return task, future.result()

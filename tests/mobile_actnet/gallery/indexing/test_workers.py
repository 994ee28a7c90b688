"""Workers: order, a bounded number ahead, errors, and tasks that kill their process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mobile_actnet.gallery.indexing.workers import Worker, WorkerDiedError, in_order

MODULE = """
import os, time

def prepare(factor):
    if factor == 0:
        raise ValueError("no factor")
    print("chatter that must not get between the answers")
    def work(number):
        print("more chatter", flush=True)
        if number == 13:
            os.kill(os.getpid(), 9)
        if number == 14:
            raise ValueError("fourteen")
        if number == 15:
            time.sleep(60)
        time.sleep(0.01 * (number % 3))
        return factor * number, os.getpid()
    return work
"""


@pytest.fixture
def prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function in a module that only this process' sys.path leads to."""
    name = f"work_{os.getpid()}_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    return __import__(name).prepare


def test_results_in_the_order_of_tasks(prepare) -> None:
    workers: list[Worker[int, tuple[int, int]]] = [Worker(prepare, 2) for _ in range(2)]
    found = list(in_order(workers, range(12)))
    assert [task for task, _ in found] == list(range(12))
    results = [result for _, result in found if result is not None]
    assert [value for value, _ in results] == [2 * n for n in range(12)]
    assert len({pid for _, pid in results}) == 2
    assert os.getpid() not in {pid for _, pid in results}


def test_tasks_are_taken_when_they_are_needed(prepare) -> None:
    taken = []

    def tasks() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    found = in_order([Worker(prepare, 1)], tasks())
    next(found)
    assert len(taken) <= 4
    found.close()


def test_a_task_that_kills_its_process_is_none_and_the_rest_goes_on(prepare) -> None:
    found = dict(in_order([Worker(prepare, 1) for _ in range(2)], [11, 12, 13, 16, 17, 18]))
    assert found[13] is None
    assert [found[n][0] for n in (11, 12, 16, 17, 18)] == [11, 12, 16, 17, 18]


def test_errors_come_through_with_their_place(prepare) -> None:
    worker: Worker[int, tuple[int, int]] = Worker(prepare, 1)
    with pytest.raises(ValueError, match="fourteen") as raised:
        worker.do(14)
    assert "in work" in raised.value.__notes__[0]
    assert worker.do(3)[0] == 3
    worker.close()
    with pytest.raises(ValueError, match="no factor"):
        list(in_order([Worker(prepare, 0)], [1]))


def test_a_dead_worker_starts_again(prepare) -> None:
    worker: Worker[int, tuple[int, int]] = Worker(prepare, 1)
    with pytest.raises(WorkerDiedError):
        worker.do(13)
    assert worker.do(2)[0] == 2
    worker.close()


def test_workers_end_with_their_parent(prepare, tmp_path: Path) -> None:
    script = (
        f"import sys, time; sys.path.insert(0, {str(tmp_path)!r})\n"
        f"from {prepare.__module__} import prepare\n"
        "from mobile_actnet.gallery.indexing.workers import Worker\n"
        "print(Worker(prepare, 1).do(1)[1], flush=True); kept = Worker(prepare, 1)\n"
        "print(kept.do(1)[1], flush=True); time.sleep(60)"
    )
    # No guard around the script: workers do not import it.
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    numbers = [int(parent.stdout.readline()) for _ in range(2)]
    assert Path(f"/proc/{numbers[1]}").exists()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    for _ in range(200):
        if not any(running(number) for number in numbers):
            return
        time.sleep(0.05)
    raise AssertionError("a worker outlived its parent by ten seconds")


def running(process: int) -> bool:
    """Whether a process is there and no zombie that nobody has buried yet."""
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


@pytest.mark.parametrize(("given", "seen"), [(None, "1"), ("3", "3")])
def test_a_worker_computes_on_one_thread_unless_asked_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str | None, seen: str
) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    if given:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", given)
    (tmp_path / "one_thread.py").write_text(
        "import os\ndef prepare():\n    return os.environ.get\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    worker: Worker[str, str] = Worker(__import__("one_thread").prepare)
    try:
        assert worker.do("OPENBLAS_NUM_THREADS") == seen
    finally:
        worker.close()


def test_a_task_without_an_end_is_ended(prepare) -> None:
    worker: Worker[int, tuple[int, int]] = Worker(prepare, 2, limit_s=3)
    assert worker.do(1)[0] == 2
    started = time.monotonic()
    with pytest.raises(WorkerDiedError):
        worker.do(15)
    assert time.monotonic() - started < 30
    assert worker.do(2)[0] == 4
    worker.close()

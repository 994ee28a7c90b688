"""A runner in a process of its own: for what only a fresh process shows, and for other environments."""

import contextlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from pydantic.dataclasses import dataclass

from mobile_actnet.benchmarks.config import RuntimeKind
from mobile_actnet.benchmarks.latency.cases import Case
from mobile_actnet.descriptors import Descriptors
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.generated_pictures import golden_picture

_WORKER = Path(__file__).with_name("worker.py")
_CLOSING_SECONDS = 5
_RUNS_BEFORE_MEMORY = 3


@dataclass(frozen=True)
class Probe:
    """What a fresh process showed.

    Attributes:
        load_ms: from the artefact's path to ready; the runtime's library was imported already, and
            the file is in the system's cache: storage is not measured.
        first_run_ms: of the first run, in which runtimes prepare themselves.
        baseline_bytes: resident memory with the runtime imported and nothing loaded.
        peak_bytes: most resident memory, after a few runs.
    """

    load_ms: float
    first_run_ms: float
    baseline_bytes: int
    peak_bytes: int


class ProcessRunner:
    """Satisfies `runners.Runner`; the worker's own clock times the runs.

    Args:
        source: path of the artefact; the network's name for PyTorch.
        python: interpreter to run in.

    Raises:
        ConfigError: no such interpreter.
        ActnetError: the runtime is not in it, or cannot load the artefact.
    """

    def __init__(
        self, runtime: RuntimeKind, source: str, num_threads: int, python: Path | None = None
    ) -> None:
        self._runtime = runtime
        # Chatter goes to a file: a pipe that nobody reads would fill up and stop the process.
        self._chatter = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        # Isolated: the folder of the script is no place to import from.
        command = [python or sys.executable, "-I", _WORKER, runtime.value, source, num_threads]
        try:
            self._process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._chatter,
            )  # fmt: skip
        except OSError as error:
            self._chatter.close()
            raise ConfigError(
                f"{python} cannot be run ({error.strerror}); give the python of an environment "
                f"with {runtime.value}"
            ) from error
        answer = self._answer()
        self.version = str(answer["version"])
        self.load_ns, self.baseline_bytes = int(answer["load_ns"]), int(answer["baseline_bytes"])

    def describe(self, pixels: Pixels) -> Descriptors:
        return np.array([self.first(picture)[0] for picture in pixels], np.float32)

    def first(self, picture: Pixels) -> tuple[Descriptors, int]:
        """Describe one (H, W, 3) picture: its (D,) descriptor, and the run's nanoseconds."""
        self._send(f"describe {picture.shape[0]} {picture.shape[1]}\n".encode())
        self._send(np.ascontiguousarray(picture).tobytes())
        answer = self._answer()
        return np.array(answer["descriptor"], np.float32), int(answer["ns"])

    def run_ns(self) -> int:
        self._send(b"run\n")
        return int(self._answer()["ns"])

    def peak_bytes(self) -> int:
        """Return the process's largest resident memory so far."""
        self._send(b"memory\n")
        return int(self._answer()["peak_bytes"])

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        try:
            self._process.wait(_CLOSING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._chatter.close()

    def _send(self, content: bytes) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # The missing answer tells more.
            self._process.stdin.write(content)
            self._process.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        code = self._process.wait()
        self._chatter.seek(0)
        said = (self._chatter.read().strip().splitlines() or ["it said nothing"])[-1]
        self.close()
        raise ActnetError(
            f"{self._runtime.value} stopped in a process of its own, exit code {code}: {said}"
        )


def probe(case: Case, source: str, python: Path | None = None) -> Probe:
    """Load and run a case in a fresh process.

    Args:
        source: path of the artefact; the network's name for PyTorch.
        python: interpreter to run in; this one if None.

    Raises:
        ActnetError: the process failed; the message is its last words.
    """
    runner = ProcessRunner(case.runtime, source, case.num_threads, python)
    with contextlib.closing(runner):
        _, first_ns = runner.first(golden_picture(case.size))
        for _ in range(_RUNS_BEFORE_MEMORY):
            runner.run_ns()
        return Probe(
            runner.load_ns / 1e6, first_ns / 1e6, runner.baseline_bytes, runner.peak_bytes()
        )

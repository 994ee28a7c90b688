"""What runs in a process of its own: one artefact in one runtime, asked through pipes.

Started as a script, so that nothing is in memory but NumPy and the runtime, and so that it runs in
another environment (tflite-runtime needs NumPy 1). Each line of standard input is a command, each
answer a line of JSON; the first answer comes when the artefact is loaded.

    describe HEIGHT WIDTH   and the picture's bytes -> {"descriptor": [...], "ns": ...}
    run                     -> {"ns": of one more run on the same picture}
    memory                  -> {"peak_bytes": largest resident memory so far}
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

_PICTURE_CHANNELS = 3


class _Tflite:
    def __init__(self, interpreter_class: Any, path: str, num_threads: int) -> None:
        self._interpreter = interpreter_class(path, num_threads=num_threads)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def take(self, picture: Any) -> None:
        self._interpreter.set_tensor(self._input, picture)

    def run(self) -> None:
        self._interpreter.invoke()

    def descriptor(self) -> Any:
        return self._interpreter.get_tensor(self._output)[0]


class _Onnx:
    def __init__(self, onnxruntime: Any, path: str, num_threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = num_threads
        options.log_severity_level = 4
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(path, options, providers=providers)
        self._name = self._session.get_inputs()[0].name

    def take(self, picture: Any) -> None:
        self._picture = picture

    def run(self) -> None:
        (self._made,) = self._session.run(None, {self._name: self._picture})

    def descriptor(self) -> Any:
        return self._made[0]


class _Pytorch:
    def __init__(self, torch: Any, networks: Any, name: str, num_threads: int) -> None:
        torch.set_num_threads(num_threads)
        self._torch = torch
        self._module = networks.NETWORKS[networks.NetworkName(name)].build(networks.Layout.NHWC)

    def take(self, picture: Any) -> None:
        self._image = self._torch.from_numpy(picture.copy())

    def run(self) -> None:
        with self._torch.inference_mode():
            self._made = self._module(self._image)

    def descriptor(self) -> Any:
        return self._made[0].numpy()


def importing(runtime: str) -> tuple[str, Callable[[str, int], Any]]:
    """Import what a runtime needs; returns its version and what loads an artefact."""
    if runtime == "pytorch":
        import torch

        from mobile_actnet.benchmarks.latency import networks

        return str(torch.__version__), lambda *words: _Pytorch(torch, networks, *words)
    if runtime == "onnxruntime":
        import onnxruntime

        return onnxruntime.__version__, lambda *words: _Onnx(onnxruntime, *words)
    if runtime == "tflite-runtime":
        import tflite_runtime  # pyright: ignore[reportMissingImports]
        from tflite_runtime.interpreter import (  # pyright: ignore[reportMissingImports]
            Interpreter,
        )

        return tflite_runtime.__version__, lambda *words: _Tflite(Interpreter, *words)
    from importlib.metadata import version

    from ai_edge_litert.interpreter import Interpreter

    return version("ai-edge-litert"), lambda *words: _Tflite(Interpreter, *words)


def peak_bytes() -> int:
    """Return the largest resident memory so far.

    From /proc where there is one: the other counter begins with the memory of the parent process.
    """
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            peaks_kb = re.findall(r"^VmHWM:\s+(\d+) kB", file.read(), re.MULTILINE)
            return int(peaks_kb[0]) * 1024
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS counts bytes


def answer(**values: object) -> None:
    """Write one line of JSON."""
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def timed_ns(function: Callable[[], object]) -> int:
    """Run, and return nanoseconds."""
    start = time.perf_counter_ns()
    function()
    return time.perf_counter_ns() - start


def main() -> None:
    runtime, path, num_threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    version, load = importing(runtime)
    baseline = peak_bytes()
    start = time.perf_counter_ns()
    loaded = load(path, num_threads)
    load_ns = time.perf_counter_ns() - start
    answer(version=version, load_ns=load_ns, baseline_bytes=baseline)
    for line in iter(sys.stdin.buffer.readline, b""):
        command, *numbers = line.split()
        if command == b"describe":
            shape = (1, int(numbers[0]), int(numbers[1]), _PICTURE_CHANNELS)
            content = sys.stdin.buffer.read(shape[1] * shape[2] * shape[3])
            loaded.take(np.frombuffer(content, np.uint8).reshape(shape))
            elapsed = timed_ns(loaded.run)
            answer(ns=elapsed, descriptor=[float(x) for x in loaded.descriptor()])
        elif command == b"run":
            answer(ns=timed_ns(loaded.run))
        else:
            answer(peak_bytes=peak_bytes())


if __name__ == "__main__":
    main()

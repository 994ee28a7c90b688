"""Time the app's search on the JVM in turn with NumPy's float32 product of the same shape.

    OMP_NUM_THREADS=1 .venv/bin/python android_demo/tools/search_benchmark.py

Run it after `make test-android`, which compiles the core. 100 000 descriptors of 256 values, one
thread each; times are those of the processor, so that other programs count little.
"""

import os
import subprocess
import sys
import time

import numpy as np
from demo_build import BUILD, CORE
from kotlin import BuildError, compile_kotlin, joined
from toolchain import Toolchain

COUNT, DIM = 100_000, 256
WARM_UP, ROUNDS = 20, 100


def main() -> int:
    """Measure; the last line has both medians and the ratio of each round's times."""
    if os.environ.get("OMP_NUM_THREADS") != "1":
        print("search_benchmark: set OMP_NUM_THREADS=1, or NumPy takes all cores", file=sys.stderr)
        return 2
    try:
        java = _start_java(Toolchain())
    except BuildError as error:
        print(f"search_benchmark: {error}", file=sys.stderr)
        return 1
    rng = np.random.default_rng(0)
    database = rng.standard_normal((COUNT, DIM)).astype(np.float32)
    query = rng.standard_normal(DIM).astype(np.float32)
    rounds = np.array([(_java_ms(java), _numpy_ms(database, query))
                       for _ in range(WARM_UP + ROUNDS)])[WARM_UP:]  # fmt: skip
    java.communicate(timeout=10)
    kotlin_ms, numpy_ms = np.median(rounds, axis=0)
    low, ratio, high = np.percentile(rounds[:, 0] / rounds[:, 1], (10, 50, 90))
    print(
        f"{COUNT} x {DIM}, one thread, {ROUNDS} rounds in turn: Kotlin int8 {kotlin_ms:.1f} ms, "
        f"NumPy float32 {numpy_ms:.1f} ms, ratio {ratio:.2f} (80 % of rounds {low:.2f} to {high:.2f})"
    )
    return 0


def _start_java(tools: Toolchain) -> subprocess.Popen[str]:
    classes = compile_kotlin(
        tools, [CORE / "benchmark/kotlin"], BUILD / "benchmark", [BUILD / "core"],
        "-jvm-target", "17", f"-Xfriend-paths={BUILD / 'core'}",
    )  # fmt: skip
    path = joined([classes, BUILD / "core", tools.kotlin_jar("kotlin-stdlib"), tools.json_jar])
    return subprocess.Popen(
        [str(tools.java), "-cp", path, "org.mobileactnet.SearchBenchmarkKt"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def _java_ms(java: subprocess.Popen[str]) -> float:
    assert java.stdin is not None
    assert java.stdout is not None
    java.stdin.write("search\n")
    java.stdin.flush()
    return float(java.stdout.readline())


def _numpy_ms(database: np.ndarray, query: np.ndarray) -> float:
    start = time.thread_time()
    database @ query
    return (time.thread_time() - start) * 1e3


if __name__ == "__main__":
    sys.exit(main())

"""Time the Swift search beside a NumPy float32 matrix-vector product of the same shape, in turn.

    make test-ios && .venv/bin/python ios_demo/tools/swift_search_benchmark.py [ROWS [DIM [ROUNDS]]]

One thread each; times are those of the processor, so that other programs count little. Prints medians, the median
ratio of a round, and where 80 % of the rounds' ratios lie.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

TOOLS = Path(__file__).parent
WARM_UP = 5


def main() -> None:
    rows, dim, rounds = (*map(int, sys.argv[1:]), *(100_000, 256, 200)[len(sys.argv) - 1 :])
    rng = np.random.default_rng(0)
    database = rng.standard_normal((rows, dim), np.float32)
    query = rng.standard_normal(dim, np.float32)
    program = [str(TOOLS / "in_swift.sh"), ".build/release/actnet-demo", "benchmark"]
    swift_ms, numpy_ms = [], []
    with subprocess.Popen(
        [*program, str(rows), str(dim)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(WARM_UP + rounds):
            process.stdin.write("\n")
            process.stdin.flush()
            swift_ms.append(json.loads(process.stdout.readline())["ms"])
            start = time.thread_time()
            database @ query
            numpy_ms.append((time.thread_time() - start) * 1e3)
    ours, numpys = (np.array(samples[WARM_UP:]) for samples in (swift_ms, numpy_ms))
    print(
        f"{rows} x {dim}: Swift int8 search {np.median(ours):.2f} ms, NumPy float32 product "
        f"{np.median(numpys):.2f} ms, ratio {_ratio_text(ours, numpys)}"
    )


def _ratio_text(ours: np.ndarray, numpys: np.ndarray) -> str:
    low, ratio, high = np.percentile(ours / numpys, (10, 50, 90))
    return f"{ratio:.2f} (80 % of the rounds {low:.2f} to {high:.2f})"


if __name__ == "__main__":
    main()

"""Time the Swift search beside a NumPy float32 matrix-vector product of the same shape, in turn.

    make test-ios && .venv/bin/python ios_demo/tools/search_benchmark.py [ROWS [DIM [ROUNDS]]]

One thread each. Prints medians and their ratio with its 95 % interval (as actnet-bench counts it).
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

from mobile_actnet.benchmarks.latency.ratios import ratio_of_medians

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
            start = time.perf_counter()
            database @ query
            numpy_ms.append((time.perf_counter() - start) * 1e3)
    ours, numpys = (np.array(samples[WARM_UP:]) for samples in (swift_ms, numpy_ms))
    ratio = ratio_of_medians(ours, numpys)
    print(
        f"{rows} x {dim}: Swift int8 search {np.median(ours):.2f} ms, NumPy float32 product "
        f"{np.median(numpys):.2f} ms, ratio {ratio.ratio:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"
    )


if __name__ == "__main__":
    main()

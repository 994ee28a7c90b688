"""`actnet bench cluster`: photos a second of a Ray cluster, next to an embedded build on this machine.

actnet bench cluster photos/ --model model.tflite --rounds 3
"""

import argparse
import json
from dataclasses import asdict

from mobile_actnet.cli.arguments import Parser
from mobile_actnet.cli.bench.groups import add_rounds
from mobile_actnet.cluster.extra import BUILDING, require
from mobile_actnet.commands import counted, run


def main(argv: list[str] | None = None, prog: str = "actnet-bench cluster") -> int:
    parser = Parser(
        prog=prog, examples=__doc__, description=__doc__.splitlines()[0].partition(": ")[2]
    )
    add_rounds(parser)
    arguments = parser.parse_args(argv)
    return run(lambda: _bench(arguments))


def _bench(arguments: argparse.Namespace) -> int:
    require(BUILDING)
    import numpy as np

    from mobile_actnet.benchmarks.tasks.cluster_overhead import measure_overhead
    from mobile_actnet.cluster.building.ray_session import available_cores

    reports = []
    for _ in range(arguments.rounds):
        report = measure_overhead(
            arguments.photos, arguments.model, arguments.workers or available_cores()
        )
        reports.append(report)
        print(
            f"{report.photos} photos, {report.workers} workers: embedded {report.embedded_s:.1f} s "
            f"({report.photos / report.embedded_s:.0f}/s); cluster {report.describing_s:.1f} s "
            f"({report.photos / report.describing_s:.0f}/s), {report.cluster_s:.1f} s with its start "
            f"and end; the cluster is {report.ratio:.2f} times as fast, {report.whole_ratio:.2f} times "
            f"with its start and end; load {report.load:.1f}",
            flush=True,
        )
    median = float(np.median([report.ratio for report in reports]))
    print(f"median of {counted(len(reports), 'round')}: the cluster is {median:.2f} times as fast")
    if arguments.json:
        print(json.dumps([asdict(report) for report in reports]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

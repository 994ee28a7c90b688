"""`actnet bench indexing`: speed of indexing, next to decoding and inference alone.

actnet bench indexing photos/ --model model.tflite --rounds 3
"""

import argparse
import json
import os
from dataclasses import asdict

from mobile_actnet.cli.arguments import Parser
from mobile_actnet.cli.bench.groups import add_rounds
from mobile_actnet.commands import counted, run


def main(argv: list[str] | None = None, prog: str = "actnet-bench indexing") -> int:
    parser = Parser(
        prog=prog, examples=__doc__, description=__doc__.splitlines()[0].partition(": ")[2]
    )
    add_rounds(parser)
    arguments = parser.parse_args(argv)
    return run(lambda: _bench(arguments))


def _bench(arguments: argparse.Namespace) -> int:
    import numpy as np

    from mobile_actnet.benchmarks.tasks.indexing_rate import measure_indexing

    reports = []
    for _ in range(arguments.rounds):
        workers = arguments.workers or os.cpu_count() or 1
        report = measure_indexing(arguments.photos, arguments.model, workers)
        reports.append(report)
        print(
            f"{report.photos} photos: preparing {report.preparing_s:.1f} s, inference "
            f"{report.inference_s:.1f} s, ideal with {report.workers} workers "
            f"{report.ideal_s:.1f} s ({report.photos / report.ideal_s:.0f}/s); build "
            f"{report.build_s:.1f} s ({report.photos / report.build_s:.0f}/s), "
            f"{100 * report.share:.1f} % of ideal, {100 * report.cpu_share:.1f} % by processor "
            f"time; update {report.update_s:.2f} s, {100 * report.update_share:.2f} % of the build; "
            f"{report.peak_mb:.0f} MB"
        )
    median = float(np.median([report.share for report in reports]))
    print(f"median of {counted(len(reports), 'round')}: {100 * median:.1f} % of ideal")
    if arguments.json:
        print(json.dumps([asdict(report) for report in reports]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

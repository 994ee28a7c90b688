"""`actnet bench search`: search time, next to other libraries and to reading the memory once.

actnet bench search --pictures 100000 --pictures 1000000
"""

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mobile_actnet.cli.arguments import Parser
from mobile_actnet.commands import run

if TYPE_CHECKING:
    from mobile_actnet.benchmarks.tasks.search_time import SearchReport


def main(argv: list[str] | None = None, prog: str = "actnet-bench search") -> int:
    parser = Parser(
        prog=prog, examples=__doc__, description=__doc__.splitlines()[0].partition(": ")[2]
    )
    parser.add_argument("--pictures", type=int, action="append", metavar="N", default=None)
    parser.add_argument("--queries", type=int, default=50, metavar="N")
    parser.add_argument("--approximate", action="store_true", help="also the approximate index")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    arguments = parser.parse_args(argv)
    return run(lambda: _bench(arguments))


def _bench(arguments: argparse.Namespace) -> int:
    from mobile_actnet.benchmarks.tasks.search_time import measure_search

    reports = []
    for pictures in arguments.pictures or [100_000, 1_000_000]:
        with tempfile.TemporaryDirectory() as folder:
            report = measure_search(
                pictures, Path(folder), arguments.queries, arguments.approximate
            )
        reports.append(asdict(report))
        _print(report)
    if arguments.json:
        print(json.dumps(reports))
    return 0


def _print(report: "SearchReport") -> None:
    from mobile_actnet.benchmarks.tasks.search_time import DIM

    print(f"{report.pictures} descriptors of {DIM} values, single queries, one thread, in turn")
    for name, p50 in sorted(report.p50_ms.items(), key=lambda pair: pair[1]):
        print(f"  {name:30} p50 {p50:8.2f} ms   p90 {report.p90_ms[name]:8.2f} ms")
    print(f"  ratio to the fastest exact peer ({report.fastest_peer}): {report.ratio:.2f}")
    print(
        f"  gallery of {report.file_bytes / 1e6:.0f} MB opened in {report.open_s:.2f} s, "
        f"{report.open_bytes / 1e6:.0f} MB of memory"
    )
    if report.approximate is not None:
        print("  approximate: " + ", ".join(f"{k} {v:.3g}" for k, v in report.approximate.items()))


if __name__ == "__main__":
    raise SystemExit(main())

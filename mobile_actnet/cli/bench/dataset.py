"""`actnet bench dataset`: recall, time and memory of a dataset's vector index, next to an exact search.

actnet bench dataset --pictures 1000000 --kind IVF_SQ --kind IVF_PQ --probes 50
"""

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from mobile_actnet.cli.arguments import Parser
from mobile_actnet.cluster.extra import SEARCHING, require
from mobile_actnet.cluster.vector_index import KIND
from mobile_actnet.commands import run


def main(argv: list[str] | None = None, prog: str = "actnet-bench dataset") -> int:
    parser = Parser(
        prog=prog, examples=__doc__, description=__doc__.splitlines()[0].partition(": ")[2]
    )
    add = parser.add_argument
    add("--pictures", type=int, default=1_000_000, metavar="N")
    add("--queries", type=int, default=50, metavar="N")
    add("--kind", action="append", metavar="KIND",
        help=f"kind of index, as Lance names it; may repeat (default: {KIND})")  # fmt: skip
    add("--probes", type=int, action="append", metavar="N",
        help="partitions of the index to search; may repeat (default: as actnet-search)")  # fmt: skip
    add("--folder", type=Path, metavar="DIR", help="folder for the temporary dataset")
    add("--json", action="store_true", help="end with one line of JSON")
    arguments = parser.parse_args(argv)
    return run(lambda: _bench(arguments))


def _bench(arguments: argparse.Namespace) -> int:
    require(SEARCHING)
    from mobile_actnet.benchmarks.tasks.dataset_search import DIM, TOP, measure_dataset_search

    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        report = measure_dataset_search(
            arguments.pictures, Path(folder), arguments.kind or [KIND],
            arguments.probes or [None], arguments.queries,
        )  # fmt: skip
    exact = report.exact
    print(
        f"{report.pictures} descriptors of {DIM} values, {report.dataset_bytes / 1e6:.0f} MB; "
        f"comparing all: p50 {exact.p50_ms:.0f} ms, {exact.peak_mb:.0f} MB of memory"
    )
    for index in report.indices:
        print(
            f"{index.kind}: built in {index.build_s:.0f} s with {index.build_mb:.0f} MB of memory, "
            f"{index.bytes / 1e6:.0f} MB"
        )
        for search in index.searches:
            print(
                f"  {search.probes:4} probes: recall@{TOP} {search.recall:.3f}, "
                f"p50 {search.p50_ms:.1f} ms, {search.peak_mb:.0f} MB of memory"
            )
    print(
        f"cut of {report.cut_pictures} pictures with a filter: {report.cut_s:.1f} s, "
        f"{report.cut_bytes / 1e6:.1f} MB"
    )
    if arguments.json:
        print(json.dumps(asdict(report)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

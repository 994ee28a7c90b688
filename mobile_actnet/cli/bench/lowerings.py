"""`actnet bench lowerings`: ranking and time of each way of writing the Weibull.

actnet bench lowerings smvs_dev dreambooth
actnet bench lowerings shop/ --format onnx --precision int8 --json
"""

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mobile_actnet.benchmarks.config import COMPARED_FORMATS, COMPARED_PRECISIONS, parse_set
from mobile_actnet.cli.arguments import Parser
from mobile_actnet.commands import run
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision, parse_image_size

if TYPE_CHECKING:
    from mobile_actnet.benchmarks.tasks.lowering_comparison import LoweringRow


def main(argv: list[str] | None = None, prog: str = "actnet-bench lowerings") -> int:
    parser = Parser(
        prog=prog, examples=__doc__, description="Compare the ways to write the Weibull."
    )
    add = parser.add_argument
    add(
        "sets",
        type=parse_set,
        nargs="+",
        metavar="DIR[+DIR...]",
        help="see actnet-bench precisions",
    )
    add("--format", action="append", choices=[f.value for f in COMPARED_FORMATS],
        help="may repeat (default: all that can be timed here)")  # fmt: skip
    add("--precision", action="append", choices=[p.value for p in COMPARED_PRECISIONS],
        help="may repeat (default: all of them)")  # fmt: skip
    add("--image-size", type=parse_image_size, default=ImageSize(), metavar="N|HxW")
    add("--json", action="store_true", help="end with one line of JSON")
    arguments = parser.parse_args(argv)
    return run(lambda: _compare(arguments))


def _compare(arguments: argparse.Namespace) -> int:
    from mobile_actnet.benchmarks.tasks.lowering_comparison import compare_lowerings

    formats = [Format(word) for word in arguments.format or COMPARED_FORMATS]
    precisions = [Precision(word) for word in arguments.precision or COMPARED_PRECISIONS]
    names = [one.name for one in arguments.sets]
    print("| format | precision | lowering | time / log-exp (95 %) | cosine: mean, worst | "
          + " | ".join(names) + " |")  # fmt: skip
    print("|---" * (5 + len(names)) + "|")
    rows = []
    with tempfile.TemporaryDirectory(prefix="actnet-") as folder:
        for row in compare_lowerings(
            arguments.sets, formats, precisions, arguments.image_size, Path(folder)
        ):
            print(_line(row, names), flush=True)
            rows.append(row)
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows]))
    return 0


def _line(row: "LoweringRow", names: list[str]) -> str:
    time = f"{row.time.ratio:.3f} ({row.time.low:.3f} to {row.time.high:.3f})" if row.time else "1"
    figures = " | ".join(f"{row.mean_ap[name]:.2f}" for name in names)
    return (
        f"| {row.format} | {row.precision} | {row.lowering} | {time} | "
        f"{row.cosine_mean:.6f}, {row.cosine_min:.6f} | {figures} |"
    )


if __name__ == "__main__":
    raise SystemExit(main())

"""`actnet-precisions`: what each precision of each format costs in ranking and in bytes.

actnet-precisions smvs_dev+clothing grocery dreambooth --table precisions.md
actnet-precisions shop/ --format tflite --precision fp32 --precision int8 --json
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from mobile_actnet.benchmarks.config import parse_set
from mobile_actnet.cli.arguments import Parser
from mobile_actnet.commands import run
from mobile_actnet.export.export_request import DEFAULT_OUTPUT, ExportRequest
from mobile_actnet.files import write_atomically
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision, parse_image_size


def main(argv: list[str] | None = None, prog: str = "actnet-precisions") -> int:
    parser = Parser(
        prog=prog,
        examples=__doc__,
        description="Export every precision, measure mAP with each artefact, and make one table.",
    )
    add = parser.add_argument
    add("sets", type=parse_set, nargs="+", metavar="DIR[+DIR...]",
        help="labelled folders searched together; the first one's queries are used")  # fmt: skip
    add("--format", action="append", choices=[f.value for f in Format],
        help="may repeat (default: all)")  # fmt: skip
    add("--precision", action="append", choices=[p.value for p in Precision],
        help="may repeat (default: all that a format has)")  # fmt: skip
    add("--checkpoint", type=Path, default=DEFAULT_CHECKPOINT, metavar="FILE")
    add("--image-size", type=parse_image_size, default=ImageSize(), metavar="N|HxW")
    add("--calibration", type=Path, metavar="DIR", help="see actnet-export")
    add("--table", type=Path, metavar="FILE", help="write the table as Markdown")
    add("--cache", type=Path, metavar="DIR", help="keep descriptors here")
    add("-o", "--output", type=Path, default=DEFAULT_OUTPUT / "precisions", metavar="DIR",
        help="folder for the artefacts, also of those that fail their check; older ones there are "
        "replaced (default: artefacts/precisions/)")  # fmt: skip
    add("--json", action="store_true", help="end with one line of JSON")
    arguments = parser.parse_args(argv)
    return run(lambda: _measure(arguments))


def _measure(arguments: argparse.Namespace) -> int:
    from mobile_actnet.benchmarks.reports.precision_table import markdown, measure_precisions

    request = ExportRequest(
        formats=tuple(Format(word) for word in arguments.format or Format),
        checkpoint=arguments.checkpoint,
        size=arguments.image_size,
        calibration=arguments.calibration,
        output=arguments.output,
    )
    before, rows = measure_precisions(
        arguments.sets,
        request,
        [Precision(word) for word in arguments.precision or Precision],
        arguments.cache,
        lambda line: print(line, flush=True),
    )
    table = markdown(before, rows)
    if arguments.table:
        write_atomically(arguments.table, table.encode())
    print(f"next: see {arguments.table}" if arguments.table else table)
    if arguments.json:
        print(json.dumps({"pytorch": before, "rows": [asdict(row) for row in rows]}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Which way of writing the Weibull is best: ranking and time of each, by format and precision.

python -m mobile_actnet.benchmarks.tasks.lowering_comparison smvs_dev dreambooth
python -m mobile_actnet.benchmarks.tasks.lowering_comparison shop/ --format onnx --precision int8 --json

What it finds is what `--lowering auto` takes: docs/decisions/0011-the-weibull-at-int8.md.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from mobile_actnet.benchmarks.latency.ratios import Ratio
from mobile_actnet.benchmarks.latency.timing import Clock, RunPlan
from mobile_actnet.benchmarks.reports.precision_latency import latency_ratio
from mobile_actnet.benchmarks.reports.precision_table import (
    EVERYTHING,
    PhotoSet,
    describe_sets,
    parse_set,
)
from mobile_actnet.cli.export import parse_image_size
from mobile_actnet.commands import run
from mobile_actnet.descriptors import cosine
from mobile_actnet.evaluation.scoring import EvaluationOptions
from mobile_actnet.export.export_request import ExportRequest
from mobile_actnet.export.pipeline import export_artefacts
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Lowering, Precision

_FORMATS = (Format.TFLITE, Format.ONNX)
# Lowerings differ by less than where memory happens to lie.
_LOADS = 24
_PLAN = RunPlan(num_runs=480, max_seconds=30.0)
_PRECISIONS = (Precision.FP32, Precision.FP16, Precision.INT8)


@dataclass(frozen=True)
class LoweringRow:
    """A lowering in a format and precision.

    Attributes:
        cosine_mean, cosine_min: with PyTorch's fp32, over all photos.
        mean_ap: by set, in per cent.
        time: its processor time over that of the first lowering, measured in turn; None for that one.
    """

    format: str
    precision: str
    lowering: str
    cosine_mean: float
    cosine_min: float
    mean_ap: dict[str, float]
    time: Ratio | None


def compare_lowerings(
    sets: list[PhotoSet], formats: list[Format], precisions: list[Precision], size: ImageSize,
    folder: Path,
) -> Iterator[LoweringRow]:  # fmt: skip
    """Export, evaluate and time every lowering; the artefacts go into a folder."""
    request = ExportRequest(formats=(), size=size, thresholds=EVERYTHING)
    options = EvaluationOptions(size=size)
    _, expected = describe_sets(request.checkpoint, sets, options)
    for kind in formats:
        for precision in precisions:
            first: Path | None = None
            for lowering in Lowering:
                one = replace(
                    request, formats=(kind,), precision=precision, lowering=lowering,
                    output=folder / lowering.value,
                )  # fmt: skip
                (result,) = export_artefacts(one)
                mean_ap, found = describe_sets(result.path, sets, EvaluationOptions())
                cosines = cosine(expected, found)
                time = first and latency_ratio(
                    kind, result.path, first, size, Clock.PROCESSOR, plan=_PLAN, loads=_LOADS
                )
                first = first or result.path
                yield LoweringRow(
                    kind.value, precision.value, lowering.value,
                    float(np.mean(cosines)), float(np.min(cosines)), mean_ap, time or None,
                )  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="lowerings", description="Compare lowerings.")
    add = parser.add_argument
    add("sets", type=parse_set, nargs="+", metavar="DIR[+DIR...]", help="see actnet-precisions")
    add("--format", action="append", choices=[f.value for f in _FORMATS],
        help="may repeat (default: all that can be timed here)")  # fmt: skip
    add("--precision", action="append", choices=[p.value for p in _PRECISIONS],
        help="may repeat (default: all of them)")  # fmt: skip
    add("--image-size", type=parse_image_size, default=ImageSize(), metavar="N|HxW")
    add("--json", action="store_true", help="end with one line of JSON")
    arguments = parser.parse_args(argv)
    return run(lambda: _compare(arguments))


def _compare(arguments: argparse.Namespace) -> int:
    formats = [Format(word) for word in arguments.format or _FORMATS]
    precisions = [Precision(word) for word in arguments.precision or _PRECISIONS]
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


def _line(row: LoweringRow, names: list[str]) -> str:
    time = f"{row.time.ratio:.3f} ({row.time.low:.3f} to {row.time.high:.3f})" if row.time else "1"
    figures = " | ".join(f"{row.mean_ap[name]:.2f}" for name in names)
    return (
        f"| {row.format} | {row.precision} | {row.lowering} | {time} | "
        f"{row.cosine_mean:.6f}, {row.cosine_min:.6f} | {figures} |"
    )


if __name__ == "__main__":
    raise SystemExit(main())

"""Which way of writing the Weibull is best: ranking and time of each, by format and precision.

What it finds is what `--lowering auto` takes: docs/decisions/0011-the-weibull-at-int8.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mobile_actnet.benchmarks.config import Clock, PhotoSet, RunPlan
from mobile_actnet.benchmarks.latency.ratios import Ratio
from mobile_actnet.benchmarks.reports.precision_latency import latency_ratio
from mobile_actnet.benchmarks.reports.precision_table import EVERYTHING, describe_sets
from mobile_actnet.descriptors import cosine
from mobile_actnet.errors import ConfigError
from mobile_actnet.evaluation.config import EvaluationOptions
from mobile_actnet.export.export_request import ExportRequest
from mobile_actnet.export.pipeline import export_artefacts
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Lowering, Precision

# Lowerings differ by less than where memory happens to lie.
_LOADS = 24
_PLAN = RunPlan(num_runs=480, max_seconds=30.0)


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
    """Export, evaluate and time every lowering that the weights allow; the artefacts go into a folder."""
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
                try:
                    (result,) = export_artefacts(one)
                except ConfigError:
                    continue  # these weights cannot be written so
                mean_ap, descriptors = describe_sets(result.path, sets, EvaluationOptions())
                cosines = cosine(expected, descriptors)
                time = first and latency_ratio(
                    kind, result.path, first, size, Clock.PROCESSOR, plan=_PLAN, loads=_LOADS
                )
                first = first or result.path
                yield LoweringRow(
                    kind.value, precision.value, lowering.value,
                    float(np.mean(cosines)), float(np.min(cosines)), mean_ap, time or None,
                )  # fmt: skip

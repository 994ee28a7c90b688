"""What each precision costs: every format and precision exported, measured, and put in one table.

The artefacts themselves describe the photos; the reference is the fp32 network in PyTorch. All
artefacts are exported with thresholds that let everything through: a table hides nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mobile_actnet.benchmarks.config import PhotoSet
from mobile_actnet.benchmarks.latency.ratios import Ratio
from mobile_actnet.benchmarks.reports.precision_latency import latency_ratio
from mobile_actnet.descriptors import Descriptors, cosine
from mobile_actnet.errors import ConfigError
from mobile_actnet.evaluation.config import EvaluationOptions
from mobile_actnet.evaluation.scoring import evaluate_model
from mobile_actnet.export.checks.artefact_check import Say
from mobile_actnet.export.checks.parity import THRESHOLDS
from mobile_actnet.export.checks.thresholds import ThresholdOverrides
from mobile_actnet.export.export_request import ExportRequest, artefact_path
from mobile_actnet.export.formats.exporter import exporter
from mobile_actnet.export.pipeline import export_artefacts
from mobile_actnet.export.quantization.config import ROUNDED
from mobile_actnet.runtime.vocabulary import Format, Precision

EVERYTHING = ThresholdOverrides(0.0, 0.0, 0.0, 100.0)


@dataclass(frozen=True)
class PrecisionRow:
    """An artefact's figures.

    Attributes:
        format, precision, size_bytes: of the artefact.
        cosine_mean, cosine_min: with PyTorch's fp32, over all photos.
        mean_ap: by set, in per cent. loss: by set, points lost against PyTorch's fp32.
        allowed_loss: most points that the precision may lose.
        worst_layers: lowest signal-to-noise ratio first.
        runs_on: by runtime, what came of running it there.
        latency: its median over that of fp32 in the same runtime; None where it was not timed.
    """

    format: str
    precision: str
    size_bytes: int
    cosine_mean: float
    cosine_min: float
    mean_ap: dict[str, float]
    loss: dict[str, float]
    allowed_loss: float
    worst_layers: list[dict[str, Any]]
    runs_on: list[dict[str, Any]]
    latency: Ratio | None = None

    @property
    def holds(self) -> bool:
        return all(loss <= self.allowed_loss for loss in self.loss.values())


def measure_precisions(
    sets: list[PhotoSet], request: ExportRequest, precisions: list[Precision],
    cache: Path | None, say: Say,
) -> tuple[dict[str, float], list[PrecisionRow]]:  # fmt: skip
    """Export and measure every precision of the formats asked for.

    Args:
        sets: what to search. request: formats, checkpoint, output folder and calibration.
        precisions: those of them that a format has are measured.

    Returns:
        PyTorch's mAP by set, and a row per artefact.
    """
    if not sets:
        raise ConfigError("no photos given; give folders with a manifest.csv, such as shop/")
    wanted = list(_wanted(request, precisions))
    if not wanted:
        asked = ", ".join(precision.value for precision in precisions)
        raise ConfigError(f"none of the formats has the precision {asked}")
    options = EvaluationOptions(cache=cache)
    before, expected = describe_sets(request.checkpoint, sets, replace(options, size=request.size))
    say(f"{'PyTorch fp32':24}" + _figures(before, {}))
    rows = []
    for kind, precision in wanted:
        (result,) = export_artefacts(_single(request, kind, precision))
        after, descriptors = describe_sets(result.path, sets, options)
        manifest, cosines = result.manifest, cosine(expected, descriptors)
        row = PrecisionRow(
            kind.value, precision.value, manifest.artefact.size_bytes or 0,
            float(cosines.mean()), float(cosines.min()), after,
            {name: before[name] - after[name] for name in before},
            THRESHOLDS[precision].mean_ap_loss, manifest["parity"]["worst_layers"],
            manifest["runs_on"], _timed(request, kind, result.path),
        )  # fmt: skip
        rows.append(row)
        say(f"{kind.value + ' ' + precision.value:24}" + _figures(after, row.loss))
    return before, rows


def markdown(before: dict[str, float], rows: list[PrecisionRow]) -> str:
    """Return the table, and what the worst layers of the rows are that lose too much."""
    names = list(before)
    lines = [
        "| format | precision | size | time / fp32 (95 %) | cosine: mean, worst | "
        + " | ".join(f"{name}: mAP (change)" for name in names) + " | allowed loss | holds |",
        "|---" * (7 + len(names)) + "|",
        "| PyTorch | fp32 | | | | "
        + " | ".join(f"{before[name]:.2f}" for name in names) + " | | |",
    ]  # fmt: skip
    for row in rows:
        figures = " | ".join(f"{row.mean_ap[name]:.2f} ({-row.loss[name]:+.2f})" for name in names)
        lines.append(
            f"| {row.format} | {row.precision} | {row.size_bytes / 1e6:.2f} MB | "
            f"{_ratio(row.latency)} | {row.cosine_mean:.4f}, {row.cosine_min:.4f} | {figures} | "
            f"{row.allowed_loss:g} | {'yes' if row.holds else '**no**'} |"
        )
    lines += ["", "Layers with the lowest signal-to-noise ratio against the float network, dB:", ""]
    lines += [
        f"- {row.format} {row.precision}: "
        + ", ".join(f"{layer['layer']} {layer['snr_db']:.1f}" for layer in row.worst_layers)
        for row in rows
        if row.worst_layers
    ]
    if any(row.runs_on for row in rows):
        lines += ["", *_runtimes(rows)]
    return "\n".join(lines) + "\n"


def _ratio(ratio: Ratio | None) -> str:
    return f"{ratio.ratio:.2f} ({ratio.low:.2f} to {ratio.high:.2f})" if ratio else ""


def _runtimes(rows: list[PrecisionRow]) -> Iterator[str]:
    yield "Runtimes that each artefact was run on here (worst cosine with ai-edge-litert's result by"
    yield "the same kind of kernels; operators that XNNPACK left over, its partitions as DELEGATE):"
    yield ""
    for row in rows:
        phrases = [
            f"{run['runtime']} {run['version']} {run['result']}"
            + (f" ({run['cosine_min']:.6f}" if run["cosine_min"] is not None else " (-")
            + "".join(f"; {name} {n}" for name, n in sorted((run["undelegated"] or {}).items()))
            + ")"
            for run in row.runs_on
        ]
        yield f"- {row.format} {row.precision}: {', '.join(phrases)}"


def _wanted(
    request: ExportRequest, precisions: list[Precision]
) -> Iterator[tuple[Format, Precision]]:
    for kind in request.formats:
        for precision in exporter(kind).precisions:
            if precision in precisions:
                yield kind, precision


def _timed(request: ExportRequest, kind: Format, artefact: Path) -> Ratio | None:
    """Time an artefact beside the fp32 one of the same folder, where there is one."""
    single = artefact_path(replace(request, formats=(kind,), precision=Precision.FP32), kind)
    if single == artefact or not single.exists():
        return None
    return latency_ratio(kind, artefact, single, request.size)


def _single(request: ExportRequest, kind: Format, precision: Precision) -> ExportRequest:
    calibration = request.calibration if precision in ROUNDED else None
    return replace(
        request, formats=(kind,), precision=precision, thresholds=EVERYTHING,
        calibration=calibration, overwrite=True,
    )  # fmt: skip


def describe_sets(
    model: Path, sets: list[PhotoSet], options: EvaluationOptions
) -> tuple[dict[str, float], Descriptors]:
    """Evaluate a checkpoint or an artefact.

    Returns:
        mAP in per cent by set, and the descriptors of all photos, set by set, (N, dim).
    """
    scores, descriptors = {}, []
    for one in sets:
        evaluation = evaluate_model(model, list(one.folders), options)
        scores[one.name] = evaluation.sets[one.name].mean_ap
        descriptors.append(evaluation.descriptors)
    return scores, np.concatenate(descriptors)


def _figures(mean_ap: dict[str, float], loss: dict[str, float]) -> str:
    return ", ".join(
        f"{name} {value:.2f}" + (f" ({-loss[name]:+.2f})" if loss else "")
        for name, value in mean_ap.items()
    )

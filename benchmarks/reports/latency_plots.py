"""Pictures of a report: latency distributions, ratios with their intervals, time over minutes."""

from pathlib import Path
from typing import Any

import numpy as np

from mobile_actnet.benchmarks.reports.report import Report
from mobile_actnet.benchmarks.reports.report_tables import title_of
from mobile_actnet.evaluation.reports.plots import COLOURS, picture

_ROW_INCHES = 0.5
_PANEL_INCHES = 2.4


def draw_report(report: Report, path: Path) -> dict[Path, bytes]:
    """Draw what a report holds.

    Args:
        path: of the report; pictures are named after it, NAME-latency.svg and so on.

    Returns:
        the bytes of each picture by its path; none for sections without rows.

    Raises:
        MissingPackageError: matplotlib is not installed.
    """
    drawings = {
        "latency": (report.comparisons, draw_distributions),
        "ratio": (report.comparisons, draw_ratios),
        "minutes": (report.sustained, draw_minutes),
    }
    return {
        path.with_name(f"{path.stem}-{name}.svg"): draw(report)
        for name, (rows, draw) in drawings.items()
        if rows
    }


def draw_distributions(report: Report) -> bytes:
    """Draw the share of runs within a time, a panel for each comparison; SVG."""

    def draw(figure: Any) -> None:
        panels = figure.subplots(len(report.comparisons), 1, squeeze=False)[:, 0]
        for axes, comparison in zip(panels, report.comparisons, strict=True):
            for number, measurement in enumerate((comparison.ours, comparison.reference)):
                axes.ecdf(
                    measurement.samples,
                    label=title_of(measurement.network),
                    color=COLOURS[number],
                    linestyle=("-", "--")[number],
                )
            axes.set_xscale("log")
            axes.set_ylabel("share of runs")
            axes.set_title(comparison.ours.setting, fontsize="medium")
            axes.grid(alpha=0.3)
            axes.legend(loc="lower center", fontsize="small")
        panels[-1].set_xlabel("milliseconds within which a run is done")

    return picture(draw, Path("x.svg"), _PANEL_INCHES * len(report.comparisons) + 0.4)


def draw_ratios(report: Report) -> bytes:
    """Draw how many times faster, with the 95 % interval and what is claimed; SVG."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        rows = np.arange(len(report.comparisons))[::-1]
        for row, comparison in zip(rows, report.comparisons, strict=True):
            ratio = comparison.speedup
            ends = [[ratio.ratio - ratio.low], [ratio.high - ratio.ratio]]
            axes.errorbar(ratio.ratio, row, xerr=ends, fmt="o", color=COLOURS[0], capsize=4)
        labels = [
            f"{comparison.ours.setting}\nagainst {title_of(comparison.reference.network)}"
            for comparison in report.comparisons
        ]
        axes.set_yticks(rows, labels, fontsize="small")
        for claim in sorted({x.min_speedup for x in report.comparisons if x.min_speedup}):
            axes.axvline(claim, color=COLOURS[1], linestyle="--", label=f"claim: {claim:g}")
            axes.legend()
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_formatter(lambda value, _: f"{value:g}")
        axes.tick_params(axis="x", which="both", labelsize="small")
        axes.set_xlabel("times faster (ratio of medians, 95 % interval)")
        axes.margins(y=0.5 / max(1, len(rows)))
        axes.grid(axis="x", alpha=0.3)

    return picture(draw, Path("x.svg"), _ROW_INCHES * len(report.comparisons) + 1.6)


def draw_minutes(report: Report) -> bytes:
    """Draw the median latency over minutes; SVG."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for number, sustained in enumerate(report.sustained):
            minutes = [window.at_s / 60 for window in sustained.windows]
            colour = COLOURS[number % len(COLOURS)]
            label = f"{title_of(sustained.measurement.network)}, {sustained.measurement.setting}: p50, p90"
            axes.plot(
                minutes, [window.p50_ms for window in sustained.windows], color=colour, label=label
            )
            axes.plot(minutes, [window.p90_ms for window in sustained.windows], color=colour,
                      linestyle=":", linewidth=1)  # fmt: skip
        axes.set_ylim(bottom=0)
        axes.set_xlabel("minutes without pause")
        axes.set_ylabel("latency (ms)")
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")

    return picture(draw, Path("x.svg"), 3.6)

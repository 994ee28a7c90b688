"""Reports as Markdown, for a terminal, a README and docs/results alike."""

from collections.abc import Callable, Sequence

from mobile_actnet.benchmarks.config import NetworkName
from mobile_actnet.benchmarks.latency.networks import NETWORKS
from mobile_actnet.benchmarks.reports.regressions import Change
from mobile_actnet.benchmarks.reports.report import Comparison, Measurement, Report, Stages

_MEGABYTE = 1e6


def markdown(report: Report) -> str:
    """Return a report as Markdown: machine, warnings, a table of each section that has rows."""
    sections = [_heading(report), *(section(report) for section in _SECTIONS)]
    return "\n\n".join(section for section in sections if section) + "\n"


def title_of(network: str) -> str:
    """Return a network's name for readers; one that is not ours stays as it is."""
    known = {name.value: named.title for name, named in NETWORKS.items()}
    return known.get(network, network)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; the first column is text, the others are figures."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def changes_table(changes: Sequence[Change]) -> str:
    """Return what became of each setting, as a Markdown table."""
    header = ("runtime, precision, size, threads", "networks", "time, B over A", "95 % interval",
              "verdict")  # fmt: skip
    rows = [
        [
            change.setting,
            change.before if change.before == change.after else f"{change.before} → {change.after}",
            f"{change.ratio:.3f}",
            f"{change.low:.3f} to {change.high:.3f}",
            change.verdict.value + (f" ({change.note})" if change.note else ""),
        ]
        for change in changes
    ]
    return table(header, rows)


def _heading(report: Report) -> str:
    machine = report.machine
    cores = f"{machine.cores} core{'s' * (machine.cores != 1)}"
    kind = "virtual, " if machine.virtual else ""
    flags = f", {' '.join(machine.flags)}" if machine.flags else ""
    return (
        f"`{report.command}`\n\n{machine.name} ({kind}{machine.architecture}, {cores}{flags}), "
        f"{machine.system}; {report.created}; fingerprint {machine.fingerprint}"
    )


def _comparisons(report: Report) -> str:
    if not report.comparisons:
        return ""
    header = ("runtime, precision, size, threads", "network", "p50 ms", "reference", "p50 ms",
              "times faster", "95 % interval", "pairs", "verdict")  # fmt: skip
    rows = [_comparison_row(comparison) for comparison in report.comparisons]
    return table(header, rows) + _cost_lines(report) + _random_note(report)


def _comparison_row(comparison: Comparison) -> list[str]:
    speedup = comparison.speedup
    verdict = comparison.verdict and f"{comparison.verdict} (at least {comparison.min_speedup:g})"
    return [
        comparison.ours.setting,
        title_of(comparison.ours.network),
        f"{comparison.ours.summary.p50_ms:.2f}",
        title_of(comparison.reference.network),
        f"{comparison.reference.summary.p50_ms:.2f}",
        f"{speedup.ratio:.3g}" if speedup.ratio >= 2 else f"{speedup.ratio:.3f}",
        f"{speedup.low:.3f} to {speedup.high:.3f}",
        str(speedup.pairs),
        verdict,
    ]


def _cost_lines(report: Report) -> str:
    """Say what the head costs where the reference is the network without it."""
    lines = [
        f"\n\nThe head's cost, {comparison.ours.setting}: {1 / comparison.speedup.ratio:.3f} times the time "
        f"of {title_of(comparison.reference.network)}, 95 % interval {1 / comparison.speedup.high:.3f} to "
        f"{1 / comparison.speedup.low:.3f}."
        for comparison in report.comparisons
        if comparison.reference.network == NetworkName.MOBILENET_V2.value
    ]
    return "".join(lines)


def _random_note(report: Report) -> str:
    named = {
        f"{title_of(each.network)} ({each.weights})"
        for comparison in report.comparisons
        for each in (comparison.ours, comparison.reference)
        if each.weights != "shipped"
    }
    if not named:
        return ""
    return (
        f"\n\nWeights not trained, which makes no difference to time: {', '.join(sorted(named))}."
    )


def _details(report: Report) -> str:
    """The latency of each artefact: percentiles, cold load, first run, memory."""
    measurements = [
        each
        for comparison in report.comparisons
        for each in (comparison.ours, comparison.reference)
    ]
    measurements += report.measurements
    if not measurements:
        return ""
    header = ("network; runtime, precision, size, threads", "p50", "p90", "p99", "runs",
              "cold load", "first run", "peak memory", "file")  # fmt: skip
    return "Milliseconds and megabytes:\n\n" + table(
        header, [_detail_row(each) for each in measurements]
    )


def _detail_row(measurement: Measurement) -> list[str]:
    summary, probe = measurement.summary, measurement.probe
    return [
        f"{title_of(measurement.network)}; {measurement.setting}",
        *(f"{value:.2f}" for value in (summary.p50_ms, summary.p90_ms, summary.p99_ms)),
        str(summary.count),
        f"{probe.load_ms:.1f}" if probe else "",
        f"{probe.first_run_ms:.1f}" if probe else "",
        f"{(probe.peak_bytes - probe.baseline_bytes) / _MEGABYTE:.0f}" if probe else "",
        f"{measurement.artefact_bytes / _MEGABYTE:.1f}" if measurement.artefact_bytes else "",
    ]


def _sustained(report: Report) -> str:
    header = ("network; runtime, precision, size, threads", "minutes", "p50 at the start, ms",
              "p50 at the end, ms", "slower by")  # fmt: skip
    rows = [
        [
            f"{title_of(run.measurement.network)}; {run.measurement.setting}",
            f"{run.windows[-1].at_s / 60:.1f}",
            f"{run.windows[0].p50_ms:.2f}",
            f"{run.windows[-1].p50_ms:.2f}",
            f"{100 * (run.slowdown - 1):+.1f} %",
        ]
        for run in report.sustained
    ]
    return table(header, rows) if rows else ""


def _stages(report: Report) -> str:
    if not report.stages:
        return ""
    names = list(report.stages[0].stages_ms)
    header = ("network and runtime; picture", "gallery", *(f"{name}, ms" for name in names))
    rows = [
        [
            f"{stages.setting}; {stages.picture}",
            f"{stages.gallery} ({stages.search})",
            *(f"{stages.stages_ms[name].p50_ms:.2f}" for name in names),
        ]
        for stages in report.stages
    ]
    return "Medians:\n\n" + table(header, rows) + _stages_in_descriptions(report.stages)


def _stages_in_descriptions(stages: list[Stages]) -> str:
    """Return what an answer costs beside describing one view, without extracting local features."""
    rows = []
    for photo_stages in stages:
        ms = {name: summary.p50_ms for name, summary in photo_stages.stages_ms.items()}
        if "certain" not in ms:
            continue
        one = ms["describe"] / photo_stages.views
        shares = (
            ms["certain"] - ms["extract"], ms["total"] - ms["extract"],
            ms["match"] + ms["verify"], ms["extract"],
        )  # fmt: skip
        rows.append(
            [
                f"{photo_stages.setting}; {photo_stages.gallery}",
                *(f"{each / one:.1f}" for each in shares),
            ]
        )
    header = (
        "network and runtime; gallery", "a certain answer", "no certain answer", "comparing 20",
        "extraction",
    )  # fmt: skip
    title = "\n\nIn descriptions of one view; answers without the extraction:\n\n"
    return title + table(header, rows) if rows else ""


def _instructions(report: Report) -> str:
    if not report.instructions:
        return ""
    ours = {
        (count.precision, count.size): count.millions[-1]
        for count in report.instructions
        if count.network == NetworkName.MOBILE_ACTNET.value
    }
    header = ("network", "precision", "size", "million ARM64 instructions", "times ours",
              "repeatable to", "output against x86")  # fmt: skip
    rows = []
    for count in report.instructions:
        beside = ours.get((count.precision, count.size))
        rows.append([
            title_of(count.network), count.precision, count.size, f"{count.millions[-1]:.1f}",
            f"{count.millions[-1] / beside:.3g}" if beside else "",
            f"{100 * count.repeatability:.4f} %", f"{count.output_difference:.1e}",
        ])  # fmt: skip
    note = "Instructions of one inference under emulation; they are not time."
    return f"{note}\n\n{table(header, rows)}"


def _roofline(report: Report) -> str:
    header = ("network; runtime, precision, size, threads", "million multiply-adds", "weights, MB",
              "peak, GFLOP/s", "bandwidth, GB/s", "compute floor, ms", "memory floor, ms", "p50, ms",
              "times the floor")  # fmt: skip
    rows = [
        [
            f"{title_of(roofline.network)}; {roofline.setting}",
            f"{roofline.multiply_adds / 1e6:.0f}",
            f"{roofline.weight_bytes / _MEGABYTE:.1f}",
            f"{roofline.peak_gflops:.0f}",
            f"{roofline.bandwidth_gb_s:.1f}",
            f"{roofline.compute_ms:.3f}",
            f"{roofline.memory_ms:.3f}",
            f"{roofline.p50_ms:.2f}",
            f"{roofline.times_floor:.1f}",
        ]
        for roofline in report.roofline
    ]
    return table(header, rows) if rows else ""


def _warnings(report: Report) -> str:
    lines = [
        f"- NOISY {comparison.ours.setting}, beside {title_of(comparison.reference.network)}: {warning}"
        for comparison in report.comparisons
        for warning in comparison.noise.warnings
    ]
    lines += [f"- NOT MEASURED {missing.what}: {missing.why}" for missing in report.not_measured]
    return "\n".join(lines)


_SECTIONS: tuple[Callable[[Report], str], ...] = (
    _comparisons,
    _details,
    _sustained,
    _stages,
    _instructions,
    _roofline,
    _warnings,
)

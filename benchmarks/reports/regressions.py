"""Is B slower than A? Verdicts that know how noisy both were.

Two reports are two visits to a machine, which may be faster on one day than on the other. What a
visit tells for certain is a ratio to the reference that ran in turn with it; so ratios are
compared with ratios, and only measurements without a reference with milliseconds, which asks for
the same machine.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np

from mobile_actnet.benchmarks.config import TOLERANCE
from mobile_actnet.benchmarks.latency.ratios import Samples, bootstrap_ratios, interval, summarise
from mobile_actnet.benchmarks.reports.report import Comparison, Measurement, Report
from mobile_actnet.errors import ConfigError

_Taken = TypeVar("_Taken")

_ALONE_TOLERANCE = 0.15
"""Without a reference in turn the machine's own drift stands in the ratio."""


class Verdict(StrEnum):
    """What became of a measurement."""

    REGRESSION = "REGRESSION"
    IMPROVEMENT = "IMPROVEMENT"
    UNCHANGED = "UNCHANGED"
    UNCLEAR = "UNCLEAR"


@dataclass(frozen=True)
class Change:
    """One setting in both reports.

    Attributes:
        setting: what was measured, beside what.
        before, after: networks' names.
        ratio: time after over time before, relative to the reference where there is one.
        low, high: its 95 % interval.
        verdict: by the whole interval.
        note: why milliseconds were compared, or what else to know.
    """

    setting: str
    before: str
    after: str
    ratio: float
    low: float
    high: float
    verdict: Verdict
    note: str = ""


def compare_reports(
    before: Report, after: Report, tolerance: float = TOLERANCE
) -> tuple[list[Change], list[str]]:
    """Compare what two reports have in common.

    Args:
        tolerance: share by which a time may change; 0.05 is 5 %.

    Returns:
        the changes, and what only one of them has.

    Raises:
        ConfigError: they have nothing in common, or the tolerance is not above 0.
    """
    if not 0 < tolerance < 1:
        raise ConfigError(f"tolerance is {tolerance:g}; allowed is above 0 and below 1")
    changes = [
        _compared(old, new, tolerance)
        for old, new in _common(_beside(before), _beside(after))
    ]  # fmt: skip
    same_machine = before.machine.fingerprint == after.machine.fingerprint
    alone = _common(_alone(before), _alone(after))
    changes += [_compared_alone(old, new, tolerance, same_machine) for old, new in alone]
    if not changes:
        raise ConfigError("the reports have no setting in common; measure the same settings")
    return changes, _unmatched(before, after)


def verdict_of(low: float, high: float, tolerance: float) -> Verdict:
    """Judge the interval of a ratio of times: only a whole interval beyond the tolerance counts."""
    if low > 1 + tolerance:
        return Verdict.REGRESSION
    if high < 1 - tolerance:
        return Verdict.IMPROVEMENT
    if low >= 1 - tolerance and high <= 1 + tolerance:
        return Verdict.UNCHANGED
    return Verdict.UNCLEAR


def _compared(old: Comparison, new: Comparison, tolerance: float) -> Change:
    """Compare ours over reference with ours over reference."""
    ratios = [_ratio_draws(comparison, seed) for seed, comparison in enumerate((old, new))]
    low, high = interval(ratios[1] / ratios[0])
    middle = old.speedup.ratio / new.speedup.ratio
    note = ""
    if old.reference.artefact_sha256 != new.reference.artefact_sha256:
        note = "the reference's file is another one"
    return Change(
        f"{old.ours.setting}, beside {old.reference.network}", old.ours.network, new.ours.network,
        middle, low, high, verdict_of(low, high, tolerance), note,
    )  # fmt: skip


def _ratio_draws(comparison: Comparison, seed: int) -> Samples:
    return bootstrap_ratios(comparison.ours.samples, comparison.reference.samples, seed)


def _compared_alone(
    old: Measurement, new: Measurement, tolerance: float, same_machine: bool
) -> Change:
    medians = [_median_draws(measurement, seed) for seed, measurement in enumerate((old, new))]
    low, high = interval(medians[1] / medians[0])
    noisy = max(summarise(measurement.samples).spread for measurement in (old, new))
    allowed = max(tolerance, _ALONE_TOLERANCE, noisy)
    verdict, note = verdict_of(low, high, allowed), f"milliseconds; tolerance {100 * allowed:.0f} %"
    if not same_machine:
        verdict, note = Verdict.UNCLEAR, "other machine: milliseconds cannot be compared"
    middle = new.summary.p50_ms / old.summary.p50_ms
    return Change(old.setting, old.network, new.network, middle, low, high, verdict, note)


def _median_draws(measurement: Measurement, seed: int) -> Samples:
    samples = measurement.samples
    return bootstrap_ratios(samples, np.ones_like(samples), seed)


def _beside(report: Report) -> dict[str, Comparison]:
    return {
        f"{comparison.ours.setting}, beside {comparison.reference.network}": comparison
        for comparison in report.comparisons
    }


def _alone(report: Report) -> dict[str, Measurement]:
    return {
        f"{measurement.network}, {measurement.setting}": measurement
        for measurement in report.measurements
    }


def _common(before: dict[str, _Taken], after: dict[str, _Taken]) -> list[tuple[_Taken, _Taken]]:
    return [(before[key], after[key]) for key in before if key in after]


def _unmatched(before: Report, after: Report) -> list[str]:
    sentences = []
    for report, other, name in ((before, after, "first"), (after, before, "second")):
        keys = {**_beside(report), **_alone(report)}
        others = {**_beside(other), **_alone(other)}
        sentences += [f"only in the {name}: {key}" for key in keys if key not in others]
    return sentences

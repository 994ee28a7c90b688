"""Verdicts on made-up visits to a machine whose speed differs from visit to visit."""

from dataclasses import replace

import numpy as np
import pytest
from made_up import MACHINE, comparison, measurement, report

from mobile_actnet.benchmarks.reports.regressions import Verdict, compare_reports, verdict_of
from mobile_actnet.benchmarks.reports.report import Comparison
from mobile_actnet.errors import ConfigError


def visit(ours_ms: float, rng: np.random.Generator, pairs: int = 60) -> Comparison:
    """Measure on a machine that is up to twice as slow as last time, and drifts meanwhile."""
    speed = rng.uniform(1, 2) * np.exp(np.cumsum(rng.normal(0, 0.02, pairs)))
    noise = rng.lognormal(0, 0.06, (2, pairs))
    return comparison(ours_ms * speed * noise[0], 5.0 * speed * noise[1])


def verdict(before: Comparison, after: Comparison) -> Verdict:
    ((change,), _) = compare_reports(report(before), report(after))
    return change.verdict


def test_a_slower_lowering_is_found_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    slower = [verdict(visit(5.6, rng), visit(6.7, rng)) for _ in range(40)]
    same = [verdict(visit(5.6, rng), visit(5.6, rng)) for _ in range(40)]
    faster = [verdict(visit(6.7, rng), visit(5.6, rng)) for _ in range(40)]
    assert slower.count(Verdict.REGRESSION) >= 36
    assert faster.count(Verdict.IMPROVEMENT) >= 36
    assert same.count(Verdict.REGRESSION) <= 1


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.06, 1.2, Verdict.REGRESSION),
        (1.04, 1.2, Verdict.UNCLEAR),
        (0.96, 1.04, Verdict.UNCHANGED),
        (0.8, 0.94, Verdict.IMPROVEMENT),
        (0.8, 1.2, Verdict.UNCLEAR),
    ],
)
def test_verdict_by_the_whole_interval(low: float, high: float, expected: Verdict) -> None:
    assert verdict_of(low, high, 0.05) is expected


def test_milliseconds_of_another_machine_are_not_judged() -> None:
    rng = np.random.default_rng(1)
    fast, slow = (measurement(ms * rng.lognormal(0, 0.01, 50)) for ms in (5.0, 10.0))
    before, after = report(measurements=[fast]), report(measurements=[slow])
    ((change,), _) = compare_reports(before, after)
    assert change.verdict is Verdict.REGRESSION
    elsewhere = report(measurements=[slow], machine=replace(MACHINE, name="another"))
    ((change,), _) = compare_reports(before, elsewhere)
    assert change.verdict is Verdict.UNCLEAR
    assert "other machine" in change.note


def test_what_only_one_has_is_reported() -> None:
    rng = np.random.default_rng(2)
    both, alone = visit(5, rng), replace(visit(5, rng), reference=measurement(np.ones(60), "other"))
    _, unmatched = compare_reports(report(both, alone), report(both))
    assert unmatched == ["only in the first: ai-edge-litert fp32, 224x224, 1 thread, beside other"]
    with pytest.raises(ConfigError, match="nothing|no setting in common"):
        compare_reports(report(both), report(alone))

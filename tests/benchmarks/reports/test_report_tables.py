"""What readers see: every section that has rows, every warning, the machine and the command."""

from dataclasses import replace

import numpy as np
from made_up import comparison, report

from mobile_actnet.benchmarks.latency.noise import Noise
from mobile_actnet.benchmarks.reports.report import NotMeasured
from mobile_actnet.benchmarks.reports.report_tables import markdown, table, title_of


def test_comparison_by_hand() -> None:
    text = markdown(report(comparison(np.full(12, 5.0), np.full(12, 200.0), 5.0)))
    assert "`actnet-bench`" in text
    assert "Some Processor" in text
    assert (
        "| ai-edge-litert fp32, 224x224, 1 thread | Mobile-ACTNET | 5.00 | "
        "ResNeXt101-32x8d ACTNET | 200.00 | 40 | 40.000 to 40.000 | 12 | PASS (at least 5) |"
    ) in text


def test_the_heads_cost_is_the_other_way_round() -> None:
    found = comparison(np.full(12, 5.2), np.full(12, 5.0), reference="mobilenet_v2")
    text = markdown(report(found))
    assert "1.040 times the time of MobileNetV2, average pooling" in text
    assert "95 % interval 1.040 to 1.040" in text


def test_noise_random_weights_and_gaps_are_reported() -> None:
    found = comparison(np.full(12, 5.0), np.full(12, 200.0))
    found = replace(
        found,
        noise=Noise(1.0, 0.0, ["other processes kept 1.00 cores busy"]),
        reference=replace(found.reference, weights="random, seed 0"),
    )
    text = markdown(report(found, not_measured=[NotMeasured("int8", "no such precision")]))
    assert "NOISY ai-edge-litert fp32" in text
    assert "ResNeXt101-32x8d ACTNET (random, seed 0)" in text
    assert "NOT MEASURED int8: no such precision" in text


def test_an_empty_report_has_no_tables() -> None:
    assert "|" not in markdown(report())


def test_table_and_titles() -> None:
    assert table(("a", "b"), [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"
    assert title_of("resnet101_gem") == "ResNet101-GeM"
    assert title_of("someone else's") == "someone else's"

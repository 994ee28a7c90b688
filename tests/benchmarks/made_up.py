"""Reports made up for tests."""

import numpy as np

from mobile_actnet.benchmarks.latency.noise import Noise
from mobile_actnet.benchmarks.latency.ratios import ratio_of_medians, summarise
from mobile_actnet.benchmarks.reports.machine import Machine
from mobile_actnet.benchmarks.reports.report import Comparison, Measurement, Report

MACHINE = Machine(
    "host", "Some Processor", "x86_64", "Linux", 2, 8 << 30, ["avx2"], False, "", {}, {}
)


def measurement(samples_ms: np.ndarray, network: str = "mobile_actnet") -> Measurement:
    return Measurement(
        network, "ai-edge-litert", "2.3.0", "fp32", "224x224", 1, "shipped", "ab", 11_000_000,
        [float(x) for x in samples_ms], summarise(samples_ms),
    )  # fmt: skip


def comparison(
    ours_ms: np.ndarray, reference_ms: np.ndarray, claimed: float | None = None, **names: str
) -> Comparison:
    ours = measurement(ours_ms, names.get("ours", "mobile_actnet"))
    reference = measurement(reference_ms, names.get("reference", "resnext101_32x8d"))
    speedup = ratio_of_medians(reference_ms, ours_ms)
    return Comparison(ours, reference, speedup, claimed, Noise(0.0, 0.0, []), [1])


def report(*comparisons: Comparison, machine: Machine = MACHINE, **sections: list) -> Report:
    return Report(
        machine, "actnet-bench", "2026-01-01T00:00:00+00:00", comparisons=list(comparisons),
        **sections,
    )  # fmt: skip

"""Ours beside a named reference: measured in turn, with an interval and a verdict."""

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from mobile_actnet.benchmarks.config import DEFAULT_FOLDER, Clock, NetworkName, RunPlan, RuntimeKind
from mobile_actnet.benchmarks.latency.artefacts import Artefact, Say, artefact_of
from mobile_actnet.benchmarks.latency.cases import FORMAT_OF, Case
from mobile_actnet.benchmarks.latency.networks import NETWORKS
from mobile_actnet.benchmarks.latency.noise import NoiseMonitor, pinned
from mobile_actnet.benchmarks.latency.process_runner import Probe, probe
from mobile_actnet.benchmarks.latency.ratios import Samples, ratio_of_medians, summarise
from mobile_actnet.benchmarks.latency.runners import Runner, RunnerOptions, open_runner
from mobile_actnet.benchmarks.latency.timing import interleaved_latencies_ms
from mobile_actnet.benchmarks.reports.report import Comparison, Measurement, NotMeasured
from mobile_actnet.descriptors import cosine
from mobile_actnet.errors import ActnetError
from mobile_actnet.runtime.generated_pictures import generated_pictures

_SAME_COSINE = 0.98
"""Least cosine between runtimes on one artefact: below it a runtime computes something else."""


@dataclass(frozen=True)
class Setup:
    """How cases are measured.

    Attributes:
        plan: runs and seconds.
        folder: where artefacts are kept.
        runners: where runtimes are found.
        pin: whether to keep to the idlest cores.
        probe: whether to measure cold load, first run and memory in processes of their own.
        loads: how often both are loaded anew, each time for its share of the plan. Where memory
            happens to lie makes the same artefact up to 5 % slower or faster until it is closed.
    """

    plan: RunPlan = field(default_factory=RunPlan)
    folder: Path = DEFAULT_FOLDER
    runners: RunnerOptions = field(default_factory=RunnerOptions)
    pin: bool = True
    probe: bool = True
    loads: int = 5


def compare_with_reference(
    case: Case,
    reference: NetworkName,
    setup: Setup,
    min_speedup: float | None = None,
    say: Say = lambda _: None,
) -> Comparison:
    """Measure a case and the same case of the reference, in turn.

    Raises:
        ActnetError: a runtime is not installed, cannot run the artefact, or runs it wrongly.
    """
    cases = (case, case.of(reference))
    artefacts = [artefact_for(each, setup, say) for each in cases]
    probes = [
        probe_for(each, artefact, setup) for each, artefact in zip(cases, artefacts, strict=True)
    ]
    loads = min(setup.loads, setup.plan.num_runs)
    plan = setup.plan.share_of(loads)
    pairs: list[tuple[Samples, Samples]] = []
    with pinned(case.num_threads, setup.pin) as cores:
        say(f"timing {case.setting}, in turn with {NETWORKS[reference].title}")
        monitor = NoiseMonitor()
        for _ in range(loads):
            with contextlib.ExitStack() as stack:
                runners = [
                    stack.enter_context(contextlib.closing(opened(each, artefact, setup)))
                    for each, artefact in zip(cases, artefacts, strict=True)
                ]
                ours_ns, theirs_ns = (runner.run_ns for runner in runners)
                pairs.append(
                    interleaved_latencies_ms(ours_ns, theirs_ns, plan, setup.runners.clock_ns)
                )
        samples = [np.concatenate(each) for each in zip(*pairs, strict=True)]
        ours, theirs = (
            measurement_of(*each, setup.runners.clock)
            for each in zip(cases, artefacts, runners, samples, probes, strict=True)
        )
        noise = monitor.finish(
            {NETWORKS[each.network].title: summarise(values).spread
             for each, values in zip(cases, samples, strict=True)}
        )  # fmt: skip
    speedup = ratio_of_medians(samples[1], samples[0])
    return Comparison(ours, theirs, speedup, min_speedup, noise, cores)


def measurement_of(
    case: Case,
    artefact: Artefact | None,
    runner: Runner,
    samples: Samples,
    probed: Probe | None,
    clock: Clock = Clock.WALL,
) -> Measurement:
    """Put what was measured of a case into the report's words."""
    return Measurement(
        network=case.network.value,
        runtime=case.runtime.value,
        runtime_version=runner.version,
        precision=case.precision.value,
        size=str(case.size),
        num_threads=case.num_threads,
        weights=NETWORKS[case.network].weights,
        artefact_sha256=artefact.sha256 if artefact else "",
        artefact_bytes=artefact.size_bytes if artefact else 0,
        samples_ms=[round(float(value), 6) for value in samples],
        summary=summarise(samples),
        probe=probed,
        clock=clock.value,
    )


def measured(
    attempts: Iterable[tuple[str, Callable[[], Comparison]]], say: Say
) -> tuple[list[Comparison], list[NotMeasured]]:
    """Make every comparison that can be made; what cannot is named, not passed over.

    Args:
        attempts: what is measured, and the function that does it.
    """
    results, missing = [], []
    for what, attempt in attempts:
        try:
            results.append(attempt())
        except ActnetError as error:
            say(f"NOT MEASURED {what}: {error}")
            missing.append(NotMeasured(what, str(error)))
    return results, missing


def artefact_for(case: Case, setup: Setup, say: Say) -> Artefact | None:
    return artefact_of(case, setup.folder, say) if FORMAT_OF[case.runtime] else None


def probe_for(case: Case, artefact: Artefact | None, setup: Setup) -> Probe | None:
    if not setup.probe:
        return None
    python = setup.runners.tflite_python if case.runtime is RuntimeKind.TFLITE_RUNTIME else None
    return probe(case, str(artefact.path) if artefact else case.network.value, python)


def opened(case: Case, artefact: Artefact | None, setup: Setup) -> Runner:
    """Load a runner, run it once, and make sure that it computes what it should.

    Seen: an old runtime that runs newer files without a word and computes something else.
    """
    runner = open_runner(case, artefact, setup.runners)
    try:
        picture = generated_pictures(1, case.size)
        descriptor = runner.describe(picture)
        if not np.isfinite(descriptor).all():
            raise ActnetError(f"{case.network.value}, {case.setting}: its output is not finite")
        if case.runtime is RuntimeKind.TFLITE_RUNTIME:
            trusted = open_runner(
                replace(case, runtime=RuntimeKind.LITERT), artefact, setup.runners
            )
            with contextlib.closing(trusted):
                _check_same(case, float(cosine(descriptor, trusted.describe(picture))[0]))
    except BaseException:
        runner.close()
        raise
    return runner


def _check_same(case: Case, agreement: float) -> None:
    if agreement < _SAME_COSINE:
        raise ActnetError(
            f"{case.network.value}, {case.setting}: computes other values than "
            f"{RuntimeKind.LITERT.value} (cosine {agreement:.3f}); its time would mean nothing"
        )

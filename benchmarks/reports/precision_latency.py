"""How long an artefact takes beside another of the same network: one thread, run in turn."""

import contextlib
from pathlib import Path

import numpy as np

from mobile_actnet.benchmarks.config import Clock, NetworkName, RunPlan, RuntimeKind
from mobile_actnet.benchmarks.latency.artefacts import Artefact
from mobile_actnet.benchmarks.latency.cases import FORMAT_OF, Case
from mobile_actnet.benchmarks.latency.noise import pinned
from mobile_actnet.benchmarks.latency.ratios import Ratio, Samples, ratio_of_medians
from mobile_actnet.benchmarks.latency.runners import RunnerOptions, open_runner
from mobile_actnet.benchmarks.latency.timing import interleaved_latencies_ms
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision

PLAN = RunPlan(num_runs=200, max_seconds=30.0)


def latency_ratio(
    kind: Format, artefact: Path, other: Path, size: ImageSize, clock: Clock = Clock.WALL,
    plan: RunPlan = PLAN, loads: int = 6,
) -> Ratio | None:  # fmt: skip
    """Time an artefact and another of the same network in turn.

    Args:
        artefact, other: of the same format.
        size: of their input.
        loads: how often both are loaded anew; where memory happens to lie makes 5 % and more.

    Returns:
        the artefact's median over the other's; None where no runtime on this machine times it.
    """
    runtime = _RUNTIMES.get(kind)
    if runtime is None:
        return None
    # How a case is named plays no part once its artefact is given.
    case = Case(NetworkName.MOBILE_ACTNET, runtime, Precision.FP32, size)
    options, picture = RunnerOptions(clock=clock), generated_pictures(1, size)
    pairs: list[tuple[Samples, Samples]] = []
    for number in range(loads):
        # What is loaded first was seen to run 1 % slower: each is first every other time.
        paths = (artefact, other) if number % 2 else (other, artefact)
        with contextlib.ExitStack() as stack:
            stack.enter_context(pinned(case.num_threads))
            timed = []
            for path in paths:
                given = Artefact(path, "", path.stat().st_size, "given")
                runner = open_runner(case, given, options)
                stack.enter_context(contextlib.closing(runner))
                runner.describe(picture)
                timed.append(runner.run_ns)
            first, second = timed
            share = plan.share_of(loads)
            samples = interleaved_latencies_ms(first, second, share, options.clock_ns)
            pairs.append(samples if number % 2 else samples[::-1])
    ours, others = (np.concatenate(each) for each in zip(*pairs, strict=True))
    return ratio_of_medians(ours, others)


_RUNTIMES = {
    kind: runtime
    for runtime, kind in FORMAT_OF.items()
    if kind is not None and runtime is not RuntimeKind.TFLITE_RUNTIME
}

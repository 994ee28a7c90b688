"""How long an artefact takes beside the same network in fp32: one thread, run in turn."""

import contextlib
from pathlib import Path

from mobile_actnet.benchmarks.artefacts import Artefact
from mobile_actnet.benchmarks.cases import FORMAT_OF, Case, RuntimeKind
from mobile_actnet.benchmarks.latency import RunPlan, interleaved_latencies_ms
from mobile_actnet.benchmarks.networks import NetworkName
from mobile_actnet.benchmarks.noise import pinned
from mobile_actnet.benchmarks.ratios import Ratio, ratio_of_medians
from mobile_actnet.benchmarks.runners import RunnerOptions, open_runner
from mobile_actnet.export.deployable import ImageSize
from mobile_actnet.export.formats import Format, Precision
from mobile_actnet.export.pictures import generated_pictures

PLAN = RunPlan(num_runs=200, max_seconds=30.0)


def latency_ratio(
    kind: Format, artefact: Path, single: Path, size: ImageSize, plan: RunPlan = PLAN
) -> Ratio | None:
    """Time an artefact and its fp32 counterpart in turn.

    Args:
        artefact, single: of the same format; `single` is the fp32 one.
        size: of their input.

    Returns:
        the artefact's median over that of fp32; None where no runtime on this machine times it.
    """
    runtime = _RUNTIMES.get(kind)
    if runtime is None:
        return None
    # How a case is named plays no part once its artefact is given.
    case = Case(NetworkName.MOBILE_ACTNET, runtime, Precision.FP32, size)
    picture = generated_pictures(1, size)
    with contextlib.ExitStack() as stack:
        stack.enter_context(pinned(case.num_threads))
        timed = []
        for path in (artefact, single):
            given = Artefact(path, "", path.stat().st_size, "given")
            runner = open_runner(case, given, RunnerOptions())
            stack.enter_context(contextlib.closing(runner))
            runner.describe(picture)
            timed.append(runner.run_ns)
        samples = interleaved_latencies_ms(timed[0], timed[1], plan)
    return ratio_of_medians(*samples)


_RUNTIMES = {
    kind: runtime
    for runtime, kind in FORMAT_OF.items()
    if kind is not None and runtime is not RuntimeKind.TFLITE_RUNTIME
}

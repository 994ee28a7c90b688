"""What `actnet-bench` can be asked for: each mode measures, builds a report and hands it over."""

import argparse
import functools
import json
import shlex
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from mobile_actnet.benchmarks.config import MIN_SPEEDUP, Clock, NetworkName, RunPlan, RuntimeKind
from mobile_actnet.benchmarks.latency.cases import Case, combinations
from mobile_actnet.benchmarks.latency.comparison import Setup, compare_with_reference, measured
from mobile_actnet.benchmarks.latency.fivefold_claim import CLAIMS, HEAD_COST
from mobile_actnet.benchmarks.latency.runners import RunnerOptions
from mobile_actnet.benchmarks.reports.machine import this_machine
from mobile_actnet.benchmarks.reports.regressions import Verdict, compare_reports
from mobile_actnet.benchmarks.reports.report import Comparison, Report
from mobile_actnet.benchmarks.reports.report_files import load_report, now
from mobile_actnet.benchmarks.reports.report_tables import changes_table
from mobile_actnet.benchmarks.tasks.augmentation_rate import measure_augmentation
from mobile_actnet.cli.bench.output import check_output, hand_over
from mobile_actnet.runtime.vocabulary import ImageSize, Precision


def compare_with_references(arguments: argparse.Namespace) -> int:
    """Ours beside each reference; with --check the exit code is the verdict."""
    check_output(arguments)
    setup = setup_of(arguments)
    names = [NetworkName(name) for name in arguments.reference or [NetworkName.RESNEXT101]]
    attempts = [each for name in names for each in _attempts(arguments, name, setup)]
    comparisons, missing = measured(attempts, say)
    report = new_report(comparisons=comparisons, not_measured=missing)
    hand_over(report, arguments)
    if arguments.check and not report.passed:
        print("FAIL: a claim does not hold, or could not be measured", file=sys.stderr)
        return 1
    return 0


def compare_files(arguments: argparse.Namespace) -> int:
    """Two reports; exit code 1 on a regression."""
    before, after = load_report(arguments.before), load_report(arguments.after)
    changes, unmatched = compare_reports(before, after, arguments.tolerance / 100)
    print(changes_table(changes))
    for line in unmatched:
        print(line)
    if arguments.json:
        print(json.dumps({"changes": [asdict(change) for change in changes]}))
    return int(any(change.verdict is Verdict.REGRESSION for change in changes))


def augmentation(arguments: argparse.Namespace) -> int:
    """What captures cost beside a training step."""
    report = measure_augmentation()
    print(f"captures and training at {report.side_px} px, one thread, on {this_machine().name}")
    print(f"captures   {report.captures_per_s:7.1f} pictures/s and core")
    print(f"training   {report.trained_per_s:7.1f} pictures/s (forward, loss, backward)")
    print(f"captures' share of a step if nothing overlaps: {100 * report.share:.1f} %")
    if arguments.json:
        print(json.dumps(vars(report)))
    return 0


def say(line: str) -> None:
    """Tell how far it is; results go to standard output, this does not."""
    print(line, file=sys.stderr, flush=True)


def new_report(**sections: Any) -> Report:
    """Return a report of this machine and this command line."""
    return Report(machine=this_machine(), command=command_line(), created=now(), **sections)


def command_line() -> str:
    """Return what was called, as it stands in a report."""
    called = "actnet" if sys.argv[0].endswith("actnet") else "actnet-bench"
    return shlex.join([called, *sys.argv[1:]])


def setup_of(arguments: argparse.Namespace) -> Setup:
    """Return how the command line wants things measured."""
    plan = RunPlan(
        arguments.num_runs, arguments.min_seconds, arguments.max_seconds, arguments.warmup_runs
    )
    runners = RunnerOptions(arguments.tflite_python, clock=Clock(arguments.clock))
    return Setup(plan, arguments.artefacts, runners, not arguments.no_pin, not arguments.no_probe)


def chosen_cases(arguments: argparse.Namespace) -> list[Case]:
    """Return the combinations of what was asked for; what was not has one default each."""
    runtimes = tuple(RuntimeKind(word) for word in arguments.runtime or [RuntimeKind.LITERT])
    precisions = tuple(Precision(word) for word in arguments.precision or [Precision.FP32])
    sizes = tuple(arguments.image_size or [ImageSize()])
    threads = tuple(arguments.num_threads or [1])
    network = NetworkName(arguments.network)
    return list(combinations(network, runtimes, precisions, sizes, threads))


def _attempts(
    arguments: argparse.Namespace, reference: NetworkName, setup: Setup
) -> Iterable[tuple[str, Callable[[], Comparison]]]:
    """Pair what is to be measured with the function that does it."""
    claimed = arguments.min_speedup
    # The claim is about what a user waits for.
    waited_for = setup.runners.clock is Clock.WALL
    if claimed is None and reference is NetworkName.RESNEXT101 and waited_for:
        claimed = MIN_SPEEDUP

    def attempt(case_of: Callable[[], Case]) -> Comparison:
        return compare_with_reference(case_of(), reference, setup, claimed, say)

    for what, case_of in _asked(arguments, reference):
        yield f"{what}, beside {reference.value}", functools.partial(attempt, case_of)


def _asked(
    arguments: argparse.Namespace, reference: NetworkName
) -> Iterable[tuple[str, Callable[[], Case]]]:
    """Name what is measured beside a reference: what was asked for, else the claims."""
    asked = (arguments.runtime, arguments.precision, arguments.image_size, arguments.num_threads)
    if any(asked):
        return [(case.setting, functools.partial(_same, case)) for case in chosen_cases(arguments)]
    claims = HEAD_COST if reference is NetworkName.MOBILENET_V2 else CLAIMS
    network = NetworkName(arguments.network)
    return [(str(claim), functools.partial(claim.case, network)) for claim in claims]


def _same(case: Case) -> Case:
    return case

"""Modes of `actnet-bench` that measure elsewhere: ARM64 under emulation, a phone, the iOS app."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath

from mobile_actnet.benchmarks.config import MIN_SPEEDUP, NetworkName, RuntimeKind
from mobile_actnet.benchmarks.devices.adb import Adb
from mobile_actnet.benchmarks.devices.arm64 import Arm64Tools, count_instructions, problems
from mobile_actnet.benchmarks.devices.device_bench import DeviceSetup, compare_on_device
from mobile_actnet.benchmarks.devices.phone import describe_phone
from mobile_actnet.benchmarks.latency.artefacts import Artefact, artefact_of
from mobile_actnet.benchmarks.latency.cases import Case
from mobile_actnet.benchmarks.latency.comparison import measured
from mobile_actnet.benchmarks.reports.machine import Machine
from mobile_actnet.benchmarks.reports.report import Comparison, Instructions, NotMeasured, Report
from mobile_actnet.benchmarks.reports.report_files import load_report, now
from mobile_actnet.cli.bench.modes import chosen_cases, command_line, new_report, say, setup_of
from mobile_actnet.cli.bench.output import check_output, hand_over
from mobile_actnet.errors import ActnetError, ConfigError

COUNTED = (
    NetworkName.MOBILE_ACTNET,
    NetworkName.MOBILENET_V2,
    NetworkName.RESNEXT101,
    NetworkName.RESNET101_GEM,
)
"""Networks whose ARM64 instructions are counted unless others are asked for."""


def arm64(arguments: argparse.Namespace) -> int:
    """Count ARM64 instructions; with --check, they must repeat and outputs equal those of x86."""
    check_output(arguments)
    tools = Arm64Tools(arguments.arm64_tools)
    names = [NetworkName(name) for name in arguments.reference or COUNTED]
    counts: list[Instructions] = []
    missing: list[NotMeasured] = []
    for case in (case.of(name) for name in names for case in _tflite_cases(arguments)):
        what = f"{case.network.value} {case.precision.value}, {case.size}"
        say(f"counting {what}")
        try:
            artefact = artefact_of(case, arguments.artefacts, say)
            counts.append(count_instructions(case, artefact, tools))
        except ActnetError as error:
            say(f"NOT MEASURED {what}: {error}")
            missing.append(NotMeasured(what, str(error)))
    report = new_report(instructions=counts, not_measured=missing)
    hand_over(replace(report, machine=_emulated(report.machine)), arguments)
    complaints = [
        f"{each.network} {each.precision}: {text}" for each in counts for text in problems(each)
    ]
    for line in complaints:
        print(f"FAIL {line}", file=sys.stderr)
    return int(arguments.check and bool(complaints or missing))


def device(arguments: argparse.Namespace) -> int:
    """Ours beside the references on a phone; with --check the exit code is the verdict."""
    check_output(arguments)
    setup = device_setup(arguments)
    setup.adb.check()
    machine = describe_phone(setup.adb)
    if arguments.cpus == "big":
        big = tuple(int(core) for core in machine.facts["big cores"].split(",") if core)
        setup = replace(setup, cores=big)
    say(f"{machine.name}, {machine.system}; cores {setup.cores or 'that Android chooses'}")
    attempts = [
        (f"{case.setting}, beside {name.value}", _attempt(case, name, setup, arguments))
        for name in (NetworkName(word) for word in arguments.reference or [NetworkName.RESNEXT101])
        for case in _tflite_cases(arguments)
    ]
    comparisons, missing = measured(attempts, say)
    report = Report(machine, command_line(), now(), comparisons=comparisons, not_measured=missing)
    hand_over(report, arguments)
    return int((arguments.check and not report.passed) or not comparisons)


def import_report(arguments: argparse.Namespace) -> int:
    """Check a report that an app exported, show it, and write it with its tables and plots."""
    check_output(arguments)
    hand_over(load_report(arguments.file), arguments)
    return 0


def device_setup(arguments: argparse.Namespace) -> DeviceSetup:
    """Return how the command line wants a phone to be measured.

    Raises:
        ConfigError: --cpus is no list of cores.
    """
    cores: tuple[int, ...] = ()
    if arguments.cpus not in ("big", "any"):
        try:
            cores = tuple(int(core) for core in arguments.cpus.split(","))
        except ValueError:
            raise ConfigError(
                f"--cpus is {arguments.cpus!r}; give a list such as 4,5, or big, or any"
            ) from None
    return DeviceSetup(
        adb=Adb(arguments.device, str(arguments.adb)),
        plan=setup_of(arguments).plan,
        tools=arguments.arm64_tools,
        cores=cores,
        cool_down_s=arguments.cool_down,
        folder=PurePosixPath(arguments.device_folder),
        benchmark_model=arguments.benchmark_model,
    )


def _attempt(
    case: Case, name: NetworkName, setup: DeviceSetup, arguments: argparse.Namespace
) -> Callable[[], Comparison]:
    claimed = arguments.min_speedup
    if claimed is None and name is NetworkName.RESNEXT101:
        claimed = MIN_SPEEDUP

    def attempt() -> Comparison:
        artefacts: tuple[Artefact, Artefact] = (
            artefact_of(case, arguments.artefacts, say),
            artefact_of(case.of(name), arguments.artefacts, say),
        )
        return compare_on_device(case, name, artefacts, setup, claimed, say)

    return attempt


def _tflite_cases(arguments: argparse.Namespace) -> list[Case]:
    """Return what was asked for; on ARM64 it is LiteRT that runs."""
    if arguments.runtime not in (None, [RuntimeKind.LITERT.value]):
        raise ConfigError(
            f"on ARM64 the runtime is {RuntimeKind.LITERT.value}; leave out --runtime"
        )
    return chosen_cases(arguments)


def _emulated(host: Machine) -> Machine:
    """Return the machine of instruction counts: which host emulated it makes no difference."""
    return replace(
        host, kind="arm64-emulated", name="Cortex-A76 under qemu-user", architecture="aarch64",
        cores=1, flags=[], governor="",
    )  # fmt: skip

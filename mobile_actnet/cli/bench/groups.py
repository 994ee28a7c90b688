"""The options of `actnet bench`, by group, and the numbers that they take."""

import argparse
from pathlib import Path

from mobile_actnet.benchmarks.config import (
    DEFAULT_FOLDER,
    DEFAULT_TOOLS,
    MIN_SPEEDUP,
    Clock,
    NetworkName,
    RunPlan,
    RuntimeKind,
)
from mobile_actnet.benchmarks.devices.adb import DEFAULT_FOLDER as DEVICE_FOLDER
from mobile_actnet.runtime.vocabulary import Precision, parse_image_size

_PLAN = RunPlan()


def add_rounds(parser: argparse.ArgumentParser) -> None:
    """Add what `bench indexing` and `bench cluster` describe, and how often."""
    parser.add_argument("photos", type=Path, metavar="PHOTOS")
    parser.add_argument("--model", type=Path, required=True, metavar="ARTEFACT")
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes (default: one for each core)"
    )
    parser.add_argument("--rounds", type=int, default=1, metavar="N")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")


def add_what(parser: argparse.ArgumentParser) -> None:
    """Add what is timed."""
    group = parser.add_argument_group("what is timed (each may repeat)")
    add = group.add_argument
    add("--reference", action="append", choices=[n.value for n in NetworkName], metavar="NAME",
        help="network to time in turn with ours (default: resnext101_32x8d, the claim's); "
        f"one of {', '.join(NetworkName)}")  # fmt: skip
    add("--network", choices=[n.value for n in NetworkName], metavar="NAME",
        default=NetworkName.MOBILE_ACTNET.value, help="network to time in place of mobile_actnet")  # fmt: skip
    add("--runtime", action="append", choices=[r.value for r in RuntimeKind])
    add("--precision", action="append", choices=[p.value for p in Precision])
    add("--image-size", action="append", type=parse_image_size, metavar="N|HxW")
    add("--num-threads", action="append", type=at_least_one)


def add_how(parser: argparse.ArgumentParser) -> None:
    """Add how it is timed."""
    group = parser.add_argument_group("how (names as in benchmark_model)")
    add = group.add_argument
    add("--num-runs", type=at_least_one, default=_PLAN.num_runs,
        help="time at least this many runs (default: %(default)s)")  # fmt: skip
    add("--min-seconds", type=not_negative, default=_PLAN.min_seconds,
        help="and go on for at least this time (default: %(default)g)")  # fmt: skip
    add("--max-seconds", type=not_negative, default=_PLAN.max_seconds,
        help="but stop after this time, once there are 10 runs (default: %(default)g)")  # fmt: skip
    add("--warmup-runs", type=not_negative_number, default=_PLAN.warmup_runs,
        help="runs before those that are timed (default: %(default)s)")  # fmt: skip
    add("--clock", choices=[c.value for c in Clock], default=Clock.WALL.value,
        help="processor time leaves out the time of other processes. It is not a latency, but `bench "
        "compare` finds regressions with it on a busy machine (default: %(default)s)")  # fmt: skip
    add("--no-pin", action="store_true", help="let the system choose the cores")
    add("--no-probe", action="store_true",
        help="leave out cold load, first run and peak memory")  # fmt: skip
    add("--tflite-python", type=Path, metavar="PYTHON",
        help="Python interpreter of an environment with tflite-runtime")  # fmt: skip
    add("--artefacts", type=Path, default=DEFAULT_FOLDER, metavar="DIR",
        help="folder that keeps exported networks for the next run (default: %(default)s)")  # fmt: skip


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add what only phones and ARM64 under emulation need."""
    group = parser.add_argument_group("ARM64 and phones")
    add = group.add_argument
    add("--arm64-tools", type=Path, default=DEFAULT_TOOLS, metavar="DIR",
        help="folder that make arm64 fills (default: %(default)s)")  # fmt: skip
    add("--adb", default="adb", metavar="PROGRAM", help="the adb command")
    add("--cpus", default="big", metavar="4,5|big|any",
        help="the phone's cores to run on (default: the big ones)")  # fmt: skip
    add("--cool-down", type=not_negative, default=120.0, metavar="SECONDS",
        help="longest wait for a cool phone before each round (default: %(default)g)")  # fmt: skip
    add("--device-folder", default=str(DEVICE_FOLDER), metavar="DIR",
        help="folder on the phone from which programs may run (default: %(default)s)")  # fmt: skip
    add("--benchmark-model", type=Path, metavar="FILE",
        help="Google's benchmark_model for the phone, to run in place of ours")  # fmt: skip


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add where the report goes."""
    group = parser.add_argument_group("output")
    add = group.add_argument
    add("-o", "--output", type=Path, metavar="FILE.json",
        help="write the report to this file, with Markdown and plots beside it")  # fmt: skip
    add("--overwrite", action="store_true", help="replace a report that exists")
    add("--json", action="store_true", help="end with one line of JSON")


def add_check(parser: argparse.ArgumentParser) -> None:
    """Add what makes a verdict of a measurement."""
    group = parser.add_argument_group("the verdict")
    group.add_argument("--check", action="store_true",
        help="exit code 1 unless every claim holds and nothing is missing")  # fmt: skip
    group.add_argument("--min-speedup", type=positive, metavar="X",
        help=f"the claim (default: {MIN_SPEEDUP:g} against resnext101_32x8d)")  # fmt: skip


def at_least_one(text: str) -> int:
    """Read a whole number from 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not allowed; give at least 1")
    return number


def not_negative_number(text: str) -> int:
    """Read a whole number from 0."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is not allowed; give at least 0")
    return number


def not_negative(text: str) -> float:
    """Read a number from 0; infinite and undefined ones are refused."""
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not allowed; give a number from 0")
    return number


def serial(text: str) -> str:
    """Read a phone's serial; an empty one would measure this computer instead."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty; give a serial that adb devices lists")
    return text


def positive(text: str) -> float:
    """Read a number above 0; infinite and undefined ones are refused."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not allowed; give a number above 0")
    return number

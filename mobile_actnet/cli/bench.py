"""`actnet-bench`: how fast, next to what, and how sure that is.

actnet-bench --check
actnet-bench --reference mobilenet_v2 --runtime ai-edge-litert --precision fp32
actnet-bench compare before.json after.json
"""

import argparse
from pathlib import Path

from mobile_actnet.benchmarks.devices.adb import DEFAULT_FOLDER as DEVICE_FOLDER
from mobile_actnet.benchmarks.devices.arm64 import DEFAULT_TOOLS
from mobile_actnet.benchmarks.latency.artefacts import DEFAULT_FOLDER
from mobile_actnet.benchmarks.latency.cases import RuntimeKind
from mobile_actnet.benchmarks.latency.comparison import MIN_SPEEDUP
from mobile_actnet.benchmarks.latency.networks import NetworkName
from mobile_actnet.benchmarks.latency.timing import Clock, RunPlan
from mobile_actnet.benchmarks.reports.regressions import TOLERANCE
from mobile_actnet.cli import bench_alone, bench_device, bench_modes
from mobile_actnet.cli.export import parse_image_size
from mobile_actnet.commands import run
from mobile_actnet.runtime.vocabulary import Precision

_PLAN = RunPlan()
_CHECKED = (bench_modes.compare_with_references, bench_device.arm64, bench_device.device)


def main(argv: list[str] | None = None) -> int:
    parser = _parser()
    arguments = parser.parse_args(argv)
    if getattr(arguments, "minutes", None):
        arguments.mode = bench_alone.sustain
    if getattr(arguments, "device", None):
        arguments.mode = bench_device.device
    if getattr(arguments, "check", False) and arguments.mode not in _CHECKED:
        parser.error("argument --check: not allowed with a mode that claims nothing")
    if getattr(arguments, "clock", Clock.WALL.value) != Clock.WALL.value:
        if arguments.mode is not bench_modes.compare_with_references:
            parser.error("argument --clock: only for ours beside references")
        if arguments.check or arguments.min_speedup:
            parser.error("argument --clock: what is claimed is wall time")
    return run(lambda: arguments.mode(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="actnet-bench",
        description="Time Mobile-ACTNET next to a named reference, with an interval and a verdict.",
        epilog="compare A.json B.json and import FILE have a --help of their own.",
    )
    parser.set_defaults(mode=bench_modes.compare_with_references)
    _add_what(parser)
    _add_how(parser)
    _add_modes(parser)
    _add_device(parser)
    _add_output(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_compare(commands)
    _add_import(commands)
    return parser


def _add_what(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is timed (each may repeat)")
    add = group.add_argument
    add("--reference", action="append", choices=[n.value for n in NetworkName], metavar="NAME",
        help="measured in turn with ours (default: resnext101_32x8d, of the claim); "
        f"one of {', '.join(NetworkName)}")  # fmt: skip
    add("--network", choices=[n.value for n in NetworkName], metavar="NAME",
        default=NetworkName.MOBILE_ACTNET.value, help="in place of mobile_actnet")  # fmt: skip
    add("--runtime", action="append", choices=[r.value for r in RuntimeKind])
    add("--precision", action="append", choices=[p.value for p in Precision])
    add("--image-size", action="append", type=parse_image_size, metavar="N|HxW")
    add("--num-threads", action="append", type=at_least_one)


def _add_how(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how (names as in benchmark_model)")
    add = group.add_argument
    add("--num-runs", type=at_least_one, default=_PLAN.num_runs,
        help="at least so many counted runs (default: %(default)s)")  # fmt: skip
    add("--min-seconds", type=not_negative, default=_PLAN.min_seconds,
        help="and at least so long (default: %(default)g)")  # fmt: skip
    add("--max-seconds", type=not_negative, default=_PLAN.max_seconds,
        help="but no longer, once there are 10 runs (default: %(default)g)")  # fmt: skip
    add("--warmup-runs", type=not_negative_number, default=_PLAN.warmup_runs,
        help="runs before that (default: %(default)s)")  # fmt: skip
    add("--clock", choices=[c.value for c in Clock], default=Clock.WALL.value,
        help="processor time leaves out what other processes take: no latency, but compare finds "
        "regressions with it on a busy machine (default: %(default)s)")  # fmt: skip
    add("--no-pin", action="store_true", help="let the system choose the cores")
    add("--no-probe", action="store_true",
        help="leave out cold load, first run and peak memory")  # fmt: skip
    add("--tflite-python", type=Path, metavar="PYTHON",
        help="interpreter of an environment with tflite-runtime")  # fmt: skip
    add("--artefacts", type=Path, default=DEFAULT_FOLDER, metavar="DIR",
        help="where exported networks are kept for the next time (default: %(default)s)")  # fmt: skip


def _add_modes(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("modes (default: ours beside the references)")
    group.add_argument("--check", action="store_true",
        help="exit code 1 unless every claim holds and nothing is missing")  # fmt: skip
    add = group.add_mutually_exclusive_group().add_argument
    add("--augmentation", dest="mode", action="store_const", const=bench_modes.augmentation,
        help="what captures cost beside a training step (CPU, one thread)")  # fmt: skip
    add("--sweep", dest="mode", action="store_const", const=bench_alone.sweep_settings,
        help="runtimes x precisions x sizes x threads; -o goes on where it was stopped")  # fmt: skip
    add("--stages", dest="mode", action="store_const", const=bench_alone.time_stages,
        help="decode, resize, inference, search, total")  # fmt: skip
    add("--roofline", dest="mode", action="store_const", const=bench_alone.show_roofline,
        help="how far from the least time that this machine could take")  # fmt: skip
    add("--arm64", dest="mode", action="store_const", const=bench_device.arm64,
        help="count ARM64 instructions under emulation; needs make arm64")  # fmt: skip
    add("--device", metavar="SERIAL", help="on a phone through adb; adb devices lists serials")
    add("--minutes", type=positive, metavar="N", help="latency over minutes without pause")
    group.add_argument("--photo", type=Path, metavar="FILE", help="for --stages; else generated")
    group.add_argument("--min-speedup", type=positive, metavar="X",
        help=f"the claim (default: {MIN_SPEEDUP:g} against resnext101_32x8d)")  # fmt: skip


def _add_device(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("ARM64 and phones")
    add = group.add_argument
    add("--arm64-tools", type=Path, default=DEFAULT_TOOLS, metavar="DIR",
        help="what make arm64 has filled (default: %(default)s)")  # fmt: skip
    add("--adb", default="adb", metavar="PROGRAM", help="the adb command")
    add("--cpus", default="big", metavar="4,5|big|any",
        help="the phone's cores to run on (default: the big ones)")  # fmt: skip
    add("--cool-down", type=not_negative, default=120.0, metavar="SECONDS",
        help="longest wait for a cool phone before each round (default: %(default)g)")  # fmt: skip
    add("--device-folder", default=str(DEVICE_FOLDER), metavar="DIR",
        help="on the phone; programs must be allowed to run there (default: %(default)s)")  # fmt: skip
    add("--benchmark-model", type=Path, metavar="FILE",
        help="Google's benchmark_model for the phone, to run in place of ours")  # fmt: skip


def _add_output(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output")
    add = group.add_argument
    add("-o", "--output", type=Path, metavar="FILE.json",
        help="write the report there, Markdown and plots beside it")  # fmt: skip
    add("--overwrite", action="store_true", help="replace a report that exists")
    add("--json", action="store_true", help="end with one line of JSON")


def _add_compare(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    compare = commands.add_parser(
        "compare",
        help="is B slower than A?",
        description="Compare two reports; exit code 1 if anything became slower.",
    )
    compare.add_argument("before", type=Path, metavar="A.json")
    compare.add_argument("after", type=Path, metavar="B.json")
    compare.add_argument(
        "--tolerance", type=positive, default=100 * TOLERANCE, metavar="PERCENT",
        help="changes of less do not count (default: %(default)g)",
    )  # fmt: skip
    compare.add_argument("--json", action="store_true", help="end with one line of JSON")
    compare.set_defaults(mode=bench_modes.compare_files)


def _add_import(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser(
        "import",
        help="take in a report that an app exported",
        description="Check a report, show it, and write it with its tables and plots.",
    )
    command.add_argument("file", type=Path, metavar="FILE")
    _add_output(command)
    command.set_defaults(mode=bench_device.import_report)


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


def positive(text: str) -> float:
    """Read a number above 0; infinite and undefined ones are refused."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not allowed; give a number above 0")
    return number


if __name__ == "__main__":
    raise SystemExit(main())

"""`actnet bench`: how fast, next to what, and how sure that is.

actnet bench --check
actnet bench --reference mobilenet_v2 --runtime ai-edge-litert --precision fp32
actnet bench compare before.json after.json
"""

import argparse
import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mobile_actnet.benchmarks.config import MIN_SPEEDUP, TOLERANCE, Clock
from mobile_actnet.cli.arguments import Parser
from mobile_actnet.cli.bench.groups import (
    add_check,
    add_device,
    add_how,
    add_output,
    add_what,
    positive,
    serial,
)
from mobile_actnet.commands import run

_ROOM = "mobile_actnet.cli.bench"


@dataclass(frozen=True)
class Mode:
    """What can be measured.

    Attributes:
        function: that measures, as `module.function`; imported when it is run.
        text: one line of help.
        add: give a parser the options of the mode alone.
        checks: whether a verdict can be asked for; its option is False elsewhere.
    """

    function: str
    text: str
    add: Callable[[argparse.ArgumentParser], None]
    checks: bool = False


def main(argv: list[str] | None = None, prog: str = "actnet-bench") -> int:
    words = sys.argv[1:] if argv is None else argv
    if words and words[0] in PROGRAMS:
        program = importlib.import_module(f"{_ROOM}.{words[0]}")
        code: int = program.main(words[1:], f"{prog} {words[0]}")
        return code
    if words and words[0] in MODES:
        return _run_mode(words[0], words[1:], prog)
    return _run_flags(words, prog)


def _run_mode(name: str, words: list[str], prog: str) -> int:
    mode = MODES[name]
    parser = Parser(
        prog=f"{prog} {name}",
        examples=__doc__,
        description=f"{mode.text[0].upper()}{mode.text[1:]}.",
    )
    mode.add(parser)
    if mode.checks:
        add_check(parser)
    else:
        parser.set_defaults(check=False, min_speedup=None)
    arguments = parser.parse_args(words)
    if mode is MODES["ratio"]:
        _refuse_claims_in_processor_time(parser, arguments)
    elif getattr(arguments, "clock", Clock.WALL.value) != Clock.WALL.value:
        parser.error(
            "argument --clock: only `bench` and `bench ratio` can count processor time; leave it out"
        )
    return _measure(mode, arguments)


def _run_flags(words: list[str], prog: str) -> int:
    """Run what was spelled with flags: ours beside references, or a mode as `--sweep`."""
    parser = _flags_parser(prog)
    arguments = parser.parse_args(words)
    if arguments.minutes:
        arguments.mode = "minutes"
    if arguments.device:
        arguments.mode = "device"
    mode = MODES[arguments.mode]
    if arguments.check and not mode.checks:
        parser.error("argument --check: this mode has no claim to check; leave it out")
    if arguments.clock != Clock.WALL.value and mode is not MODES["ratio"]:
        parser.error(
            "argument --clock: only `bench` and `bench ratio` can count processor time; leave it out"
        )
    _refuse_claims_in_processor_time(parser, arguments)
    return _measure(mode, arguments)


def _measure(mode: Mode, arguments: argparse.Namespace) -> int:
    module, _, name = mode.function.partition(".")

    def body() -> int:
        function: Callable[[argparse.Namespace], int] = getattr(
            importlib.import_module(f"{_ROOM}.{module}"), name
        )
        return function(arguments)

    return run(body)


def _refuse_claims_in_processor_time(
    parser: argparse.ArgumentParser, arguments: argparse.Namespace
) -> None:
    if arguments.clock != Clock.WALL.value and (arguments.check or arguments.min_speedup):
        parser.error(
            "argument --clock: --check and --min-speedup are about wall time; leave --clock out"
        )


def _flags_parser(prog: str) -> argparse.ArgumentParser:
    texts = {name: mode.text for name, mode in MODES.items()} | PROGRAMS
    width = max(map(len, texts))
    listed = "\n".join(f"  {name:{width}}  {text}" for name, text in texts.items())
    parser = Parser(
        prog=prog,
        examples=__doc__,
        description="Time Mobile-ACTNET next to a named reference, with a confidence interval and a "
        "verdict.",
        epilog=f"subcommands, each with a --help of its own (default: ratio):\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(mode="ratio")
    add_what(parser)
    add_how(parser)
    _add_modes(parser)
    add_device(parser)
    add_output(parser)
    return parser


def _add_modes(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("modes (default: ours next to the references)")
    group.add_argument("--check", action="store_true",
        help="exit code 1 unless every claim holds and nothing is missing")  # fmt: skip
    add = group.add_mutually_exclusive_group().add_argument
    add("--augmentation", dest="mode", action="store_const", const="augmentation",
        help="time to make captures, next to that of a training step (CPU, one thread)")  # fmt: skip
    add("--sweep", dest="mode", action="store_const", const="sweep",
        help="runtimes x precisions x sizes x threads; with -o a stopped sweep resumes")  # fmt: skip
    add("--stages", dest="mode", action="store_const", const="stages",
        help="from photo to verified answer")  # fmt: skip
    add("--roofline", dest="mode", action="store_const", const="roofline",
        help="latency next to the least time that this machine could need")  # fmt: skip
    add("--arm64", dest="mode", action="store_const", const="arm64",
        help="count ARM64 instructions under emulation; needs make arm64")  # fmt: skip
    add(
        "--device",
        type=serial,
        metavar="SERIAL",
        help="on a phone through adb; adb devices lists serials",
    )
    add("--minutes", type=positive, metavar="N", help="latency over minutes without pause")
    group.add_argument(
        "--photo", type=Path, metavar="FILE", help="photo for --stages (default: a generated one)"
    )
    group.add_argument("--min-speedup", type=positive, metavar="X",
        help=f"the claim (default: {MIN_SPEEDUP:g} against resnext101_32x8d)")  # fmt: skip


def _add_ratio(parser: argparse.ArgumentParser) -> None:
    add_what(parser)
    add_how(parser)
    add_output(parser)


def _add_stages(parser: argparse.ArgumentParser) -> None:
    _add_ratio(parser)
    parser.add_argument(
        "--photo", type=Path, metavar="FILE", help="photo to use (default: a generated one)"
    )


def _add_minutes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("minutes", type=positive, metavar="N", help="how many minutes")
    _add_ratio(parser)


def _add_arm64(parser: argparse.ArgumentParser) -> None:
    _add_ratio(parser)
    add_device(parser)


def _add_phone(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("device", type=serial, metavar="SERIAL", help="adb devices lists serials")
    _add_arm64(parser)


def _add_augmentation(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", type=Path, metavar="A.json")
    parser.add_argument("after", type=Path, metavar="B.json")
    parser.add_argument(
        "--tolerance", type=positive, default=100 * TOLERANCE, metavar="PERCENT",
        help="smaller changes do not count (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")


def _add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    add_output(parser)


MODES = {
    "ratio": Mode("modes.compare_with_references", "ours next to the references", _add_ratio, True),
    "sweep": Mode("alone.sweep_settings", "runtimes x precisions x sizes x threads", _add_ratio),
    "stages": Mode("alone.time_stages", "from photo to verified answer", _add_stages),
    "minutes": Mode("alone.sustain", "latency over minutes without pause", _add_minutes),
    "roofline": Mode(
        "alone.show_roofline", "latency next to the machine's least possible time", _add_ratio
    ),
    "arm64": Mode("device.arm64", "ARM64 instructions under emulation", _add_arm64, True),
    "device": Mode(
        "device.device", "ours next to the references on a phone, by adb", _add_phone, True
    ),
    "augmentation": Mode(
        "modes.augmentation", "time to make captures in training", _add_augmentation
    ),
    "compare": Mode("modes.compare_files", "is B slower than A?", _add_compare),
    "import": Mode("device.import_report", "read a report that an app exported", _add_import),
}
PROGRAMS = {
    "precisions": "what each precision costs in ranking and in bytes",
    "lowerings": "ranking and time of each way of writing the Weibull",
    "indexing": "speed of indexing, next to decoding and inference alone",
    "search": "search time, next to other libraries",
    "cluster": "indexing on a Ray cluster, next to an embedded build",
    "dataset": "recall and time of a dataset's vector index, next to an exact search",
}
"""Modules of this folder with a `main` of their own."""


if __name__ == "__main__":
    raise SystemExit(main())

"""`actnet quantize`: tune a checkpoint for 8 bits; `actnet-train --quantize` is the same.

actnet quantize --checkpoint shop.safetensors --data photos/
actnet export --format tflite --precision int8 --checkpoint shop.safetensors
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from mobile_actnet.cli import ranges
from mobile_actnet.cli.arguments import Parser
from mobile_actnet.commands import command_line, run
from mobile_actnet.errors import ConfigError
from mobile_actnet.export.quantization.config import TuningConfig
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.runtime.vocabulary import ImageSize, parse_image_size, parse_whole_number


def main(argv: list[str] | None = None, prog: str = "actnet quantize") -> int:
    words = sys.argv[1:] if argv is None else argv
    if words and words[0] == "ranges":
        return ranges.main(words[1:], f"{prog} ranges")
    arguments = _parser(prog).parse_args(words)
    return run(lambda: _quantize(arguments))


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(
        prog=prog,
        examples=__doc__,
        description="Tune a checkpoint's backbone for 8 bits: NAME.int8.safetensors appears beside "
        "NAME.safetensors, which stays as it is. Run the same command again to resume "
        "a stopped run.",
    )
    add = parser.add_argument
    add("--data", type=Path, action="append", required=True, metavar="DIR",
        help="folder of pictures like those that the app will see; labels are not used; may repeat")  # fmt: skip
    add("--checkpoint", type=Path, default=DEFAULT_CHECKPOINT, metavar="FILE",
        help="float checkpoint (default: the shipped weights)")  # fmt: skip
    add("--image-size", type=parse_image_size, default=ImageSize(), metavar="N|HxW",
        help="size of the pictures that the exported model will have (default: 224)")  # fmt: skip
    add("--steps", type=int, default=TuningConfig.steps,
        help=f"updates (default: {TuningConfig.steps})")  # fmt: skip
    add("--rate", type=float, default=1.0, metavar="X", help="factor on all learning rates")
    add("--seed", type=parse_whole_number, default=TuningConfig.seed)
    add("--workers", type=parse_whole_number, default=1,
        help="processes that make captures (default: 1)")  # fmt: skip
    add("--overwrite", action="store_true", help="replace a finished NAME.int8.safetensors")
    return parser


def _quantize(arguments: argparse.Namespace) -> int:
    from mobile_actnet.export.quantization.checkpoint_tuning import tune_checkpoint

    output = tune_checkpoint(
        arguments.checkpoint, arguments.data, arguments.image_size, _config(arguments),
        arguments.workers, arguments.overwrite, sys.stderr.isatty(),
    )  # fmt: skip
    print(f"saved {output}")
    words = ("--format", "tflite", "--precision", "int8", "--checkpoint", arguments.checkpoint)
    print("next:", command_line("actnet-export", *words))
    return 0


def _config(arguments: argparse.Namespace) -> TuningConfig:
    if not 0 < arguments.rate < float("inf"):
        raise ConfigError(f"--rate is {arguments.rate}; it must be above 0")
    config = TuningConfig(steps=arguments.steps, seed=arguments.seed)
    if arguments.image_size != ImageSize():
        size = arguments.image_size
        config = replace(config, image_sizes=((size.height, size.width),))
    return replace(
        config,
        level_rate=config.level_rate * arguments.rate,
        shift_rate=config.shift_rate * arguments.rate,
        widening_rate=config.widening_rate * arguments.rate,
    )


if __name__ == "__main__":
    raise SystemExit(main())

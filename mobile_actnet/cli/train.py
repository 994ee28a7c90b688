"""`actnet-train`, with and without `--quantize`.

actnet-train --quantize --checkpoint shop.safetensors --data photos/
actnet-export --format tflite --precision int8 --checkpoint shop.safetensors

Tuning for 8 bits needs what exports are made with; all else of the command is
`mobile_actnet.cli.training_cli`.
"""

import argparse
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from mobile_actnet.cli import training_cli
from mobile_actnet.cli.export import parse_image_size
from mobile_actnet.commands import run
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization.activation_ranges import CalibrationMethod
from mobile_actnet.export.quantization.calibration import (
    DEFAULT_IMAGES,
    ActivationRanges,
    load_calibration_images,
    measure_ranges,
)
from mobile_actnet.export.quantization.int8_file import recorded_path, save_recorded
from mobile_actnet.export.quantization.tuning import TuningConfig, tune
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.checkpoint import DEFAULT_CHECKPOINT, load_checkpoint
from mobile_actnet.pictures.photos import Photo, load_images
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.manifest import sha256
from mobile_actnet.runtime.vocabulary import ImageSize, Layout
from mobile_actnet.training.sources import Collection, Source, collect, read_source

_HELD_OUT_SHARE = 0.05
_LEAST_HELD_OUT, _MOST_HELD_OUT = 8, 96


def main(argv: list[str] | None = None) -> int:
    words = sys.argv[1:] if argv is None else argv
    if training_cli.QUANTIZE not in words:
        return training_cli.main(words)
    arguments = _parser().parse_args(words)
    return run(lambda: _quantize(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="actnet-train --quantize",
        description="Tune a checkpoint's backbone for 8 bits: NAME.int8.safetensors appears beside "
        "NAME.safetensors, which stays as it is. Stopped at any time, the same command goes on "
        "where it was.",
    )
    add = parser.add_argument
    add(training_cli.QUANTIZE, action="store_true", help=argparse.SUPPRESS)
    add("--data", type=Path, action="append", required=True, metavar="DIR",
        help="folder of pictures like those that it will see, labels are not used; may repeat")  # fmt: skip
    add("--checkpoint", type=Path, default=DEFAULT_CHECKPOINT, metavar="FILE",
        help="float checkpoint (default: the shipped weights)")  # fmt: skip
    add("--image-size", type=parse_image_size, default=ImageSize(), metavar="N|HxW",
        help="that it will be exported at (default: 224)")  # fmt: skip
    add("--steps", type=int, default=TuningConfig.steps,
        help=f"updates (default: {TuningConfig.steps})")  # fmt: skip
    add("--rate", type=float, default=1.0, metavar="X", help="factor on all learning rates")
    add("--seed", type=training_cli.not_negative, default=TuningConfig.seed)
    add("--workers", type=training_cli.not_negative, default=1,
        help="processes that make captures (default: 1)")  # fmt: skip
    add("--overwrite", action="store_true", help="replace a finished NAME.int8.safetensors")
    return parser


def _quantize(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    output = recorded_path(arguments.checkpoint)
    state_path = output.with_suffix(".state")
    if output.exists() and not arguments.overwrite:
        raise ActnetError(f"{output} exists; give --overwrite to replace it")
    network, _ = load_checkpoint(arguments.checkpoint)
    photos = _photos(arguments.data)
    # Too few pictures are refused here.
    found = _measured(network, arguments.data, arguments.image_size)
    collection, held_out = _split(photos, arguments.image_size)
    tuned = tune(
        network, collection, found, held_out, config, state_path,
        workers=arguments.workers, bar=sys.stderr.isatty(),
    )  # fmt: skip
    save_recorded(tuned, output, sha256(arguments.checkpoint))
    state_path.unlink()
    print(f"saved {output}")
    print(
        f"next: actnet-export --format tflite --precision int8 --checkpoint {arguments.checkpoint}"
    )
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


def _photos(folders: list[Path]) -> list[Photo]:
    """List the pictures of all folders, one that lies in several of them once."""
    found = {photo.path.resolve(): photo for folder in folders for photo in read_source(folder)}
    return list(found.values())


def _split(photos: list[Photo], size: ImageSize) -> tuple[Collection, Pixels]:
    """Hold some pictures out, always the same ones; the others are to learn from."""
    share = math.ceil(_HELD_OUT_SHARE * len(photos))
    count = min(_MOST_HELD_OUT, max(_LEAST_HELD_OUT, share))
    order = np.random.default_rng(0).permutation(len(photos))
    held_out, _, _ = load_images([photos[n] for n in order[:count]], size.height, size.width)
    # Every picture for itself: labels are not used.
    rest = [replace(photos[n], instance=str(n)) for n in sorted(order[count:])]
    return collect([Source(rest, 1.0)]), held_out


def _measured(network: Actnet, folders: list[Path], size: ImageSize) -> ActivationRanges:
    images = load_calibration_images(folders, size, DEFAULT_IMAGES, sys.stderr.isatty())
    deployable = DeployableActnet(network, network.config.descriptor_dim, Layout.NHWC)
    return measure_ranges(deployable, images, CalibrationMethod.MSE)


if __name__ == "__main__":
    raise SystemExit(main())

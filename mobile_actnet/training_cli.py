"""`actnet-train`: adapt Mobile-ACTNET to a collection of pictures.

actnet-train --data catalogue/ -o catalogue.safetensors
actnet-train --data photos/ --data products/ --mix 3,1 --steps 500 -o both.safetensors
"""

import argparse
import math
from dataclasses import asdict
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file

from mobile_actnet.checkpoint import Card, load_checkpoint, save_checkpoint
from mobile_actnet.commands import run
from mobile_actnet.errors import ActnetError, CheckpointError
from mobile_actnet.network import Actnet, MobileActnet
from mobile_actnet.photos import find_photos
from mobile_actnet.training import Source, TrainingConfig, fit_whitening, readable, train

START_TORCHVISION = "torchvision"


def main(argv: list[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    return run(lambda: _train(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="actnet-train",
        description="Adapt Mobile-ACTNET to a collection with one picture per item, or several.",
    )
    parser.add_argument("--data", type=Path, action="append", required=True, metavar="DIR",
                        help="folder of pictures, with or without manifest.csv; may repeat")  # fmt: skip
    parser.add_argument("--mix", metavar="N,N,...",
                        help="share of each --data in a batch (default: by number of pictures)")  # fmt: skip
    parser.add_argument("--checkpoint", type=Path, help="start (default: the shipped weights)")
    parser.add_argument("--backbone", metavar="FILE|torchvision",
                        help="start from MobileNetV2 weights alone: a safetensors file with "
                        "torchvision's names, or torchvision's own, downloaded; the whitening is "
                        "fitted on the pictures")  # fmt: skip
    parser.add_argument("--steps", type=int, default=TrainingConfig.steps)
    parser.add_argument("--seed", type=int, default=TrainingConfig.seed)
    parser.add_argument("--name", default="mobile-actnet", help="name in the checkpoint's card")
    parser.add_argument("-o", "--output", type=Path, required=True, help="checkpoint to write")
    return parser


def _train(arguments: argparse.Namespace) -> int:
    config = TrainingConfig(steps=arguments.steps, seed=arguments.seed)
    sources = _sources(arguments)
    network, origin = _start(arguments, sources, config.teacher_sides_px[0])
    state_path = arguments.output.with_suffix(".state")
    train(network, sources, config, state_path)
    card = Card(
        name=arguments.name,
        licence="Apache-2.0; the pictures' own terms apply",
        origin=f"{origin}; pictures: " + ", ".join(path.name for path in arguments.data),
        training=asdict(config),
    )
    save_checkpoint(network, arguments.output, card)
    state_path.unlink()
    print(f"saved {arguments.output}")
    print(f"next: actnet-export --format tflite --checkpoint {arguments.output}")
    return 0


def _sources(arguments: argparse.Namespace) -> list[Source]:
    folders = [
        readable([p for p in find_photos(folder) if p.role in ("", "train")], print)
        for folder in arguments.data
    ]
    for folder, photos in zip(arguments.data, folders, strict=True):
        if not photos:
            raise ActnetError(f"{folder} holds no readable picture with the role train")
    weights = [float(len(photos)) for photos in folders]
    if arguments.mix:
        try:
            weights = [float(part) for part in arguments.mix.split(",")]
        except ValueError:
            weights = []
        if len(weights) != len(folders) or not all(0 < w < math.inf for w in weights):
            raise ActnetError(
                f"--mix is {arguments.mix!r}; give {len(folders)} positive numbers with commas, "
                "one for each --data"
            )
    return [Source(photos, weight) for photos, weight in zip(folders, weights, strict=True)]


def _start(
    arguments: argparse.Namespace, sources: list[Source], side_px: int
) -> tuple[Actnet, str]:
    if not arguments.backbone:
        network, card = load_checkpoint(*([arguments.checkpoint] if arguments.checkpoint else []))
        return network, f"started from {card.name} ({card.origin})"
    network = MobileActnet()
    if arguments.backbone == START_TORCHVISION:
        network.load_imagenet()
    else:
        try:
            network.load_backbone(load_file(arguments.backbone))
        except (OSError, SafetensorError) as error:
            raise CheckpointError(f"{arguments.backbone} cannot be read: {error}") from error
    fit_whitening(network, [photo for source in sources for photo in source.photos], side_px)
    return network, f"started from the backbone {Path(arguments.backbone).name}"


if __name__ == "__main__":
    raise SystemExit(main())

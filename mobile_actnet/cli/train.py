"""`actnet-train`: adapt Mobile-ACTNET to a collection of pictures.

actnet-train --data catalogue/ --preset phone --epochs 1 -o catalogue.safetensors
actnet-train --data photos/ --data products/ --mix 3,1 --dev shop/ -o both.safetensors
torchrun --nproc-per-node 4 -m mobile_actnet.cli.train --data photos/ --preset paper -o paper/
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mobile_actnet.cli import quantize, teach
from mobile_actnet.cli.arguments import Parser, list_settings
from mobile_actnet.cluster.places import place
from mobile_actnet.commands import command_line, counted, run
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.files import refuse_existing
from mobile_actnet.network.config import (
    MOBILE_ACTNET,
    ActivationKind,
    NetworkConfig,
    PoolingKind,
)
from mobile_actnet.runtime.vocabulary import parse_whole_number
from mobile_actnet.training.config import PRESETS, Labels, TrainingConfig, override

if TYPE_CHECKING:
    from mobile_actnet.evaluation.ranking import RetrievalScore
    from mobile_actnet.network.actnet import Actnet
    from mobile_actnet.training.distributed import Processes
    from mobile_actnet.training.sources import Source

QUANTIZE = "--quantize"
CHECKPOINT_SUFFIX = ".safetensors"
START_TORCHVISION = "torchvision"
_DEV_SIDE_PX = 224
_DEV_CHUNK = 64


def main(argv: list[str] | None = None, prog: str = "actnet-train") -> int:
    words = sys.argv[1:] if argv is None else argv
    if QUANTIZE in words:
        rest = [word for word in words if word != QUANTIZE]
        return quantize.main(rest, f"{prog} {QUANTIZE}")
    if any(word.partition("=")[0] in (teach.TEACHER, teach.PACK) for word in words):
        return teach.main(words, f"{prog} {teach.TEACHER}")
    arguments = _parser(prog).parse_args(words)
    return run(lambda: _train(arguments))


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(
        prog=prog,
        examples=__doc__,
        description="Adapt Mobile-ACTNET to a collection with one picture per item, or several. "
        "Run the same command again to resume a stopped run.",
    )
    add = parser.add_argument
    add("--data", type=place, action="append", required=True, metavar="DIR|DATASET.lance",
        help="folder of pictures, with or without manifest.csv; may repeat")  # fmt: skip
    add("--labels", type=Labels, choices=list(Labels), default=Labels.PICTURE,
        help="what shows one thing where there is no manifest.csv: each picture, or each folder")  # fmt: skip
    add("--mix", metavar="N,N,...",
        help="share of each --data in a batch (default: by number of pictures)")  # fmt: skip
    add("--dev", type=Path, metavar="DIR",
        help="folder with a manifest.csv with queries: the network is measured on it after each epoch, "
        "and the best one is kept")  # fmt: skip
    add("--checkpoint", type=Path, help="start (default: the shipped weights)")
    add("--backbone", metavar="FILE|torchvision",
        help="start from MobileNetV2 weights alone: a safetensors file with torchvision's names, "
        "or torchvision's own, downloaded; the whitening is fitted on the pictures")  # fmt: skip
    add("--activation", type=ActivationKind, choices=list(ActivationKind),
        help="another activation layer in every stream; the backbone is kept, the whitening is "
        "fitted on the pictures")  # fmt: skip
    add("--pooling", type=PoolingKind, choices=list(PoolingKind),
        help="another pooling in every stream, likewise")  # fmt: skip
    add("--preset", choices=list(PRESETS), default="phone", help="default: phone")
    add("--epochs", type=int, help="passes over the pictures (default: the preset's)")
    add("--steps", type=int, help="updates in all, instead of --epochs")
    add("--set", action="append", default=[], metavar="NAME=VALUE", dest="settings",
        help="override a setting of the preset, for example batch_size=32; may repeat")  # fmt: skip
    add("--list-settings", action=list_settings(_settings), nargs=0,
        help="print the settings of --set with their values in each preset, and stop")  # fmt: skip
    add("--seed", type=parse_whole_number)
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--workers", type=parse_whole_number, default=1,
        help="processes that make captures (default: 1)")  # fmt: skip
    add("--preview", type=Path, metavar="FILE",
        help="write a picture of training samples and stop; no -o is needed then")  # fmt: skip
    add("--name", default="mobile-actnet", help="name in the checkpoint's card")
    add("-o", "--output", type=Path, metavar="PATH",
        help="checkpoint to write: NAME.safetensors, or a folder")  # fmt: skip
    add("--overwrite", action="store_true", help="replace a finished checkpoint")
    add("--json", action="store_true", help="end with one line of JSON")
    add(teach.TEACHER, metavar="FILE.onnx",
        help=f"learn from another network instead; see {prog} {teach.TEACHER} --help")  # fmt: skip
    add(QUANTIZE, action="store_true",
        help="tune a checkpoint for 8 bits instead; see actnet quantize --help")  # fmt: skip
    return parser


def _train(arguments: argparse.Namespace) -> int:
    from mobile_actnet.cluster.dataset_photos import data_folders
    from mobile_actnet.training.distributed import join_processes
    from mobile_actnet.training.preview import write_preview
    from mobile_actnet.training.sources import collect, mix_sources, read_source

    if arguments.quantize:
        raise ActnetError(f"{QUANTIZE} is a command of its own: actnet-train {QUANTIZE} --data DIR")
    if arguments.teacher:
        raise ActnetError(
            f"write {teach.TEACHER} out in full: actnet-train {teach.TEACHER} FILE.onnx"
        )
    if arguments.output is None and arguments.preview is None:
        raise ActnetError("give -o PATH for the checkpoint, or --preview FILE")
    if arguments.preview is None:
        _output(arguments.output)
    config = _config(arguments)
    with join_processes(arguments.device) as processes:
        say = print if processes.first else _silent
        arguments.data = data_folders(arguments.data, progress=sys.stderr.isatty())
        folders = [read_source(folder, arguments.labels, say) for folder in arguments.data]
        sources = mix_sources(folders, arguments.mix)
        if arguments.preview is not None:
            write_preview(arguments.preview, collect(sources), config.seed)
            print(f"saved {arguments.preview}")
            return 0
        _fit(arguments, config, sources, processes, say)
    return 0


def _fit(
    arguments: argparse.Namespace, config: TrainingConfig, sources: list[Source],
    processes: Processes, say: Callable[[str], None],
) -> None:  # fmt: skip
    from mobile_actnet.network.checkpoint import Card, save_checkpoint
    from mobile_actnet.training.distributed import Execution
    from mobile_actnet.training.trainer import Selection, train

    output = _output(arguments.output)
    state_path = output.with_suffix(".state")
    refuse_existing(output, arguments.overwrite or state_path.exists())
    network, origin = _start(arguments, sources, config)
    card = Card(
        name=arguments.name,
        licence="Apache-2.0; the pictures' own terms apply",
        origin=f"{origin}; pictures: " + ", ".join(path.name for path in arguments.data),
        training={"preset": arguments.preset, **asdict(config)},
    )
    score = dev_score(arguments.dev) if arguments.dev else None
    before = score(network) if score is not None and processes.first else None
    selection = None
    if score is not None:
        selection = Selection(
            lambda candidate: score(candidate).mean_ap,
            lambda best: save_checkpoint(best, output, card),
        )
    execution = Execution(arguments.workers, bar=sys.stderr.isatty(), processes=processes)
    train(network, sources, config, state_path, say, execution, selection)
    if processes.first:
        save_checkpoint(network, output, card)
        state_path.unlink()
        say(f"saved {output}")
        after = score(network) if score is not None else None
        say(_last_sentence(before, after, arguments.dev))
        words = ("--format", "tflite", "--checkpoint", output, "-o", "models/")
        say(f"next: {command_line('actnet-export', *words)}")
        if arguments.json:
            summary = {"checkpoint": str(output), "pictures": sum(len(s.photos) for s in sources)}
            measured = {"before": before, "after": after} if before and after else {}
            print(json.dumps(summary | {name: asdict(s) for name, s in measured.items()}))


def _output(path: Path) -> Path:
    """Return the checkpoint's name: the file that was asked for, or one in the folder.

    Raises:
        ConfigError: the suffix of another kind of file.
    """
    if path.suffix == CHECKPOINT_SUFFIX:
        return path
    if path.suffix and not path.is_dir():
        raise ConfigError(
            f"-o is {path}; give a name that ends in {CHECKPOINT_SUFFIX}, or a folder without a suffix"
        )
    return path / f"checkpoint{CHECKPOINT_SUFFIX}"


def _last_sentence(
    before: RetrievalScore | None, after: RetrievalScore | None, dev: Path | None
) -> str:
    """Say in a user's words what training was worth."""
    if before is None or after is None or dev is None:
        return "to see whether it is better, give --dev DIR with test photos of your own (docs/training.md)"
    right, at_first = (round(s.recall_at_1 * s.queries / 100) for s in (after, before))
    return (
        f"{right} of your {counted(after.queries, 'test photo')} in {dev} find the right picture "
        f"first; before training it was {at_first}"
    )


def _settings() -> list[str]:
    presets = {name: asdict(config) for name, config in PRESETS.items()}
    names = next(iter(presets.values()))
    width = max(map(len, names))
    lines = [f"{'setting':{width}}  " + "  ".join(f"{name:>24}" for name in presets)]
    for setting in names:
        values = [str(preset[setting]) for preset in presets.values()]
        lines.append(f"{setting:{width}}  " + "  ".join(f"{value:>24}" for value in values))
    return lines


def dev_score(folder: Path) -> Callable[[Actnet], RetrievalScore]:
    """Return a function that measures a network on a folder with a manifest.csv.

    Raises:
        ActnetError: no query in the folder.
    """
    import numpy as np

    from mobile_actnet.evaluation.ranking import evaluate
    from mobile_actnet.network.describe import describe
    from mobile_actnet.pictures.photos import find_photos, load_images

    photos = [p for p in find_photos(folder) if not p.may_be_learned_from]
    if not any(photo.is_query for photo in photos):
        raise ActnetError(
            f"{folder} has no photo with the role query or both; mend the column role of its manifest.csv"
        )

    def measure(network: Actnet) -> RetrievalScore:
        descriptors, kept = [], []
        device = next(network.parameters()).device
        network.cpu()
        for start in range(0, len(photos), _DEV_CHUNK):
            chunk = photos[start : start + _DEV_CHUNK]
            pixels, readable, _ = load_images(chunk, _DEV_SIDE_PX, _DEV_SIDE_PX)
            descriptors.append(describe(network, pixels))
            kept += readable
        network.to(device)
        return evaluate(np.concatenate(descriptors), kept)

    return measure


def _config(arguments: argparse.Namespace) -> TrainingConfig:
    config = PRESETS[arguments.preset]
    if arguments.epochs is not None:
        config = replace(config, epochs=arguments.epochs)
    if arguments.steps is not None:
        if arguments.steps < 1:
            raise ActnetError(f"--steps is {arguments.steps}; it must be 1 or more")
        config = replace(config, epochs=1, steps_per_epoch=arguments.steps)
    if arguments.seed is not None:
        config = replace(config, seed=arguments.seed)
    return override(config, arguments.settings)


def _start(
    arguments: argparse.Namespace, sources: list[Source], config: TrainingConfig
) -> tuple[Actnet, str]:
    from mobile_actnet.network.actnet import Actnet
    from mobile_actnet.network.checkpoint import load_checkpoint, read_tensors
    from mobile_actnet.training.teacher import fit_whitening

    base, origin = MOBILE_ACTNET, f"the backbone {Path(arguments.backbone or '').name}"
    if not arguments.backbone:
        trained, card = load_checkpoint(*([arguments.checkpoint] if arguments.checkpoint else []))
        if not (arguments.activation or arguments.pooling):
            return trained, f"started from {card.name} ({card.origin})"
        base, origin = trained.config, f"the backbone of {card.name} ({card.origin})"
    photos = [photo for source in sources for photo in source.photos]
    network = Actnet(_with_new_head(base, arguments, len(photos)))
    if not arguments.backbone:
        network.backbone.load_state_dict(trained.backbone.state_dict())
    elif arguments.backbone == START_TORCHVISION:
        network.load_imagenet()
    else:
        network.load_backbone(read_tensors(Path(arguments.backbone)))
    fit_whitening(network, photos, config.teacher_sides_px, config.whitening_strength)
    return network, f"started from {origin}"


def _with_new_head(
    base: NetworkConfig, arguments: argparse.Namespace, pictures: int
) -> NetworkConfig:
    """Return the config with the layers that were asked for, and a whitening that can be fitted."""
    asked = {"activation": arguments.activation, "pooling": arguments.pooling}
    kinds = {name: kind for name, kind in asked.items() if kind}
    # A whitening has fewer rows than pictures it is fitted on.
    rows = min(base.whitening_dim, pictures - 1)
    return replace(
        base,
        streams=tuple(replace(stream, **kinds) for stream in base.streams),
        whitening_dim=rows,
        descriptor_dim=min(rows, base.descriptor_dim),
    )


def _silent(_: str) -> None:
    pass


if __name__ == "__main__":
    raise SystemExit(main())

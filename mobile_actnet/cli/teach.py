"""`actnet train --teacher`: learn from any network that is given as ONNX.

actnet train --teacher big.onnx --data photos/ -o student.safetensors
actnet train --teacher big.onnx --teacher start --teacher-weights 2,1 --data photos/ -o s.safetensors
actnet train --pack photos.zip --data photos/
actnet train --teacher big.onnx --data photos.zip --device cuda --minutes 9 -o student.safetensors
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict, fields, is_dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobile_actnet.cli.arguments import Parser, list_settings
from mobile_actnet.commands import command_line, counted, run, size_of
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.files import refuse_existing
from mobile_actnet.pictures.photos import Photo, find_photos
from mobile_actnet.runtime.vocabulary import parse_whole_number
from mobile_actnet.training.distillation.config import DistillationConfig, TeacherNormalisation

if TYPE_CHECKING:
    import torch

    from mobile_actnet.network.actnet import Actnet
    from mobile_actnet.training.distillation.distil import Pace
    from mobile_actnet.training.distillation.picture_store import PictureStore
    from mobile_actnet.training.distillation.target_cache import TargetCache
    from mobile_actnet.training.distillation.teacher_networks import Teacher

TEACHER, PACK = "--teacher", "--pack"
START = "start"
_PACK_SUFFIX, _CHECKPOINT_SUFFIX = ".zip", ".safetensors"
# On a GPU a batch of this many is worth its while, and a step is soon over.
_GPU_BATCH_SIZE = 256
# More than any clock leaves time for.
_TIMED_STEPS = 10_000_000
_GPU_MEASURE_EVERY_STEPS, _GPU_STATE_EVERY_STEPS = 500, 1000


def main(argv: list[str], prog: str) -> int:
    # `--teacher --help` asks for help; argparse would miss the file of --teacher first.
    words = ["--help"] if {"-h", "--help"} & set(argv) else argv
    arguments = _parser(prog).parse_args(words)
    return run(lambda: _run(arguments))


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(
        prog=prog,
        examples=__doc__,
        description="Teach Mobile-ACTNET what a larger network knows. Pictures need no labels. "
        "Run the same command again to resume.",
    )
    add = parser.add_argument
    add(TEACHER, action="append", default=[], metavar=f"FILE.onnx|FILE.safetensors|{START}",
        help="network to learn from: an ONNX file, pictures in, one vector out; a checkpoint of "
        "this toolkit; or 'start', the one that training starts from; may repeat")  # fmt: skip
    add("--teacher-weights", action="append", default=[], metavar="W,W,...", type=_parse_weights,
        help="how much is learned from each teacher (default: equally much); give it once, or "
        "once for each --data")  # fmt: skip
    add("--join-weights", metavar="W,W,...", type=_parse_weights,
        help="part of each teacher in the similarity of the result (default: the mean of "
        "--teacher-weights)")  # fmt: skip
    add("--teacher-size", type=parse_whole_number, metavar="PX",
        help="size at which teachers see whole pictures, where their files leave it free "
        "(default: 224)")  # fmt: skip
    add("--teacher-normalisation", type=TeacherNormalisation, choices=list(TeacherNormalisation),
        default=TeacherNormalisation.IMAGENET,
        help="what teachers that take floats expect (default: imagenet)")  # fmt: skip
    add("--data", type=Path, action="append", required=True, metavar="DIR|PACK.zip",
        help="folder of pictures, or a pack; may repeat")  # fmt: skip
    add("--mix", metavar="N,N,...",
        help="share of each --data in a batch (default: by number of pictures)")  # fmt: skip
    add(PACK, type=Path, metavar="FILE.zip",
        help="write the pictures, made small, into one file to carry to a machine with a GPU; "
        "nothing is trained")  # fmt: skip
    add("--checkpoint", type=Path, action="append", default=[], metavar="FILE.safetensors",
        help="start (default: the shipped weights); may repeat: the start is the mean of all")  # fmt: skip
    add("--steps", type=parse_whole_number, help=f"updates (default: {DistillationConfig.steps})")
    add(
        "--minutes",
        type=float,
        help="end after this many minutes, with learning rates that fall to their end; --steps may end "
        "it sooner",
    )
    add("--set", action="append", default=[], metavar="NAME=VALUE", dest="settings",
        help="override a setting, for example batch_size=32 or views.rotation_deg=5; may repeat")  # fmt: skip
    add("--list-settings", action=list_settings(_settings), nargs=0,
        help="print the settings of --set with their values, and stop")  # fmt: skip
    add("--seed", type=parse_whole_number)
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--threads", type=parse_whole_number, default=os.cpu_count() or 1,
        help="threads that decode pictures and run teachers on a CPU (default: one for each core)")  # fmt: skip
    add("--cache", type=Path, metavar="DIR",
        help="folder that keeps decoded pictures and teachers' descriptors (default: NAME.cache beside the "
        "output)")  # fmt: skip
    add("--name", default="mobile-actnet", help="name in the checkpoint's card")
    add("-o", "--output", type=Path, metavar="NAME.safetensors", help="checkpoint to write")
    add("--overwrite", action="store_true", help="replace a finished checkpoint or pack")
    add("--json", action="store_true", help="end with one line of JSON")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    if arguments.pack is not None:
        return _pack(arguments)
    if not arguments.teacher:
        raise ActnetError(f"no teacher is given; give {TEACHER} FILE.onnx, or {PACK} FILE.zip")
    if arguments.output is None or arguments.output.suffix != _CHECKPOINT_SUFFIX:
        given = arguments.output or "missing"
        raise ActnetError(f"-o is {given}; give a name that ends in {_CHECKPOINT_SUFFIX}")
    return _train(arguments)


def _pack(arguments: argparse.Namespace) -> int:
    from mobile_actnet.training.distillation.picture_pack import PACK_SIDE_PX, write_pack

    refuse_existing(arguments.pack, arguments.overwrite)
    photos = [photo for folder in arguments.data for photo in _photos(folder)]
    count = write_pack(arguments.pack, photos, threads=arguments.threads)
    size_bytes = arguments.pack.stat().st_size
    print(
        f"saved {arguments.pack}: {counted(count, 'picture')}, {size_of(size_bytes)}; they were made "
        f"small, {PACK_SIDE_PX} px at most: enough to learn from, too little for a gallery"
    )
    words = (TEACHER, "FILE.onnx", "--data", arguments.pack, "-o", "student.safetensors")
    print("next:", command_line("actnet", "train", *words))
    if arguments.json:
        print(json.dumps({"pack": str(arguments.pack), "pictures": count, "bytes": size_bytes}))
    return 0


def _train(arguments: argparse.Namespace) -> int:
    from mobile_actnet.network.checkpoint import Card, save_checkpoint
    from mobile_actnet.training.distillation.distil import Distillation, distil
    from mobile_actnet.training.distillation.target_cache import TargetCache
    from mobile_actnet.training.distillation.teacher_networks import Teaching

    output: Path = arguments.output
    state_path = output.with_suffix(".state")
    refuse_existing(output, arguments.overwrite or state_path.exists())
    device = _device(arguments.device)
    config = _config(arguments, device)
    start, origin = _start(arguments.checkpoint)
    teachers = _teachers(arguments, device)
    weights = _weights(arguments, len(teachers))
    folder = arguments.cache or output.with_suffix(".cache")
    store = _store(arguments, folder, device)
    asked = counted(len(teachers), "teacher")
    print(f"{counted(len(store), 'picture')}; describing them with {asked}")
    cache = TargetCache(folder / "targets.sqlite") if config.views_per_picture else None
    try:
        teaching = Teaching(teachers, weights, arguments.join_weights)
        learning = Distillation(start, store, teaching, config, device, cache)
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(_before_the_first_step(cache, folder)) from stop
    student = distil(learning, state_path, pace=_pace(device))
    names = [word if word == START else Path(word).name for word in arguments.teacher]
    new_card = Card(
        name=arguments.name,
        licence="Apache-2.0; the pictures' and the teachers' own terms apply",
        origin=f"started from {origin}; learned from the teachers "
        f"{', '.join(names)}; pictures: {', '.join(path.stem for path in arguments.data)}",
        training={"teachers": names, "teacher_weights": weights, **asdict(config)},
    )
    save_checkpoint(student, output, new_card)
    if student.config.descriptor_dim < start.config.descriptor_dim:
        print(
            f"the descriptor has {student.config.descriptor_dim} values, not "
            f"{start.config.descriptor_dim}: a longer one needs more pictures or more teachers"
        )
    state_path.unlink(missing_ok=True)
    print(f"saved {output}")
    measured = learning.measured
    if "held_out_recall" in measured:
        print(
            f"{measured['held_out_recall']:.0f} of 100 made-up photos of pictures that training did "
            "not use find their picture first"
        )
    words = ("--format", "tflite", "--checkpoint", output, "-o", "models/")
    print("next:", command_line("actnet", "export", *words))
    if arguments.json:
        print(json.dumps({"checkpoint": str(output), "pictures": len(store), **measured}))
    return 0


def _settings() -> list[str]:
    config = DistillationConfig()
    values = {name: value for name, value in vars(config).items() if not is_dataclass(value)}
    for part in ("views", "distortions"):
        values |= {f"{part}.{name}": value for name, value in vars(getattr(config, part)).items()}
    width = max(map(len, values))
    return [f"{name:{width}}  {value}" for name, value in values.items()]


def _before_the_first_step(cache: TargetCache | None, folder: Path) -> str:
    if cache is None:
        return "before the first step: nothing is kept, and nothing half-written is left"
    return (
        f"before the first step; what the teachers computed is kept in {folder}; run the same "
        "command again to resume"
    )


def _device(word: str) -> torch.device:
    import torch

    if word == "cuda" and not torch.cuda.is_available():
        raise ConfigError("--device cuda: this machine or this torch has no CUDA; use --device cpu")
    return torch.device("cuda" if torch.cuda.is_available() and word != "cpu" else "cpu")


def _pace(device: torch.device) -> Pace:
    from mobile_actnet.training.distillation.distil import Pace

    bar = sys.stderr.isatty()
    if device.type != "cuda":
        return Pace(bar=bar)
    return Pace(_GPU_MEASURE_EVERY_STEPS, _GPU_STATE_EVERY_STEPS, bar=bar)


def _photos(folder: Path) -> list[Photo]:
    """List the pictures of a folder that may be learned from."""
    photos = [photo for photo in find_photos(folder) if photo.role in ("", "train")]
    if not photos:
        raise ActnetError(
            f"{folder} has no picture to learn from: its manifest.csv gives no picture the role train or an empty role; mend the column role"
        )
    return photos


def _store(arguments: argparse.Namespace, cache: Path, device: torch.device) -> PictureStore:
    from mobile_actnet.training.distillation.picture_pack import unpack
    from mobile_actnet.training.distillation.picture_store import open_store
    from mobile_actnet.training.sources import mix_sources

    folders = [
        unpack(path, cache) if path.suffix == _PACK_SUFFIX else path for path in arguments.data
    ]
    sources = mix_sources([_photos(folder) for folder in folders], arguments.mix)
    return open_store(sources, cache, device, threads=arguments.threads)


def _teachers(arguments: argparse.Namespace, device: torch.device) -> list[Teacher]:
    from mobile_actnet.network.checkpoint import load_checkpoint
    from mobile_actnet.training.distillation.teacher_networks import CheckpointTeacher, OnnxTeacher

    teachers: list[Teacher] = []
    for word in arguments.teacher:
        if word == START:
            # A network of its own: the student's weights move.
            teachers.append(CheckpointTeacher(_start(arguments.checkpoint)[0]))
        elif word.endswith(_CHECKPOINT_SUFFIX):
            teachers.append(CheckpointTeacher(load_checkpoint(Path(word))[0]))
        else:
            teachers.append(
                OnnxTeacher(
                    Path(word), device, arguments.teacher_size, arguments.teacher_normalisation,
                    arguments.threads,
                )
            )  # fmt: skip
    return teachers


def _start(paths: list[Path]) -> tuple[Actnet, str]:
    """Return the mean of checkpoints, or the shipped one, and where it comes from.

    Raises:
        CheckpointError: a file cannot be read. ConfigError: networks of different shapes.
    """
    from mobile_actnet.network.checkpoint import load_checkpoint
    from mobile_actnet.training.distillation.student import mean_network

    if not paths:
        network, card = load_checkpoint()
        return network, f"{card.name} ({card.origin})"
    loaded = [load_checkpoint(path) for path in paths]
    origin = " and ".join(f"{card.name} ({card.origin})" for _, card in loaded)
    network = mean_network([network for network, _ in loaded])
    return network, origin if len(loaded) == 1 else f"the mean of {origin}"


def _weights(arguments: argparse.Namespace, teachers: int) -> list[list[float]]:
    rows, sources = arguments.teacher_weights, len(arguments.data)
    if not rows:
        return [[1.0] * teachers] * sources
    if len(rows) not in (1, sources):
        raise ConfigError(
            f"--teacher-weights is given {len(rows)} times; give it once, or {sources} times, "
            "once for each --data"
        )
    return rows if len(rows) == sources else rows * sources


def _parse_weights(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not allowed; give numbers with commas between them, such as 1,0.5"
        ) from error


def _config(arguments: argparse.Namespace, device: torch.device) -> DistillationConfig:
    config = DistillationConfig()
    if device.type == "cuda":
        config = replace(config, views_per_picture=0, batch_size=_GPU_BATCH_SIZE)
    if arguments.minutes:
        config = replace(config, steps=_TIMED_STEPS)
    for name in ("steps", "minutes", "seed"):
        if getattr(arguments, name) is not None:
            config = replace(config, **{name: getattr(arguments, name)})
    return override(config, arguments.settings)


def override(config: DistillationConfig, settings: list[str]) -> DistillationConfig:
    """Change settings given as `name=value`; those of views and distortions as `views.crop=0.5`.

    All are changed at once: the shares of views must have a sum of 1 only at the end.

    Raises:
        ConfigError: an unknown name, or a value of another kind or outside its range.
    """
    changes: dict[str, dict[str, Any]] = {"views": {}, "distortions": {}, "": {}}
    for setting in settings:
        name, equals, text = setting.partition("=")
        part, _, field = name.rpartition(".")
        owner: Any = getattr(config, part, None) if part else config
        known = {f.name: getattr(owner, f.name) for f in fields(owner)} if part in changes else {}
        if not equals or field not in known:
            names = ", ".join(f.name for f in fields(config))
            raise ConfigError(
                f"--set {setting!r}: there is no setting of this name; names are {names}, and those "
                "of views and distortions, like views.rotation_deg"
            )
        changes[part][field] = _parse(setting, known[field], text)
    return replace(
        config,
        views=replace(config.views, **changes["views"]),
        distortions=replace(config.distortions, **changes["distortions"]),
        **changes[""],
    )


def _parse(setting: str, present: Any, text: str) -> Any:
    try:
        if isinstance(present, bool):
            return {"true": True, "false": False}[text.lower()]
        if isinstance(present, tuple):
            return tuple(type(present[0])(word) for word in text.split(","))
        if isinstance(present, StrEnum | int | float):
            return type(present)(text)
    except (KeyError, ValueError) as error:
        raise ConfigError(f"--set {setting!r}: the value must be like {present}") from error
    raise ConfigError(f"--set {setting!r}: give one of its own settings, like views.rotation_deg=5")

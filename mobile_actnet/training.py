"""Training on collections with one picture per item, with a frozen teacher.

A frozen copy of the network at its start describes every clean picture once: the bank. The student
sees synthetic captures of the pictures and learns to give each the teacher's descriptor of its
clean picture, contrasted with the whole bank. The teacher keeps what the network already knows;
training on a narrow collection without it makes the network forget everything else.

A state file is written every few steps; a killed run resumes from it to the same losses, because
every choice of a step is drawn from the seed and the step's number alone.
"""

import json
import math
import pickle
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from mobile_actnet.activations import activation_parameters
from mobile_actnet.captures import capture
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.files import put_in_place, staging_folder
from mobile_actnet.network import Actnet, Stream
from mobile_actnet.photos import Photo, load_images
from mobile_actnet.preprocessing import Pixels, decode, normalise
from mobile_actnet.whitening import order_rows_by_variance, pca_whitening


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of a run.

    Attributes:
        steps: number of updates.
        batch_size: captures in an update.
        image_side_px: side of the captures.
        teacher_sides_px: sizes at which the teacher sees the clean pictures; averaged.
        temperature: of the contrast with the bank.
        same_instance_share: share of the target that goes to other photos of the same instance.
        backbone_rate, whitening_rate, activation_rate: peak learning rates (AdamW, cosine).
        warmup_steps: steps of linear growth to the peak.
        weight_decay: of the backbone's kernels.
        largest_gradient_norm: gradients are clipped to it.
        average_decay: of the running average of the weights, which is what a run ends with.
        seed: of every random choice.
    """

    steps: int = 2000
    batch_size: int = 48
    image_side_px: int = 176
    teacher_sides_px: tuple[int, ...] = (224, 288)
    temperature: float = 0.05
    same_instance_share: float = 0.5
    backbone_rate: float = 3e-4
    whitening_rate: float = 3e-4
    activation_rate: float = 1e-3
    warmup_steps: int = 50
    weight_decay: float = 1e-4
    largest_gradient_norm: float = 2.0
    average_decay: float = 0.995
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be 1 or more")


@dataclass(frozen=True)
class Source:
    """Photos and the share of a batch that is drawn from them."""

    photos: list[Photo]
    weight: float


class Captures(Dataset[tuple[Pixels, NDArray[np.int64]]]):
    """Item i is the batch of captures of step i, with the numbers of their photos."""

    def __init__(self, sources: list[Source], config: TrainingConfig, first_step: int = 0) -> None:
        self.paths = [photo.path for source in sources for photo in source.photos]
        self.config = config
        self.first_step = first_step
        total = sum(source.weight for source in sources)
        self.chances = np.concatenate(
            [
                np.full(len(source.photos), source.weight / total / len(source.photos))
                for source in sources
            ]
        )

    def __len__(self) -> int:
        return self.config.steps - self.first_step

    def __getitem__(self, index: int) -> tuple[Pixels, NDArray[np.int64]]:
        rng = np.random.default_rng((self.config.seed, self.first_step + index))
        size = min(self.config.batch_size, len(self.paths))
        numbers = rng.choice(len(self.paths), size, replace=False, p=self.chances)
        images = [decode(self.paths[number]) for number in numbers]
        pixels = [
            capture(image, images[i - 1], rng, self.config.image_side_px)
            for i, image in enumerate(images)
        ]
        return np.stack(pixels), numbers


@torch.no_grad()
def fit_whitening(network: Actnet, photos: list[Photo], side_px: int) -> None:
    """Set the network's whitening to PCA whitening of the photos' signatures.

    Raises:
        ConfigError: fewer readable photos than the whitening has rows.
    """
    signatures = _signatures(network.eval(), photos, side_px)
    network.head.whitening.set(*pca_whitening(signatures, network.config.whitening_dim))


@torch.no_grad()
def finish_whitening(network: Actnet, photos: list[Photo], side_px: int) -> None:
    """Bring the trained rows of the whitening back into order of variance.

    The rows behind `descriptor_dim` were not trained; they are fitted anew to what the trained
    rows leave over. Too few photos to fit them on leave them as they are.
    """
    dim = network.config.descriptor_dim
    whitening = network.head.whitening
    signatures = _signatures(network.eval(), photos, side_px)
    weight, bias = order_rows_by_variance(whitening.weight, whitening.bias, signatures, dim)
    if 0 < network.config.whitening_dim - dim < len(signatures):
        trained = torch.linalg.qr(weight[:dim].T.double()).Q.float()  # (D, dim), orthonormal
        rest = signatures - (signatures @ trained) @ trained.T
        rest_weight, rest_bias = pca_whitening(rest, network.config.whitening_dim - dim)
        # Continue where the trained rows' variance ends.
        last = (signatures @ weight[dim - 1] + bias[dim - 1]).square().mean().sqrt()
        first = (rest @ rest_weight[0] + rest_bias[0]).square().mean().sqrt()
        weight[dim:] = rest_weight * (last / first)
        bias[dim:] = rest_bias * (last / first)
    whitening.set(weight, bias)


def train(
    network: Actnet,
    sources: list[Source],
    config: TrainingConfig,
    state_path: Path,
    say: Callable[[str], None] = print,
    workers: int = 1,
    state_every_steps: int = 100,
) -> None:
    """Train in place, from the beginning or from `state_path` where that file is.

    Args:
        network: with a fitted whitening; its start is the teacher.
        sources: pictures; photos with the same instance in one source are positives.
        state_path: the state file; beside it `.jsonl` gets a line for every 10th step.
        workers: processes that make captures.
        state_every_steps: how often the state is written; it is also written at the end.

    Raises:
        ActnetError: fewer than two pictures, one that cannot be decoded, or the state file is of
            another run.
    """
    photos = [photo for source in sources for photo in source.photos]
    if len(photos) < 2:
        raise ActnetError("training needs at least two pictures; give a larger folder")
    bank = teacher_bank(network.eval(), photos, config)
    if len(bank) < len(photos):
        raise ActnetError(
            f"{len(photos) - len(bank)} of {len(photos)} pictures cannot be decoded; "
            "leave them out with `readable`"
        )
    instances = instance_numbers(sources)
    averaged = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(config.average_decay)
    )
    optimizer = _optimizer(network, config)
    first_step = _resume(state_path, network, averaged, optimizer, config)
    captures = Captures(sources, config, first_step)
    # spawn: a fork of a process with other libraries' threads in it may hang.
    context = "spawn" if workers else None
    loader = DataLoader(
        captures, batch_size=None, num_workers=workers, multiprocessing_context=context
    )
    device = next(network.parameters()).device
    started = time.monotonic()
    for step, (pixels, numbers) in enumerate(loader, start=first_step):
        rate = _rate(step, config)
        for group in optimizer.param_groups:
            group["lr"] = group["peak_rate"] * rate
        images = normalise(pixels.to(device)).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16):
            descriptors = network(images)
        loss = bank_loss(descriptors, bank, numbers.to(device), instances, config)
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(network.parameters(), config.largest_gradient_norm)
        optimizer.step()
        averaged.update_parameters(network)
        if (step + 1) % 10 == 0:
            entry = _log(state_path, step + 1, loss, norm, network)
            left_s = (
                (time.monotonic() - started) / (step + 1 - first_step) * (config.steps - step - 1)
            )
            say(
                f"step {step + 1}/{config.steps} loss {entry['loss']:.3f}, {left_s / 60:.0f} min left"
            )
        if (step + 1) % state_every_steps == 0 or step + 1 == config.steps:
            _save(state_path, step + 1, network, averaged, optimizer, config)
    network.load_state_dict(averaged.module.state_dict())
    finish_whitening(network.float(), photos, config.teacher_sides_px[0])


def instance_numbers(sources: list[Source]) -> Tensor:
    """Number what each photo of all sources shows: equal numbers are the same object.

    Equal names in two sources are two objects: both folders may hold an IMG_0001.jpg.
    """
    names = [(number, photo.instance) for number, s in enumerate(sources) for photo in s.photos]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return torch.tensor([numbers[name] for name in names])


@torch.no_grad()
def teacher_bank(network: Actnet, photos: list[Photo], config: TrainingConfig) -> Tensor:
    """Describe every clean picture with the network as it is: (number of photos, dim)."""
    total: Tensor | None = None
    for side_px in config.teacher_sides_px:
        found = torch.cat([network(images) for images in _batches(network, photos, side_px)])
        total = found if total is None else total + found
    assert total is not None
    return nn.functional.normalize(total)


def bank_loss(
    descriptors: Tensor, bank: Tensor, numbers: Tensor, instances: Tensor, config: TrainingConfig
) -> Tensor:
    """Cross-entropy of the captures' similarities with the bank, against the right pictures.

    Args:
        descriptors: (N, D) of captures. bank: (M, D) of clean pictures, both of length 1.
        numbers: (N,) rows of the bank that the captures were made from.
        instances: (M,) what each row of the bank shows.
    """
    logits = descriptors @ bank.T / config.temperature
    own = nn.functional.one_hot(numbers, len(bank)).to(logits)
    same = (instances[numbers][:, None] == instances[None, :]).to(logits) - own
    others = same.sum(1, keepdim=True)
    share = config.same_instance_share * (others > 0)
    target = (1 - share) * own + share * same / others.clamp(min=1)
    return -(target * logits.log_softmax(1)).sum(1).mean()


def readable(photos: list[Photo], say: Callable[[str], None]) -> list[Photo]:
    """Leave out photos that cannot be decoded, and say which."""
    kept = []
    for photo in photos:
        try:
            decode(photo.path)
            kept.append(photo)
        except ActnetError as error:
            say(f"skipped: {error}")
    return kept


def _signatures(network: Actnet, photos: list[Photo], side_px: int) -> Tensor:
    return torch.cat([network.signature(images) for images in _batches(network, photos, side_px)])


def _batches(
    network: Actnet, photos: list[Photo], side_px: int, size: int = 32
) -> Iterator[Tensor]:
    device = next(network.parameters()).device
    for start in range(0, len(photos), size):
        pixels, kept, _ = load_images(photos[start : start + size], side_px, side_px)
        if kept:
            yield normalise(torch.from_numpy(pixels).to(device))


def _optimizer(network: Actnet, config: TrainingConfig) -> torch.optim.Optimizer:
    """Learning rates of their own for backbone, whitening and activation layers; no decay but on kernels."""
    backbone = list(network.backbone.parameters())
    groups = [
        ([p for p in backbone if p.ndim > 1], config.backbone_rate, config.weight_decay),
        ([p for p in backbone if p.ndim <= 1], config.backbone_rate, 0.0),
        (list(network.head.whitening.parameters()), config.whitening_rate, 0.0),
        (list(network.head.streams.parameters()), config.activation_rate, 0.0),
    ]
    return torch.optim.AdamW(
        [{"params": p, "peak_rate": rate, "weight_decay": decay} for p, rate, decay in groups]
    )


def _rate(step: int, config: TrainingConfig) -> float:
    warmup = min(1.0, (step + 1) / config.warmup_steps)
    return warmup * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / config.steps)))


def _log(path: Path, step: int, loss: Tensor, norm: Tensor, network: Actnet) -> dict[str, float]:
    entry = {"step": step, "loss": float(loss.detach()), "gradient_norm": float(norm)}
    for number, stream in enumerate(network.head.streams):
        assert isinstance(stream, Stream)
        values = activation_parameters(stream.activation)
        values |= {
            "scale": float(stream.power.scale.detach()),
            "power": float(stream.power.power.detach()),
        }
        entry |= {f"stream{number}.{name}": round(value, 5) for name, value in values.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
    return entry


def _save(
    path: Path, step: int, network: Actnet, averaged: nn.Module,
    optimizer: torch.optim.Optimizer, config: TrainingConfig,
) -> None:  # fmt: skip
    state = {
        "step": step,
        "network": network.state_dict(),
        "averaged": averaged.state_dict(),
        "optimizer": optimizer.state_dict(),
        "config": json.dumps(asdict(config)),
    }
    with staging_folder(path.parent) as folder:
        torch.save(state, folder / path.name)
        put_in_place([(folder / path.name, path)])


def _resume(
    path: Path, network: Actnet, averaged: nn.Module,
    optimizer: torch.optim.Optimizer, config: TrainingConfig,
) -> int:  # fmt: skip
    if not path.exists():
        return 0
    try:
        state = torch.load(path, weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise ActnetError(f"{path} is damaged or no state file; move it away") from error
    if state["config"] != json.dumps(asdict(config)):
        raise ActnetError(f"{path} is the state of a run with other settings; move it away")
    network.load_state_dict(state["network"])
    averaged.load_state_dict(state["averaged"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])

"""What each head is worth: activation layers and poolings compared (the paper, table 1, figure 5).

All variants share one frozen backbone. Its feature maps do not depend on the head, so that every
picture goes through it once, whatever the number of variants: they are trained side by side, on
the same captures, and the clean and the evaluation pictures are described by all of them at once.
No feature map is kept. The whole comparison costs about one training run's forward passes.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from mobile_actnet.descriptors import Descriptors
from mobile_actnet.errors import ActnetError
from mobile_actnet.evaluation.config import AblationConfig
from mobile_actnet.evaluation.ranking import evaluate
from mobile_actnet.evaluation.reports.frozen_backbone import (
    AGGREGATIONS,
    HEADS,
    MULTI,
    SINGLE,
    FrozenBackbone,
    HeadKind,
)
from mobile_actnet.network.actnet import Head, l2_normalise
from mobile_actnet.network.whitening import pca_whitening
from mobile_actnet.pictures.photos import Photo, find_photos, load_images
from mobile_actnet.training.batches import CaptureBatches
from mobile_actnet.training.config import TrainingConfig
from mobile_actnet.training.losses import bank_loss
from mobile_actnet.training.sources import Collection, Source, collect, readable

_CHUNK = 32
_LARGEST_GRADIENT_NORM = 2.0


Scores = dict[tuple[str, str], dict[str, float]]
"""mAP in per cent by set, by (name of the head, aggregation)."""


def training_pictures(folders: list[Path], config: AblationConfig) -> tuple[Collection, list[str]]:
    """Draw training pictures, those with the role `train` or none.

    Returns:
        collection: at most `config.images`, each as likely as another.
        problems: a sentence for each drawn picture that could not be read.

    Raises:
        ActnetError: fewer than two instances, or no such folder.
    """
    paths = [
        (number, photo)
        for number, folder in enumerate(folders)
        for photo in find_photos(folder)
        if photo.may_be_learned_from
    ]
    rng = np.random.default_rng(config.seed)
    drawn = [paths[i] for i in sorted(rng.permutation(len(paths))[: config.images])]
    problems: list[str] = []
    sources = []
    for number in range(len(folders)):
        photos = readable([p for of, p in drawn if of == number], problems.append)
        if photos:
            sources.append(Source(photos, float(len(photos))))
    return collect(sources), problems


def run_ablation(
    backbone: FrozenBackbone,
    collection: Collection,
    photos: list[Photo],
    sets: dict[str, NDArray[np.int64]],
    config: AblationConfig,
    heads: tuple[HeadKind, ...] = HEADS,
    progress: bool = False,
) -> Scores:
    """Train all variants alike and measure them.

    Args:
        collection: readable training pictures.
        photos: labelled, readable, for the evaluation.
        sets: numbers of the queries among them, by the set's name.
        heads: rows of the table, each with one stream and with two.

    Raises:
        ActnetError: a picture has become unreadable, or a loss is no longer finite.
    """
    dim = descriptor_dim(collection, config)
    variants = {
        (kind.name, aggregation): backbone.head(kind, aggregation, dim, config.seed)
        for kind in heads
        for aggregation in AGGREGATIONS
    }
    clean = [Photo(path, "") for path in collection.paths]
    with tqdm(
        total=len(clean) + len(photos) + config.steps * config.batch_size,
        unit="picture", disable=not progress, leave=False,
    ) as bar:  # fmt: skip
        banks = _start(backbone, variants, clean, config, bar)
        _train(backbone, variants, banks, collection, config, bar)
        described = _describe(backbone, variants, photos, config, bar)
    return {
        variant: {
            name: evaluate(descriptors, photos, queries).mean_ap for name, queries in sets.items()
        }
        for variant, descriptors in described.items()
    }


def descriptor_dim(collection: Collection, config: AblationConfig) -> int:
    """Return the length of the descriptors: a whitening has fewer rows than pictures."""
    return min(config.largest_dim, len(collection.paths) - 1)


def ablation_table(
    scores: Scores, sets: list[str], backbone: str, pictures: int, dim: int, config: AblationConfig
) -> str:
    """Write the scores as Markdown, with a caption that says what they are.

    Args:
        sets: in the order of the columns.
        backbone: name of the weights.
        pictures: that the heads were trained on.
        dim: length of the descriptors.
    """
    columns = [(name, aggregation) for name in sets for aggregation in AGGREGATIONS]
    titles = ["head", *(f"{_cell(name)}, {aggregation}" for name, aggregation in columns)]
    lines = ["| " + " | ".join(titles) + " |", "|---" + "|---:" * len(columns) + "|"]
    for head in dict.fromkeys(name for name, _ in scores):
        values = [f"{scores[head, aggregation][name]:.2f}" for name, aggregation in columns]
        lines.append("| " + " | ".join([_cell(head), *values]) + " |")
    size = config.size
    caption = (
        f"mAP in per cent, descriptors of {dim} values, pictures of {size.height}x{size.width} "
        f"pixels. {SINGLE}: the last stream alone; {MULTI}: two streams. **Only the heads were "
        "trained**: activation, pooling, power normalisation and whitening. The backbone "
        f"({_cell(backbone)}) is frozen and the same in all rows, so its feature maps were "
        f"computed once for all of them. Every head started from PCA whitening of the same "
        f"{pictures} pictures and made {config.steps} steps on the same synthetic captures of them "
        f"({min(config.batch_size, pictures)} a step), contrasted with the clean pictures. The "
        "rows compare heads at a small, equal budget; they are not what networks trained as a "
        "whole reach, and a backbone that was itself trained with one of these heads favours it."
    )
    return "\n".join([caption, "", *lines, ""])


@torch.no_grad()
def _start(
    backbone: FrozenBackbone, variants: dict[tuple[str, str], Head], photos: list[Photo],
    config: AblationConfig, bar: "tqdm[None]",
) -> dict[tuple[str, str], Tensor]:  # fmt: skip
    """Fit each variant's whitening; return its descriptors of the clean pictures, (M, dim)."""
    parts_of: dict[tuple[str, str], list[Tensor]] = {variant: [] for variant in variants}
    for feature_maps in _feature_maps(backbone, photos, config, bar):
        for variant, head in variants.items():
            parts_of[variant].append(head.signature(feature_maps))
    banks = {}
    for variant, head in variants.items():
        signatures = torch.cat(parts_of.pop(variant))
        dim = len(head.whitening.weight)
        head.whitening.set(*_whitening(signatures, dim, config.whitening_strength))
        banks[variant] = l2_normalise(head.whitening(signatures, dim))
    return banks


def _whitening(signatures: Tensor, dim: int, strength: float) -> tuple[Tensor, Tensor]:
    """Fit PCA whitening on (M, D); where M < D within the space that the signatures span.

    Nothing varies outside of it, and the eigenvectors of an M x M matrix take a hundredth of the
    time of those of a D x D one.
    """
    if len(signatures) >= signatures.shape[1]:
        return pca_whitening(signatures, dim, strength)
    exact = signatures.double()
    basis = torch.linalg.qr((exact - exact.mean(0)).T).Q  # (D, M), orthonormal
    weight, bias = pca_whitening(exact @ basis, dim, strength)
    return (weight.double() @ basis.T).float(), bias


def _train(
    backbone: FrozenBackbone, variants: dict[tuple[str, str], Head],
    banks: dict[tuple[str, str], Tensor], collection: Collection, config: AblationConfig,
    bar: "tqdm[None]",
) -> None:  # fmt: skip
    batches = CaptureBatches(
        collection,
        TrainingConfig(
            batch_size=config.batch_size,
            image_sizes=((config.size.height, config.size.width),),
            seed=config.seed,
        ),
        first_step=0,
        steps=config.steps,
    )
    optimizers = {variant: _optimizer(head, config) for variant, head in variants.items()}
    for step in range(config.steps):
        batch = batches[step]
        if batch.problems:
            raise ActnetError(f"a training picture is gone or has changed: {batch.problems[0]}")
        feature_maps = backbone(batch.pixels[0])
        numbers = torch.from_numpy(batch.numbers[0])
        share = 0.5 * (1 + math.cos(math.pi * step / config.steps))
        for variant, head in variants.items():
            bank = banks[variant]
            descriptors = head(feature_maps, bank.shape[1])
            loss = bank_loss(descriptors, bank, numbers, collection.instances, config.temperature)
            _update(optimizers[variant], head, loss, share, " ".join(variant))
        bar.update(config.batch_size)


def _optimizer(head: Head, config: AblationConfig) -> torch.optim.Optimizer:
    whitening = list(head.whitening.parameters())
    groups = [
        {"params": whitening, "lr": config.whitening_rate},
        {"params": list(head.streams.parameters()), "lr": config.activation_rate},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.0)
    for group in optimizer.param_groups:
        group["peak_rate"] = group["lr"]
    return optimizer


def _update(
    optimizer: torch.optim.Optimizer, head: Head, loss: Tensor, share: float, name: str
) -> None:
    if not torch.isfinite(loss):
        raise ActnetError(
            f"the loss of {name} is {float(loss)}; give other pictures or fewer --ablation-steps"
        )
    for group in optimizer.param_groups:
        group["lr"] = group["peak_rate"] * share
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(head.parameters(), _LARGEST_GRADIENT_NORM)
    optimizer.step()


@torch.no_grad()
def _describe(
    backbone: FrozenBackbone, variants: dict[tuple[str, str], Head], photos: list[Photo],
    config: AblationConfig, bar: "tqdm[None]",
) -> dict[tuple[str, str], Descriptors]:  # fmt: skip
    parts_of: dict[tuple[str, str], list[Tensor]] = {variant: [] for variant in variants}
    for feature_maps in _feature_maps(backbone, photos, config, bar):
        for variant, head in variants.items():
            parts_of[variant].append(head(feature_maps, len(head.whitening.weight)))
    return {variant: torch.cat(parts).numpy() for variant, parts in parts_of.items()}


def _feature_maps(
    backbone: FrozenBackbone, photos: list[Photo], config: AblationConfig, bar: "tqdm[None]"
) -> Iterator[dict[str, Tensor]]:
    for start in range(0, len(photos), _CHUNK):
        chunk = photos[start : start + _CHUNK]
        pixels, _, problems = load_images(chunk, config.size.height, config.size.width)
        if problems:
            raise ActnetError(f"a picture is gone or has changed: {problems[0]}")
        yield backbone(pixels)
        bar.update(len(chunk))


def _cell(text: str) -> str:
    """Keep a name from ending its cell of the table."""
    return text.replace("|", "\\|").replace("\n", " ")

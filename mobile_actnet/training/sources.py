"""What a network is trained on: sources of pictures, and what is drawn from them at each step.

A picture that is the only one of its instance has no second photo to learn from: its positive is
the clean picture itself, and the anchor a synthetic capture of it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.pictures.photos import MANIFEST_NAME, Photo, find_photos
from mobile_actnet.pictures.preprocessing import decode
from mobile_actnet.training.config import Labels

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Source:
    """Photos and the share of a batch that is drawn from them."""

    photos: list[Photo]
    weight: float


@dataclass(frozen=True)
class Collection:
    """All sources as one list.

    Attributes:
        paths: the M pictures.
        instances: (M,) int64, equal numbers show the same object.
        chances: (M,) float64, probability of each to be drawn; the sum is 1.
    """

    paths: list[Path]
    instances: Tensor
    chances: NDArray[np.float64]


def read_source(
    folder: Path, labels: Labels = Labels.PICTURE, say: Callable[[str], None] = print
) -> list[Photo]:
    """List the pictures of a folder that may be trained on and can be decoded.

    With a manifest.csv those with the role `train` or none. Without one every picture is an
    instance of its own, or every folder is, as `labels` says.

    Args:
        say: called with a sentence for each skipped picture.

    Raises:
        ActnetError: no such folder, or fewer than two instances in it.
    """
    photos = [photo for photo in find_photos(folder) if photo.may_be_learned_from]
    if labels == Labels.FOLDER and not (Path(folder) / MANIFEST_NAME).is_file():
        photos = [replace(photo, instance=str(photo.path.parent)) for photo in photos]
    photos = readable(photos, say)
    instances = len({photo.instance for photo in photos})
    if instances < 2:
        raise ActnetError(
            f"{folder} has {instances} instance{'s' * (instances != 1)} to train on "
            f"(readable, role train or none); at least 2 are needed: give a larger folder"
            + (", or --labels picture" if labels == Labels.FOLDER else "")
        )
    return photos


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


def mix_sources(folders: list[list[Photo]], mix: str | None) -> list[Source]:
    """Give each folder its share of a batch.

    Args:
        mix: positive numbers with commas, one for each folder; by number of pictures if None.

    Raises:
        ConfigError: another number of them, or one that is not positive.
    """
    weights = [float(len(photos)) for photos in folders]
    if mix:
        try:
            weights = [float(part) for part in mix.split(",")]
        except ValueError:
            weights = []
        finite = all(w > 0 for w in weights) and sum(weights) < math.inf
        if len(weights) != len(folders) or not finite:
            raise ConfigError(
                f"--mix is {mix!r}; give {len(folders)} positive numbers with commas, "
                "one for each --data"
            )
    return [Source(photos, weight) for photos, weight in zip(folders, weights, strict=True)]


def collect(sources: list[Source]) -> Collection:
    """Join the sources. Equal names in two of them are two objects: both may hold IMG_0001.jpg.

    Raises:
        ActnetError: fewer than two instances in all.
    """
    names = [(number, photo.instance) for number, s in enumerate(sources) for photo in s.photos]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    if len(numbers) < 2:
        raise ActnetError("training needs at least two instances; give a larger folder")
    total = sum(source.weight for source in sources)
    chances = [np.full(len(s.photos), s.weight / total / len(s.photos)) for s in sources]
    return Collection(
        [photo.path for source in sources for photo in source.photos],
        torch.tensor([numbers[name] for name in names]),
        np.concatenate(chances),
    )


def draw(collection: Collection, count: int, rng: np.random.Generator) -> Numbers:
    """Draw pictures, each at most once, or all of them where there are fewer."""
    size = min(count, len(collection.paths))
    return rng.choice(len(collection.paths), size, replace=False, p=collection.chances)


def positives_of(anchors: Numbers, instances: Tensor, rng: np.random.Generator) -> Numbers:
    """Choose a positive for each anchor: another picture of its instance, else itself."""
    of = instances.numpy()
    chosen = []
    for anchor in anchors:
        others = np.flatnonzero(of == of[anchor])
        others = others[others != anchor]
        chosen.append(int(rng.choice(others)) if len(others) else int(anchor))
    return np.array(chosen, np.int64)

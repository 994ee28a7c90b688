"""How well a checkpoint or an artefact finds the right picture, on labelled photos."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from mobile_actnet.checkpoint import load_checkpoint
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.export import manifest as manifests
from mobile_actnet.export.deployable import ImageSize
from mobile_actnet.export.runtimes import Descriptors, open_artefact
from mobile_actnet.network import check_dim
from mobile_actnet.photos import Photo, find_photos, load_images
from mobile_actnet.preprocessing import Pixels
from mobile_actnet.retrieval import RetrievalScore, describe, evaluate

_CHUNK = 64

Describe = Callable[[Pixels], Descriptors]


@dataclass(frozen=True)
class Evaluation:
    """Scores of a model.

    Attributes:
        sets: score by folder name; all databases and distractors are searched together.
        descriptor_dim: length of the descriptors.
        problems: a sentence for each photo that could not be read.
    """

    sets: dict[str, RetrievalScore]
    descriptor_dim: int
    problems: list[str]


def open_model(model: Path, size: ImageSize | None, dim: int | None) -> tuple[Describe, ImageSize]:
    """Open a checkpoint or an artefact as a function from pixels to descriptors.

    Args:
        size, dim: for a checkpoint, its defaults if None; an artefact has its own and takes none.

    Returns:
        the function, and the size of the pixels it takes.

    Raises:
        ActnetError: the model cannot be used, or its size or dim cannot be chosen.
    """
    if model.suffix == ".safetensors":
        network, _ = load_checkpoint(model)
        dim = network.config.descriptor_dim if dim is None else dim
        check_dim(dim, network.config)
        return lambda pixels: describe(network, pixels, dim), size or ImageSize()
    if size is not None or dim is not None:
        raise ConfigError(
            f"{model.name} has its own size and dim; leave out --image-size and --dim"
        )
    shape = manifests.load(model)["preprocessing"]
    return open_artefact(model).describe, ImageSize(shape["height"], shape["width"])


def evaluate_model(
    model: Path,
    folders: list[Path],
    size: ImageSize | None = None,
    dim: int | None = None,
    progress: bool = False,
) -> Evaluation:
    """Measure mAP and recall on folders with a `manifest.csv`, pixels one chunk at a time.

    Raises:
        ActnetError: no folder has a query with a positive in the database.
    """
    describe_pixels, size = open_model(model, size, dim)
    photos = [photo for folder in folders for photo in _labelled(folder)]
    descriptors, readable, problems = [], [], []
    with tqdm(total=len(photos), unit="photo", disable=not progress, leave=False) as bar:
        for start in range(0, len(photos), _CHUNK):
            chunk = photos[start : start + _CHUNK]
            pixels, kept, unread = load_images(chunk, size.height, size.width)
            if kept:
                descriptors.append(describe_pixels(pixels))
            readable += kept
            problems += unread
            bar.update(len(chunk))
    scores = _scores(np.concatenate(descriptors), readable, folders) if readable else {}
    if not any(score.queries for score in scores.values()):
        raise ActnetError("no query has a positive in the database; see the roles in manifest.csv")
    return Evaluation(scores, descriptors[0].shape[1], problems)


def _labelled(folder: Path) -> list[Photo]:
    """Photos with a part in an evaluation; instances of different folders are kept apart."""
    photos = [photo for photo in find_photos(folder) if photo.role not in ("", "train")]
    if not photos:
        raise ActnetError(
            f"{folder} has no photo with the role query, database, both or distractor; "
            "give a folder with a manifest.csv that says so"
        )
    return [replace(photo, instance=f"{folder}:{photo.instance}") for photo in photos]


def _scores(
    descriptors: Descriptors, photos: list[Photo], folders: list[Path]
) -> dict[str, RetrievalScore]:
    scores = {}
    for folder in folders:
        queries = [
            number
            for number, photo in enumerate(photos)
            if photo.role in ("query", "both") and photo.instance.startswith(f"{folder}:")
        ]
        if queries:
            scores[folder.name] = evaluate(descriptors, photos, np.array(queries))
    return scores

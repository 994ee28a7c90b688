"""How well a checkpoint or an artefact finds the right picture: labelled folders and protocols."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mobile_actnet.descriptors import Descriptors
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.evaluation.config import EvaluationOptions, Rerank
from mobile_actnet.evaluation.extraction import extract, file_hash
from mobile_actnet.evaluation.protocols.protocols import (
    ProtocolScore,
    Query,
    Task,
    crop_query,
    score_rankings,
)
from mobile_actnet.evaluation.ranking import (
    RetrievalScore,
    average_precision,
    evaluate,
    in_order_of_paths,
)
from mobile_actnet.evaluation.reranking import (
    alpha_query_expansion,
    augment_database,
    diffusion_rankings,
)
from mobile_actnet.gallery.sqlite.storage import decode as decode_stored
from mobile_actnet.gallery.sqlite.storage import encode
from mobile_actnet.network.actnet import Actnet, check_dim
from mobile_actnet.network.checkpoint import load_checkpoint
from mobile_actnet.network.config import is_checkpoint
from mobile_actnet.network.describe import describe
from mobile_actnet.pictures.photos import Photo, find_photos
from mobile_actnet.pictures.preprocessing import decode
from mobile_actnet.runtime import manifest as manifests
from mobile_actnet.runtime.describer import Describe
from mobile_actnet.runtime.runtimes import open_artefact
from mobile_actnet.runtime.vocabulary import ImageSize

_SIDE_MULTIPLE_PX, _MIN_SIDE_PX = 32, 64


@dataclass(frozen=True)
class Evaluation:
    """Scores of a model.

    Attributes:
        sets: score by folder name; all databases and distractors are searched together.
        descriptor_dim: length of the descriptors.
        problems: a sentence for each photo that could not be read.
        photos, descriptors: what was searched, (N, D) float32, for reports.
    """

    sets: dict[str, RetrievalScore]
    descriptor_dim: int
    problems: list[str]
    photos: list[Photo]
    descriptors: Descriptors


@dataclass(frozen=True)
class ProtocolEvaluation:
    """Scores of a model by a protocol.

    Attributes:
        settings: score by setting, for example `medium`.
        descriptor_dim: length of the descriptors. database: photos searched, distractors included.
        problems: a sentence for each distractor that could not be read.
    """

    settings: dict[str, ProtocolScore]
    descriptor_dim: int
    database: int
    problems: list[str]


@dataclass(frozen=True)
class ReportContext:
    """What reports are written from.

    Attributes:
        model: checkpoint or artefact. folders: that were measured.
        photos: N, instances prefixed with their folder. descriptors: (N, D) float32.
        describe_dims: gives (N, d) descriptors of another length; None for an artefact.
    """

    model: Path
    folders: list[Path]
    photos: list[Photo]
    descriptors: Descriptors
    describe_dims: Callable[[int], Descriptors] | None


@dataclass(frozen=True)
class OpenModel:
    """A model as functions from pixels to descriptors, each with the size of its pixels."""

    describes: list[tuple[Describe, ImageSize]]
    identity: str


def open_model(model: Path, options: EvaluationOptions = EvaluationOptions()) -> OpenModel:
    """Open a checkpoint or an artefact.

    Raises:
        ActnetError: the model cannot be used, or its size, dim or scales cannot be chosen.
    """
    size, dim = options.size, options.dim
    if is_checkpoint(model):
        network, _ = load_checkpoint(model)
        dim = network.config.descriptor_dim if dim is None else dim
        check_dim(dim, network.config)
        sizes = [_scaled(size or ImageSize(), scale) for scale in options.scales]
        functions = [_describing(network, dim)] * len(sizes)
        return OpenModel(list(zip(functions, sizes, strict=True)), f"{file_hash(model)} {dim}")
    if size is not None or dim is not None or options.scales != (1.0,):
        raise ConfigError(
            f"{model.name} has its own size and dim; leave out --image-size, --dim and --scales"
        )
    own_size = manifests.load(model).size
    return OpenModel([(open_artefact(model).describe, own_size)], file_hash(model))


def evaluate_model(
    model: Path, folders: list[Path], options: EvaluationOptions = EvaluationOptions()
) -> Evaluation:
    """Measure mAP and recall on folders with a `manifest.csv`.

    Raises:
        ActnetError: no folder has a query with a positive in the database.
    """
    if len({folder.name for folder in folders}) < len(folders):
        raise ConfigError("two --data folders have the same name; rename one")
    opened = open_model(model, options)
    photos = [photo for folder in folders for photo in limited(labelled(folder), options.limit)]
    # A picture's last bits depend on its place in a batch, and the order of lines must not show.
    photos.sort(key=lambda photo: str(photo.path))
    extraction = extract(
        [photo.path for photo in photos], opened.describes, options.cache, opened.identity,
        options.progress,
    )  # fmt: skip
    readable = [photos[row] for row in extraction.rows]
    descriptors = as_stored(np.asarray(extraction.descriptors), options)
    scores = _scores(descriptors, readable, folders, options)
    if not any(score.queries for score in scores.values()):
        raise ActnetError(
            "no query has a matching picture in the database; mend the columns instance and role of manifest.csv"
        )
    return Evaluation(scores, descriptors.shape[1], extraction.problems, readable, descriptors)


def evaluate_protocol(
    model: Path, task: Task, distractors: Path | None = None,
    options: EvaluationOptions = EvaluationOptions(),
) -> ProtocolEvaluation:  # fmt: skip
    """Measure a model by a protocol of the field.

    Args:
        distractors: folder of photos that show nothing of the task, searched as well.

    Raises:
        ActnetError: a photo of the task cannot be read; the protocol does not know of gaps.
    """
    opened = open_model(model, options)
    others = [photo.path for photo in find_photos(distractors)] if distractors else []
    paths = [*task.database, *others]
    extraction = extract(paths, opened.describes, options.cache, opened.identity, options.progress)
    # Distractors may be unreadable, what has labels may not.
    unreadable = len(task.database) - int(np.sum(extraction.rows < len(task.database)))
    if unreadable:
        raise ActnetError(
            f"{unreadable} of the {len(task.database)} photos of {task.protocol} cannot be read, "
            f"the first: {extraction.problems[0]}; copy them again"
        )
    asked = extract(
        [query.path for query in task.queries], opened.describes, options.cache,
        f"{opened.identity} {[query.box for query in task.queries]}", options.progress,
        lambda number: _cropped(task.queries[number]),
    )  # fmt: skip
    if asked.problems:
        raise ActnetError(f"a query cannot be read: {asked.problems[0]}; copy it again")
    queries, database = (
        as_stored(np.asarray(part.descriptors), options) for part in (asked, extraction)
    )
    rankings = rank(queries, database, options)
    return ProtocolEvaluation(
        score_rankings(task, rankings), queries.shape[1], len(extraction.rows), extraction.problems
    )


def rank(
    queries: Descriptors, database: Descriptors, options: EvaluationOptions
) -> NDArray[np.int64]:
    """Rank the whole database for each query, re-ranked as the options say: (Q, N), best first."""
    if options.augment:
        database = augment_database(database)
    if options.rerank is Rerank.DIFFUSION:
        return diffusion_rankings(queries, database)
    if options.rerank is Rerank.AQE:
        queries = alpha_query_expansion(queries, database)
    return np.argsort(-(queries @ database.T), axis=1, kind="stable")


def report_context(
    model: Path, folders: list[Path], evaluation: Evaluation, options: EvaluationOptions
) -> ReportContext:
    """Return what reports need; other lengths are described anew when asked for."""

    def describe_dims(dim: int) -> Descriptors:
        opened = open_model(model, replace(options, dim=dim))
        paths = [photo.path for photo in evaluation.photos]
        return np.asarray(
            extract(paths, opened.describes, options.cache, opened.identity).descriptors
        )

    lengths = describe_dims if is_checkpoint(model) else None
    return ReportContext(model, folders, evaluation.photos, evaluation.descriptors, lengths)


def as_stored(descriptors: Descriptors, options: EvaluationOptions) -> Descriptors:
    """Return descriptors as a search in a gallery sees them."""
    if options.storage is None:
        return descriptors
    return decode_stored(encode(descriptors, options.storage))


def _describing(network: Actnet, dim: int) -> Describe:
    return lambda pixels: describe(network, pixels, dim)


def _scaled(size: ImageSize, scale: float) -> ImageSize:
    def side(length: int) -> int:
        steps = round(length * scale / _SIDE_MULTIPLE_PX)
        return max(_MIN_SIDE_PX, steps * _SIDE_MULTIPLE_PX)

    return size if scale == 1 else ImageSize(side(size.height), side(size.width))


def _cropped(query: Query) -> Image.Image:
    return crop_query(decode(query.path), query.box)


def labelled(folder: Path) -> list[Photo]:
    """Photos with a part in an evaluation; instances of different folders are kept apart."""
    photos = [photo for photo in find_photos(folder) if not photo.may_be_learned_from]
    if not photos:
        raise ActnetError(
            f"{folder} has no photo with the role query, database, both or distractor; "
            "give a folder with a manifest.csv that says so"
        )
    return [replace(photo, instance=f"{folder}:{photo.instance}") for photo in photos]


def limited(photos: list[Photo], limit: int | None) -> list[Photo]:
    """Keep whole instances until there are `limit` photos, so that queries keep their positives."""
    if limit is None:
        return photos
    if limit < 1:
        raise ConfigError(f"--limit is {limit}; it must be 1 or more")
    instances = list(dict.fromkeys(photo.instance for photo in photos))
    counts = dict.fromkeys(instances, 0)
    for photo in photos:
        counts[photo.instance] += 1
    kept: set[str] = set()
    total = 0
    for number in np.random.default_rng(0).permutation(len(instances)):
        if total >= limit:
            break
        kept.add(instances[number])
        total += counts[instances[number]]
    return [photo for photo in photos if photo.instance in kept]


def _scores(
    descriptors: Descriptors, photos: list[Photo], folders: list[Path], options: EvaluationOptions
) -> dict[str, RetrievalScore]:
    database = in_order_of_paths(photos, np.flatnonzero([photo.is_searched for photo in photos]))
    scores = {}
    for folder in folders:
        queries = np.array(
            [
                number
                for number, photo in enumerate(photos)
                if photo.is_query and photo.instance.startswith(f"{folder}:")
            ],
            np.int64,
        )
        if not len(queries):
            continue
        if options.rerank is Rerank.NONE and not options.augment:
            scores[folder.name] = evaluate(descriptors, photos, queries)
        else:
            rankings = rank(descriptors[queries], descriptors[database], options)
            scores[folder.name] = evaluate_rankings(photos, queries, database[rankings])
    return scores


def evaluate_rankings(
    photos: list[Photo], queries: NDArray[np.int64], rankings: NDArray[np.int64]
) -> RetrievalScore:
    """Score rankings of photos; a query itself is left out of its own.

    Args:
        queries: (Q,) rows of photos. rankings: (Q, N) rows of photos, best first.
    """
    instances = np.array([photo.instance for photo in photos])
    aps, firsts = [], []
    for query, ranking in zip(queries, rankings, strict=True):
        positives = instances[ranking[ranking != query]] == instances[query]
        if positives.any():
            aps.append(average_precision(positives))
            firsts.append(int(positives.argmax()))
    ranks = np.array(firsts)
    if not len(ranks):
        return RetrievalScore(0.0, 0.0, 0.0, 0, rankings.shape[1])
    return RetrievalScore(
        100 * float(np.mean(aps)), 100 * float(np.mean(ranks < 1)),
        100 * float(np.mean(ranks < 10)), len(ranks), rankings.shape[1],
    )  # fmt: skip

"""From a folder of photos to a gallery, and keeping the gallery up to date.

One process reads the folder and writes the gallery; workers do whole photos, from the file to the
stored descriptor, so that every core is busy whatever the shares of decoding and inference are.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

from mobile_actnet.errors import ActnetError, ConfigError, GalleryError
from mobile_actnet.files import put_in_place, remove_stale, sha256_of
from mobile_actnet.gallery.approximate_search import refresh
from mobile_actnet.gallery.indexing.index_options import KEEP, IndexOptions, IndexReport
from mobile_actnet.gallery.indexing.outcomes import outcomes_of
from mobile_actnet.gallery.indexing.picture_work import Outcome, PictureWork, prepare_details
from mobile_actnet.gallery.indexing.problems import nothing_read
from mobile_actnet.gallery.indexing.workers import Worker, in_order
from mobile_actnet.gallery.model import identify, identify_as
from mobile_actnet.gallery.sqlite.changes import (
    Changes,
    count_waiting,
    list_labels,
    list_photos,
    seen_paths,
    settle,
    unused_labels,
    waiting,
)
from mobile_actnet.gallery.sqlite.kept import Kept
from mobile_actnet.gallery.sqlite.lock import only_writer
from mobile_actnet.gallery.sqlite.schema import (
    from_gallery,
    looks_like_gallery,
    read_version,
    remove_journal,
)
from mobile_actnet.gallery.sqlite.writer import (
    BrokenPhoto,
    GallerySettings,
    GalleryWriter,
    PictureDetails,
    create,
)
from mobile_actnet.native.engine import require_engine
from mobile_actnet.network.config import is_checkpoint
from mobile_actnet.pictures.formats import PICTURE_SUFFIXES
from mobile_actnet.pictures.items import EMPTY_CATALOGUE, Catalogue, read_items
from mobile_actnet.pictures.labels import FOLDER, labels_from_csv, labels_from_folders
from mobile_actnet.pictures.photo_tree import FoundPhoto, WalkOptions, walk_photos
from mobile_actnet.pictures.photos import tell_left_out
from mobile_actnet.runtime.packages import RUNNING, format_of, require

_PHOTOS_PER_TASK = 16
_COMMIT_EVERY_S = 1.0
_LABELS_TOLD = 5
_SUFFIXES = (".sqlite", ".sqlite3", ".db")

_Made = TypeVar("_Made")

NO_ITEMS = "none"
"""For `update`: the items go out."""


def build(photos: Path, model: Path, output: Path, options: IndexOptions) -> IndexReport:
    """Make a gallery. A killed build leaves a gallery that `update` completes.

    Raises:
        ActnetError: the folder, the model or the labels cannot be used, no picture can be read, the
            gallery is there already, another process writes it, or the disk is full.
    """
    output = Path(os.path.realpath(output))
    check_gallery_name(output)
    bound = identify(model, options.size, options.dim)
    _check_sources(photos, options)
    _check_packages(model)
    settings = GallerySettings(
        options.storage, options.thumbnail_side_px, _relative(photos, output),
        _relative(model, output), _labels_setting(options.labels, output),
        options.local_features is not False, options.page_side_px or 0,
    )  # fmt: skip
    with only_writer(output):
        target = _target(output, options.overwrite)
        create(target, bound, settings, f"mobile-actnet {version('mobile-actnet')}")
        report = _run(target, photos, model, options)
        if not report.pictures:
            error = nothing_read(target, photos)
            target.unlink()
            raise error
        if target != output:
            remove_journal(output)
            put_in_place([(target, output)])
        return _refresh_approximate(replace(report, gallery=output), options)


def _check_packages(model: Path) -> None:
    """Ask for what is missing before anything is written; the command can then be given again."""
    if not is_checkpoint(model):
        require(format_of(model), RUNNING)
    require_engine()


def update(
    gallery: Path, options: IndexOptions, photos: Path | None = None, model: Path | None = None
) -> IndexReport:
    """Bring a gallery up to date with its folder; only new and changed photos are described.

    Args:
        photos, model: where they are now; where they were if None.
        options: `labels` `KEEP` keeps the source of the labels. Storage, thumbnails, size and dim
            are the gallery's.

    Raises:
        ActnetError: as in `build`; or `model` did not make the gallery; or the folder holds no
            picture any more, which looks more like a missing disk than like a wish.
    """
    gallery = Path(os.path.realpath(gallery))
    if not gallery.is_file():
        raise GalleryError(f"{gallery} does not exist; make it with actnet-index build")
    with only_writer(gallery):
        remove_stale(gallery.parent)  # Of the build that this update completes.
        with GalleryWriter(gallery) as writer:
            info = writer.info
        if photos is None:
            photos = from_gallery(gallery, info.photos_path)
            if not photos.is_dir():
                raise ActnetError(
                    f"{photos}, where the photos of {gallery} were, is not a folder any more; "
                    "say with --photos where they are now"
                )
        if model is not None:
            identify_as(
                model, info, gallery
            )  # Or its place would be noted, and fail the next search.
        model = model or from_gallery(gallery, info.model_path)
        if options.labels == KEEP:
            labels = info.labels or None
            if labels not in (None, FOLDER):
                labels = str(from_gallery(gallery, labels))
            options = replace(options, labels=labels)
        return _refresh_approximate(_run(gallery, photos, model, options), options)


def _run(target: Path, photos: Path, model: Path, options: IndexOptions) -> IndexReport:
    photos, started = photos.absolute(), time.perf_counter()
    left_out = Counter[str]()
    with GalleryWriter(target) as writer:
        walk = walk_photos(photos, WalkOptions(options.follow_links), left_out)
        if not list_photos(writer, walk):
            raise ActnetError(
                f"{photos} holds no pictures; is its disk connected? The gallery was not changed"
            )
        kept = _kept(writer, options, target)
        catalogue = read_items(from_gallery(target, kept.items)) if kept.items else EMPTY_CATALOGUE
        unused = list_labels(writer, _labels(writer, options.labels, catalogue))
        writer.bring_up_to_date(kept)
        changes = settle(
            writer, lambda path: sha256_of(photos / path), options.rehash,
            options.prune,
        )  # fmt: skip
        # Not before: a folder that is refused is not the gallery's.
        writer.note_settings(
            photos_path=_relative(photos, target), model_path=_relative(model, target),
            labels=_labels_setting(options.labels, target),
        )  # fmt: skip
        if count_waiting(writer):
            _describe(writer, photos, model, options, changes)
        changes.completed = _complete(writer, photos, options)
        writer.store_items(catalogue)
        pictures, problems = writer.counts()
        return IndexReport(
            target, changes, pictures, problems, unused, time.perf_counter() - started, False,
            unused_labels(writer, _LABELS_TOLD) if unused else (), dict(left_out),
        )  # fmt: skip


def _refresh_approximate(report: IndexReport, options: IndexOptions) -> IndexReport:
    with GalleryWriter(report.gallery) as writer:
        built = refresh(writer, options.workers or _cores(), options.approximate_from)
    return replace(report, approximate=built)


def _describe(
    writer: GalleryWriter, photos: Path, model: Path, options: IndexOptions, changes: Changes
) -> None:
    """Describe what waits, and commit every second."""
    info, total = writer.info, count_waiting(writer)
    bound = identify_as(model, info, writer.path)
    work = PictureWork(
        photos, model.absolute(), bound, info.storage, info.thumbnail_side_px, writer.kept
    )
    cores = options.workers or _cores()
    per_task = max(1, min(_PHOTOS_PER_TASK, total // (2 * cores)))
    with tqdm(total=total, unit="photo", disable=not options.progress, leave=False) as bar:
        outcomes = outcomes_of(_tasks(waiting(writer), per_task), work, min(cores, total))
        for batch in _batches(outcomes, _COMMIT_EVERY_S):
            with writer.transaction():
                for outcome in batch:
                    _store(writer, outcome, changes)
                writer.advance()
            bar.update(len(batch))


def _kept(writer: GalleryWriter, options: IndexOptions, target: Path) -> Kept:
    """Say what the gallery is to keep beside descriptors."""
    kept = writer.kept
    # Version 1 could keep nothing; its galleries gain local features unless that is refused.
    default = kept.local_features or read_version(writer.connection) == 1
    return replace(
        kept,
        local_features=default if options.local_features is None else options.local_features,
        page_side_px=kept.page_side_px if options.page_side_px is None else options.page_side_px,
        items=_items_setting(options.items, kept.items, target),
    )


def _complete(writer: GalleryWriter, photos: Path, options: IndexOptions) -> int:
    """Add local features and page pictures where they are missing; describe nothing."""
    pictures = writer.incomplete()
    if not pictures:
        return 0
    done = 0
    cores = min(options.workers or _cores(), len(pictures))
    workers = [
        Worker[list[str], list[PictureDetails | None]](prepare_details, photos, writer.kept)
        for _ in range(cores)
    ]
    parts = [
        pictures[at : at + _PHOTOS_PER_TASK] for at in range(0, len(pictures), _PHOTOS_PER_TASK)
    ]
    tasks = ([path for _, path in part] for part in parts)
    with tqdm(total=len(pictures), unit="photo", disable=not options.progress, leave=False) as bar:
        made = _details(workers, tasks, parts)
        for batch in filter(None, _batches(made, _COMMIT_EVERY_S)):
            with writer.transaction():
                for number, details in batch:
                    writer.store_details(number, details)
                writer.advance()
            done += len(batch)
            bar.update(len(batch))
    return done


def _details(
    workers: list[Worker[list[str], list[PictureDetails | None]]],
    tasks: Iterator[list[str]],
    parts: list[list[tuple[int, str]]],
) -> Iterator[tuple[int, PictureDetails]]:
    results = in_order(workers, tasks)
    for part, (_, outcomes) in zip(parts, results, strict=True):
        # A photo that ends its worker or cannot be read stays without, until the next update.
        for (number, _), details in zip(part, outcomes or (), strict=False):
            if details is not None:
                yield number, details


def _store(writer: GalleryWriter, outcome: Outcome, changes: Changes) -> None:
    if isinstance(outcome, BrokenPhoto):
        writer.note_problem(outcome)
        changes.broken += 1
    else:
        writer.store(outcome)
        changes.described += 1


def _batches(outcomes: Iterator[_Made], every_s: float) -> Iterator[list[_Made]]:
    """Collect what comes within a time; after Ctrl-C hand out what is there, then stop."""
    batch: list[_Made] = []
    begun = time.monotonic()
    try:
        for outcome in outcomes:
            batch.append(outcome)
            if time.monotonic() - begun >= every_s:
                yield batch
                batch, begun = [], time.monotonic()
    except KeyboardInterrupt:
        yield batch
        raise
    yield batch


def _cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux alone has it
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _tasks(photos: Iterator[FoundPhoto], size: int) -> Iterator[list[FoundPhoto]]:
    while task := list(islice(photos, size)):
        yield task


def _check_sources(photos: Path, options: IndexOptions) -> None:
    """Find what would stop a build before anything is written."""
    left_out = Counter[str]()
    walk = walk_photos(photos, WalkOptions(options.follow_links), left_out)
    if not any(isinstance(entry, FoundPhoto) for entry in walk):
        addition = f"; skipped: {tell_left_out(left_out)}" if left_out else ""
        raise ActnetError(
            f"{photos} holds no pictures ({', '.join(sorted(PICTURE_SUFFIXES))}){addition}"
        )
    if options.items not in (None, NO_ITEMS):
        read_items(Path(options.items))
    if options.labels not in (None, FOLDER):
        for _ in labels_from_csv(Path(options.labels)):
            pass


def check_gallery_name(output: Path) -> None:
    """Refuse what a gallery should not be called: the next command would not know it."""
    if output.suffix.lower() not in _SUFFIXES:
        raise ConfigError(
            f"{output.name} is not a name for a gallery; give one that ends in {' or '.join(_SUFFIXES)}"
        )
    if not output.parent.is_dir():
        raise ConfigError(f"the folder {output.parent} does not exist; make it, or give another -o")


def _target(output: Path, overwrite: bool) -> Path:
    """Return where to build: beside a gallery that is to be replaced."""
    if not output.exists():
        remove_journal(output)
        return output
    if not overwrite:
        raise GalleryError(
            f"{output} exists; bring it up to date with actnet-index update {output}, "
            "or build it again with --overwrite"
        )
    if not looks_like_gallery(output):
        raise GalleryError(f"{output} is not a gallery; --overwrite replaces only galleries")
    target = output.with_name(output.name + ".new")
    if os.path.lexists(target):
        if not looks_like_gallery(target):
            raise GalleryError(
                f"{target} must be free for the new gallery, but another file has this name; move it away"
            )
        target.unlink()
    remove_journal(target)
    return target


def _items_setting(items: str | Path | None, before: str, gallery: Path) -> str:
    if items is None:
        return before
    return "" if items == NO_ITEMS else _relative(Path(items), gallery)


def _labels(
    writer: GalleryWriter, labels: str | Path | None, catalogue: Catalogue
) -> Iterator[tuple[str, str]]:
    if labels is None:
        return catalogue.labels()
    if labels == FOLDER:
        return labels_from_folders(seen_paths(writer))
    return labels_from_csv(Path(labels))


def _labels_setting(labels: str | Path | None, gallery: Path) -> str:
    if labels is None or labels == FOLDER:
        return labels or ""
    return _relative(Path(labels), gallery)


def _relative(path: Path, gallery: Path) -> str:
    """Return a path as seen from the gallery's folder: both can be moved together."""
    text = Path(os.path.relpath(os.path.realpath(path), gallery.parent)).as_posix()
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(f"{path!r} is not UTF-8; rename it") from error
    return text

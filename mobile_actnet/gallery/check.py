"""Whether a gallery is sound: the file, its counts, every descriptor's length, its model."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mobile_actnet.commands import counted
from mobile_actnet.errors import ActnetError, GalleryError
from mobile_actnet.gallery.approximate_search import index_path, staleness
from mobile_actnet.gallery.model import identify_as
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.schema import from_gallery
from mobile_actnet.gallery.sqlite.storage import not_of_length_1
from mobile_actnet.gallery.sqlite.writer import settle_journal
from mobile_actnet.pictures.local_features import UNITS_PER_PX
from mobile_actnet.runtime.finding import Finding

Watch = Callable[[str, int | None, str], "tqdm[Any]"]
"""Gives a bar for a check: its name, how much there is (None: nobody knows) and of what."""


def examine_gallery(path: Path) -> list[Finding]:
    """Check a gallery; a journal that a killed writer left is played back first.

    Raises:
        GalleryError: missing, no gallery, or of another version.
    """
    return list(findings_of(path))


def findings_of(path: Path, progress: bool = False) -> Iterator[Finding]:
    """Check a gallery as `examine_gallery` does, and yield each finding once it is known.

    Args:
        progress: whether to draw a bar for each check.
    """
    with contextlib.suppress(GalleryError):
        settle_journal(path)

    def watch(name: str, total: int | None, unit: str) -> "tqdm[Any]":
        return tqdm(desc=name, total=total, unit=unit, disable=not progress, leave=False)

    with GalleryReader(path) as reader:
        checks: list[Callable[[GalleryReader, Watch], Finding]] = [
            _integrity, _single_file, _paths, _descriptors, _thumbnails, _local_features, _duplicates, _problems, _model,
            _approximate,
        ]  # fmt: skip
        for check in checks:
            yield _attempt(check, reader, watch)


def _attempt(
    check: Callable[[GalleryReader, Watch], Finding], reader: GalleryReader, watch: Watch
) -> Finding:
    try:
        return check(reader, watch)
    except ActnetError as error:
        return Finding(False, str(error))


def _integrity(reader: GalleryReader, watch: Watch) -> Finding:
    # SQLite does not tell how far it is.
    with watch("reading the file", None, " M instructions") as bar, reader.beating(bar.update):
        found = [row[0] for row in reader.rows("PRAGMA integrity_check(3)")]
        orphans = reader.rows("PRAGMA foreign_key_check")
    if found != ["ok"] or orphans:
        fault = (
            "; ".join(found)
            if found != ["ok"]
            else f"{counted(len(orphans), 'thumbnail')} without a picture"
        )
        raise GalleryError(f"{reader.path} is damaged ({fault}); build it again with --overwrite")
    return Finding(True, f"integrity: {reader.path}, revision {reader.revision()}")


def _single_file(reader: GalleryReader, _: Watch) -> Finding:
    beside = [
        reader.path.name + suffix
        for suffix in ("-journal", "-wal")
        if reader.path.with_name(reader.path.name + suffix).exists()
    ]
    if beside or reader.rows("PRAGMA journal_mode") != [("delete",)]:
        raise GalleryError(
            f"{', '.join(beside) or 'a journal'} lies beside it: is another process writing it?"
        )
    return Finding(True, "one file, nothing beside it: it can be copied")


def _paths(reader: GalleryReader, watch: Watch) -> Finding:
    count = 0
    with watch("paths", reader.count(), "picture") as bar:
        for _ in reader.all_pictures():  # Reading refuses what is out of the folder.
            count += 1
            bar.update()
    return Finding(True, f"{counted(count, 'path')}, all below the folder of photos")


def _descriptors(reader: GalleryReader, watch: Watch) -> Finding:
    count = 0
    with watch("descriptors", reader.count(), "picture") as bar:
        for ids, stored in reader.blocks():
            wrong = not_of_length_1(stored)
            if wrong.any():
                raise GalleryError(
                    f"the descriptor of picture {ids[wrong][0]} is not of length 1; "
                    "build the gallery again with --overwrite"
                )
            count += len(ids)
            bar.update(len(ids))
    if count != reader.count():
        raise GalleryError(
            f"{counted(count, 'descriptor')} for {counted(reader.count(), 'picture')}; "
            "build the gallery again with --overwrite"
        )
    return Finding(
        True, f"{counted(count, 'descriptor')} of {reader.info.dim} values, all of length 1"
    )


def _thumbnails(reader: GalleryReader, watch: Watch) -> Finding:
    side = reader.info.thumbnail_side_px
    if not side:
        return Finding(None, "no thumbnails")
    with watch("thumbnails", None, " M instructions") as bar, reader.beating(bar.update):
        count, wrong = reader.rows(
            "SELECT count(*), total(substr(jpeg, 1, 2) <> x'FFD8') FROM thumbnail"
        )[0]
    if count != reader.count() or wrong:
        raise GalleryError(
            f"{counted(count, 'thumbnail')} for {counted(reader.count(), 'picture')}, "
            f"{wrong:.0f} of them not a JPEG; build the gallery again with --overwrite"
        )
    return Finding(True, f"{counted(count, 'thumbnail')}, longest side {side}")


def _local_features(reader: GalleryReader, watch: Watch) -> Finding:
    if not reader.kept.local_features:
        return Finding(None, "no local features: hits are not verified")
    count, pictures = 0, reader.count()
    with watch("local features", pictures, "picture") as bar:
        for number, features in reader.all_local_features():
            sides = (features.width_px * UNITS_PER_PX, features.height_px * UNITS_PER_PX)
            if (features.positions > sides).any():
                raise GalleryError(
                    f"local features of picture {number} lie outside it; build the gallery again"
                )
            count += 1
            bar.update()
    missing = pictures - count
    sentence = f"{counted(count, 'picture')} with local features"
    if missing:
        sentence += f"; {counted(missing, 'picture')} without, actnet-index update adds them"
    return Finding(True if not missing else None, sentence)


def _duplicates(reader: GalleryReader, watch: Watch) -> Finding:
    with watch("equal contents", None, " M instructions") as bar, reader.beating(bar.update):
        pictures, contents = reader.rows("SELECT count(*), count(DISTINCT sha256) FROM picture")[0]
    more = pictures - contents
    return Finding(None, f"pictures with the content of another one: {more}")


def _problems(reader: GalleryReader, _: Watch) -> Finding:
    return Finding(None, f"photos that could not be read: {reader.tallies()['problems']}")


def _model(reader: GalleryReader, _: Watch) -> Finding:
    model = from_gallery(reader.path, reader.info.model_path)
    if not model.exists():
        return Finding(None, f"its model {reader.info.model_file} is not at {model}")
    identify_as(model, reader.info, reader.path)
    return Finding(True, f"its model is {model}")


def _approximate(reader: GalleryReader, _: Watch) -> Finding:
    stale = staleness(reader)
    if stale is None:
        return Finding(True, f"approximate index: {index_path(reader.path)}")
    return Finding(None, stale)

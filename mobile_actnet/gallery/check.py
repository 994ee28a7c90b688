"""Whether a gallery is sound: the file, its counts, every descriptor's length, its model."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mobile_actnet.errors import ActnetError, GalleryError
from mobile_actnet.gallery.approximate_search import index_path, staleness
from mobile_actnet.gallery.model import identify_as
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.schema import from_gallery
from mobile_actnet.gallery.sqlite.storage import scales_of
from mobile_actnet.gallery.sqlite.writer import settle_journal
from mobile_actnet.pictures.local_features import UNITS_PER_PX
from mobile_actnet.runtime.finding import Finding


def examine_gallery(path: Path) -> list[Finding]:
    """Check a gallery; a journal that a killed writer left is played back first.

    Raises:
        GalleryError: missing, no gallery, or of another version.
    """
    with contextlib.suppress(GalleryError):
        settle_journal(path)
    with GalleryReader(path) as reader:
        checks: list[Callable[[GalleryReader], Finding]] = [
            _integrity, _single_file, _paths, _descriptors, _thumbnails, _local_features, _duplicates, _problems, _model,
            _approximate,
        ]  # fmt: skip
        return [_attempt(check, reader) for check in checks]


def _attempt(check: Callable[[GalleryReader], Finding], reader: GalleryReader) -> Finding:
    try:
        return check(reader)
    except ActnetError as error:
        return Finding(False, str(error))


def _integrity(reader: GalleryReader) -> Finding:
    found = [row[0] for row in reader.rows("PRAGMA integrity_check(3)")]
    orphans = reader.rows("PRAGMA foreign_key_check")
    if found != ["ok"] or orphans:
        told = "; ".join(found) if found != ["ok"] else f"{len(orphans)} thumbnails of no picture"
        raise GalleryError(f"{reader.path} is damaged ({told}); build it again with --overwrite")
    return Finding(True, f"integrity: {reader.path}, revision {reader.revision()}")


def _single_file(reader: GalleryReader) -> Finding:
    beside = [
        reader.path.name + suffix
        for suffix in ("-journal", "-wal")
        if reader.path.with_name(reader.path.name + suffix).exists()
    ]
    if beside or reader.rows("PRAGMA journal_mode") != [("delete",)]:
        raise GalleryError(
            f"{', '.join(beside) or 'a journal'} belongs to it: is it being written?"
        )
    return Finding(True, "one file, nothing beside it: it can be copied")


def _paths(reader: GalleryReader) -> Finding:
    count = sum(1 for _ in reader.all_pictures())  # Reading refuses what is out of the folder.
    return Finding(True, f"{count} paths, all below the folder of photos")


def _descriptors(reader: GalleryReader) -> Finding:
    count = 0
    for ids, stored in reader.blocks():
        scales = scales_of(stored.values)
        # A NaN or an infinity among the values or scales is wrong too.
        wrong = ~(np.isclose(scales, stored.scales, rtol=1e-12) & np.isfinite(scales))
        if wrong.any():
            raise GalleryError(
                f"the descriptor of picture {ids[wrong][0]} is not of length 1; "
                "build the gallery again with --overwrite"
            )
        count += len(ids)
    if count != reader.count():
        raise GalleryError(f"{count} descriptors for {reader.count()} pictures; build it again")
    return Finding(True, f"{count} descriptors of {reader.info.dim} values, all of length 1")


def _thumbnails(reader: GalleryReader) -> Finding:
    side = reader.info.thumbnail_side_px
    if not side:
        return Finding(None, "no thumbnails")
    count, wrong = reader.rows(
        "SELECT count(*), total(substr(jpeg, 1, 2) <> x'FFD8') FROM thumbnail"
    )[0]
    if count != reader.count() or wrong:
        raise GalleryError(f"{count} thumbnails for {reader.count()} pictures, {wrong:.0f} no JPEG")
    return Finding(True, f"{count} thumbnails, longest side {side}")


def _local_features(reader: GalleryReader) -> Finding:
    if not reader.kept.local_features:
        return Finding(None, "no local features: hits are not verified")
    count = 0
    for (number,) in reader.rows("SELECT picture_id FROM local_features"):
        features = reader.local_features(number)
        assert features is not None
        sides = (features.width_px * UNITS_PER_PX, features.height_px * UNITS_PER_PX)
        if (features.positions > sides).any():
            raise GalleryError(
                f"local features of picture {number} lie outside it; build the gallery again"
            )
        count += 1
    missing = reader.count() - count
    more = f"; {missing} pictures lack them, actnet-index update adds them" if missing else ""
    return Finding(True if not missing else None, f"{count} pictures with local features{more}")


def _duplicates(reader: GalleryReader) -> Finding:
    numbers = reader.numbers()
    more = numbers["pictures"] - numbers["contents"]
    return Finding(None, f"{more} pictures have the content of another one")


def _problems(reader: GalleryReader) -> Finding:
    return Finding(None, f"{reader.numbers()['problems']} photos could not be read")


def _model(reader: GalleryReader) -> Finding:
    model = from_gallery(reader.path, reader.info.model_path)
    if not model.exists():
        return Finding(None, f"its model {reader.info.model_file} is not at {model}")
    identify_as(model, reader.info, reader.path)
    return Finding(True, f"its model is {model}")


def _approximate(reader: GalleryReader) -> Finding:
    stale = staleness(reader)
    if stale is None:
        return Finding(True, f"approximate index: {index_path(reader.path)}")
    return Finding(None, stale)

"""The gallery of a folder of photos that becomes a page: made beside the folder, kept up to date, calibrated.

Describing photos and calibrating take minutes, so only what has changed is done again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mobile_actnet.commands import counted
from mobile_actnet.errors import ActnetError, GalleryError
from mobile_actnet.gallery.answers.rehearsal import rehearse, unknown_certainties, verified_from
from mobile_actnet.gallery.gallery import Gallery
from mobile_actnet.gallery.indexing.index_options import KEEP, IndexOptions, IndexReport
from mobile_actnet.gallery.indexing.indexer import build, update
from mobile_actnet.gallery.indexing.problems import nothing_read, problem_lines
from mobile_actnet.gallery.model import identify_as
from mobile_actnet.gallery.sqlite.lock import only_writer
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.schema import from_gallery
from mobile_actnet.gallery.sqlite.writer import GalleryWriter

PAGE_SIDE_PX = 640

_CALIBRATING_CAPTURES = 120
_FALSE_ANSWERS = 0.01
# With more new pictures than this share, the certainty that was found for the others is found again.
_CALIBRATE_ABOVE = 0.1


@dataclass(frozen=True)
class PhotosGallery:
    """What was done with a folder of photos.

    Attributes:
        gallery: the file beside the folder. model: that describes its pictures, where it is now.
        report: of the build or the update. built: whether there was nothing to update.
        calibrated: the certainty from which on a hit is an answer; None where the old one stays.
    """

    gallery: Path
    model: Path
    report: IndexReport
    built: bool
    calibrated: float | None


def gallery_of(photos: Path) -> Path:
    """Return where the gallery of a folder of photos is kept: beside it."""
    folder = photos.resolve()
    return folder.with_name(f"{folder.name}.sqlite")


def index_photos(
    photos: Path, model: Path | None, default_model: Callable[[], Path], *, items: Path | None = None,
    overwrite: bool = False, progress: bool = False, say: Callable[[str], None] = print,
) -> PhotosGallery:  # fmt: skip
    """Make the gallery of a folder of photos, or bring it up to date.

    Args:
        model: artefact to index with; None for the gallery's own, and for a new one `default_model`.
        items: CSV of what things are called; None leaves the gallery's.
        overwrite: build anew where the gallery there cannot be updated: it was made with another
            model, its model has gone, or it is damaged.
        say: gets a sentence after indexing, one for what could not be read, and one before calibrating.

    Raises:
        ActnetError: as in `build` and `update`; or no picture can be read; or the gallery was made with
            another model, and `overwrite` is not given.
    """
    photos, gallery = photos.resolve(), gallery_of(photos)
    own = _model_of(gallery, model, overwrite) if gallery.exists() else None
    if own is not None:
        options = IndexOptions(labels=KEEP, progress=progress, items=items)
        report, used = update(gallery, options, photos, own), own
        if not report.pictures:
            raise nothing_read(gallery, photos)
        say(
            f"indexed {counted(report.changes.described, 'new or changed picture')} of {report.pictures}: {gallery}"
        )
    else:
        used = model or default_model()
        options = IndexOptions(
            overwrite=overwrite, progress=progress, items=items, page_side_px=PAGE_SIDE_PX
        )
        report = build(photos, used, gallery, options)
        say(f"indexed {counted(report.pictures, 'picture')}: {gallery}")
    for line in problem_lines(gallery):
        say(line)
    calibrated = None
    if own is None or report.changes.described > _CALIBRATE_ABOVE * report.pictures:
        say("calibrating with made-up photos; this takes half a minute")
        calibrated = _calibrate(gallery, used, progress)
    return PhotosGallery(gallery, used, report, own is None, calibrated)


def _model_of(gallery: Path, model: Path | None, overwrite: bool) -> Path | None:
    """Return the model that a gallery can be updated with; None if it must be built anew, as `overwrite` allows."""
    try:
        with GalleryReader(gallery) as reader:
            own = model or from_gallery(gallery, reader.info.model_path)
            identify_as(own, reader.info, gallery)
            return own
    except ActnetError as error:
        if overwrite:
            return None
        raise GalleryError(f"{error}; or give --overwrite to build {gallery.name} again") from error


def _calibrate(gallery: Path, model: Path, progress: bool) -> float | None:
    """Find from made-up photos how certain an answer must be, so that other things get none."""
    with Gallery.open(gallery, model) as opened:
        pictures = min(len(opened), _CALIBRATING_CAPTURES)
        captures = -(-_CALIBRATING_CAPTURES // max(1, pictures))
        results = rehearse(opened, pictures, captures, progress=progress)
        unknown = unknown_certainties(opened, results)
    if not len(unknown):
        return None
    least = verified_from(unknown, _FALSE_ANSWERS)
    with only_writer(gallery), GalleryWriter(gallery) as writer:
        writer.note_verified_from(least)
    return least

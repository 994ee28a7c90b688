"""Rehearsal: phone captures of a gallery's own pictures are searched for, before people do it.

Each capture tells whether its item would be recognised, or another be answered, and, with the hits of
its own thing left out, what an unknown thing of this kind would get. `calibrate` derives the number of
inliers that makes an answer from it, `index rehearse` a page that names the weakest items.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from mobile_actnet.errors import ActnetError, UnreadablePictureError
from mobile_actnet.gallery.config import NEARLY_THE_SAME, VERIFIED_FROM
from mobile_actnet.gallery.gallery import Gallery
from mobile_actnet.gallery.hits import Hit, SearchOptions
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.schema import Picture, from_gallery
from mobile_actnet.gallery.sqlite.storage import decode as decode_stored
from mobile_actnet.native.engine import require_engine
from mobile_actnet.pictures.photo_tree import FoundPhoto, walk_photos
from mobile_actnet.pictures.preprocessing import decode
from mobile_actnet.pictures.thumbnails import thumbnail_jpeg
from mobile_actnet.training.phone_captures import WILD_CAPTURES, capture

LEAST_VERIFIED = VERIFIED_FROM
"""No calibration goes below the default, which real photos need: on smvs_dev 1.3 to 4 % of unknown things reach 2,
of made-up photos 1 %."""

CAPTURE_SIDE_PX = 240
"""Longest side of the captures that are kept."""

_SIDE_PX = 640
_LONGEST_SIDE_PX = 1024
_TOP = 12


@dataclass(frozen=True)
class CaptureResult:
    """What a capture of a gallery's picture found.

    Attributes:
        picture: that was photographed.
        jpeg: the made-up photo, small.
        first: the first hit. other: the first hit that shows something else; None for none.
        right: whether the first hit shows the picture's thing.
    """

    picture: Picture
    jpeg: bytes
    first: Hit
    other: Hit | None
    right: bool

    def answered(self, verified_from: float) -> bool:
        """Tell whether the first hit would be an answer."""
        return (self.first.certainty or 0) >= verified_from


def rehearse(
    gallery: Gallery, pictures: int, captures: int, seed: int = 0, progress: bool = False,
    options: SearchOptions = SearchOptions(top=_TOP, every_view=True),
) -> list[CaptureResult]:  # fmt: skip
    """Photograph some of a gallery's pictures and search for them.

    Args:
        pictures: at most so many are photographed, chosen by the seed. captures: of each.

    Raises:
        ActnetError: as in `check_rehearsal`, or none of the gallery's photos can be read.
    """
    check_rehearsal(gallery)
    rng = np.random.default_rng(seed)
    with GalleryReader(gallery.path) as reader:
        things, photos = _Things(reader), _Photos(reader, rng, pictures)
        results = []
        for number in tqdm(
            np.repeat(np.arange(len(photos)), captures).tolist(), unit="capture",
            disable=not progress, leave=False,
        ):  # fmt: skip
            away = int(rng.integers(1, max(2, len(photos))))
            own = photos.at(number)
            if own is None:
                continue
            picture, photo = own
            beside, surroundings = photos.at((number - away) % len(photos)) or own
            shot = photograph(photo, surroundings, rng)
            (hits,) = gallery.search_images([shot], options)
            # What lies around it is in the photo, too: finding it is neither right nor wrong, unless
            # it is another picture of the same thing.
            its, around = things.same_as(picture, hits), things.same_as(beside, hits)
            hits = [hit for hit, o, a in zip(hits, its, around, strict=True) if o or not a]
            if not hits:
                continue
            same = things.same_as(picture, hits)
            others = [hit for hit, known in zip(hits, same, strict=True) if not known]
            results.append(
                CaptureResult(
                    picture, thumbnail_jpeg(shot, CAPTURE_SIDE_PX), hits[0],
                    others[0] if others else None, same[0],
                )
            )  # fmt: skip
        if not photos.any_read:
            folder = from_gallery(reader.path, reader.info.photos_path)
            raise _none_read(reader.path, folder)
        return results


def check_rehearsal(gallery: Gallery) -> None:
    """Find what would stop a rehearsal, before anything is searched for.

    Raises:
        ActnetError: as in `check_sources`, or the gallery has no local features.
    """
    if not gallery.can_verify():
        raise ActnetError(
            f"{gallery.path} has no local features; actnet-index update {gallery.path} "
            "--local-features adds them"
        )
    check_sources(gallery)


def check_sources(gallery: Gallery) -> None:
    """Find whether made-up photos of a gallery's pictures can be taken and described.

    Raises:
        ActnetError: the folder of photos is not there; the model is missing, damaged, not what made the
            gallery, or cannot run here; or what compares the gallery's local features is missing.
    """
    folder = from_gallery(gallery.path, gallery.info.photos_path)
    if not folder.is_dir():
        raise _none_read(gallery.path, folder)
    gallery.open_model()
    if gallery.can_verify():
        require_engine()


def _none_read(gallery: Path, folder: Path) -> ActnetError:
    return ActnetError(
        f"none of the photos of {gallery} can be read below {folder}; is its disk connected?"
    )


def photograph(
    picture: Image.Image, surroundings: Image.Image, rng: np.random.Generator
) -> Image.Image:
    """Photograph a picture with an imagined phone that is held upright: 480 x 640 pixels."""
    squeezed = Image.fromarray(capture(picture, surroundings, rng, _SIDE_PX, WILD_CAPTURES))
    (aspect,) = WILD_CAPTURES.frame_aspects
    return squeezed.resize((round(_SIDE_PX * aspect), _SIDE_PX), Image.Resampling.BILINEAR)


def unknown_certainties(
    gallery: Gallery, results: Iterable[CaptureResult], distractors: Iterable[Path] = ()
) -> NDArray[np.float64]:
    """Return the certainties that unknown things get.

    Args:
        results: captures, of which the hits of their own things are left out. A capture that found
            nothing else, or nothing else that was verified, tells nothing and is left out.
        distractors: folders of photos that show nothing of the gallery.
    """
    others = [result.other.certainty for result in results if result.other is not None]
    found = [certainty for certainty in others if certainty is not None]
    for folder in distractors:
        photos = [folder / p.path for p in walk_photos(folder) if isinstance(p, FoundPhoto)]
        for answer in gallery.answer(photos, SearchOptions(top=1, every_view=True)):
            if answer.hits:
                found.append(answer.hits[0].certainty or 0)
    return np.array(found, np.float64)


def verified_from(unknown: NDArray[np.float64], share: float) -> float:
    """Return the least certainty, in tenths, that at most a share of unknown things reach."""
    ordered = np.sort(unknown)[::-1]
    allowed = math.floor(share * len(unknown) + 1e-9)
    if allowed >= len(ordered):
        return LEAST_VERIFIED
    return max(LEAST_VERIFIED, (math.floor(float(ordered[allowed]) * 10) + 1) / 10)


class _Things:
    """Which pictures show the same thing: equal labels, or nearly the same picture."""

    def __init__(self, reader: GalleryReader) -> None:
        self._reader = reader

    def same_as(self, picture: Picture, hits: list[Hit]) -> list[bool]:
        ids = [hit.picture_id for hit in hits]
        kept, stored = self._reader.stored([picture.id, *ids])
        vectors = dict(zip(kept.tolist(), decode_stored(stored), strict=True))
        own = vectors.get(picture.id)
        return [
            hit.picture_id == picture.id
            or (picture.label is not None and hit.label == picture.label)
            or (
                own is not None
                and hit.picture_id in vectors
                and float(own @ vectors[hit.picture_id]) >= NEARLY_THE_SAME
            )
            for hit in hits
        ]


class _Photos:
    """Some of a gallery's photos, read when they are asked for: a thousand would not fit into memory.

    Attributes:
        any_read: whether one of them could be read so far.
    """

    def __init__(self, reader: GalleryReader, rng: np.random.Generator, count: int) -> None:
        pictures = list(reader.all_pictures())
        self._chosen = [pictures[at] for at in sorted(rng.permutation(len(pictures))[:count])]
        self._folder = from_gallery(reader.path, reader.info.photos_path)
        self.any_read = False
        # Captures of one picture follow each other, each beside another one.
        self._photo = lru_cache(maxsize=2)(self._read)

    def __len__(self) -> int:
        return len(self._chosen)

    def at(self, number: int) -> tuple[Picture, Image.Image] | None:
        """Return a picture with its photo, reduced; None where the photo has gone since."""
        photo = self._photo(self._chosen[number].path)
        return None if photo is None else (self._chosen[number], photo)

    def _read(self, path: str) -> Image.Image | None:
        try:
            photo = decode(self._folder / path)
        except UnreadablePictureError:
            return None
        photo.thumbnail((_LONGEST_SIDE_PX, _LONGEST_SIDE_PX))
        self.any_read = True
        return photo

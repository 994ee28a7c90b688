"""What a worker does with photos: decode, resize, describe, encode, thumbnail."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mobile_actnet.errors import MissingDecoderError, UnreadablePictureError
from mobile_actnet.files import reason, sha256_of
from mobile_actnet.gallery.model import opened
from mobile_actnet.gallery.sqlite.kept import NOTHING_KEPT, Kept
from mobile_actnet.gallery.sqlite.schema import GalleryModel
from mobile_actnet.gallery.sqlite.storage import Storage, encode
from mobile_actnet.gallery.sqlite.writer import BrokenPhoto, DescribedPhoto, PictureDetails
from mobile_actnet.pictures.local_features import GALLERY_EXTRACTION, extract
from mobile_actnet.pictures.photo_tree import FoundPhoto
from mobile_actnet.pictures.preprocessing import Pixels, decode, resize
from mobile_actnet.pictures.thumbnails import thumbnail_jpeg
from mobile_actnet.runtime.describer import Describe

Outcome = DescribedPhoto | BrokenPhoto


@dataclass(frozen=True)
class PictureWork:
    """What a worker needs to know.

    Attributes:
        photos: their folder. model: artefact or checkpoint, and what it is bound to.
        storage, thumbnail_side_px: of the gallery.
        kept: what it keeps beside descriptors.
    """

    photos: Path
    model: Path
    bound: GalleryModel
    storage: Storage
    thumbnail_side_px: int
    kept: Kept = NOTHING_KEPT


@dataclass(frozen=True)
class _Decoded:
    found: FoundPhoto
    sha256: bytes
    width_px: int
    height_px: int
    pixels: Pixels
    thumbnail: bytes | None
    details: PictureDetails


def prepare(work: PictureWork) -> Callable[[list[FoundPhoto]], list[Outcome]]:
    """Load the model on one thread; the workers are what runs in parallel."""
    describe = opened(work.model, work.bound)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
    return lambda photos: describe_photos(photos, describe, work)


def prepare_details(photos: Path, kept: Kept) -> Callable[[list[str]], list[PictureDetails | None]]:
    """Return what makes the details of a few photos, by their paths; None of broken ones."""
    return lambda paths: [_details_of_file(photos / path, kept) for path in paths]


def details_of(image: Image.Image, kept: Kept) -> PictureDetails:
    """Return what a gallery keeps of an upright RGB picture beside its descriptor."""
    return PictureDetails(
        extract(image, GALLERY_EXTRACTION) if kept.local_features else None,
        thumbnail_jpeg(image, kept.page_side_px) if kept.page_side_px else None,
    )


def _details_of_file(path: Path, kept: Kept) -> PictureDetails | None:
    try:
        return details_of(decode(path), kept)
    except (OSError, UnreadablePictureError):
        return None


def describe_photos(
    photos: list[FoundPhoto], describe: Describe, work: PictureWork
) -> list[Outcome]:
    """Describe a few photos together, in their order; broken ones come with their reason."""
    outcomes: list[_Decoded | Outcome] = [_decoded(photo, work) for photo in photos]
    good = [outcome for outcome in outcomes if isinstance(outcome, _Decoded)]
    if not good:
        return [outcome for outcome in outcomes if not isinstance(outcome, _Decoded)]
    stored = encode(describe(np.stack([one.pixels for one in good])), work.storage)
    described = {
        one.found.path: DescribedPhoto(
            one.found.path, one.found.size_bytes, one.found.mtime_ns, one.sha256, one.width_px,
            one.height_px, float(scale), values.tobytes(), one.thumbnail,
            one.details,
        )
        for one, scale, values in zip(good, stored.scales, stored.values, strict=True)
    }  # fmt: skip
    return [
        described[outcome.found.path] if isinstance(outcome, _Decoded) else outcome
        for outcome in outcomes
    ]


def _decoded(photo: FoundPhoto, work: PictureWork) -> _Decoded | BrokenPhoto:
    path = work.photos / photo.path
    try:
        sha256 = bytes.fromhex(sha256_of(path))
        image = decode(path)
        side = work.thumbnail_side_px
        return _Decoded(
            photo, sha256, image.width, image.height,
            resize(image, work.bound.height_px, work.bound.width_px),
            thumbnail_jpeg(image, side) if side else None,
            details_of(image, work.kept),
        )  # fmt: skip
    except OSError as error:
        # The disk's or the system's fault, not the picture's: the next update tries again.
        return BrokenPhoto(photo.path, f"cannot be read: {reason(error)}")
    except UnreadablePictureError as error:
        sentence = str(error).removeprefix(f"{path} ").replace(str(path), photo.path)
        if isinstance(error, MissingDecoderError):
            return BrokenPhoto(photo.path, sentence)
        return BrokenPhoto(photo.path, sentence, photo.size_bytes, photo.mtime_ns)

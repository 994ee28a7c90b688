"""What a worker does with photos: decode, resize, describe, encode, thumbnail."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mobile_actnet.errors import MissingDecoderError, UnreadablePictureError
from mobile_actnet.files import reason, sha256_of
from mobile_actnet.gallery.model import opened
from mobile_actnet.gallery.sqlite.schema import GalleryModel
from mobile_actnet.gallery.sqlite.storage import Storage, encode
from mobile_actnet.gallery.sqlite.writer import BrokenPhoto, DescribedPhoto
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
    """

    photos: Path
    model: Path
    bound: GalleryModel
    storage: Storage
    thumbnail_side_px: int


@dataclass(frozen=True)
class _Decoded:
    found: FoundPhoto
    sha256: bytes
    width_px: int
    height_px: int
    pixels: Pixels
    thumbnail: bytes | None


def prepare(work: PictureWork) -> Callable[[list[FoundPhoto]], list[Outcome]]:
    """Load the model on one thread; the workers are what runs in parallel."""
    describe = opened(work.model, work.bound)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
    return lambda photos: describe_photos(photos, describe, work)


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
        )  # fmt: skip
    except OSError as error:
        # The disk's or the system's fault, not the picture's: the next update tries again.
        return BrokenPhoto(photo.path, f"cannot be read: {reason(error)}")
    except UnreadablePictureError as error:
        told = str(error).removeprefix(f"{path} ").replace(str(path), photo.path)
        if isinstance(error, MissingDecoderError):
            return BrokenPhoto(photo.path, told)
        return BrokenPhoto(photo.path, told, photo.size_bytes, photo.mtime_ns)

"""A photo that is searched for: its views, and its local features held against those of hits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from PIL import Image

from mobile_actnet.descriptors import Descriptors
from mobile_actnet.gallery.answers.verification import NOT_FOUND, Verification, Verifier
from mobile_actnet.gallery.answers.verified_ranking import certainty, fused_order
from mobile_actnet.gallery.config import CERTAIN, FIRST_VIEWS
from mobile_actnet.gallery.hits import Hit, SearchOptions
from mobile_actnet.gallery.readable import Readable
from mobile_actnet.pictures.local_features import QUERY_EXTRACTION, LocalFeatures, extract
from mobile_actnet.pictures.preprocessing import Pixels, resize_turned
from mobile_actnet.pictures.views import Crop, View, crop_box, working_picture
from mobile_actnet.runtime.describer import Describe
from mobile_actnet.runtime.vocabulary import ImageSize


@dataclass(frozen=True)
class QueryPhoto:
    """What is left of a query photo once it has been read.

    Attributes:
        pixels: (F, H, W, 3) uint8, its first views.
        reduced: from which the other views are cut; None where there are none.
        width_px: of the upright photo.
        features: local features; None where nothing is verified.
    """

    pixels: Pixels
    reduced: Image.Image | None
    width_px: int
    features: LocalFeatures | None


def prepare(
    image: Image.Image, size: ImageSize, options: SearchOptions, verify: bool
) -> QueryPhoto:
    """Cut the first views of an upright RGB photo; take its local features where they are compared."""
    reduced = working_picture(image)
    first = options.views[: _first_views(options, verify)]
    return QueryPhoto(
        view_pixels(image, first, size, reduced),
        reduced if len(first) < len(options.views) else None,
        image.width,
        extract(image, QUERY_EXTRACTION) if verify else None,
    )


def view_pixels(
    photo: Image.Image, views: Sequence[View], size: ImageSize, reduced: Image.Image,
    known: Mapping[View, Pixels] = MappingProxyType({}),
) -> Pixels:  # fmt: skip
    """Cut, turn and resize the views of an upright RGB photo; turns of one crop share their work.

    Args:
        reduced: `working_picture(photo)`.
        known: views of the photo that were resized before.

    Returns:
        (V, height, width, 3) uint8.
    """
    pixels = np.empty((len(views), size.height, size.width, 3), np.uint8)
    for crop in dict.fromkeys(view.crop for view in views):
        rows = [row for row, view in enumerate(views) if view.crop is crop]
        picture = photo if crop is Crop.WHOLE else reduced
        resize_turned(
            picture, [views[row].turn_deg for row in rows], size.height, size.width,
            known.get(View(crop)), crop_box(crop, *picture.size), [pixels[row] for row in rows],
        )  # fmt: skip
    return pixels


def describe_others(
    photos: Sequence[QueryPhoto], views: tuple[View, ...], size: ImageSize, describe: Describe
) -> Descriptors:
    """Describe the views of Q photos that were not searched for at first.

    Args:
        views: all of them; the last V are described.

    Returns:
        (Q * V, D).
    """
    others = views[len(photos[0].pixels) :]
    pixels = [
        view_pixels(
            photo.reduced, others, size, photo.reduced, dict(zip(views, photo.pixels, strict=False))
        )
        for photo in photos
        if photo.reduced is not None
    ]
    return describe(np.concatenate(pixels))


def is_certain(hits: Sequence[Hit], verified_from: float) -> bool:
    """Tell whether the first hit is so sure an answer that further views need not be looked at."""
    return bool(hits) and (hits[0].certainty or 0) >= CERTAIN * verified_from


def _first_views(options: SearchOptions, verify: bool) -> int:
    """Return how many views are searched for before the others: all, where nothing can be certain."""
    others = options.views[FIRST_VIEWS:]
    # The others are cut from the reduced photo; the whole one is gone by then.
    early = verify and not options.every_view and all(v.crop is not Crop.WHOLE for v in others)
    return FIRST_VIEWS if early and others else len(options.views)


class Matcher:
    """Compares one photo with gallery pictures, each once."""

    def __init__(self, reader: Readable, features: LocalFeatures, width_px: int) -> None:
        self._reader, self._verifier = reader, Verifier(features)
        self._scale = width_px / features.width_px
        self._known: dict[int, Verification] = {}

    def rank(self, hits: list[Hit], verified_from: float, shortlist: int) -> list[Hit]:
        """Compare the first hits, and order them by similarity and inliers together."""
        compared = [replace(hit, **self.compare(hit, verified_from)) for hit in hits[:shortlist]]
        order = fused_order(
            np.array([hit.picture_id for hit in compared], np.int64),
            np.array([hit.similarity for hit in compared]),
            np.array([hit.inliers or 0 for hit in compared], np.int64),
        )
        return [compared[place] for place in order] + hits[shortlist:]

    def compare(self, hit: Hit, verified_from: float) -> dict[str, Any]:
        """Return the fields of a hit that come from comparing."""
        picture_id = hit.picture_id
        if picture_id not in self._known:
            features = self._reader.local_features(picture_id)
            self._known[picture_id] = (
                NOT_FOUND if features is None else self._verifier.verify(features)
            )
        result = self._known[picture_id]
        outline = None
        if result.outline is not None:
            outline = tuple((float(x), float(y)) for x, y in result.outline * self._scale)
        sure = certainty(hit.similarity, result.inliers)
        return {
            "inliers": result.inliers,
            "certainty": sure,
            "verified": sure >= verified_from,
            "outline": outline,
        }

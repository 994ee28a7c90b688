"""A photo that is searched for, and its local features held against those of hits."""

from dataclasses import dataclass
from typing import Any

from mobile_actnet.gallery.answers.verification import NOT_FOUND, Verification, Verifier
from mobile_actnet.gallery.answers.verified_ranking import certainty
from mobile_actnet.gallery.hits import Hit
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.pictures.local_features import LocalFeatures
from mobile_actnet.pictures.preprocessing import Pixels


@dataclass(frozen=True)
class QueryPhoto:
    """What is left of a query photo once it has been read.

    Attributes:
        pixels: (V, H, W, 3) uint8, its views.
        width_px: of the upright photo.
        features: local features; None where nothing is verified.
    """

    pixels: Pixels
    width_px: int
    features: LocalFeatures | None


class Matcher:
    """Compares one photo with gallery pictures, each once."""

    def __init__(self, reader: GalleryReader, features: LocalFeatures, width_px: int) -> None:
        self._reader, self._verifier = reader, Verifier(features)
        self._scale = width_px / features.width_px
        self._known: dict[int, Verification] = {}

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

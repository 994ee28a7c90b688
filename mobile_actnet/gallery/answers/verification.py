"""Geometric verification: does a gallery picture lie in a photo, and where?

Local features of both are matched by their codes. Each match alone gives a model (turn, scale,
shift), so every match is a hypothesis and no chance is needed: all languages find the same. The best
eight are refined to affine models, the best of these to a homography. What fits is counted by place.
docs/verification.md writes all of it out. The C engine does it, in Python as in the apps;
tests/golden/verification and a second implementation in the tests hold it to the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.native.engine import PreparedPhoto
from mobile_actnet.pictures.local_features import LocalFeatures

Numbers = NDArray[np.int32]


@dataclass(frozen=True)
class Verification:
    """How well a gallery picture fits into a photo.

    Attributes:
        inliers: places that fit one model; 0 where there is none.
        outline: (4, 2) float64, the gallery picture's corners in the reduced photo in pixels, from
            its top left clockwise as the picture is seen; None where there is no model.
    """

    inliers: int
    outline: NDArray[np.float64] | None = None


NOT_FOUND = Verification(0)


class Verifier:
    """Compares gallery pictures with one photo."""

    def __init__(self, photo: LocalFeatures) -> None:
        """Prepare a photo's local features.

        Raises:
            MissingPackageError: the C engine is not there.
            ValueError: the photo has no size, or more than 4095 pixels a side.
        """
        self._photo = PreparedPhoto(photo.width_px, photo.height_px, photo.blob)

    def verify_all(self, pictures: Sequence[LocalFeatures]) -> list[Verification]:
        """Compare several gallery pictures with the photo."""
        return [self.verify(picture) for picture in pictures]

    def verify(self, picture: LocalFeatures) -> Verification:
        """Compare a gallery picture with the photo.

        Raises:
            ValueError: the picture has no size, or more than 4095 pixels a side.
        """
        return Verification(*self._photo.compare(picture.width_px, picture.height_px, picture.blob))

    def match(self, picture: LocalFeatures) -> tuple[Numbers, Numbers]:
        """Return which features of a gallery picture and of the photo have like codes, (M,) each."""
        return self._photo.match(picture.width_px, picture.height_px, picture.blob)

    def fit(self, picture: LocalFeatures, rows: Numbers, columns: Numbers) -> Verification:
        """Find the model that most matches fit."""
        return Verification(
            *self._photo.fit(picture.width_px, picture.height_px, picture.blob, rows, columns)
        )

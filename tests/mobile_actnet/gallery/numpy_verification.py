"""Verification a second time, in NumPy, written from docs/verification.md: what the C engine is held to."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from numpy_homography import corners_of, fit_homography, is_sound, project

from mobile_actnet.gallery.answers.verification import NOT_FOUND, Verification
from mobile_actnet.pictures.local_features import CODE_BYTES, UNITS_PER_PX, LocalFeatures

Doubles = NDArray[np.float64]
Counts = NDArray[np.int64]

MAX_DISTANCE = 40
"""Bits that two codes of a match differ in at most."""

RATIO = (17, 20)
"""A match's distance is at most this part of the second best's."""

MAX_MATCHES = 128
HYPOTHESES = 8
LEAST_MATCHES = 4
"""Fewer matches that fit are no model."""

TOLERANCES = (0.03, 0.01875, 0.0125, 0.0125)
"""Of each affine round, over the longest side of the reduced photo."""

BENT_TOLERANCES = (0.03, 0.02, 0.0125, 0.0125)
"""Of each round of the homography."""

_MAX_TURN = 28
"""256ths of a turn between a match and the hypothesis of another."""

_MAX_SIZE_STEPS = 19
"""16ths of an octave between a match and the hypothesis of another."""

CELLS = 20
"""Cells along the longest side, of the picture and of the photo: inliers of one cell count once."""

_LEAST_FOR_HOMOGRAPHY = 8
_FARTHEST = -8 * CODE_BYTES
_INTEGER_STEPS = 1 << 14

# cos(k/256 turn) and 2^(k/16), k = 0..., in whole 16384ths: models are exact in float64.
_COSINES = np.rint(np.cos(np.arange(256) * (2 * np.pi / 256)) * _INTEGER_STEPS)
_SINES = np.rint(np.sin(np.arange(256) * (2 * np.pi / 256)) * _INTEGER_STEPS)
_SCALES = np.rint(2 ** (np.arange(16) / 16) * _INTEGER_STEPS)


class NumpyVerifier:
    """Compares gallery pictures with one photo."""

    def __init__(self, photo: LocalFeatures) -> None:
        """Prepare a photo's local features."""
        self._photo = photo
        self._places = photo.positions.astype(np.float64)
        self._longest = float(max(photo.width_px, photo.height_px) * UNITS_PER_PX)
        self._codes = _PackedCodes(photo.codes)

    def verify_all(self, pictures: Sequence[LocalFeatures]) -> list[Verification]:
        """Compare several gallery pictures with the photo."""
        return [self.verify(picture) for picture in pictures]

    def verify(self, picture: LocalFeatures) -> Verification:
        """Compare a gallery picture with the photo."""
        return self.fit(picture, *self.match(picture))

    def match(self, picture: LocalFeatures) -> tuple[Counts, Counts]:
        """Return which features of a gallery picture and of the photo have like codes."""
        if len(picture) < LEAST_MATCHES or len(self._photo) < LEAST_MATCHES:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        return self._codes.match(picture.codes)

    def fit(self, picture: LocalFeatures, rows: Counts, columns: Counts) -> Verification:
        """Find the model that most matches fit."""
        if len(rows) < LEAST_MATCHES:
            return NOT_FOUND
        here = picture.positions[rows].astype(np.float64)
        there = self._places[columns]
        fits = self._hypotheses(picture, rows, columns, here, there)
        if fits is None:
            return NOT_FOUND
        affines, fits = self._refined(here, there, fits)
        if not len(affines):
            return NOT_FOUND
        return self._best(picture, here, there, affines, fits)

    def _hypotheses(
        self, picture: LocalFeatures, rows: Counts, columns: Counts, here: Doubles, there: Doubles
    ) -> Doubles | None:
        """Return (T, M) 0 or 1: which matches fit the best models of single matches."""
        photo = self._photo
        steps = photo.sizes[columns].astype(np.int64) - picture.sizes[rows]
        turns = photo.angles[columns].astype(np.int64) - picture.angles[rows]
        scales = np.ldexp(_SCALES[steps & 15] / _INTEGER_STEPS, steps >> 4)
        a = scales * _COSINES[turns & 255] / _INTEGER_STEPS
        b = scales * _SINES[turns & 255] / _INTEGER_STEPS
        (x, y), (u, v) = here.T, there.T
        # Residuals of match j under the model of match k: row k, column j.
        right = a[:, None] * x - b[:, None] * y + ((u - (a * x - b * y))[:, None] - u)
        down = b[:, None] * x + a[:, None] * y + ((v - (b * x + a * y))[:, None] - v)
        tolerance = self._longest * TOLERANCES[0]
        fits = right * right + down * down < tolerance * tolerance
        turned = (turns[:, None] - turns + 128 & 255) - 128
        fits &= (turned <= _MAX_TURN) & (turned >= -_MAX_TURN)
        fits &= np.abs(steps[:, None] - steps) <= _MAX_SIZE_STEPS
        counts = fits.sum(axis=1)
        best = np.argsort(-counts, kind="stable")[:HYPOTHESES]
        best = best[counts[best] >= LEAST_MATCHES]
        return fits[best].astype(np.float64) if len(best) else None

    def _refined(self, here: Doubles, there: Doubles, fits: Doubles) -> tuple[Doubles, Doubles]:
        """Fit affine models in rounds; return (T, 2, 3) and (T, M) of those that hold."""
        moments = _moments(here, there)
        affines = np.zeros((len(fits), 2, 3))
        for share in TOLERANCES:
            affines, sound = _affines(fits @ moments)
            right = affines[:, 0, :1] * here[:, 0] + affines[:, 0, 1:2] * here[:, 1]
            right = right + affines[:, 0, 2:] - there[:, 0]
            down = affines[:, 1, :1] * here[:, 0] + affines[:, 1, 1:2] * here[:, 1]
            down = down + affines[:, 1, 2:] - there[:, 1]
            tolerance = self._longest * share
            near = right * right + down * down < tolerance * tolerance
            sound &= near.sum(axis=1) >= LEAST_MATCHES
            fits, affines = near[sound].astype(np.float64), affines[sound]
            if not len(fits):
                break
        return affines, fits

    def _best(
        self, picture: LocalFeatures, here: Doubles, there: Doubles, affines: Doubles, fits: Doubles
    ) -> Verification:
        """Choose the model with most places; turn it into a homography where that fits as many."""
        cells = self._cells(picture, here, there)
        places = np.array([_places(row > 0, *cells) for row in fits])
        totals = fits.sum(axis=1)
        best = int(np.lexsort((-totals, -places))[0])
        inliers, model = int(places[best]), np.vstack([affines[best], (0.0, 0.0, 1.0)])
        sides = (picture.width_px * UNITS_PER_PX, picture.height_px * UNITS_PER_PX)
        if totals[best] >= _LEAST_FOR_HOMOGRAPHY:
            inliers, model = self._bent(here, there, fits[best] > 0, inliers, model, cells, sides)
        outline = project(model, corners_of(*sides)) / UNITS_PER_PX
        return Verification(inliers, outline)

    def _bent(
        self, here: Doubles, there: Doubles, fit: NDArray[np.bool_], inliers: int, model: Doubles,
        cells: tuple[Counts, Counts], sides: tuple[int, int],
    ) -> tuple[int, Doubles]:  # fmt: skip
        """Refine an affine model to a homography; keep it where it fits no fewer places."""
        kept = inliers, model
        for share in BENT_TOLERANCES:
            bent = fit_homography(here[fit], there[fit], model, self._longest)
            if bent is None or not is_sound(bent, *sides):
                return kept
            apart = project(bent, here) - there
            tolerance = self._longest * share
            fit = apart[:, 0] * apart[:, 0] + apart[:, 1] * apart[:, 1] < tolerance * tolerance
            if fit.sum() < _LEAST_FOR_HOMOGRAPHY:
                return kept
            model = bent
        places = _places(fit, *cells)
        return (places, model) if places >= inliers else kept

    def _cells(
        self, picture: LocalFeatures, here: Doubles, there: Doubles
    ) -> tuple[Counts, Counts]:
        longest = max(picture.width_px, picture.height_px) * UNITS_PER_PX
        return _cell_numbers(here, longest), _cell_numbers(there, int(self._longest))


class _PackedCodes:
    """A photo's codes, ready to be compared with those of many pictures.

    Bits are multiplied as whole numbers: with both codes' bits as -1 and 1, the product is 128 less twice
    the distance, and such products are what processors are fastest at.
    """

    def __init__(self, codes: NDArray[np.uint8]) -> None:
        import numkong

        self._count = len(codes)
        self._kept = self._room(0)
        self._packed = numkong.dots_pack(_signs(codes))

    def match(self, codes: NDArray[np.uint8]) -> tuple[Counts, Counts]:
        """Match a picture's features with the photo's, of which there are two or more.

        Returns:
            rows and columns, best ratio of distances first, at most `MAX_MATCHES`.
        """
        import numkong

        if len(codes) > len(self._kept[1]):
            self._kept = self._room(len(codes))
        tensor, products = (whole[: len(codes)] for whole in self._kept)
        numkong.dots_packed(_signs(codes), self._packed, out=tensor)
        rows = np.arange(len(codes))
        columns = products.argmax(axis=1)  # Of equal ones the first.
        nearest = _distances(products[rows, columns])
        products[rows, columns] = _FARTHEST
        second = _distances(products.max(axis=1))
        accepted = (nearest <= MAX_DISTANCE) & (RATIO[1] * nearest <= RATIO[0] * second)
        rows, columns = rows[accepted], columns[accepted]
        ratios = (nearest[accepted] << 16) // np.maximum(second[accepted], 1)
        order = np.argsort(ratios, kind="stable")[:MAX_MATCHES]
        return rows[order], columns[order]

    def _room(self, rows: int) -> tuple[Any, NDArray[np.int32]]:
        """Return memory for the products, as numkong and NumPy see it.

        It is kept from picture to picture: new memory of this size costs three times the arithmetic.
        """
        import numkong

        products = numkong.zeros((rows, self._count), dtype="int32")
        return products, np.asarray(products)


_SIGNS_OF_BYTES = (
    (np.unpackbits(np.arange(256, dtype=np.uint8)) * 2 - 1).astype(np.uint8).view("<u8")
)
"""(256,) eight signs, -1 or 1, for each byte."""


def _signs(codes: NDArray[np.uint8]) -> NDArray[np.int8]:
    return _SIGNS_OF_BYTES[codes].view(np.int8)


def _distances(products: NDArray[np.int32]) -> Counts:
    return (8 * CODE_BYTES - products.astype(np.int64)) >> 1


def _moments(here: Doubles, there: Doubles) -> Doubles:
    """Return (M, 12) whole numbers whose sums give the normal equations."""
    (x, y), (u, v) = here.T, there.T
    columns = (np.ones_like(x), x, y, x * x, x * y, y * y, u, v, x * u, y * u, x * v, y * v)
    return np.stack(columns, axis=1)


def _affines(sums: Doubles) -> tuple[Doubles, NDArray[np.bool_]]:
    """Solve the normal equations of T models.

    Args:
        sums: (T, 12) of `_moments`, exact whole numbers.

    Returns:
        (T, 2, 3), and (T,) whether a model is neither mirrored nor flattened below a tenth, nor larger
        than 16 times or smaller than a 16th, nor resting on points of one line.
    """
    n, sx, sy, sxx, sxy, syy, su, sv, sxu, syu, sxv, syv = sums.T
    a, b, c = n * sxx - sx * sx, n * sxy - sx * sy, n * syy - sy * sy
    determinant = a * c - b * b
    spread = (determinant * 256 > a * c) & (a > 0) & (c > 0)
    divisor = np.where(spread, determinant, 1.0)
    rows = []
    for s, sxs, sys in ((su, sxu, syu), (sv, sxv, syv)):
        p, q = n * sxs - sx * s, n * sys - sy * s
        along, across = (p * c - q * b) / divisor, (q * a - p * b) / divisor
        rows.append((along, across, (s - along * sx - across * sy) / n))
    affines = np.array(rows).transpose(2, 0, 1)
    (a11, a12, _), (a21, a22, _) = rows
    area = a11 * a22 - a12 * a21
    squares = a11 * a11 + a12 * a12 + a21 * a21 + a22 * a22
    sound = spread & (area * 10.1 >= squares) & (area >= 1 / 256) & (area <= 256)
    return affines, sound


def _cell_numbers(places: Doubles, longest: int) -> Counts:
    cells = (places * CELLS // longest).astype(np.int64)
    return cells[:, 0] * 1024 + cells[:, 1]


def _places(fit: NDArray[np.bool_], here: Counts, there: Counts) -> int:
    """Count matches by place: the fewer of the cells that they fill in picture and photo."""
    return min(len(set(here[fit].tolist())), len(set(there[fit].tolist())))

"""Homographies: fitting one from an affine start, and telling a sound one from a folded one."""

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

_ROUNDS = 2
_STIFFNESS = 1e-4
"""Holds the two perspective terms near zero where few matches say little about them."""

_LEAST_DEPTH, _MOST_DEPTH = 0.2, 5.0
"""Of a corner, over the depth of the picture's middle."""

_FOLLOWING = [1, 2, 3, 0]
"""The corner, or the side, after each."""


def fit_homography(here: Doubles, there: Doubles, start: Doubles, longest: float) -> Doubles | None:
    """Fit a homography by Gauss-Newton steps, all matches alike.

    Args:
        here, there: (M, 2) places in the picture and in the photo.
        start: (3, 3) a model to begin at. longest: side of the photo, for the scale of numbers.

    Returns:
        (3, 3) with 1 at the lower right; None where the equations have no one solution.
    """
    # Numbers near 1: both pictures are divided by the photo's longest side.
    scale = np.array([longest, longest, 1.0])
    inverse = 1 / scale
    model = _divide(start * inverse[:, None] * scale)
    x, y = (here / longest).T
    goal = (there / longest).T.ravel()
    count = len(x)
    rows = np.zeros((2 * count, 8))
    rows_u, rows_v = rows[:count].T, rows[count:].T
    for _ in range(_ROUNDS):
        depth = model[2, 0] * x + model[2, 1] * y + 1
        if (depth <= 0).any():
            return None
        u = (model[0, 0] * x + model[0, 1] * y + model[0, 2]) / depth
        v = (model[1, 0] * x + model[1, 1] * y + model[1, 2]) / depth
        rows_u[0], rows_u[1], rows_u[2] = x / depth, y / depth, 1 / depth
        rows_v[3:6] = rows_u[:3]
        rows_u[6], rows_u[7] = -u * x / depth, -u * y / depth
        rows_v[6], rows_v[7] = -v * x / depth, -v * y / depth
        errors = goal - np.concatenate([u, v])
        normal, right = rows.T @ rows, rows.T @ errors
        normal[6, 6] += _STIFFNESS
        normal[7, 7] += _STIFFNESS
        right[6] -= _STIFFNESS * model[2, 0]
        right[7] -= _STIFFNESS * model[2, 1]
        try:
            step = np.linalg.solve(normal, right)
        except np.linalg.LinAlgError:
            return None
        model = model + np.append(step, 0.0).reshape(3, 3)
    return _divide(model * scale[:, None] * inverse)


def project(model: Doubles, places: Doubles) -> Doubles:
    """Map (M, 2) places by a homography."""
    x, y = places.T
    depth = model[2, 0] * x + model[2, 1] * y + model[2, 2]
    projected = np.empty((len(places), 2))
    projected[:, 0] = (model[0, 0] * x + model[0, 1] * y + model[0, 2]) / depth
    projected[:, 1] = (model[1, 0] * x + model[1, 1] * y + model[1, 2]) / depth
    return projected


def corners_of(width: float, height: float) -> Doubles:
    """Return (4, 2), from the top left clockwise."""
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)


def is_sound(model: Doubles, width: float, height: float) -> bool:
    """Tell whether a picture of this size stays convex, unmirrored and before the camera."""
    corners = corners_of(width, height)
    depth = corners @ model[2, :2] + model[2, 2]
    middle = model[2, :2] @ (width / 2, height / 2) + model[2, 2]
    if middle <= 0 or (depth < _LEAST_DEPTH * middle).any() or (depth > _MOST_DEPTH * middle).any():
        return False
    outline = project(model, corners)
    sides = outline[_FOLLOWING] - outline
    following = sides[_FOLLOWING]
    turns = sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]
    return bool((turns > 0).all())


def _divide(model: Doubles) -> Doubles:
    return model / model[2, 2]

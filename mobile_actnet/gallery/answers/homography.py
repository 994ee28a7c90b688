"""Homographies: fitting one from an affine start, and telling a sound one from a folded one."""

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

_ROUNDS = 2
_STIFFNESS = 1e-4
"""Holds the two perspective terms near zero where few matches say little about them."""

_LEAST_DEPTH, _MOST_DEPTH = 0.2, 5.0
"""Of a corner, over the depth of the picture's middle."""


def fit_homography(here: Doubles, there: Doubles, start: Doubles, longest: float) -> Doubles | None:
    """Fit a homography by Gauss-Newton steps, all matches alike.

    Args:
        here, there: (M, 2) places in the picture and in the photo.
        start: (3, 3) a model to begin at. longest: side of the photo, for the scale of numbers.

    Returns:
        (3, 3) with 1 at the lower right; None where the equations have no one solution.
    """
    # Numbers near 1: both pictures are divided by the photo's longest side.
    scale = np.diag([longest, longest, 1.0])
    model = _divide(np.linalg.inv(scale) @ start @ scale)
    x, y = (here / longest).T
    goal = there / longest
    one, none = np.ones_like(x), np.zeros_like(x)
    for _ in range(_ROUNDS):
        depth = model[2, 0] * x + model[2, 1] * y + 1
        if (depth <= 0).any():
            return None
        u = (model[0, 0] * x + model[0, 1] * y + model[0, 2]) / depth
        v = (model[1, 0] * x + model[1, 1] * y + model[1, 2]) / depth
        rows_u = np.stack([x, y, one, none, none, none, -u * x, -u * y], 1) / depth[:, None]
        rows_v = np.stack([none, none, none, x, y, one, -v * x, -v * y], 1) / depth[:, None]
        rows = np.concatenate([rows_u, rows_v])
        errors = np.concatenate([goal[:, 0] - u, goal[:, 1] - v])
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
    return _divide(scale @ model @ np.linalg.inv(scale))


def project(model: Doubles, places: Doubles) -> Doubles:
    """Map (M, 2) places by a homography."""
    x, y = places.T
    depth = model[2, 0] * x + model[2, 1] * y + model[2, 2]
    right = (model[0, 0] * x + model[0, 1] * y + model[0, 2]) / depth
    down = (model[1, 0] * x + model[1, 1] * y + model[1, 2]) / depth
    return np.stack([right, down], axis=1)


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
    sides = np.roll(outline, -1, axis=0) - outline
    following = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]
    return bool((turns > 0).all())


def _divide(model: Doubles) -> Doubles:
    return model / model[2, 2]

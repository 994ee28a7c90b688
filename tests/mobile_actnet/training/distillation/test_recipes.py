"""What views show: numbers worked out by hand, and the same choices for the same seed."""

import numpy as np
import pytest

from mobile_actnet.errors import ConfigError
from mobile_actnet.training.distillation.config import ViewConfig, ViewKind
from mobile_actnet.training.distillation.recipes import (
    Recipes,
    draw_recipes,
    homographies,
    join_recipes,
    whole_views,
)

ROWS = np.arange(64)
ASPECTS = np.linspace(0.4, 2.5, 64).astype(np.float32)
SQUARE = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float64)


def drawn(seed: int = 1, config: ViewConfig = ViewConfig()) -> Recipes:
    return draw_recipes(np.random.default_rng(seed), ROWS, np.roll(ROWS, 1), ASPECTS, config)


def only(kind: ViewKind, **changes: float) -> ViewConfig:
    shares = {k.name.lower(): float(k is kind) for k in ViewKind}
    return ViewConfig(**{**shares, **changes})


def moved(maps: np.ndarray, points: np.ndarray) -> np.ndarray:
    projected = np.concatenate([points, np.ones((len(points), 1))], 1) @ maps.transpose(0, 2, 1)
    return projected[..., :2] / projected[..., 2:]


def test_homographies_move_the_points_that_they_are_made_of() -> None:
    target = SQUARE * [2, 3] + [0.5, -0.25] + np.random.default_rng(0).normal(0, 0.1, (5, 4, 2))
    maps = homographies(np.broadcast_to(SQUARE, target.shape), target)
    assert moved(maps, SQUARE) == pytest.approx(target)


def test_a_crop_without_turn_or_perspective_is_a_rectangle_of_its_area() -> None:
    config = only(
        ViewKind.CROP, crop_area=(0.25, 0.25), crop_stretch=0, rotation_deg=0, corner_shift=0,
        full_turn=0, mirrored=0,
    )  # fmt: skip
    corners = moved(drawn(config=config).maps.astype(np.float64), SQUARE)
    sides = corners[:, 2] - corners[:, 0]
    assert sides == pytest.approx(np.ones((64, 2)), abs=1e-5)  # half of each side of length 2
    assert np.abs(corners).max() <= 1 + 1e-5


def test_a_capture_shows_the_whole_item_where_its_extent_is_1() -> None:
    config = only(
        ViewKind.CAPTURE, extent=(1, 1), rotation_deg=0, corner_shift=0, full_turn=0,
        frame_aspects=(1.0,),
    )  # fmt: skip
    maps = np.linalg.inv(drawn(config=config).maps.astype(np.float64))
    item = moved(maps, SQUARE)
    width, height = (item[:, 2] - item[:, 0]).T
    assert np.maximum(width, height) == pytest.approx(np.full(64, 2.0), abs=1e-4)
    assert width / height == pytest.approx(ASPECTS, rel=1e-4)


def test_the_same_seed_draws_the_same_views_and_another_seed_others() -> None:
    first, again, other = drawn(), drawn(), drawn(2)
    assert all(first.key(row) == again.key(row) for row in range(64))
    assert sum(first.key(row) == other.key(row) for row in range(64)) == 0


def test_shares_of_kinds_are_kept() -> None:
    kinds = drawn(config=only(ViewKind.BLEND)).kinds
    assert (kinds == ViewKind.BLEND).all()


def test_joined_recipes_are_the_parts_behind_each_other() -> None:
    whole = drawn()
    joined = join_recipes([whole[:10], whole[10:]])
    assert [joined.key(row) for row in range(64)] == [whole.key(row) for row in range(64)]


def test_whole_views_change_nothing() -> None:
    recipes = whole_views(ROWS)
    assert (recipes.maps == np.eye(3)).all()
    assert (recipes.shares == 1).all()


def test_shares_that_are_not_one_together_are_refused() -> None:
    with pytest.raises(ConfigError, match="their sum must be 1"):
        ViewConfig(whole=0.5)

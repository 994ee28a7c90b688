"""Synthetic captures: the same seed gives the same picture, and the item stays in it."""

from dataclasses import replace

import numpy as np
from PIL import Image

from mobile_actnet.training.phone_captures import CaptureConfig, capture, perspective_coefficients

RED = Image.new("RGB", (90, 120), (220, 20, 20))
BLUE = Image.new("RGB", (80, 80), (20, 20, 220))
BEFORE = [188429, 404021, 196338, 266240, 138687, 233829]
CALM = CaptureConfig(
    rotation_deg=0, corner_shift=0, brightness=(1, 1), contrast=(1, 1), saturation=(1, 1),
    cast=0, glare=0, shadow=0, defocus=0, motion=0, noise=0, jpeg_quality=(95, 95), untouched=0,
    scene=0,
)  # fmt: skip


def test_the_seed_decides() -> None:
    first, again, other = (
        capture(RED, BLUE, np.random.default_rng(seed), 96) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert (first.shape, first.dtype) == ((96, 96, 3), np.uint8)


def test_every_seed_gives_a_picture() -> None:
    items = [RED, Image.new("RGB", (1, 1)), Image.new("RGB", (400, 3)), Image.new("RGB", (3, 400))]
    for seed in range(100):
        found = capture(items[seed % 4], BLUE, np.random.default_rng(seed), 64)
        assert found.shape == (64, 64, 3)


def test_the_item_lies_on_the_background() -> None:
    config = replace(CALM, extent=(0.6, 0.6))
    for seed in range(20):
        found = capture(RED, BLUE, np.random.default_rng(seed), 96, config).astype(int)
        red = (found[..., 0] > 150) & (found[..., 1] < 80) & (found[..., 2] < 80)
        # 0.6 of the tighter side, with the item's and the frame's proportions: 0.2 to 0.36.
        assert 0.15 < red.mean() < 0.45


def test_a_scene_fills_the_frame() -> None:
    config = replace(CALM, scene=1)
    for seed in range(20):
        found = capture(RED, BLUE, np.random.default_rng(seed), 96, config).astype(int)
        assert ((found[..., 0] > 150) & (found[..., 2] < 80)).all()


def test_a_scene_shows_a_part() -> None:
    left_white = Image.new("RGB", (100, 100), "black")
    left_white.paste("white", (0, 0, 50, 100))
    config = replace(CALM, scene=1, scene_share=(0.5, 0.5))
    white = [
        capture(left_white, BLUE, np.random.default_rng(seed), 64, config).mean() / 255
        for seed in range(30)
    ]
    # Half of the width is seen, from somewhere: sometimes mostly white, sometimes mostly black.
    assert min(white) < 0.3
    assert max(white) > 0.7


def test_light_goes_down_to_nearly_black() -> None:
    config = replace(CALM, brightness=(0.12, 0.12))
    found = capture(RED, RED, np.random.default_rng(0), 64, config)
    assert found.mean() < 15


def test_perspective_coefficients_map_corner_to_corner() -> None:
    frame = np.array([(10, 12), (80, 5), (90, 95), (3, 70)], float)
    item = np.array([(0, 0), (50, 0), (50, 40), (0, 40)], float)
    a, b, c, d, e, f, g, h = perspective_coefficients(frame, item)
    for (x, y), (u, v) in zip(frame, item, strict=True):
        scale = g * x + h * y + 1
        np.testing.assert_allclose(
            ((a * x + b * y + c) / scale, (d * x + e * y + f) / scale), (u, v), atol=1e-9
        )


def test_what_is_off_draws_nothing() -> None:
    """The stream of earlier releases: these pixels were made before the new kinds existed."""
    seen = [
        int(capture(RED, BLUE, np.random.default_rng(seed), 32).astype(np.int64).sum())
        for seed in range(6)
    ]
    assert seen == BEFORE


def test_books_lie_in_any_direction() -> None:
    upper = Image.new("RGB", (90, 120), "white")
    upper.paste("red", (0, 0, 90, 60))
    config = replace(CALM, extent=(0.6, 0.6), frame_aspects=(1.0,), any_turn=1)
    below = 0
    for seed in range(40):
        found = capture(upper, BLUE, np.random.default_rng(seed), 96, config).astype(int)
        red = (found[..., 0] > 150) & (found[..., 1] < 80)
        white = found.min(axis=2) > 150
        below += np.flatnonzero(red.any(1)).mean() > np.flatnonzero(white.any(1)).mean()
    assert 8 < below < 32, "upside down about as often as not"


def test_small_things_fill_a_quarter_to_a_half() -> None:
    config = replace(CALM, frame_aspects=(1.0,), small=1)
    for seed in range(20):
        found = capture(RED, BLUE, np.random.default_rng(seed), 96, config).astype(int)
        red = np.abs(found - (220, 20, 20)).max(axis=2) < 40
        assert 0.2 < np.flatnonzero(red.any(1)).size / 96 < 0.55


def test_each_kind_changes_the_photo() -> None:
    config = replace(CALM, extent=(0.6, 0.6))
    for kind in ("frame", "glass", "strong_glare", "second_item"):
        changed = 0
        for seed in range(10):
            rngs = (np.random.default_rng(seed), np.random.default_rng(seed))
            plain = capture(RED, BLUE, rngs[0], 64, config).astype(int)
            other = capture(RED, BLUE, rngs[1], 64, replace(config, **{kind: 1})).astype(int)
            changed += np.abs(plain - other).mean() > 1
        assert changed >= 7, kind


def test_strong_glare_hides_what_is_under_it() -> None:
    config = replace(CALM, scene=1, strong_glare=1)
    white = [
        (capture(RED, BLUE, np.random.default_rng(seed), 64, config).min(axis=2) > 240).mean()
        for seed in range(20)
    ]
    assert np.mean(white) > 0.02
    assert max(white) < 0.9

"""Pixels of views: what is seen where, and that a phone's camera stays within its range."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from torch import Tensor

from mobile_actnet.training.distillation.config import DistortionConfig, ViewConfig, ViewKind
from mobile_actnet.training.distillation.recipes import Recipes, draw_recipes, whole_views
from mobile_actnet.training.distillation.rendering import distort, render

SIDE = 64
RED, BLUE = (200, 10, 10), (10, 10, 200)
QUIET = DistortionConfig(
    untouched=0, brightness=(1, 1), contrast=(1, 1), saturation=(1, 1), cast=0, shadow=0, glare=0,
    reflection=0, overlay=0, defocus=0, motion=0, noise=0, jpeg=0,
)  # fmt: skip


def plain(colour: tuple[int, int, int], count: int = 8) -> Tensor:
    return torch.tensor(colour, dtype=torch.uint8).expand(count, SIDE, SIDE, 3).contiguous()


def recipes(kind: ViewKind, **changes: float) -> Recipes:
    shares = {k.name.lower(): float(k is kind) for k in ViewKind}
    config = ViewConfig(**{**shares, "bordered": 0.0, **changes})
    rows, aspects = np.arange(8), np.ones(8, np.float32)
    return draw_recipes(np.random.default_rng(0), rows, np.roll(rows, 1), aspects, config)


def red_share(views: Tensor) -> Tensor:
    """Part of each view that is red rather than blue."""
    return (views[:, 0] > 100).float().mean((1, 2))


def test_a_whole_view_of_the_same_size_is_the_picture() -> None:
    pixels = torch.randint(0, 256, (2, SIDE, SIDE, 3), dtype=torch.uint8)
    # Smooth, as two samples a pixel blur what changes from pixel to pixel.
    pixels = torch.nn.functional.avg_pool2d(pixels.permute(0, 3, 1, 2).float(), 9, 1, 4)
    pixels = pixels.round().byte().permute(0, 2, 3, 1)
    views = render(pixels, pixels, whole_views(np.arange(2)), SIDE)
    assert (views.permute(0, 2, 3, 1) - pixels).abs().max() <= 8


def test_a_small_capture_shows_the_background_around_the_item() -> None:
    small = recipes(
        ViewKind.CAPTURE, extent=(0.5, 0.5), rotation_deg=0, corner_shift=0, full_turn=0,
        frame_aspects=(1.0,),
    )  # fmt: skip
    views = render(plain(RED), plain(BLUE), small, SIDE)
    assert red_share(views).numpy() == pytest.approx(np.full(8, 0.25), abs=0.02)


def test_a_frame_lies_around_the_item() -> None:
    framed = recipes(
        ViewKind.CAPTURE, extent=(0.5, 0.5), rotation_deg=0, corner_shift=0, full_turn=0,
        frame_aspects=(1.0,), bordered=1.0,
    )  # fmt: skip
    framed = replace(framed, borders=np.tile(np.float32([0.2, 0, 255, 0]), (8, 1)))
    views = render(plain(RED), plain(BLUE), framed, SIDE)
    green = (views[:, 1] / 255).mean((1, 2))
    # A square of half the side, 1.2 times as wide with its frame, 0.36 - 0.25 of the view; and the
    # green of the two pictures, 10 of 255, in the other 0.89.
    assert green.numpy() == pytest.approx(np.full(8, 0.11 + 0.89 * 10 / 255), abs=0.015)


@pytest.mark.parametrize("kind", [ViewKind.COLLAGE, ViewKind.BLEND])
def test_two_pictures_share_a_collage_and_a_blend(kind: ViewKind) -> None:
    views = render(plain(RED), plain(BLUE), recipes(kind), SIDE)
    mean = views.mean((2, 3))
    assert (mean[:, 0] > 30).all()
    assert (mean[:, 2] > 30).all()


def test_a_quiet_camera_changes_nothing() -> None:
    views = torch.randint(0, 256, (4, 3, SIDE, SIDE)).float()
    seen = distort(views, torch.Generator().manual_seed(0), QUIET)
    assert (seen - views).abs().max() <= 1


@pytest.mark.parametrize(
    "name",
    ["shadow", "glare", "reflection", "overlay", "defocus", "motion", "jpeg"],
)
def test_each_distortion_changes_pixels_and_keeps_their_range(name: str) -> None:
    assert name in {field.name for field in fields(DistortionConfig)}
    views = torch.randint(0, 256, (8, 3, SIDE, SIDE)).float()
    config = replace(QUIET, **{name: 1.0})
    seen = distort(views, torch.Generator().manual_seed(1), config)
    assert (seen != views).float().mean((1, 2, 3)).max() > 0.005
    assert seen.min() >= 0
    assert seen.max() <= 255
    assert (seen == seen.round()).all()


def test_the_same_seed_sees_the_same() -> None:
    views = torch.randint(0, 256, (4, 3, SIDE, SIDE)).float()
    first, again = (
        distort(views, torch.Generator().manual_seed(3), DistortionConfig()) for _ in range(2)
    )
    assert torch.equal(first, again)


def test_jpeg_and_blur_leave_a_plain_picture_plain() -> None:
    views = torch.full((4, 3, SIDE, SIDE), 128.0)
    config = replace(QUIET, defocus=1.0, motion=1.0, jpeg=1.0)
    seen = distort(views, torch.Generator().manual_seed(0), config)
    assert (seen - 128).abs().max() <= 3

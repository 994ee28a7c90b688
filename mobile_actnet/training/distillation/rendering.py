"""Pixels of training views, rendered in batches on the device that trains.

`render` makes what the teacher sees, `distort` what a phone's camera makes of it: light, colour,
glare, reflections, things in front, blur, noise, JPEG. `phone_captures` does the same for one
picture with Pillow; here a GPU makes thousands a second.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from mobile_actnet.training.distillation.config import DistortionConfig, ViewKind
from mobile_actnet.training.distillation.recipes import Recipes

_BLUR_RADIUS_PX = 4


def render(pixels: Tensor, partners: Tensor, recipes: Recipes, side_px: int) -> Tensor:
    """Render views.

    Args:
        pixels, partners: (B, S, S, 3) uint8, RGB: the recipes' pictures and partners, squeezed
            to squares, on any device.
        recipes: B of them.
        side_px: height and width of the views.

    Returns:
        (B, 3, side_px, side_px) float32, whole numbers 0 to 255, on the same device.
    """
    device = pixels.device
    kinds = torch.from_numpy(recipes.kinds).to(device)
    captured = (kinds == ViewKind.CAPTURE)[:, None, None]
    # Two samples a pixel and side: without them a shrunken picture shows steps.
    points = _points(2 * side_px, device)
    grid = _project(torch.from_numpy(recipes.maps).to(device), points)
    view = _sample(pixels, grid)
    reach = grid.abs().amax(-1)  # 1 on the picture's edge
    borders = torch.from_numpy(recipes.borders).to(device)
    bordered = captured & (reach > 1) & (reach <= 1 + borders[:, 0, None, None])
    view = torch.where(bordered[:, None], borders[:, 1:, None, None], view)
    edges = torch.from_numpy(recipes.edges).to(device)
    beyond = (points[None] * edges[:, None, None, :2]).sum(-1) > edges[:, 2, None, None]
    share = torch.from_numpy(recipes.shares).to(device)[:, None, None].expand_as(reach)
    share = torch.where(captured, (reach <= 1 + borders[:, 0, None, None]).float(), share)
    share = torch.where((kinds == ViewKind.COLLAGE)[:, None, None], (~beyond).float(), share)
    behind = _sample(partners, _project(torch.from_numpy(recipes.partner_maps).to(device), points))
    view = torch.lerp(behind, view, share[:, None])
    return F.avg_pool2d(view, 2).round_().clamp_(0, 255)


def distort(views: Tensor, generator: torch.Generator, config: DistortionConfig) -> Tensor:
    """See views through a phone's camera.

    Args:
        views: (B, 3, S, S) float32, 0 to 255; S a multiple of 8.
        generator: on the views' device, source of every choice.

    Returns:
        The same shape, whole numbers 0 to 255.
    """
    draw = _Draw(len(views), generator)
    side, device = views.shape[-1], views.device
    points = _points(side, device)
    x = views
    # Glass: another picture, out of focus, lies over this one.
    soft = F.interpolate(F.avg_pool2d(views.roll(1, 0), 8), size=(side, side), mode="bilinear")
    x = torch.lerp(x, soft, draw.chance(config.reflection) * draw.uniform(0.1, 0.4))
    x = _overlay(x, views.roll(2, 0), points, draw, config)
    x = _blur(x, draw, config)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * draw.uniform(*config.saturation)
    x = (x - 128) * draw.uniform(*config.contrast) + 128
    x = x * (1 + config.cast * (2 * draw.random(3) - 1))
    x = x * _shadow(points, draw, config) + _glare(points, draw, config)
    low, high = math.log(config.brightness[0]), math.log(config.brightness[1])
    near = 0.2 * draw.normal()
    light = torch.where(draw.random() < 0.6, near, draw.uniform(low, high)).clamp(low, high)
    x = x * light.exp()
    noise = torch.randn(x.shape, generator=generator, device=device)
    x = (x + noise * draw.uniform(0, config.noise)).clamp(0, 255)
    x = torch.where(draw.random() < config.jpeg, _jpeg(x, draw.uniform(*config.jpeg_quality)), x)
    return torch.where(draw.random() < config.untouched, views, x).round_().clamp_(0, 255)


class _Draw:
    """Draws one number a view, shaped (B, C, 1, 1)."""

    def __init__(self, count: int, generator: torch.Generator) -> None:
        self.count, self.generator = count, generator

    def random(self, channels: int = 1) -> Tensor:
        shape = (self.count, channels, 1, 1)
        return torch.rand(shape, generator=self.generator, device=self.generator.device)

    def normal(self) -> Tensor:
        shape = (self.count, 1, 1, 1)
        return torch.randn(shape, generator=self.generator, device=self.generator.device)

    def uniform(self, low: float, high: float, channels: int = 1) -> Tensor:
        return low + (high - low) * self.random(channels)

    def chance(self, probability: float) -> Tensor:
        return (self.random() < probability).float()


def _points(side_px: int, device: torch.device) -> Tensor:
    """Centres of the pixels of a square: (side_px, side_px, 2), x and y from -1 to 1."""
    centres = (torch.arange(side_px, device=device) + 0.5) * (2 / side_px) - 1
    y, x = torch.meshgrid(centres, centres, indexing="ij")
    return torch.stack([x, y], -1)


def _project(maps: Tensor, points: Tensor) -> Tensor:
    """Move (S, S, 2) points by (B, 3, 3) homographies: (B, S, S, 2)."""
    m = maps[:, :, :, None, None]  # (B, 3, 3, 1, 1)
    x, y = points[None, ..., 0], points[None, ..., 1]
    # Written out: a product of many tiny matrices is slow on a GPU.
    u, v, w = (m[:, row, 0] * x + m[:, row, 1] * y + m[:, row, 2] for row in range(3))
    # Behind the camera is nowhere near.
    return torch.stack([u, v], -1) / w.clamp(min=1e-3)[..., None]


def _sample(pixels: Tensor, grid: Tensor) -> Tensor:
    images = pixels.permute(0, 3, 1, 2).float().contiguous()
    return F.grid_sample(images, grid, "bilinear", "reflection", align_corners=False)


def _overlay(
    x: Tensor, others: Tensor, points: Tensor, draw: _Draw, config: DistortionConfig
) -> Tensor:
    """Lay a bar of one colour, or a part of another picture, in front."""
    centre, half = draw.uniform(-1, 1, 2), draw.uniform(0.05, 0.35, 2)
    px, py = points[None, None, ..., 0], points[None, None, ..., 1]
    inside = ((px - centre[:, :1]).abs() < half[:, :1]) & ((py - centre[:, 1:]).abs() < half[:, 1:])
    colour = draw.uniform(0, 255, 3)
    front = torch.where(draw.random() < 0.5, colour, others)
    return torch.where(inside & (draw.random() < config.overlay), front, x)


def _blur(x: Tensor, draw: _Draw, config: DistortionConfig) -> Tensor:
    count, channels, side, _ = x.shape
    steps = torch.arange(-_BLUR_RADIUS_PX, _BLUR_RADIUS_PX + 1, device=x.device).float()
    sigma = draw.uniform(*config.defocus_px)
    # A standard deviation of nearly 0 leaves the picture as it is.
    sigma = torch.where(draw.random() < config.defocus, sigma, torch.full_like(sigma, 0.05))
    # Motion: along x or y the blur is a bar.
    moving = draw.random() < config.motion
    along_x = draw.random() < 0.5
    bell = torch.exp(-0.5 * (steps / sigma[:, 0]).square())  # (B, 1, K)
    bar = (steps.abs() <= draw.uniform(1, _BLUR_RADIUS_PX)[:, 0]).float()
    for axis, applies in ((3, along_x), (2, ~along_x)):
        kernel = torch.where((moving & applies)[:, 0], bar, bell)
        kernel = (kernel / kernel.sum(-1, keepdim=True)).repeat_interleave(channels, 0)
        shape = (count * channels, 1, 1, -1) if axis == 3 else (count * channels, 1, -1, 1)
        radius = (_BLUR_RADIUS_PX,) * 2
        padding = (*radius, 0, 0) if axis == 3 else (0, 0, *radius)
        padded = F.pad(x.reshape(1, count * channels, side, side), padding, "replicate")
        x = F.conv2d(padded, kernel.reshape(shape), groups=count * channels)
    return x.reshape(count, channels, side, side)


def _shadow(points: Tensor, draw: _Draw, config: DistortionConfig) -> Tensor:
    """A soft-edged shadow: 1 on one side of a line, darker on the other."""
    angle = draw.uniform(0, 2 * math.pi)
    distance = points[None, None, ..., 0] * angle.cos() + points[None, None, ..., 1] * angle.sin()
    lit = ((distance + draw.uniform(-0.6, 0.6)) / draw.uniform(0.04, 1.0) + 0.5).clamp(0, 1)
    darkest = torch.where(draw.random() < config.shadow, draw.uniform(0.3, 0.8), 1.0)
    return darkest + (1 - darkest) * lit


def _glare(points: Tensor, draw: _Draw, config: DistortionConfig) -> Tensor:
    """A soft elliptical highlight."""
    centre, radius = draw.uniform(-1, 1, 2), draw.uniform(0.1, 0.7, 2)
    px, py = points[None, None, ..., 0], points[None, None, ..., 1]
    exponent = ((px - centre[:, :1]) / radius[:, :1]).square()
    exponent = exponent + ((py - centre[:, 1:]) / radius[:, 1:]).square()
    return (-exponent).exp() * draw.uniform(60, 240) * draw.chance(config.glare)


def _jpeg(x: Tensor, quality: Tensor) -> Tensor:
    """Round the 8 x 8 cosine coefficients as JPEG of a quality does (ITU-T T.81, table K.1)."""
    count, _, side, _ = x.shape
    luma = torch.tensor([0.299, 0.587, 0.114], device=x.device)[:, None, None]
    y = (x * luma).sum(1, keepdim=True)
    planes = torch.cat([y, x[:, 2:] - y, x[:, :1] - y], 1)  # luma and two differences
    # One convolution for all blocks: a product of many tiny matrices is slow on a GPU.
    basis = _cosines(x.device)
    kernels = torch.einsum("ia,jb->ijab", basis, basis).reshape(64, 1, 8, 8)
    coefficients = F.conv2d((planes - 128).reshape(count * 3, 1, side, side), kernels, stride=8)
    scale = torch.where(quality < 50, 50 / quality, 2 - quality / 50).repeat_interleave(3, 0)
    table = (torch.tensor(_LUMA_TABLE, device=x.device)[:, None, None] * scale).clamp(min=1)
    coefficients = torch.round(coefficients / table) * table
    planes = F.conv_transpose2d(coefficients, kernels, stride=8).reshape(count, 3, side, side) + 128
    y, blue, red = planes[:, :1], planes[:, 1:2], planes[:, 2:]
    r, b = y + red, y + blue
    g = (y - 0.299 * r - 0.114 * b) / 0.587
    return torch.cat([r, g, b], 1).clamp(0, 255)


def _cosines(device: torch.device) -> Tensor:
    """The orthonormal 8 x 8 cosine basis."""
    k = torch.arange(8, device=device).float()
    basis = torch.cos((2 * k[None] + 1) * k[:, None] * math.pi / 16) / 2
    basis[0] /= math.sqrt(2)
    return basis


# ITU-T T.81, table K.1: quantisation of luma at quality 50.
_LUMA_TABLE = (
    16.0, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
    92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip

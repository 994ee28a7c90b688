"""What a training view shows: which pictures, which parts of them, laid out how.

A recipe is drawn with NumPy from a generator that is passed in, for a whole batch at once, and is
a few numbers a view. `rendering` makes pixels of it on the device that trains. Teacher and
student see the same view; light, blur and noise come on top for the student alone.

Squares reach from -1 to 1 in x and y, as in `torch.nn.functional.grid_sample`.
"""

import math
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.training.distillation.config import ViewConfig, ViewKind

Floats = NDArray[np.float32]

_SQUARE = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float64)


@dataclass(frozen=True)
class Recipes:
    """B views.

    Attributes:
        pictures, partners: (B,) int64, rows of the store; a partner is the background of a
            capture and the second picture of a collage or blend.
        kinds: (B,) int64 of `ViewKind`.
        maps: (B, 3, 3) float32 homographies from the view's square to the picture's.
        partner_maps: (B, 3, 3) float32, the same for the partner.
        edges: (B, 3) float32 a, b, c: a collage shows the partner where a * x + b * y > c.
        shares: (B,) float32, part of the first picture where it shows; below 1 in blends.
        borders: (B, 4) float32: width of the frame around a captured item over its side, and the
            frame's RGB, 0 to 255.
    """

    pictures: NDArray[np.int64]
    partners: NDArray[np.int64]
    kinds: NDArray[np.int64]
    maps: Floats
    partner_maps: Floats
    edges: Floats
    shares: Floats
    borders: Floats

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, rows: NDArray[np.int64] | slice) -> "Recipes":
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def key(self, row: int) -> bytes:
        """Return bytes that differ where a view of the same pictures differs."""
        values = (self.kinds, self.maps, self.partner_maps, self.edges, self.shares, self.borders)
        return b"".join(np.ascontiguousarray(value[row]).tobytes() for value in values)


def draw_recipes(
    rng: np.random.Generator,
    pictures: NDArray[np.int64],
    partners: NDArray[np.int64],
    aspects: Floats,
    config: ViewConfig = ViewConfig(),
) -> Recipes:
    """Draw a view of each picture.

    Args:
        rng: source of every choice.
        pictures, partners: (B,) rows of the store.
        aspects: (M,) width over height of every picture of the store.
    """
    count = len(pictures)
    chances = [getattr(config, kind.name.lower()) for kind in ViewKind]
    kinds = rng.choice(len(chances), count, p=np.array(chances) / sum(chances)).astype(np.int64)
    crops = _crop_maps(rng, aspects[pictures], config)
    captures = _capture_maps(rng, aspects[pictures], config)
    whole = np.broadcast_to(np.eye(3), crops.shape)
    maps = np.select(
        [(kinds == ViewKind.WHOLE)[:, None, None], (kinds == ViewKind.CAPTURE)[:, None, None]],
        [whole, captures],
        crops,
    )
    angles = rng.choice((0, math.pi / 2, math.pi, 3 * math.pi / 2), count) + rng.normal(
        0, 0.1, count
    )
    edges = np.stack([np.cos(angles), np.sin(angles), rng.uniform(-0.4, 0.4, count)], 1)
    shares = np.where(kinds == ViewKind.BLEND, rng.uniform(config.blend_share, 0.8, count), 1.0)
    borders = np.concatenate(
        [rng.uniform(0.05, 0.3, (count, 1)), rng.integers(0, 256, (count, 3))], 1
    )
    borders[:, 0] *= (kinds == ViewKind.CAPTURE) & (rng.random(count) < config.bordered)
    return Recipes(
        pictures, partners, kinds, maps.astype(np.float32),
        _crop_maps(rng, aspects[partners], config).astype(np.float32),
        edges.astype(np.float32), shares.astype(np.float32), borders.astype(np.float32),
    )  # fmt: skip


def join_recipes(parts: list[Recipes]) -> Recipes:
    """Put recipes behind each other."""
    return Recipes(
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Recipes)}
    )


def whole_views(pictures: NDArray[np.int64]) -> Recipes:
    """Return the recipes of whole pictures, squeezed to a square."""
    count = len(pictures)
    eye = np.tile(np.eye(3, dtype=np.float32), (count, 1, 1))
    zeros = np.zeros((count, 4), np.float32)
    kinds = np.full(count, ViewKind.WHOLE, np.int64)
    ones = np.ones(count, np.float32)
    return Recipes(pictures, pictures, kinds, eye, eye, zeros[:, :3], ones, zeros)


def homographies(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (B, 3, 3) homographies that move (B, 4, 2) points to (B, 4, 2) points."""
    x, y, u, v = source[..., 0], source[..., 1], target[..., 0], target[..., 1]
    zero, one = np.zeros_like(x), np.ones_like(x)
    rows = np.concatenate(
        [
            np.stack([x, y, one, zero, zero, zero, -u * x, -u * y], -1),
            np.stack([zero, zero, zero, x, y, one, -v * x, -v * y], -1),
        ],
        1,
    )
    solution = np.linalg.solve(rows, np.concatenate([u, v], 1)[..., None])[..., 0]
    return np.concatenate([solution, np.ones((len(x), 1))], 1).reshape(-1, 3, 3)


def _draw_log(
    rng: np.random.Generator, bounds: tuple[float, float], count: int
) -> NDArray[np.float64]:
    """Draw numbers evenly on a logarithmic scale."""
    low, high = bounds
    return np.exp(rng.uniform(math.log(low), math.log(high), count))


def _turns(rng: np.random.Generator, count: int, config: ViewConfig) -> NDArray[np.float64]:
    """Draw (B, 2, 2) rotations."""
    angles = np.radians(rng.normal(0, config.rotation_deg, count))
    quarters = rng.integers(0, 4, count) * (math.pi / 2) + angles
    anywhere = rng.uniform(0, 2 * math.pi, count)
    full = np.where(rng.random(count) < 0.7, quarters, anywhere)
    angles = np.where(rng.random(count) < config.full_turn, full, angles)
    cos, sin = np.cos(angles), np.sin(angles)
    return np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], 1)


def _crop_maps(
    rng: np.random.Generator, aspects: Floats, config: ViewConfig
) -> NDArray[np.float64]:
    count = len(aspects)
    side = np.sqrt(_draw_log(rng, config.crop_area, count))
    stretch = np.exp(rng.normal(0, config.crop_stretch, count) / 2)
    share = np.clip(np.stack([side * stretch, side / stretch], 1), 0.05, 1.0)  # (B, 2)
    mirrored = np.where(rng.random(count) < config.mirrored, -1.0, 1.0)
    corners = _SQUARE * np.stack([mirrored, np.ones(count)], 1)[:, None]
    shift = config.corner_shift * rng.random((count, 1, 1))
    corners = (corners + rng.uniform(-1, 1, (count, 4, 2)) * shift) * share[:, None]
    # Turn in the picture's true proportions.
    proportions = np.stack([aspects, np.ones(count)], 1)[:, None].astype(np.float64)
    corners = (corners * proportions) @ _turns(rng, count, config) / proportions
    corners += (rng.uniform(-1, 1, (count, 2)) * (1 - share))[:, None]
    return homographies(np.broadcast_to(_SQUARE, corners.shape), corners)


def _capture_maps(
    rng: np.random.Generator, aspects: Floats, config: ViewConfig
) -> NDArray[np.float64]:
    count = len(aspects)
    frame = rng.choice(config.frame_aspects, count)
    # The item fills `extent` of the frame's tighter side; the frame is then squeezed to a square.
    wide = aspects > frame
    half = np.stack([np.where(wide, 1.0, aspects / frame), np.where(wide, frame / aspects, 1.0)], 1)
    half = half * _draw_log(rng, config.extent, count)[:, None]
    shift = config.corner_shift * 2 * rng.random((count, 1, 1))
    corners = (_SQUARE + rng.uniform(-1, 1, (count, 4, 2)) * shift) * half[:, None]
    proportions = np.stack([frame, np.ones(count)], 1)[:, None]
    corners = (corners * proportions) @ _turns(rng, count, config) / proportions
    slack = np.abs(1 - half) + 0.08
    corners += (rng.uniform(-1, 1, (count, 2)) * slack * 0.7)[:, None]
    return homographies(corners, np.broadcast_to(_SQUARE, corners.shape))

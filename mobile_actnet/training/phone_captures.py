"""Synthetic phone captures: what a picture of a catalogue looks like through a phone's camera.

A collection with one picture per item has no second photo to learn from, so one is made:
perspective, rotation, partial view, another background, light down to nearly black, colour cast,
glare, shadow, blur, noise, JPEG. Every choice comes from the generator that is passed in, so the
same seed gives the same capture.
"""

import io
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from mobile_actnet.pictures.preprocessing import Pixels

_Points = NDArray[np.float64]


@dataclass(frozen=True)
class CaptureConfig:
    """Ranges that captures are drawn from.

    Attributes:
        extent: side of the item over the side of the frame; above 1 the view is partial.
        rotation_deg: largest turn to either side.
        corner_shift: largest move of a corner by perspective, over the item's side.
        frame_aspects: width over height of the phone's frame, squeezed to the network's square.
        brightness: factor on light, drawn evenly on a logarithmic scale.
        contrast, saturation: factors.
        cast: largest deviation of a channel's factor from 1.
        glare, shadow, defocus, motion: probability of each.
        noise: largest standard deviation, on the scale 0 to 255.
        jpeg_quality: lowest and highest.
        scene: probability that the picture fills the frame, as a building or a room does, and is
            seen in part; no background then.
        scene_share: part of the picture's sides that is seen.
        scene_rotation_deg, scene_corner_shift: as above, for scenes.
        untouched: probability that the picture is only resized.
        any_turn: probability that the item lies turned by any angle, as books on a table do.
        small: probability that the item fills only `small_extent` of the frame.
        small_extent: as `extent`.
        frame: probability that a frame stands around the item, as around a painting.
        glass: probability that a pane before it all mirrors the surroundings.
        strong_glare: probability of a highlight that hides what is under it.
        second_item: probability that another item lies partly in view.

    The last seven are off by default; a probability of 0 draws nothing from the generator, so that
    what was drawn before they existed is drawn again.
    """

    extent: tuple[float, float] = (0.6, 1.4)
    rotation_deg: float = 25.0
    corner_shift: float = 0.14
    frame_aspects: tuple[float, ...] = (0.75, 0.75, 1.0, 4 / 3, 9 / 16)
    brightness: tuple[float, float] = (0.12, 1.5)
    contrast: tuple[float, float] = (0.6, 1.3)
    saturation: tuple[float, float] = (0.4, 1.4)
    cast: float = 0.2
    glare: float = 0.25
    shadow: float = 0.3
    defocus: float = 0.4
    motion: float = 0.15
    noise: float = 12.0
    jpeg_quality: tuple[int, int] = (30, 90)
    scene: float = 0.4
    scene_share: tuple[float, float] = (0.5, 1.0)
    scene_rotation_deg: float = 10.0
    scene_corner_shift: float = 0.1
    untouched: float = 0.1
    any_turn: float = 0.0
    small: float = 0.0
    small_extent: tuple[float, float] = (0.25, 0.5)
    frame: float = 0.0
    glass: float = 0.0
    strong_glare: float = 0.0
    second_item: float = 0.0


WILD_CAPTURES = CaptureConfig(
    extent=(0.5, 1.1), frame_aspects=(0.75,), brightness=(0.2, 1.4), scene=0.15, untouched=0.0,
    any_turn=0.25, small=0.15, frame=0.1, glass=0.1, strong_glare=0.1, second_item=0.2,
)  # fmt: skip
"""What people's photos are like, for calibrating and rehearsing: one frame, 3 to 4, and all kinds."""


def capture(
    item: Image.Image,
    background: Image.Image,
    rng: np.random.Generator,
    side_px: int,
    config: CaptureConfig = CaptureConfig(),
) -> Pixels:
    """Photograph an item with an imagined phone.

    Args:
        item: RGB picture of the item.
        background: RGB picture to lay it on.
        rng: source of every choice.
        side_px: height and width of the result.

    Returns:
        (side_px, side_px, 3) uint8, RGB.
    """
    if rng.random() < config.untouched:
        return np.array(item.resize((side_px, side_px), Image.Resampling.BILINEAR))
    if rng.random() < config.scene:
        frame = _look_at(item, rng, side_px, config)
    else:
        backdrop = _backdrop(background, rng, side_px)
        if _happens(rng, config.second_item):
            backdrop = _with_second_item(background, backdrop, rng)
        if _happens(rng, config.frame):
            item = _framed(item, rng)
        frame = _lay_on(item, backdrop, rng, config)
    if _happens(rng, config.glass):
        frame = _behind_glass(frame, background, rng)
    frame = _blur(frame, rng, config)
    lit = _light(np.asarray(frame, np.float32), rng, config)
    lit += rng.standard_normal(lit.shape, np.float32) * float(rng.uniform(0, config.noise))
    return _jpeg(np.clip(lit, 0, 255).astype(np.uint8), rng, config)


def _happens(rng: np.random.Generator, probability: float) -> bool:
    """Throw a die, but not for what never happens: its stream of numbers stays as it was."""
    return probability > 0 and rng.random() < probability


def _framed(item: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Put a frame around a picture, in two shades."""
    width = max(2, round(max(item.size) * float(rng.uniform(0.04, 0.15))))
    shade = tuple(int(c) for c in rng.integers(20, 220, 3))
    framed = Image.new("RGB", (item.width + 2 * width, item.height + 2 * width), shade)
    inner = max(1, width // 3)
    lighter = tuple(min(255, c + 35) for c in shade)
    framed.paste(lighter, (inner, inner, framed.width - inner, framed.height - inner))
    framed.paste(item, (width, width))
    return framed


def _with_second_item(
    other: Image.Image, backdrop: Image.Image, rng: np.random.Generator
) -> Image.Image:
    """Lay another item at the frame's edge, so that a part of it is seen."""
    side = backdrop.width
    scale = float(rng.uniform(0.4, 0.8)) * side / max(other.size)
    size = (max(1, round(other.width * scale)), max(1, round(other.height * scale)))
    turned = other.resize(size, Image.Resampling.BILINEAR).rotate(
        float(rng.uniform(-30, 30)), Image.Resampling.BILINEAR, expand=True
    )
    angle = rng.uniform(0, 2 * math.pi)
    centre = 0.5 * side + 0.6 * side * np.array([math.cos(angle), math.sin(angle)])
    backdrop.paste(
        turned, (int(centre[0]) - turned.width // 2, int(centre[1]) - turned.height // 2)
    )
    return backdrop


def _behind_glass(
    frame: Image.Image, surroundings: Image.Image, rng: np.random.Generator
) -> Image.Image:
    """Let a pane mirror blurred surroundings, brightest at one side."""
    mirrored = surroundings.resize(frame.size, Image.Resampling.BILINEAR)
    mirrored = mirrored.filter(
        ImageFilter.GaussianBlur(frame.width * float(rng.uniform(0.01, 0.03)))
    )
    strength = float(rng.uniform(0.15, 0.5)) * (1 - _ramp(frame.width, rng, 0.0))
    pixels = np.asarray(frame, np.float32) + np.asarray(mirrored, np.float32) * strength
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def perspective_coefficients(frame: _Points, item: _Points) -> list[float]:
    """Return Pillow's eight coefficients that map points of the frame to points of the item.

    Args:
        frame, item: (4, 2) corresponding corners, (x, y) in pixels, no three on a line.
    """
    rows, values = [], []
    for (x, y), (u, v) in zip(frame, item, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return [float(c) for c in np.linalg.solve(np.array(rows), np.array(values))]


def _lay_on(
    item: Image.Image, backdrop: Image.Image, rng: np.random.Generator, config: CaptureConfig
) -> Image.Image:
    side = backdrop.width
    corners = _item_corners(item.width / item.height, rng, config) * side
    minification = max(item.size) / max(1.0, float(np.ptp(corners, axis=0).max()))
    if minification > 1.2:
        # PERSPECTIVE samples without antialiasing.
        size = [max(1, round(length / minification)) for length in item.size]
        item = item.resize((size[0], size[1]), Image.Resampling.BILINEAR)
    width, height = item.size
    source = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    coefficients = perspective_coefficients(corners, source)
    method, bilinear = Image.Transform.PERSPECTIVE, Image.Resampling.BILINEAR
    warped = item.transform((side, side), method, coefficients, bilinear)
    mask = Image.new("L", item.size, 255)
    mask = mask.transform((side, side), method, coefficients, bilinear)
    backdrop.paste(warped, (0, 0), mask)
    return backdrop


def _look_at(
    item: Image.Image, rng: np.random.Generator, side_px: int, config: CaptureConfig
) -> Image.Image:
    """See a part of the picture through the whole frame; beyond its edges it goes on mirrored."""
    share = rng.uniform(*config.scene_share, 2) * np.exp(rng.normal(0, 0.05, 2))
    share = np.clip(share, 0.05, 1.0)
    centre = 0.5 + rng.uniform(-0.5, 0.5, 2) * (1 - share)
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float64) * share / 2
    corners += rng.uniform(-1, 1, (4, 2)) * share * config.scene_corner_shift * rng.random()
    angle = math.radians(rng.normal(0, config.scene_rotation_deg / 2.5))
    turn = np.array([(math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))])
    corners = corners @ turn + centre
    minification = max(item.size) * float(share.max()) / side_px
    if minification > 1.2:
        size = [max(1, round(length / minification)) for length in item.size]
        item = item.resize((size[0], size[1]), Image.Resampling.BILINEAR)
    pixels = np.asarray(item)
    margins = [length // 4 for length in pixels.shape[:2]]
    padding = [(margin, margin) for margin in margins]
    mirrored = Image.fromarray(np.pad(pixels, [*padding, (0, 0)], mode="symmetric"))
    seen = corners * item.size + np.array([margins[1], margins[0]])
    frame = np.array([(0, 0), (side_px, 0), (side_px, side_px), (0, side_px)], np.float64)
    coefficients = perspective_coefficients(frame, seen)
    return mirrored.transform(
        (side_px, side_px), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR
    )


def _item_corners(aspect: float, rng: np.random.Generator, config: CaptureConfig) -> _Points:
    """Return the item's corners in a frame of side 1, clockwise from its top left."""
    frame_aspect = float(rng.choice(config.frame_aspects))
    # The item fills `extent` of the frame's tighter side; the frame is then squeezed to a square.
    width, height = (
        (1.0, frame_aspect / aspect) if aspect > frame_aspect else (aspect / frame_aspect, 1.0)
    )
    extents = config.small_extent if _happens(rng, config.small) else config.extent
    extent = math.exp(rng.uniform(*np.log(extents)))
    half = np.array([width, height]) * extent / 2
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float64) * half
    corners += rng.uniform(-1, 1, (4, 2)) * half * 2 * config.corner_shift * rng.random()
    angle = math.radians(rng.normal(0, config.rotation_deg / 2.5))
    if _happens(rng, config.any_turn):
        angle = float(rng.uniform(0, 2 * math.pi))
    turn = np.array([(math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))])
    # Turn in the frame's true proportions, not in the squeezed ones.
    proportions = np.array([frame_aspect, 1.0])
    corners = (corners * proportions) @ turn / proportions
    slack = np.abs(0.5 - half) + 0.04
    return corners + 0.5 + rng.uniform(-1, 1, 2) * slack * 0.8


def _backdrop(background: Image.Image, rng: np.random.Generator, side_px: int) -> Image.Image:
    if rng.random() < 0.3:
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        return Image.new("RGB", (side_px, side_px), colour)
    share = rng.uniform(0.3, 1.0)
    width, height = background.width * share, background.height * share
    left = rng.uniform(0, background.width - width)
    top = rng.uniform(0, background.height - height)
    box = (left, top, left + width, top + height)
    backdrop = background.resize((side_px, side_px), Image.Resampling.BILINEAR, box=box)
    # Another item in full view would be a second right answer: mostly only its colours stay.
    if rng.random() < 0.6:
        backdrop = backdrop.filter(ImageFilter.GaussianBlur(float(rng.uniform(2, 10))))
    return backdrop


def _blur(image: Image.Image, rng: np.random.Generator, config: CaptureConfig) -> Image.Image:
    if rng.random() < config.defocus:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 2.0))))
    if rng.random() < config.motion:
        kernel = np.zeros((5, 5))
        direction = rng.integers(0, 4)
        line = np.arange(5)
        rows = (np.full(5, 2), line, line, line[::-1])[direction]
        columns = (line, np.full(5, 2), line, line)[direction]
        kernel[rows, columns] = 1
        image = image.filter(ImageFilter.Kernel((5, 5), kernel.ravel().tolist(), 5))
    return image


def _light(
    pixels: NDArray[np.float32], rng: np.random.Generator, config: CaptureConfig
) -> NDArray[np.float32]:
    side = pixels.shape[0]
    grey = pixels.mean(2, keepdims=True)
    pixels = grey + (pixels - grey) * rng.uniform(*config.saturation)
    pixels = (pixels - 128) * rng.uniform(*config.contrast) + 128
    pixels *= 1 + rng.uniform(-config.cast, config.cast, 3).astype(np.float32)
    if rng.random() < config.shadow:
        pixels *= _ramp(side, rng, rng.uniform(0.3, 0.8))
    if rng.random() < config.glare:
        pixels += _spot(side, rng) * rng.uniform(60, 220)
    if _happens(rng, config.strong_glare):
        pixels += np.sqrt(_spot(side, rng)) * rng.uniform(250, 500)
    # Half of the captures near normal light, the others anywhere in the range.
    low, high = np.log(config.brightness)
    spread = rng.normal(0, 0.2) if rng.random() < 0.5 else rng.uniform(low, high)
    return (pixels * math.exp(np.clip(spread, low, high))).astype(np.float32)


def _ramp(side: int, rng: np.random.Generator, darkest: float) -> NDArray[np.float32]:
    """A soft-edged shadow: 1 on one side of a random line, `darkest` on the other."""
    angle = rng.uniform(0, 2 * math.pi)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side - 0.5
    distance = x * math.cos(angle) + y * math.sin(angle) + rng.uniform(-0.3, 0.3)
    lit = np.clip(distance / rng.uniform(0.02, 0.5) + 0.5, 0, 1)
    return (darkest + (1 - darkest) * lit)[..., None].astype(np.float32)


def _spot(side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A soft elliptical highlight with its peak 1 at a random place."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    centre, radius = rng.uniform(0, 1, 2), rng.uniform(0.05, 0.3, 2)
    exponent = ((x - centre[0]) / radius[0]) ** 2 + ((y - centre[1]) / radius[1]) ** 2
    return np.exp(-exponent)[..., None].astype(np.float32)


def _jpeg(pixels: Pixels, rng: np.random.Generator, config: CaptureConfig) -> Pixels:
    buffer = io.BytesIO()
    quality = int(rng.integers(config.jpeg_quality[0], config.jpeg_quality[1] + 1))
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.array(Image.open(buffer))

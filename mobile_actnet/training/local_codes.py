"""Learn the 128 bits of local features from pictures and phone-like photos of them.

    python -m mobile_actnet.training.local_codes PHOTOS [PHOTOS ...] -o local_codes.safetensors

A place of a picture and the same place in a photo of it must get the same bits. Pairs of places are
known because the photos are made with a known homography. The projection whitens the differences of
such pairs (LDAHash: Strecha et al., PAMI 2012), keeps the 96 directions of most variance, and spreads
them over 128 bits by a random tight frame. Changing the file makes every gallery's local features void:
raise `local_features.VERSION` with it.
"""

import argparse
import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from mobile_actnet.commands import run
from mobile_actnet.files import write_atomically
from mobile_actnet.pictures.local_features import (
    GALLERY_EXTRACTION,
    QUERY_EXTRACTION,
    ExtractionConfig,
    detect,
    root_sift,
)
from mobile_actnet.pictures.photo_tree import FoundPhoto, walk_photos
from mobile_actnet.pictures.preprocessing import decode
from mobile_actnet.training.phone_captures import perspective_coefficients

_BITS, _DIRECTIONS = 128, 96
_NEAR_PX, _NEAR_DEG, _NEAR_OCTAVES = 2.5, 20.0, 0.4
_FRAMES = ((480, 640), (640, 480))
_PICTURES = 1200

Floats = NDArray[np.floating]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Learn the bits of local features.")
    parser.add_argument("photos", type=Path, nargs="+", metavar="PHOTOS")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    arguments = parser.parse_args(argv)
    return run(lambda: _learn(arguments.photos, arguments.output))


def _learn(folders: list[Path], output: Path) -> int:
    from safetensors.numpy import save

    rng = np.random.default_rng(7)
    paths = [
        folder / photo.path
        for folder in folders
        for photo in walk_photos(folder)
        if isinstance(photo, FoundPhoto)
    ]
    chosen = rng.permutation(len(paths))[:_PICTURES]
    parts = [_pairs(decode(paths[index]), rng) for index in chosen]
    one, other, others = (np.concatenate(column) for column in zip(*parts, strict=True))
    projection, thresholds = learn_bits(one, other, others, rng)
    write_atomically(output, save({"projection": projection, "thresholds": thresholds}))
    print(f"learned {_BITS} bits from {len(one)} pairs of {len(chosen)} pictures: {output}")
    return 0


def learn_bits(
    one: Floats, other: Floats, background: Floats, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the projection, (128, 128), and the thresholds, (128,).

    Args:
        one, other: (P, 128) the same places in a picture and in a photo of it.
        background: (B, 128) any places.
    """
    difference = (one - other).astype(np.float64)
    variance, axes = np.linalg.eigh(difference.T @ difference / len(one) + 1e-6 * np.eye(_BITS))
    whitening = axes @ np.diag(variance**-0.5) @ axes.T
    mean = background.mean(axis=0, dtype=np.float64)
    _, directions = np.linalg.eigh(np.cov(((background - mean) @ whitening).T))
    kept = whitening @ directions[:, ::-1][:, :_DIRECTIONS]
    frame = np.linalg.qr(rng.standard_normal((_BITS, _DIRECTIONS)))[0].T
    projection = (kept @ frame).astype(np.float32)
    return projection, (mean @ projection).astype(np.float32)


def _pairs(picture: Image.Image, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Return gradients of the same places in a picture and in a photo, and some of any place."""
    photo, coefficients = _photograph(picture, rng)
    width, _, points, gradients = detect(picture, ExtractionConfig(GALLERY_EXTRACTION.side_px, 600))
    _, _, seen, seen_gradients = detect(photo, QUERY_EXTRACTION)
    one, other = root_sift(gradients), root_sift(seen_gradients)
    scale = picture.width / width
    pairs = np.array(list(_same_places(points, seen, coefficients, scale)), np.int64).reshape(-1, 2)
    return one[pairs[:, 0]], other[pairs[:, 1]], np.concatenate([one[::4], other[::6]])


def _same_places(
    points: Floats, seen: Floats, coefficients: Sequence[float], scale: float
) -> Iterator[tuple[int, int]]:
    """Yield rows of the picture's and of the photo's points that are one place."""
    if not len(points) or not len(seen):
        return
    # The coefficients lead from the photo to the picture; so do the comparisons.
    centre = _mapped(coefficients, seen[:, :2])
    turn = np.radians(seen[:, 3])
    ahead = _mapped(coefficients, seen[:, :2] + 4 * np.stack([np.cos(turn), np.sin(turn)], 1))
    arrow = (ahead - centre) / (4 * scale)
    zoom, angle = np.hypot(*arrow.T), np.degrees(np.arctan2(arrow[:, 1], arrow[:, 0]))
    apart = np.linalg.norm(centre[None] / scale - points[:, None, :2], axis=2) / zoom
    turned = np.abs((angle[None] - points[:, None, 3] + 180) % 360 - 180)
    resized = np.abs(np.log2(seen[:, 2] * zoom)[None] - np.log2(points[:, 2])[:, None])
    same = (apart < _NEAR_PX) & (turned < _NEAR_DEG) & (resized < _NEAR_OCTAVES)
    apart[~same] = np.inf
    nearest = apart.argmin(axis=1)
    for row in np.flatnonzero(same.any(axis=1)):
        yield int(row), int(nearest[row])


def _mapped(coefficients: Sequence[float], points: Floats) -> Floats:
    a, b, c, d, e, f, g, h = coefficients
    x, y = points.T
    return np.stack([a * x + b * y + c, d * x + e * y + f], 1) / (g * x + h * y + 1)[:, None]


def _photograph(
    picture: Image.Image, rng: np.random.Generator
) -> tuple[Image.Image, Sequence[float]]:
    """Photograph a picture; the coefficients lead from the photo's to the picture's pixels."""
    frame = _FRAMES[int(rng.random() < 0.4)]
    fit = min(frame[0] / picture.width, frame[1] / picture.height)
    scale = math.exp(rng.uniform(math.log(0.45), math.log(1.2))) * fit
    size = np.array(picture.size) * scale
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * size / 2
    corners += rng.uniform(-1, 1, (4, 2)) * size * 0.14 * rng.random()
    angle = math.radians(rng.normal(0, 25))
    turn = np.array([(math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))])
    corners = corners @ turn + np.array(frame) / 2 + rng.uniform(-40, 40, 2)
    width, height = picture.size
    source = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    coefficients = perspective_coefficients(corners, source)
    soft = picture.filter(ImageFilter.GaussianBlur(max(0.0, 0.45 / scale - 0.45)))
    method, bilinear = Image.Transform.PERSPECTIVE, Image.Resampling.BILINEAR
    fill = tuple(int(value) for value in rng.integers(0, 256, 3))
    photo = soft.transform(frame, method, coefficients, bilinear, fillcolor=fill)
    if rng.random() < 0.5:
        photo = photo.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.4, 1.8))))
    return _developed(photo, rng), coefficients


def _developed(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Change the light, add a highlight and noise, and save as JPEG."""
    pixels = np.asarray(photo, np.float32) * math.exp(rng.uniform(math.log(0.25), math.log(1.3)))
    if rng.random() < 0.3:
        y, x = np.mgrid[0 : photo.height, 0 : photo.width]
        centre = rng.uniform(0, 1, 2) * photo.size
        spot = np.exp(-(((x - centre[0]) / 120) ** 2) - ((y - centre[1]) / 120) ** 2)
        pixels = pixels + (spot * rng.uniform(60, 200))[..., None]
    pixels = pixels + rng.normal(0, rng.uniform(1, 8), pixels.shape)
    buffer = io.BytesIO()
    bytes_ = np.clip(pixels, 0, 255).astype(np.uint8)
    Image.fromarray(bytes_).save(buffer, "JPEG", quality=int(rng.integers(35, 91)))
    return Image.open(buffer).convert("RGB")


if __name__ == "__main__":
    raise SystemExit(main())

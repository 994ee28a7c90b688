"""Calibration: what activations look like, from photos or as recorded beside a checkpoint.

Calibration images tell ranges and means, nothing else; they are never evaluated on. The shipped
weights, and all that `actnet quantize` tuned, have a record, so that int8 needs no photos.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from mobile_actnet.commands import counted
from mobile_actnet.errors import ConfigError
from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization.activation_ranges import Histogram, choose_range
from mobile_actnet.export.quantization.backbone_points import INPUT, WHITENING, BackbonePoints
from mobile_actnet.export.quantization.config import (
    DEFAULT_IMAGES,
    MIN_IMAGES,
    RECOMMENDED_IMAGES,
    CalibrationMethod,
)
from mobile_actnet.export.quantization.plan import Range
from mobile_actnet.export.quantization.tuned_kernels import TunedKernels
from mobile_actnet.export.quantization.weight_repair import (
    BYTE_RANGE,
    equalisation_scales,
    equalise,
    take_bytes,
)
from mobile_actnet.network.activations import FEATURE_MAP_MAX
from mobile_actnet.pictures.photos import Photo, Role, find_photos, load_images
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.vocabulary import ImageSize

_SEED = 0
# Of a tensor in each batch; minima, maxima and means see all values.
_COUNTED_VALUES = 1 << 16


@dataclass(frozen=True)
class CalibrationImages:
    """Calibration images, decoded.

    Attributes:
        pixels: (N, H, W, 3) uint8.
        hashes: SHA-256 of each file.
        problems: a sentence for each chosen photo that could not be read.
    """

    pixels: Pixels
    hashes: tuple[str, ...]
    problems: list[str] = field(default_factory=list)

    @property
    def sha256(self) -> str:
        """Hash of the list: the files' hashes, sorted, a line each."""
        lines = "".join(f"{one}\n" for one in sorted(self.hashes))
        return hashlib.sha256(lines.encode()).hexdigest()


@dataclass(frozen=True)
class ActivationRanges:
    """What calibration found.

    Attributes:
        scales: per point, (C,) what equalisation multiplies its channels by.
        means: per point, (C,) the mean of each channel, equalised.
        ranges: per point, the ends of its 256 levels, equalised.
        images: how many pictures. sha256: of the list of their hashes.
        method: how the ranges were chosen.
        source: "photos", or "recorded" beside the checkpoint.
        size: of the pictures, as HxW.
        tuned: what stands in for the backbone where activations are of 8 bits; None if it was not
            tuned.
    """

    scales: dict[str, Tensor]
    means: dict[str, Tensor]
    ranges: dict[str, Range]
    images: int
    sha256: str
    method: CalibrationMethod
    source: str
    size: str
    tuned: TunedKernels | None = None


def load_calibration_images(
    folders: Sequence[Path], size: ImageSize, count: int = DEFAULT_IMAGES, progress: bool = False
) -> CalibrationImages:
    """Choose photos at random, always the same ones, an equal share of each folder; decode them.

    In a folder whose `manifest.csv` has the role train, only those photos are taken.

    Raises:
        ConfigError: fewer than `MIN_IMAGES` can be read.
    """
    chosen = [photo for folder in folders for photo in _chosen(folder, count // len(folders))]
    shown = tqdm(chosen, desc="calibration", unit="photo", disable=not progress, leave=False)
    pixels, readable, problems = load_images(shown, size.height, size.width)
    if len(readable) < MIN_IMAGES:
        raise ConfigError(
            f"{' '.join(map(str, folders))} gives {counted(len(readable), 'readable photo')}; "
            f"at least {MIN_IMAGES} are needed, {RECOMMENDED_IMAGES} or more are recommended"
        )
    return CalibrationImages(
        pixels, tuple(_content_hash(photo.path) for photo in readable), problems
    )


def _chosen(folder: Path, count: int) -> list[Photo]:
    photos = find_photos(folder)
    photos = [photo for photo in photos if photo.role == Role.TRAIN] or photos
    order = np.random.default_rng(_SEED).permutation(len(photos))[:count]
    return [photos[number] for number in order]


def check_apart(images: CalibrationImages, verified: list[Photo]) -> None:
    """Raise `ConfigError` if a calibration image is among the photos of the check, by content."""
    hashes = set(images.hashes)
    for photo in verified:
        if _content_hash(photo.path) in hashes:
            raise ConfigError(
                f"{photo.path} of --verify is among the calibration images too; "
                "give folders without common photos: a check on calibration images looks too good"
            )


def _content_hash(path: Path) -> str:
    """Return the SHA-256 of a file's content alone: a copy under another name has the same."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def measure_ranges(
    deployable: DeployableActnet,
    images: CalibrationImages,
    method: CalibrationMethod,
    source: str = "photos",
) -> ActivationRanges:
    """Measure a network on calibration images and equalise it, in place.

    Args:
        deployable: float weights as trained; its backbone is equalised afterwards.
    """
    points = BackbonePoints(deployable)
    take_bytes(points)
    extrema = _channel_extrema(points, images.pixels)
    largest = {name: torch.maximum(-low, high) for name, (low, high) in extrema.items()}
    scales = equalisation_scales(points, largest)
    equalise(points, scales)
    means, histograms = _distributions(points, images.pixels, _limits(points, extrema, scales))
    height, width = images.pixels.shape[1:3]
    ranges = {name: choose_range(x, method) for name, x in histograms.items()}
    return ActivationRanges(
        scales, means, ranges | {INPUT: BYTE_RANGE},
        len(images.pixels), images.sha256, method, source, f"{height}x{width}",
    )  # fmt: skip


def _channel_extrema(points: BackbonePoints, pixels: Pixels) -> dict[str, tuple[Tensor, Tensor]]:
    """Return per point (C,) the smallest and the largest value of each channel."""
    extrema: dict[str, tuple[Tensor, Tensor]] = {}

    def widen(name: str, values: Tensor) -> None:
        low, high = _by_channel(values).aminmax(dim=1)
        if name in extrema:
            low, high = torch.minimum(low, extrema[name][0]), torch.maximum(high, extrema[name][1])
        extrema[name] = low, high

    points.observe(pixels, widen)
    return extrema


def _limits(
    points: BackbonePoints, extrema: dict[str, tuple[Tensor, Tensor]], scales: dict[str, Tensor]
) -> dict[str, Range]:
    """Return per point between which values the equalised network stays."""
    bounded = {x.point for x in points.convolutions if x.bounded}
    limits = {}
    for name, (low, high) in extrema.items():
        scale = scales.get(name, torch.ones(()))
        top = float((high * scale).max())
        limits[name] = (
            float((low * scale).min()),
            min(top, FEATURE_MAP_MAX) if name in bounded else top,
        )
    return limits


def _distributions(
    points: BackbonePoints, pixels: Pixels, limits: dict[str, Range]
) -> tuple[dict[str, Tensor], dict[str, Histogram]]:
    """Return per point (C,) means, and the histogram of evenly spaced values."""
    histograms = {name: Histogram(*ends) for name, ends in limits.items()}
    sums: dict[str, Tensor] = {}
    counts: dict[str, int] = {}

    def count(name: str, values: Tensor) -> None:
        rows = _by_channel(values)
        sums[name] = sums.get(name, torch.zeros(len(rows))) + rows.sum(1)
        counts[name] = counts.get(name, 0) + rows.shape[1]
        values = rows.flatten()
        histograms[name].add(values[:: max(1, len(values) // _COUNTED_VALUES)].numpy())

    points.observe(pixels, count)
    means = {name: sums[name] / counts[name] for name in sums if name != WHITENING}
    return means, histograms


def _by_channel(values: Tensor) -> Tensor:
    """(N, C, ...) -> (C, N * ...)."""
    return values.transpose(0, 1).flatten(1)

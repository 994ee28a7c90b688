"""Settings of a run that learns from teachers; free of torch, for the help of commands."""

import math
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import Any

from mobile_actnet.errors import ConfigError
from mobile_actnet.network.config import check_image_size
from mobile_actnet.training.config import Autocast

CACHE_VERSION = 2
"""Part of the names of kept pixels and descriptors; to be raised when decoding or rendering changes."""


class TeacherNormalisation(StrEnum):
    """What a teacher that takes floats expects of RGB values."""

    IMAGENET = "imagenet"
    CLIP = "clip"
    ZERO_TO_ONE = "zero-to-one"
    MINUS_ONE_TO_ONE = "minus-one-to-one"
    NONE = "none"


class ViewKind(IntEnum):
    """WHOLE: the picture, squeezed to a square. CROP: a part of it. CAPTURE: the picture laid on
    another one, as a phone sees it. COLLAGE: two parts side by side. BLEND: two parts mixed."""

    WHOLE = 0
    CROP = 1
    CAPTURE = 2
    COLLAGE = 3
    BLEND = 4


@dataclass(frozen=True)
class ViewConfig:
    """Ranges that views are drawn from.

    Attributes:
        whole, crop, capture, collage, blend: shares of the kinds; their sum is 1.
        crop_area: part of the picture's area that a crop shows, drawn on a logarithmic scale.
        crop_stretch: standard deviation of the logarithm of a crop's width over height.
        rotation_deg: standard deviation of the turn of crops and captures.
        corner_shift: largest move of a corner by perspective, over the side.
        full_turn: probability of a turn by any angle, as of a book that lies sideways.
        mirrored: probability that a view is mirrored; captures never are.
        extent: side of the item over the frame's tighter side in a capture; above 1 it is cut.
        frame_aspects: width over height of the phone's frame.
        bordered: probability that a captured item hangs in a frame of one colour.
        blend_share: smallest part that the first picture of a blend has.
    """

    whole: float = 0.08
    crop: float = 0.37
    capture: float = 0.40
    collage: float = 0.10
    blend: float = 0.05
    crop_area: tuple[float, float] = (0.10, 1.0)
    crop_stretch: float = 0.2
    rotation_deg: float = 9.0
    corner_shift: float = 0.12
    full_turn: float = 0.12
    mirrored: float = 0.3
    extent: tuple[float, float] = (0.4, 1.7)
    frame_aspects: tuple[float, ...] = (0.75, 0.75, 1.0, 4 / 3, 9 / 16)
    bordered: float = 0.12
    blend_share: float = 0.5

    def only(self, kind: ViewKind) -> "ViewConfig":
        """Return the same ranges for views of one kind alone."""
        shares: dict[str, Any] = {k.name.lower(): float(k is kind) for k in ViewKind}
        return replace(self, **shares)

    def __post_init__(self) -> None:
        shares = [getattr(self, kind.name.lower()) for kind in ViewKind]
        if not (min(shares) >= 0 and abs(sum(shares) - 1) <= 1e-6):
            raise ConfigError(
                f"the shares of the kinds of views are {shares}; their sum must be 1: "
                "change two of them together"
            )
        _check_range("views.crop_area", self.crop_area, 1.0)
        _check_range("views.extent", self.extent)
        if not all(0 < aspect < math.inf for aspect in self.frame_aspects):
            raise ConfigError(f"views.frame_aspects is {self.frame_aspects}; give values above 0")


@dataclass(frozen=True)
class DistortionConfig:
    """Ranges of `distort`.

    Attributes:
        untouched: probability that a view stays as it is.
        brightness: factor on light, drawn on a logarithmic scale.
        contrast, saturation: factors. cast: largest deviation of a channel's factor from 1.
        shadow, glare, reflection, overlay, defocus, motion, jpeg: probability of each.
        defocus_px: smallest and largest standard deviation.
        noise: largest standard deviation, on the scale 0 to 255.
        jpeg_quality: lowest and highest.
    """

    untouched: float = 0.2
    brightness: tuple[float, float] = (0.12, 1.6)
    contrast: tuple[float, float] = (0.6, 1.3)
    saturation: tuple[float, float] = (0.4, 1.5)
    cast: float = 0.2
    shadow: float = 0.25
    glare: float = 0.25
    reflection: float = 0.12
    overlay: float = 0.12
    defocus: float = 0.4
    defocus_px: tuple[float, float] = (0.3, 2.0)
    motion: float = 0.12
    noise: float = 12.0
    jpeg: float = 0.3
    jpeg_quality: tuple[float, float] = (30.0, 90.0)

    def __post_init__(self) -> None:
        for name in ("brightness", "contrast", "saturation", "defocus_px"):
            _check_range(f"distortions.{name}", getattr(self, name))
        _check_range("distortions.jpeg_quality", self.jpeg_quality, 100.0)


def _check_range(name: str, bounds: tuple[float, ...], most: float = math.inf) -> None:
    if len(bounds) != 2 or not 0 < bounds[0] <= bounds[1] <= most or bounds[1] == math.inf:
        limit = f" and at most {most:g}" if most < math.inf else ""
        raise ConfigError(
            f"{name} is {bounds}; give two values above 0{limit}, the smaller one first"
        )


@dataclass(frozen=True)
class DistillationConfig:
    """Settings of a run.

    Attributes:
        steps: updates.
        minutes: the schedule runs by the clock and ends after so many; 0 counts steps alone. A
            resumed run has what is left of them.
        batch_size: views in an update.
        view_side_px: size that views are rendered at, and that the teachers see them at.
        early_side_px, late_side_px: size at which the student sees them, before and after
            `late_from`, a part of the run.
        views_per_picture: different views that are made of a picture; teachers' descriptors of
            them are kept on disk. 0 is a new view every time, for a GPU that runs the teachers.
        clean_share: probability that a capture's target is the clean picture's descriptor, and
            not that of the capture.
        teacher_dim: a teacher's descriptor is cut to so many principal components.
        temperature: similarities are divided by it where they are compared with the bank.
        cosine_weight, spread_weight: parts of the loss; see `teacher_losses`.
        bank_size: clean pictures that views are compared with, at most.
        backbone_rate, whitening_rate, activation_rate: peak learning rates.
        warmup_share: part of the run in which the rates grow; then a cosine down to 1 %.
        weight_decay: of the backbone's kernels. largest_gradient_norm: gradients are clipped to it.
        average_decay: of the running average of the weights, which is what is kept.
        frozen_batch_norm: leaves batch norm as it was at the start.
        autocast: precision of the student's backbone.
        held_out_share: part of the pictures that is not learned from and says how the run does.
        joined_dim: values of the descriptor that the teachers' heads are joined to.
        joined_strength: of the whitening of that descriptor; see `join_heads`.
        seed: of every random choice.
    """

    steps: int = 2000
    minutes: float = 0.0
    batch_size: int = 64
    view_side_px: int = 224
    early_side_px: int = 192
    late_side_px: int = 224
    late_from: float = 0.6
    views_per_picture: int = 8
    clean_share: float = 0.8
    teacher_dim: int = 512
    temperature: float = 0.05
    cosine_weight: float = 5.0
    spread_weight: float = 0.0
    bank_size: int = 16384
    backbone_rate: float = 1e-3
    whitening_rate: float = 1e-3
    activation_rate: float = 1e-3
    warmup_share: float = 0.03
    weight_decay: float = 0.02
    largest_gradient_norm: float = 5.0
    average_decay: float = 0.999
    frozen_batch_norm: bool = False
    autocast: Autocast = Autocast.AUTO
    held_out_share: float = 0.03
    joined_dim: int = 512
    joined_strength: float = 0.25
    seed: int = 0
    views: ViewConfig = field(default_factory=ViewConfig)
    distortions: DistortionConfig = field(default_factory=DistortionConfig)

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "teacher_dim", "joined_dim", "bank_size"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be 1 or more")
        for name in ("minutes", "views_per_picture", "cosine_weight", "spread_weight",
                     "weight_decay", "seed"):  # fmt: skip
            if not getattr(self, name) >= 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be 0 or more")
        for name in ("temperature", "backbone_rate", "whitening_rate", "activation_rate",
                     "largest_gradient_norm"):  # fmt: skip
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be above 0")
        for name in ("late_from", "clean_share", "warmup_share", "average_decay",
                     "held_out_share", "joined_strength"):  # fmt: skip
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; allowed is 0 to 1")
        for side in (self.view_side_px, self.early_side_px, self.late_side_px):
            check_image_size(side, side)

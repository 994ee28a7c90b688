"""Settings of a training run, and the two presets."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from mobile_actnet.errors import ConfigError
from mobile_actnet.network.config import check_image_size


class LossKind(StrEnum):
    """BANK: captures against a frozen teacher's bank. TRIPLET: eq. 23."""

    BANK = "bank"
    TRIPLET = "triplet"


class OptimizerKind(StrEnum):
    """What turns gradients into steps."""

    ADAMW = "adamw"
    SGD = "sgd"


class Autocast(StrEnum):
    """Precision of the backbone in training; the head is always float32.

    AUTO is bf16 where the machine multiplies bf16 itself, else fp32.
    """

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


class Mining(StrEnum):
    """Where the negative of a triplet comes from.

    HARDEST: the most similar picture of another instance in the whole set, found with the current
    model once an epoch, as in the paper. SEMI_HARD: the same, but not nearer than the positive.
    MEMORY: semi-hard from descriptors kept from the last time each picture was seen.
    """

    HARDEST = "hardest"
    SEMI_HARD = "semi-hard"
    MEMORY = "memory"


class Labels(StrEnum):
    """What a folder without manifest.csv tells about its pictures."""

    PICTURE = "picture"
    FOLDER = "folder"


def _at_least(name: str, value: float, least: int) -> None:
    if not value >= least:
        raise ConfigError(f"{name} is {value}; it must be {least} or more")


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of a run; the defaults are the preset `phone`.

    Attributes:
        epochs: passes; one is `steps_per_epoch` updates.
        steps_per_epoch: 0 is as many as give each picture (bank) or mined triplet one turn.
        batch_size: captures, or triplets, in an update.
        micro_batch_size: how many of them go through the network at once; their gradients are
            accumulated. 0 is all.
        loss, margin, mining: see `losses` and `mining`; the margin is t of eq. 23.
        triplets_per_epoch: mined at the start of each epoch.
        mining_after_epochs: until then negatives are drawn at random. The very hardest ones from
            the first step draw all descriptors to one point.
        classification_epochs: before the first retrieval epoch, classification of the instances.
        image_sizes: (height, width) of the pictures, one is drawn for each update.
        capture_share: probability that an anchor with other photos of its instance is a capture
            of itself; an anchor without any always is.
        teacher_sides_px: sizes at which the teacher sees the clean pictures; signatures averaged.
        temperature: of the bank and of classification.
        same_instance_share, teacher_share: see `bank_loss`.
        nested_dims: leading values that have to work as a descriptor of their own; those above
            the whitening's rows are left out, and if none is left the descriptor's length counts.
        optimizer: AdamW or SGD with `momentum`.
        backbone_rate, whitening_rate, activation_rate: peak learning rates; the last is of
            activation layers, pooling and power normalisation.
        warmup_steps: of linear growth to the peak, at most a tenth of the run; then a cosine down
            to 1 % of it.
        weight_decay: of the backbone's kernels.
        largest_gradient_norm: gradients are clipped to it.
        average_decay: of the running average of the weights, which is what is measured and kept.
        start_share: part of the start in the kept weights. Between start and end of a
            fine-tuning lies often a better network than either (Wortsman et al., 2022).
        frozen_blocks: leading blocks of the backbone that stay as they are. They see edges and
            colours, and take more than half of the time.
        autocast: precision of the backbone.
        whitening_strength: of PCA whitening, where the run starts from a backbone alone.
        seed: of every random choice.
    """

    epochs: int = 10
    steps_per_epoch: int = 0
    batch_size: int = 64
    micro_batch_size: int = 0
    loss: LossKind = LossKind.BANK
    margin: float = 0.1
    mining: Mining = Mining.SEMI_HARD
    triplets_per_epoch: int = 5000
    mining_after_epochs: int = 1
    classification_epochs: int = 0
    image_sizes: tuple[tuple[int, int], ...] = ((160, 160), (160, 160), (192, 192), (224, 224))
    capture_share: float = 0.5
    teacher_sides_px: tuple[int, ...] = (224, 320)
    temperature: float = 0.05
    same_instance_share: float = 0.5
    teacher_share: float = 0.4
    nested_dims: tuple[int, ...] = (128, 256, 512)
    optimizer: OptimizerKind = OptimizerKind.ADAMW
    momentum: float = 0.9
    backbone_rate: float = 2e-4
    whitening_rate: float = 2e-4
    activation_rate: float = 1e-3
    warmup_steps: int = 60
    weight_decay: float = 1e-4
    largest_gradient_norm: float = 2.0
    average_decay: float = 0.995
    start_share: float = 0.3
    frozen_blocks: int = 4
    autocast: Autocast = Autocast.AUTO
    whitening_strength: float = 0.4
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "triplets_per_epoch"):
            _at_least(name, getattr(self, name), 1)
        for name in ("steps_per_epoch", "micro_batch_size", "warmup_steps", "frozen_blocks",
                     "classification_epochs", "mining_after_epochs", "margin", "weight_decay"):  # fmt: skip
            _at_least(name, getattr(self, name), 0)
        for name in ("temperature", "backbone_rate", "whitening_rate", "activation_rate",
                     "largest_gradient_norm"):  # fmt: skip
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be above 0")
        for name in ("capture_share", "same_instance_share", "teacher_share", "average_decay",
                     "start_share", "momentum", "whitening_strength"):  # fmt: skip
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; allowed is 0 to 1")
        if not self.image_sizes or not self.teacher_sides_px:
            raise ConfigError("image_sizes and teacher_sides_px need at least one size each")
        for height, width in (*self.image_sizes, *((side, side) for side in self.teacher_sides_px)):
            check_image_size(height, width)


PHONE = TrainingConfig()
"""224 px and below, one picture per item, a frozen teacher: what measured best."""

PAPER = TrainingConfig(
    epochs=20,
    batch_size=64,
    micro_batch_size=4,
    loss=LossKind.TRIPLET,
    margin=0.1,
    mining=Mining.HARDEST,
    triplets_per_epoch=5000,
    mining_after_epochs=0,
    classification_epochs=1,
    image_sizes=((768, 1024),),
    capture_share=0.0,
    nested_dims=(),
    optimizer=OptimizerKind.SGD,
    momentum=0.9,
    backbone_rate=1e-3,
    whitening_rate=1e-3,
    activation_rate=1e-3,
    warmup_steps=0,
    weight_decay=5e-4,
    average_decay=0.0,
    start_share=0.0,
    frozen_blocks=0,
)
"""Every value of the paper's section 4.1; triplets of photos with labels."""

PRESETS: dict[str, TrainingConfig] = {"phone": PHONE, "paper": PAPER}


def override(config: TrainingConfig, settings: list[str]) -> TrainingConfig:
    """Change settings given as `name=value`, tuples with commas, sizes as 224 or 384x512.

    Raises:
        ConfigError: an unknown name, or a value of another kind or outside its range.
    """
    known = {field.name: getattr(config, field.name) for field in fields(config)}
    changes: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise ConfigError(f"--set {setting!r}: give NAME=VALUE; names are {', '.join(known)}")
        if name not in known:
            raise ConfigError(f"there is no setting {name!r}; names are {', '.join(known)}")
        try:
            changes[name] = _parse(name, known[name], text)
        except ValueError as error:
            raise ConfigError(
                f"--set {setting!r}: the value must be like {_shown(known[name])}"
            ) from error
    return replace(config, **changes)


def _parse(name: str, present: Any, text: str) -> Any:
    if name == "image_sizes":
        return tuple(_size(part) for part in text.split(","))
    if isinstance(present, tuple):
        return tuple(int(part) for part in text.split(",") if part)
    return type(present)(text)


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.partition("x")
    return int(height), int(width or height)


def _shown(value: Any) -> str:
    if isinstance(value, StrEnum):
        return " or ".join(type(value))
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return ",".join(f"{height}x{width}" for height, width in value)
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)

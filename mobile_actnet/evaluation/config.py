"""Settings of evaluations, and what `actnet evaluate` shows of them in its help; imports nothing heavy."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from mobile_actnet.errors import ConfigError
from mobile_actnet.gallery.config import SHORTLIST
from mobile_actnet.gallery.sqlite.storage import Storage
from mobile_actnet.pictures.views import DEFAULT_VIEWS, VIEW_SETS, View
from mobile_actnet.runtime.vocabulary import ImageSize

MULTI_SCALES = (1.0, 2**-0.5, 0.5)


class Rerank(StrEnum):
    """What happens to a ranking: alpha query expansion, or diffusion on a k-NN graph."""

    NONE = "none"
    AQE = "aqe"
    DIFFUSION = "diffusion"


class Half(StrEnum):
    """Queries that settings are chosen on, those that are left, or all of them."""

    BOTH = "both"
    EVEN = "even"
    ODD = "odd"


@dataclass(frozen=True)
class EvaluationOptions:
    """How a model is measured.

    Attributes:
        size: of a checkpoint's input, its default if None; an artefact has its own.
        dim: length of a checkpoint's descriptor, its default if None; an artefact has its own.
        scales: of the size; descriptors of several are summed (checkpoints only).
        limit: photos of a folder at most, whole instances in seeded order; all if None.
        cache: folder that keeps descriptors; none if None.
        rerank: how hits are ranked again.
        augment: whether the database is augmented before that.
        progress: whether to draw a bar.
        storage: rounds queries and database as a gallery does; float32 if None.
    """

    size: ImageSize | None = None
    dim: int | None = None
    scales: tuple[float, ...] = (1.0,)
    limit: int | None = None
    cache: Path | None = None
    rerank: Rerank = Rerank.NONE
    augment: bool = False
    progress: bool = False
    storage: Storage | None = None


@dataclass(frozen=True)
class AnswerOptions:
    """How right answers are measured.

    Attributes:
        views: of each query, as in a search.
        verify: whether the shortlist is compared by local features.
        shortlist: pictures that are compared.
        turn_deg: 0, 90, 180 or 270; queries are turned clockwise before they are searched for.
        half: which queries of each set are asked, in the order of their paths, from 0 on.
    """

    views: tuple[View, ...] = VIEW_SETS[DEFAULT_VIEWS]
    verify: bool = True
    shortlist: int = SHORTLIST
    turn_deg: int = 0
    half: Half = Half.BOTH

    def __post_init__(self) -> None:
        if self.shortlist < 1:
            raise ConfigError(f"--shortlist is {self.shortlist}; it must be 1 or more")
        if self.turn_deg not in (0, 90, 180, 270):
            raise ConfigError(f"--turn is {self.turn_deg}; it must be 0, 90, 180 or 270")


@dataclass(frozen=True)
class BrowseConfig:
    """How much a page shows.

    Attributes:
        hits: shown for each query, best first.
        queries_per_set: at most; those with the worst average precision come first.
    """

    hits: int = 8
    queries_per_set: int = 50

    def __post_init__(self) -> None:
        for name, value in (
            ("--browse-hits", self.hits),
            ("--browse-queries", self.queries_per_set),
        ):
            if value < 1:
                raise ConfigError(f"{name} is {value}; it must be 1 or more")


@dataclass(frozen=True)
class AblationConfig:
    """How much the heads are trained, all alike.

    Attributes:
        steps: updates of each head.
        images: training pictures at most, drawn from the folders.
        batch_size: captures in an update.
        size: of all pictures.
        largest_dim: length of the descriptors; less where there are not that many pictures.
        temperature: of the contrast with the bank.
        whitening_rate, activation_rate: learning rates of AdamW at the first step, then a cosine
            to zero; the latter is of activation layers, pooling and power normalisation. Higher
            than in a full training, which makes many more steps.
        whitening_strength: of PCA whitening.
        seed: of every random choice.
    """

    steps: int = 60
    images: int = 400
    batch_size: int = 32
    size: ImageSize = field(default_factory=ImageSize)
    largest_dim: int = 256
    temperature: float = 0.05
    whitening_rate: float = 5e-4
    activation_rate: float = 1e-2
    whitening_strength: float = 0.4
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, least in (
            ("--ablation-steps", self.steps, 1),
            ("--ablation-images", self.images, 2),
        ):
            if value < least:
                raise ConfigError(f"{name} is {value}; it must be {least} or more")

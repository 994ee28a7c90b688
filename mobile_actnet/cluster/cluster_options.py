"""What a cluster is asked for, and what it did; imports nothing heavy."""

from collections.abc import Callable
from dataclasses import dataclass, field

from mobile_actnet.errors import ConfigError

VECTOR_INDEX_FROM = 100_000
"""Pictures from which a vector index is built; fewer are compared one by one in a few milliseconds."""


@dataclass(frozen=True)
class ClusterOptions:
    """Where and how a dataset is built.

    Attributes:
        address: of a running cluster, such as auto or head:6379; None starts one here.
        workers: actors that describe; one for each core of the cluster if None.
        object_store_bytes: memory that a cluster started here takes for what goes between processes.
        photos_per_fragment: most pictures that are lost when a node dies; None for what suits.
        commit_every_s: seconds of work that are lost at most when the driver is killed.
        vector_index_from: pictures from which a vector index is built.
        on_commit: called with the number of pictures described so far after each commit.
    """

    address: str | None = None
    workers: int | None = None
    object_store_bytes: int = 256 << 20
    photos_per_fragment: int | None = None
    commit_every_s: float = 5.0
    vector_index_from: int = VECTOR_INDEX_FROM
    on_commit: Callable[[int], None] | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise ConfigError(f"--workers is {self.workers}; it must be 1 or more")


@dataclass(frozen=True)
class ClusterReport:
    """What a build did.

    Attributes:
        dataset: its address. pictures, problems: in it now.
        described: by this run. seconds: that describing took, with starting the actors.
        cores: of the cluster. vector_index: whether one was built or brought up to date.
        left_out: files that were taken for no pictures, by suffix.
    """

    dataset: str
    pictures: int
    problems: int
    described: int
    seconds: float
    cores: int
    vector_index: bool
    left_out: dict[str, int] = field(default_factory=dict)

"""What an artefact says about itself, read from its file without running it."""

from dataclasses import dataclass, field
from pathlib import Path

from mobile_actnet.runtime.packages import RUNNING, format_of, require, runnable


@dataclass(frozen=True)
class TensorSpec:
    """A tensor at the border of an artefact, as read from the artefact itself."""

    name: str
    shape: tuple[int | str, ...]
    dtype: str


@dataclass(frozen=True)
class ArtefactInfo:
    """What an artefact says about itself.

    Attributes:
        input, output: its tensors.
        operators: how often each operator occurs.
        metadata: key and value pairs stored in the artefact.
        notes: facts that only one format has, such as the share of delegated operators.
    """

    input: TensorSpec
    output: TensorSpec
    operators: dict[str, int]
    metadata: dict[str, str]
    notes: dict[str, str | int] = field(default_factory=dict)


def inspect(path: Path) -> ArtefactInfo:
    """Read what an artefact says about itself.

    Raises:
        ConfigError: the suffix is of no known format.
        MissingPackageError: what is needed to read the format is not installed.
        ArtefactError: the file is missing, damaged or of another kind.
    """
    kind = format_of(path)
    require(kind, RUNNING)
    return runnable(kind).inspect(path)

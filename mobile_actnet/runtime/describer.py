"""What describes pictures, whatever it runs on: a checkpoint in torch, or an artefact."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mobile_actnet.descriptors import Descriptors
from mobile_actnet.errors import ConfigError
from mobile_actnet.extras import naming_extras
from mobile_actnet.files import sha256_of
from mobile_actnet.network.config import DEFAULT_CHECKPOINT, is_checkpoint
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime import manifest as manifests
from mobile_actnet.runtime.runtimes import open_artefact
from mobile_actnet.runtime.vocabulary import ImageSize

Describe = Callable[[Pixels], Descriptors]

OR_AN_ARTEFACT = (
    "or give an artefact of actnet export in place of a checkpoint, which needs none of this"
)
"""What to do without torch, for `naming_extras`."""


@dataclass(frozen=True)
class Describer:
    """A loaded model.

    Attributes:
        identity: the SHA-256 of its file; descriptors of two identities are not compared.
        size: of the pictures that it takes.
        dim: length of its descriptors.
        describe: from (N, height, width, 3) uint8 RGB pixels to (N, dim) float32, each of length 1.
    """

    identity: str
    size: ImageSize
    dim: int
    describe: Describe


def load(
    path: Path | str = DEFAULT_CHECKPOINT, size: ImageSize | None = None, dim: int | None = None
) -> Describer:
    """Load a checkpoint or an artefact.

    Args:
        path: the shipped weights if none is given. An artefact's manifest lies beside it.
        size: for a checkpoint, its default if None; an artefact has its own.
        dim: likewise.

    Raises:
        ConfigError: `size` or `dim` of an artefact, or a `dim` that the checkpoint does not have.
        ActnetError: the file is missing, damaged or not what its manifest says.
        MissingPackageError: what runs it is not installed.
    """
    path = Path(path)
    if not is_checkpoint(path):
        if size is not None or dim is not None:
            raise ConfigError(f"{path.name} has its own size and dim; leave them out")
        manifest = manifests.load(path)
        describe = open_artefact(path).describe
        return Describer(manifest.artefact.sha256, manifest.size, manifest.dim, describe)
    # torch is for checkpoints alone.
    with naming_extras(OR_AN_ARTEFACT):
        from mobile_actnet.network.actnet import check_dim
        from mobile_actnet.network.checkpoint import load_checkpoint
        from mobile_actnet.network.describe import describe as describe_with

    network, _ = load_checkpoint(path)
    length = network.config.descriptor_dim if dim is None else dim
    check_dim(length, network.config)
    return Describer(
        sha256_of(path), size or ImageSize(), length,
        lambda pixels: describe_with(network, pixels, length),
    )  # fmt: skip

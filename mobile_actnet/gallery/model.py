"""The model behind a gallery: an artefact with its manifest, or a checkpoint."""

from pathlib import Path

from mobile_actnet.errors import ConfigError, GalleryError
from mobile_actnet.extras import naming_extras
from mobile_actnet.files import sha256_of
from mobile_actnet.gallery.sqlite.schema import GalleryInfo, GalleryModel, check_model, from_gallery
from mobile_actnet.network.config import is_checkpoint
from mobile_actnet.pictures import preprocessing
from mobile_actnet.runtime import manifest as manifests
from mobile_actnet.runtime.describer import OR_AN_ARTEFACT, Describe
from mobile_actnet.runtime.runtimes import open_artefact
from mobile_actnet.runtime.vocabulary import ImageSize


def identify(model: Path, size: ImageSize | None = None, dim: int | None = None) -> GalleryModel:
    """Tell what a gallery of a model's descriptors is bound to.

    Args:
        size, dim: for a checkpoint, its defaults if None; an artefact has its own.

    Raises:
        ActnetError: the model is missing, damaged, not what its manifest says, or made with
            another preprocessing than this release has.
        MissingPackageError: a checkpoint, and torch is not installed.
    """
    if is_checkpoint(model):
        return _identify_checkpoint(model, size or ImageSize(), dim)
    if size is not None or dim is not None:
        raise ConfigError(
            f"{model.name} has its own size and dim; leave out --image-size and --dim"
        )
    manifest = manifests.load(model)
    wanted = manifest.preprocessing
    ours = (preprocessing.NAME, preprocessing.VERSION)
    if (wanted.name, wanted.version) != ours:
        raise GalleryError(
            f"{model} wants the preprocessing {wanted.name} {wanted.version}; this "
            f"release has {ours[0]} {ours[1]}: export it again"
        )
    return GalleryModel(
        model.name, manifest.format, manifest.precision, manifest.artefact.sha256, *ours,
        manifest.size.height, manifest.size.width, manifest.dim,
    )  # fmt: skip


def opened(model: Path, bound: GalleryModel) -> Describe:
    """Return the function from (N, H, W, 3) uint8 pixels to (N, dim) float32 descriptors."""
    if not is_checkpoint(model):
        return open_artefact(model).describe
    # torch is for checkpoints alone.
    with naming_extras(OR_AN_ARTEFACT):
        from mobile_actnet.network.checkpoint import load_checkpoint
        from mobile_actnet.network.describe import describe

    network, _ = load_checkpoint(model)
    return lambda pixels: describe(network, pixels, bound.dim)


def identify_as(model: Path, info: GalleryInfo, gallery: Path) -> GalleryModel:
    """Identify a model and hold it against the one that made a gallery.

    Raises:
        GalleryError: another model or preprocessing; the sentence holds the command that rebuilds.
        ActnetError: the model is missing or damaged.
    """
    if not model.exists():
        raise GalleryError(
            f"{model}, which made {gallery}, is not there; say with --model where it is now"
        )
    size, dim = None, None
    if is_checkpoint(model):
        size, dim = ImageSize(info.height_px, info.width_px), info.dim
    bound = identify(model, size, dim)
    try:
        check_model(gallery, info, bound)
    except GalleryError as error:
        photos = from_gallery(gallery, info.photos_path)
        command = f"actnet-index build {photos} --model {model} -o {gallery} --overwrite"
        raise GalleryError(f"{error}; rebuild it: {command}") from error
    return bound


def _identify_checkpoint(model: Path, size: ImageSize, dim: int | None) -> GalleryModel:
    with naming_extras(OR_AN_ARTEFACT):
        from mobile_actnet.network.checkpoint import load_checkpoint

    network, _ = load_checkpoint(model)
    return GalleryModel(
        model.name, "checkpoint", "fp32", sha256_of(model), preprocessing.NAME,
        preprocessing.VERSION, size.height, size.width,
        network.config.descriptor_dim if dim is None else dim,
    )  # fmt: skip

"""Tuning a checkpoint for 8 bits, from its file and folders of pictures to the file beside it."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from mobile_actnet.errors import ActnetError
from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization.calibration import (
    ActivationRanges,
    load_calibration_images,
    measure_ranges,
)
from mobile_actnet.export.quantization.config import DEFAULT_IMAGES, CalibrationMethod, TuningConfig
from mobile_actnet.export.quantization.int8_file import recorded_path, save_recorded
from mobile_actnet.export.quantization.tuning import STATE_EVERY_STEPS, TuningPictures, tune
from mobile_actnet.files import sha256_of
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.checkpoint import load_checkpoint
from mobile_actnet.pictures.photos import Photo, load_images
from mobile_actnet.runtime.vocabulary import ImageSize, Layout
from mobile_actnet.training.distributed import Execution
from mobile_actnet.training.sources import Source, collect, read_source

_HELD_OUT_SHARE = 0.05
_LEAST_HELD_OUT, _MOST_HELD_OUT = 8, 96


def tune_checkpoint(
    checkpoint: Path, folders: list[Path], size: ImageSize, config: TuningConfig,
    workers: int = 1, overwrite: bool = False, bar: bool = False,
) -> Path:  # fmt: skip
    """Tune a checkpoint's backbone for 8 bits; stopped at any time, the same call resumes.

    Args:
        folders: of pictures; labels are not used.
        size: that it will be exported at.
        workers: processes that make captures.

    Returns:
        the file beside the checkpoint.

    Raises:
        ActnetError: the file is there already, the checkpoint or the pictures cannot be used, or
            tuning did not bring the descriptors nearer to the float ones.
    """
    output = recorded_path(checkpoint)
    state_path = output.with_suffix(".state")
    if output.exists() and not overwrite:
        raise ActnetError(f"{output} exists; give --overwrite to replace it")
    network, _ = load_checkpoint(checkpoint)
    photos = pictures_of(folders)
    # Too few pictures are refused here.
    ranges = _measured(network, folders, size, bar)
    execution = Execution(workers, STATE_EVERY_STEPS, bar)
    tuned = tune(network, _split(photos, size), ranges, config, state_path, execution=execution)
    save_recorded(tuned, output, sha256_of(checkpoint))
    state_path.unlink()
    return output


def pictures_of(folders: list[Path]) -> list[Photo]:
    """List the pictures of all folders, one that lies in several of them once."""
    by_path = {photo.path.resolve(): photo for folder in folders for photo in read_source(folder)}
    return list(by_path.values())


def _split(photos: list[Photo], size: ImageSize) -> TuningPictures:
    """Hold some pictures out, always the same ones; the others are to learn from."""
    share = math.ceil(_HELD_OUT_SHARE * len(photos))
    count = min(_MOST_HELD_OUT, max(_LEAST_HELD_OUT, share))
    order = np.random.default_rng(0).permutation(len(photos))
    held_out, _, _ = load_images([photos[n] for n in order[:count]], size.height, size.width)
    # Every picture for itself: labels are not used.
    rest = [replace(photos[n], instance=str(n)) for n in sorted(order[count:])]
    return TuningPictures(collect([Source(rest, 1.0)]), held_out)


def _measured(network: Actnet, folders: list[Path], size: ImageSize, bar: bool) -> ActivationRanges:
    images = load_calibration_images(folders, size, DEFAULT_IMAGES, bar)
    deployable = DeployableActnet(network, network.config.descriptor_dim, Layout.NHWC)
    return measure_ranges(deployable, images, CalibrationMethod.MSE)

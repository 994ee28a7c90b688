"""What is recorded beside a checkpoint, so that 8 bits need no photos: ranges, and tuned kernels.

NAME.int8.safetensors belongs to NAME.safetensors and names its hash. The shipped weights have one;
`actnet quantize` writes one for others.
"""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.export.quantization.calibration import ActivationRanges
from mobile_actnet.export.quantization.config import CalibrationMethod
from mobile_actnet.export.quantization.tuned_kernels import tuned_from
from mobile_actnet.files import open_regular, reason, write_atomically
from mobile_actnet.network.config import DEFAULT_CHECKPOINT

FORMAT = "mobile-actnet-int8"
VERSION = "2"


def recorded_path(checkpoint: Path) -> Path:
    """Return where a checkpoint's record lies: NAME.int8.safetensors beside it."""
    return checkpoint.with_name(checkpoint.name.removesuffix(".safetensors") + ".int8.safetensors")


RECORDED = recorded_path(DEFAULT_CHECKPOINT)


def save_recorded(ranges: ActivationRanges, path: Path, checkpoint_sha256: str) -> None:
    """Write what calibration and tuning found, bound to the checkpoint that it was found with.

    Raises:
        ActnetError: the file cannot be written.
    """
    tensors = {f"scales/{name}": value for name, value in ranges.scales.items()}
    tensors |= {f"means/{name}": value for name, value in ranges.means.items()}
    about: dict[str, Any] = {
        "ranges": ranges.ranges, "images": ranges.images, "sha256": ranges.sha256,
        "method": ranges.method.value, "size": ranges.size,
    }  # fmt: skip
    if ranges.tuned is not None:
        tensors |= ranges.tuned.tensors()
        about["tuned"] = ranges.tuned.about
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "checkpoint_sha256": checkpoint_sha256,
        "about": json.dumps(about, sort_keys=True),
    }
    data = save({name: value.clone() for name, value in tensors.items()}, metadata)
    write_atomically(path, data)


def load_recorded(checkpoint_sha256: str, path: Path = RECORDED) -> ActivationRanges | None:
    """Read what is recorded for a checkpoint; None if it is of another one, or missing.

    Raises:
        ConfigError: the file is of another version.
        ActnetError: it is damaged.
    """
    if not path.exists():
        return None
    try:
        open_regular(path).close()  # Opening a pipe would wait for its writer.
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise ValueError(f"its format is {metadata.get('format')!r}, not {FORMAT!r}")
            if metadata.get("version") != VERSION:
                raise ConfigError(
                    f"{path} is a record of version {metadata.get('version')}, this release reads "
                    f"version {VERSION}: tune again with actnet quantize, or move it away and give "
                    "--calibration DIR"
                )
            if metadata.get("checkpoint_sha256") != checkpoint_sha256:
                return None
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        about = json.loads(metadata["about"])
        return ActivationRanges(
            _part(tensors, "scales/"), _part(tensors, "means/"),
            {name: (float(low), float(high)) for name, (low, high) in about["ranges"].items()},
            int(about["images"]), str(about["sha256"]), CalibrationMethod(about["method"]),
            "recorded", str(about["size"]),
            tuned_from(tensors, dict(about["tuned"])) if "tuned" in about else None,
        )  # fmt: skip
    except OSError as error:
        raise ActnetError(f"{path} cannot be read: {reason(error)}") from error
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ActnetError(
            f"{path} is damaged: {error}; install the package again, or tune the checkpoint again"
        ) from error


def recorded_for(checkpoint: Path, checkpoint_sha256: str) -> ActivationRanges | None:
    """Read what is recorded for a checkpoint: beside it, or with the shipped weights.

    Returns:
        None where nothing is.

    Raises:
        ConfigError: what lies beside it is of another checkpoint or version.
        ActnetError: the file is damaged.
    """
    beside = recorded_path(checkpoint)
    if not beside.exists():
        # A copy of the shipped weights under any name.
        return load_recorded(checkpoint_sha256)
    ranges = load_recorded(checkpoint_sha256, beside)
    if ranges is None:
        raise ConfigError(
            f"{beside} belongs to another checkpoint than {checkpoint.name}: tune again with "
            "actnet quantize, or move it away and give --calibration DIR"
        )
    return ranges


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): x for key, x in tensors.items() if key.startswith(prefix)}

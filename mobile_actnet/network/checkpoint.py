"""Checkpoints: weights and config in one safetensors file, read without running any code.

The metadata of the file holds `format`, `version`, `config` (JSON) and `card` (JSON: name, licence,
origin). Kernels and matrices are stored in half precision, vectors and scalars in float32: they
are small, and batch-norm variances reach below half precision's range.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from mobile_actnet.errors import CheckpointError, ConfigError
from mobile_actnet.files import open_regular, reason, write_atomically
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.config import DEFAULT_CHECKPOINT, NetworkConfig

FORMAT = "mobile-actnet-checkpoint"
VERSION = "1"

# A safetensors file opens with the length of its JSON header.
_LENGTH_BYTES = 8

# Integer counters of batch norm say nothing about the function.
_IGNORED_SUFFIX = "num_batches_tracked"


@dataclass(frozen=True)
class Card:
    """What a checkpoint says about itself; copied into every manifest.

    Attributes:
        name: short name of the weights.
        licence: SPDX identifier or a sentence.
        origin: what they were trained from and on.
        training: the settings they were trained with.
    """

    name: str = "unnamed"
    licence: str = "not stated"
    origin: str = "not stated"
    training: dict[str, Any] = field(default_factory=dict)


def save_checkpoint(network: Actnet, path: Path, card: Card) -> None:
    """Write a checkpoint; the file is there whole or not at all.

    Raises:
        CheckpointError: a weight is not finite, in float32 or in the precision it is stored in.
        ActnetError: the folder cannot be written, or the disk is full.
    """
    tensors = {key: _stored(value) for key, value in _state(network).items()}
    _check_finite(tensors, "the network")
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "config": network.config.to_json(),
        "card": json.dumps(vars(card), sort_keys=True),
    }
    write_atomically(path, _with_sorted_header(save(tensors, metadata)))


def load_checkpoint(path: Path = DEFAULT_CHECKPOINT) -> tuple[Actnet, Card]:
    """Read a checkpoint into a network in evaluation mode, float32, on the CPU.

    Raises:
        CheckpointError: missing, a pickle, damaged, of an unknown architecture or version, with
            missing or extra keys, wrong shapes or non-finite values.
    """
    tensors, metadata = _read(Path(path))
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} is a safetensors file but no checkpoint of this toolkit "
            f"(its metadata has no format {FORMAT!r}); make one with save_checkpoint"
        )
    if metadata.get("version") != VERSION:
        raise CheckpointError(
            f"{path} is a checkpoint of version {metadata.get('version')!r}; this release reads "
            f"version {VERSION!r}: install the release that wrote it, or a newer one"
        )
    try:
        config = NetworkConfig.from_json(metadata.get("config", ""))
        card = Card(**json.loads(metadata.get("card", "{}")))
        network = Actnet(config)
    except (ConfigError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} describes no network of this release: {error}") from error
    _check_keys(network, tensors, path)
    _check_finite(tensors, str(path))
    network.load_state_dict({key: value.float() for key, value in tensors.items()}, strict=False)
    return network.eval(), card


def _with_sorted_header(content: bytes) -> bytes:
    """Write a safetensors header in one order: equal checkpoints are equal bytes.

    The library's own order of the metadata is drawn anew by every process, and galleries are
    bound to the file's hash. Header and padding keep their length.
    """
    length = int.from_bytes(content[:_LENGTH_BYTES], "little")
    start, end = _LENGTH_BYTES, _LENGTH_BYTES + length
    header = json.loads(content[start:end])
    metadata = {"__metadata__": dict(sorted(header.pop("__metadata__", {}).items()))}
    entries = sorted(header.items(), key=lambda entry: entry[1]["data_offsets"])
    packed = json.dumps({**metadata, **dict(entries)}, separators=(",", ":"), ensure_ascii=False)
    packed_bytes = packed.encode()
    packed_bytes += b" " * (-len(packed_bytes) % _LENGTH_BYTES)
    return len(packed_bytes).to_bytes(_LENGTH_BYTES, "little") + packed_bytes + content[end:]


def _state(network: Actnet) -> dict[str, Tensor]:
    state = network.state_dict()
    return {key: value for key, value in state.items() if not key.endswith(_IGNORED_SUFFIX)}


def _stored(value: Tensor) -> Tensor:
    value = value.detach().cpu().contiguous()
    return value.half() if value.ndim >= 2 else value.float()


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read the tensors of any safetensors file, such as a backbone of its own.

    Raises:
        CheckpointError: unreadable, or another kind of file.
    """
    return _read(path)[0]


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with open_regular(path) as file:
            head = file.read(_LENGTH_BYTES + 1)
    except OSError as error:
        raise CheckpointError(f"checkpoint {path} cannot be read: {reason(error)}") from error
    # The length alone may look like a pickle's first bytes; the brace behind it does not.
    if head.startswith((b"PK", b"\x80")) and head[_LENGTH_BYTES:] != b"{":
        raise CheckpointError(
            f"{path} is a pickle (torch.save), which can run code when it is loaded; "
            "load it where you trust it and write it again with save_checkpoint"
        )
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            return tensors, file.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} is not a safetensors file or is damaged: {error}; copy it again"
        ) from error


def _check_keys(network: Actnet, tensors: dict[str, Tensor], path: Path) -> None:
    expected = _state(network)
    for problem, keys in (
        ("is missing", set(expected) - set(tensors)),
        ("has the unknown key", set(tensors) - set(expected)),
    ):
        if keys:
            first, more = min(keys), len(keys) - 1
            raise CheckpointError(
                f"{path} {problem} {first!r}" + (f" and {more} more" * bool(more))
            )
    for key, value in tensors.items():
        if value.shape != expected[key].shape:
            raise CheckpointError(
                f"{path}: {key} has shape {tuple(value.shape)}; "
                f"its config asks for {tuple(expected[key].shape)}"
            )


def _check_finite(tensors: dict[str, Tensor], name: str) -> None:
    for key, value in tensors.items():
        if not torch.isfinite(value).all():
            raise CheckpointError(
                f"{name} holds NaN or infinite values in {key!r}; use an earlier checkpoint"
            )

"""The manifest: the JSON beside an artefact that says all that an app must know.

docs/manifest.md is its document. An app, and `actnet-doctor`, refuse an artefact whose manifest is
missing, of another version, or does not hold the artefact's hash.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.export.checks.generated_pictures import GOLDEN_NAME
from mobile_actnet.export.checks.parity import ParityReport, cosine
from mobile_actnet.export.checks.portability import RuntimeRun, is_portable
from mobile_actnet.export.graph.lowering_errors import level_error, lowering_error
from mobile_actnet.network.activations import activation_parameters
from mobile_actnet.network.actnet import Actnet, Stream
from mobile_actnet.network.checkpoint import Card
from mobile_actnet.pictures.preprocessing import NAME as PREPROCESSING_NAME
from mobile_actnet.pictures.preprocessing import VERSION as PREPROCESSING_VERSION
from mobile_actnet.runtime.errors import ManifestError
from mobile_actnet.runtime.formats import ArtefactInfo, Format, Options, Precision

SCHEMA = 1
_DESCRIPTOR_DIGITS = 7

GOLDEN_COSINE = 0.999
"""Least cosine with the golden descriptor: runtimes round differently."""

GOLDEN_COSINES = {Precision.INT8: 0.95, Precision.MIXED: 0.95}
"""In 8 bits a difference of one level is passed on; see portability.ROUNDING_LOSS."""

# What a reader relies on; anything else may be missing.
_REQUIRED = {
    "schema": int,
    "name": str,
    "format": str,
    "precision": str,
    "artefact": dict,
    "checkpoint": dict,
    "input": dict,
    "preprocessing": dict,
    "output": dict,
    "parity": dict,
    "operators": dict,
    "golden": dict,
}


@dataclass(frozen=True)
class Source:
    """The checkpoint that an artefact was made from."""

    card: Card
    sha256: str


def build(
    artefact: Path,
    kind: Format,
    options: Options,
    network: Actnet,
    source: Source,
    info: ArtefactInfo,
    parity: ParityReport,
    golden_descriptor: NDArray[np.float32],
    tools: dict[str, str],
    calibration: dict[str, Any] | None = None,
    runs: Sequence[RuntimeRun] = (),
) -> dict[str, Any]:
    """Put a manifest together.

    Args:
        artefact: where it is now; its final name is the same.
        golden_descriptor: (dim,) of the golden picture, from the artefact itself.
        tools: names and versions of what made and ran it.
        calibration: what the ranges of activations were measured on, and how.
        runs: the runtimes that the artefact was run on here.

    Returns:
        the manifest as JSON values.
    """
    return {
        "schema": SCHEMA,
        "name": artefact.stem,
        "format": kind.value,
        "precision": options.precision.value,
        "artefact": {
            "file": artefact.name,
            "sha256": sha256(artefact),
            "size_bytes": size_bytes(artefact),
        },
        "checkpoint": {
            "name": source.card.name,
            "sha256": source.sha256,
            "licence": source.card.licence,
            "origin": source.card.origin,
        },
        "input": {
            **asdict(info.input),
            "layout": options.layout.value,
            "colour": "rgb",
            "range": [0, 255],
        },
        "preprocessing": {
            "name": PREPROCESSING_NAME,
            "version": PREPROCESSING_VERSION,
            "height": options.size.height,
            "width": options.size.width,
        },
        "output": {**asdict(info.output), "dim": options.dim, "normalised": True},
        "network": {
            "backbone": network.config.backbone.value,
            "streams": [_stream(s, options) for s in network.head.streams if isinstance(s, Stream)],
        },
        "calibration": calibration,
        "parity": asdict(parity),
        "runs_on": [asdict(run) for run in runs],
        "portable": is_portable(list(runs)),
        "operators": info.operators,
        "notes": info.notes,
        "golden": {
            "picture": GOLDEN_NAME,
            "cosine_min": GOLDEN_COSINES.get(options.precision, GOLDEN_COSINE),
            "descriptor": [round(float(v), _DESCRIPTOR_DIGITS) for v in golden_descriptor],
        },
        "tools": tools,
    }


def path_of(artefact: Path) -> Path:
    """Return where the manifest of an artefact lies: the same name with .json behind it."""
    return artefact.with_name(artefact.name + ".json")


def dump(manifest: dict[str, Any]) -> bytes:
    """Return the bytes of a manifest file."""
    return (json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def load(artefact: Path) -> dict[str, Any]:
    """Read the manifest beside an artefact and hold the artefact's hash against it.

    Raises:
        ManifestError: missing, damaged, of another version, or of another artefact.
    """
    path = path_of(artefact)
    try:
        manifest = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise ManifestError(
            f"{artefact} has no manifest ({path.name} is missing); export it again"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ManifestError(f"{path} cannot be read: {error}; export again") from error
    _check_keys(manifest, path)
    if not artefact.exists():
        raise ManifestError(f"{artefact} does not exist, only its manifest does; export it again")
    found, expected = sha256(artefact), manifest["artefact"].get("sha256")
    if found != expected:
        raise ManifestError(
            f"{artefact} is not the file that {path.name} describes: its hash is {found[:12]}…, "
            f"the manifest's {str(expected)[:12]}…; export it again"
        )
    return manifest


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files.

    A folder's is that of one text: for each file in the order of their relative paths, the line
    "SHA-256 of the file, two spaces, relative path with slashes".
    """
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    files = sorted(
        child.relative_to(path).as_posix() for child in path.rglob("*") if child.is_file()
    )
    lines = "".join(f"{sha256(path / name)}  {name}\n" for name in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def size_bytes(path: Path) -> int:
    """Return the size of a file, or of a folder's files together."""
    if not path.is_dir():
        return path.stat().st_size
    return sum(child.stat().st_size for child in path.rglob("*") if child.is_file())


def golden_cosine(manifest: dict[str, Any], descriptor: NDArray[np.float32]) -> float:
    """Return the cosine of a descriptor with the manifest's golden one.

    Raises:
        ManifestError: the golden descriptor is missing, or of another length.
    """
    golden = np.array(manifest["golden"].get("descriptor", ()), np.float32)
    if golden.shape != descriptor.shape:
        raise ManifestError(
            f"the manifest's golden descriptor has {golden.size} values; "
            f"the artefact gives {descriptor.size}"
        )
    return float(cosine(golden[None], descriptor[None])[0])


def _check_keys(manifest: Any, path: Path) -> None:
    if not isinstance(manifest, dict):
        raise ManifestError(f"{path} is no manifest: it is not a JSON object; export again")
    if manifest.get("schema") != SCHEMA:
        raise ManifestError(
            f"{path} has schema {manifest.get('schema')!r}; this release reads {SCHEMA}: "
            "export again, or install the release that wrote it"
        )
    for key, kind in _REQUIRED.items():
        if not isinstance(manifest.get(key), kind):
            raise ManifestError(f"{path} is no manifest: {key!r} is missing or malformed")


def _stream(stream: Stream, options: Options) -> dict[str, Any]:
    """Describe a stream, and its lowered activation with its errors."""
    import torch

    layer, lowering = stream.activation, options.lowering
    limits = options.plan.feature_maps if options.plan else {}
    return {
        "layers": list(stream.layers),
        "activation": type(layer).__name__.lower(),
        "parameters": activation_parameters(layer),
        "pooling": type(stream.pooling).__name__,
        "power": {
            "scale": float(stream.power.scale.detach()),
            "power": float(stream.power.power.detach()),
        },
        "lowering": {
            "name": lowering.value,
            "errors": [
                asdict(lowering_error(layer, dtype, lowering))
                for dtype in (torch.float32, torch.float16)
            ],
            "levels": {
                name: asdict(level_error(layer, limits[name], lowering))
                for name in stream.layers
                if name in limits
            },
        },
    }

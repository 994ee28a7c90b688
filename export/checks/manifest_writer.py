"""What a manifest says of an artefact that was just made and run."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mobile_actnet.export.checks.parity import ParityReport
from mobile_actnet.export.checks.portability import RuntimeRun, is_portable
from mobile_actnet.export.formats.exporter import Options
from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.graph.lowering_errors import level_error, lowering_error
from mobile_actnet.export.quantization.calibration import ActivationRanges
from mobile_actnet.files import sha256_of, size_bytes
from mobile_actnet.network.activations import activation_parameters
from mobile_actnet.network.actnet import Actnet, Stream
from mobile_actnet.network.checkpoint import Card
from mobile_actnet.pictures.preprocessing import NAME as PREPROCESSING_NAME
from mobile_actnet.pictures.preprocessing import VERSION as PREPROCESSING_VERSION
from mobile_actnet.runtime.artefact_file import ArtefactInfo
from mobile_actnet.runtime.generated_pictures import GOLDEN_NAME
from mobile_actnet.runtime.manifest import GOLDEN_COSINE, SCHEMA, Manifest
from mobile_actnet.runtime.vocabulary import Format, Precision

_DESCRIPTOR_DIGITS = 7


@dataclass(frozen=True)
class Source:
    """The checkpoint that an artefact was made from."""

    card: Card
    sha256: str


@dataclass(frozen=True)
class Subject:
    """What an artefact was made from.

    Attributes:
        network, source: the checkpoint. deployable: float, as trained, not changed.
        ranges: ranges of activations, for precisions that use them.
        calibration: what the ranges were measured on, and how, as the manifest says it.
    """

    network: Actnet
    source: Source
    deployable: DeployableActnet
    ranges: ActivationRanges | None
    calibration: dict[str, Any] | None


@dataclass(frozen=True)
class Findings:
    """What came of running an artefact.

    Attributes:
        info: inputs, outputs and operators, as read from the file. parity: beside PyTorch.
        golden_descriptor: (dim,) of the golden picture, from the artefact itself.
        tools: names and versions of what made and ran it.
        runs: the runtimes that the artefact was run on here.
    """

    info: ArtefactInfo
    parity: ParityReport
    golden_descriptor: NDArray[np.float32]
    tools: dict[str, str]
    runs: Sequence[RuntimeRun]


def write_manifest(
    artefact: Path, kind: Format, options: Options, subject: Subject, findings: Findings
) -> Manifest:
    """Put a manifest together.

    An artefact that will be rejected may have measured values that are no numbers. They are null: JSON has no
    other word for them. A golden descriptor with such a value is left out.

    Args:
        artefact: where it is now; its final name is the same.
    """
    source, info = subject.source, findings.info
    values = {
        "schema": SCHEMA,
        "name": artefact.stem,
        "format": kind.value,
        "precision": options.precision.value,
        "artefact": {
            "file": artefact.name,
            "sha256": sha256_of(artefact),
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
            "backbone": subject.network.config.backbone.value,
            "streams": [
                _stream(stream, options)
                for stream in subject.network.head.streams
                if isinstance(stream, Stream)
            ],
        },
        "calibration": subject.calibration,
        "parity": asdict(findings.parity),
        "runs_on": [asdict(run) for run in findings.runs],
        "portable": is_portable(list(findings.runs)),
        "operators": info.operators,
        "notes": info.notes,
        "golden": {
            "picture": GOLDEN_NAME,
            "cosine_min": GOLDEN_COSINES.get(options.precision, GOLDEN_COSINE),
            "descriptor": [
                round(float(value), _DESCRIPTOR_DIGITS)
                for value in findings.golden_descriptor
                if np.isfinite(findings.golden_descriptor).all()
            ],
        },
        "tools": findings.tools,
    }
    return Manifest.of({key: _finite(value) for key, value in values.items()})


def _finite(value: Any) -> Any:
    """Return a JSON value with null for each infinite or undefined number."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _stream(stream: Stream, options: Options) -> dict[str, Any]:
    """Describe a stream, and its lowered activation with its errors."""

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


GOLDEN_COSINES = {Precision.INT8: 0.95, Precision.MIXED: 0.95}
"""In 8 bits a difference of one level is passed on; see portability.ROUNDING_LOSS."""

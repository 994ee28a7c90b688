"""Which layers of an artefact are furthest from the float network: signal-to-noise by convolution.

The artefact's own intermediate values are compared with torch's, on a few pictures. Convolutions
are found by their order; what a ReLU behind one gives counts as its result.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mobile_actnet.export.formats.exporter import Values, exporter
from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization.backbone_points import BackbonePoints
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.vocabulary import Format

PICTURES = 8
_MOST_DB = 120.0


@dataclass(frozen=True)
class LayerError:
    """Signal-to-noise ratio of a convolution's result, in dB; 120 stands for equal."""

    layer: str
    snr_db: float


def worst_layers(
    artefact: Path, kind: Format, reference: DeployableActnet, pixels: Pixels, count: int = 5
) -> list[LayerError]:
    """Return the convolutions of an artefact with the lowest signal-to-noise ratio, worst first.

    Args:
        reference: the float network, equalised like the artefact.
        pixels: (N, H, W, 3) uint8; a few are enough.

    Returns:
        at most `count`; none where the artefact's convolutions are not those of the network.
    """
    points = BackbonePoints(reference)
    expected: dict[str, Values] = {}
    points.observe(pixels, lambda name, x: expected.update({name: _joined(expected, name, x)}))
    outputs = list(exporter(kind).convolution_outputs(artefact, pixels))
    if len(outputs) != len(points.convolutions):
        return []
    errors = [
        LayerError(convolution.name, round(signal_to_noise_db(expected[convolution.point], x), 2))
        for convolution, x in zip(points.convolutions, outputs, strict=True)
    ]
    return sorted(errors, key=lambda error: error.snr_db)[:count]


def signal_to_noise_db(expected: Values, actual: Values) -> float:
    """Return 10 log10 of the signal's energy over that of the difference."""
    signal = float(np.sum(expected.astype(np.float64) ** 2))
    noise = float(np.sum((expected.astype(np.float64) - actual) ** 2))
    if not np.isfinite(noise) or signal == 0.0:
        return -_MOST_DB
    return min(_MOST_DB, 10 * float(np.log10(signal / max(noise, 1e-30))))


def _joined(expected: dict[str, Values], name: str, x: Any) -> Values:
    values = x.numpy()
    return np.concatenate([expected[name], values]) if name in expected else values

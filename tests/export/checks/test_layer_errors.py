"""Signal-to-noise by layer: the figure by hand, and a broken layer found in every format."""

from pathlib import Path

import numpy as np
import pytest
import torch

from mobile_actnet.export.checks.layer_errors import signal_to_noise_db, worst_layers
from mobile_actnet.export.formats.exporter import Options, exporter
from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization.backbone_points import BackbonePoints
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision

SMALL = ImageSize(64, 64)
PIXELS = generated_pictures(2, SMALL)


def test_by_hand() -> None:
    signal = np.array([3.0, 4.0], np.float32)
    assert signal_to_noise_db(signal, signal + np.array([0.3, 0.4])) == pytest.approx(20, abs=1e-4)
    assert signal_to_noise_db(signal, signal) == 120.0
    assert signal_to_noise_db(signal, np.array([np.nan, 0], np.float32)) == -120.0


@pytest.mark.parametrize("kind", Format)
def test_a_layer_that_was_changed_is_the_worst(
    shipped_network: Actnet, tmp_path: Path, kind: Format
) -> None:
    made = exporter(kind)
    whole = DeployableActnet(shipped_network, 64, made.layouts[0])
    changed = DeployableActnet(shipped_network, 64, made.layouts[0])
    # The last but one: what follows it is worse off too, but only the last follows.
    hurt = BackbonePoints(changed).convolutions[-1]
    with torch.no_grad():
        hurt.module.weight += (
            0.3
            * hurt.module.weight.std()
            * torch.randn(hurt.module.weight.shape, generator=torch.Generator().manual_seed(0))
        )
    path = tmp_path / f"model{made.suffix}"
    options = Options(SMALL, 64, Precision.FP32, made.layouts[0])
    made.convert(changed, options, path, {})
    found = worst_layers(path, kind, whole, PIXELS)
    assert len(found) == 5
    assert found[0].layer == hurt.name
    assert found[0].snr_db < 30
    assert all(other.snr_db > 80 for other in found[1:])


@pytest.mark.parametrize("kind", [Format.TFLITE, Format.ONNX, Format.COREML])
def test_an_8_bit_artefact_tells_its_five_worst(small_artefact, kind: Format) -> None:
    told = small_artefact(kind, Precision.INT8).manifest["parity"]["worst_layers"]
    assert len(told) == 5
    ratios = [layer["snr_db"] for layer in told]
    assert ratios == sorted(ratios)
    assert 10 < ratios[0] < 40

"""Core ML in 8 bits: the ranges that were planned, and no more noise than the rounding makes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from mobile_actnet.export.checks.layer_errors import signal_to_noise_db, worst_layers
from mobile_actnet.export.formats.exporter import Options
from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization.activation_ranges import LEVELS
from mobile_actnet.export.quantization.backbone_points import BackbonePoints
from mobile_actnet.export.quantization.calibration import ActivationRanges
from mobile_actnet.export.quantization.int8_file import load_recorded
from mobile_actnet.export.quantization.plan import QuantizationPlan, Range
from mobile_actnet.export.quantization.prepare import prepare
from mobile_actnet.export.quantization.weight_repair import equalise_from_bytes
from mobile_actnet.files import sha256_of
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Layout, Precision

pytest.importorskip("coremltools", reason="needs the extra coreml")

from mobile_actnet.export.formats.coreml.coreml_exporter import EXPORTER
from mobile_actnet.export.formats.coreml.coreml_quantizer import whole_levels
from mobile_actnet.runtime.coreml.mil_package import read_package

SMALL = ImageSize(64, 64)
PIXELS = generated_pictures(8, SMALL)
FIRST = ("features.0.0", "features.1.conv.0.0", "features.1.conv.1")


@pytest.fixture(scope="module")
def recorded() -> ActivationRanges:
    """Without the tuned kernels, which are further from the float network than rounded ones."""
    found = load_recorded(sha256_of(DEFAULT_CHECKPOINT))
    assert found is not None
    return replace(found, tuned=None)


def planned(
    network: Actnet, found: ActivationRanges, kept: frozenset[str] = frozenset()
) -> tuple[DeployableActnet, QuantizationPlan]:
    deployable = DeployableActnet(network, 384, Layout.NCHW)
    plan = prepare(deployable, Precision.INT8, found, kept)
    assert plan is not None
    return deployable, plan


def in_float(network: Actnet, found: ActivationRanges) -> DeployableActnet:
    """The float network, equalised like the artefact."""
    deployable = DeployableActnet(network, 384, Layout.NCHW)
    equalise_from_bytes(BackbonePoints(deployable), found.scales)
    return deployable


def step_and_zero_point(limits: Range) -> tuple[float, int]:
    low, high = limits
    step = (high - low) / (LEVELS - 1)
    return step, round(-low / step)


def test_zero_points_are_those_of_the_plan(
    small_artefact, shipped_network: Actnet, recorded: ActivationRanges
) -> None:
    """Half precision took 140 for 139.496 where the others take 139."""
    package = read_package(small_artefact(Format.COREML, Precision.INT8).path)
    found = [
        int(package.constants[message.inputs["zero_point"].arguments[0].name])
        for message in package.operations
        if message.type == "quantize" and "zero_point" in message.inputs
    ]
    _, plan = planned(shipped_network, recorded)
    outputs = [convolution.output for convolution in plan.convolutions]
    limits = [plan.input, *outputs, *plan.additions, plan.signature, plan.whitening]
    expected = [step_and_zero_point(each)[1] for each in limits]
    # 0 of 256 levels, and 128, which is 0 of signed ones, are left out.
    assert sorted(found) == sorted(zero_point for zero_point in expected if zero_point % 128)


def test_ends_on_levels_by_hand() -> None:
    assert whole_levels((-1.0, 1.55)) == pytest.approx((-1.0, 1.55))
    assert whole_levels((0.0, 6.0)) == pytest.approx((0.0, 6.0))
    # A step of 0.01; zero lies between two levels and moves to one.
    assert whole_levels((-1.004, 1.546)) == pytest.approx((-1.0, 1.55))


def noise_by_layer(
    network: Actnet, recorded: ActivationRanges, kept: frozenset[str], path: Path
) -> dict[str, float]:
    deployable, plan = planned(network, recorded, kept)
    options = Options(SMALL, 384, Precision.INT8, Layout.NCHW, plan=plan)
    EXPORTER.convert(deployable, options, path, {})
    reference = in_float(network, recorded)
    found = worst_layers(path, Format.COREML, reference, PIXELS, count=len(plan.convolutions))
    return {error.layer: error.snr_db for error in found}


def simulated(network: Actnet, recorded: ActivationRanges) -> dict[str, float]:
    """The same network in torch, in single precision, its points rounded to their levels."""
    expected: dict[str, list[np.ndarray]] = {}
    found: dict[str, list[np.ndarray]] = {}

    def keep(name: str, values: Tensor) -> None:
        expected.setdefault(name, []).append(values.numpy().copy())

    def round_and_keep(name: str, values: Tensor) -> None:
        step, zero_point = step_and_zero_point(recorded.ranges[name])
        # In place: what is observed is what the network goes on with.
        values.div_(step).round_().add_(zero_point).clamp_(0, LEVELS - 1)
        values.sub_(zero_point).mul_(step)
        found.setdefault(name, []).append(values.numpy().copy())

    BackbonePoints(in_float(network, recorded)).observe(PIXELS, keep)
    points = BackbonePoints(planned(network, recorded)[0])
    points.observe(PIXELS, round_and_keep)
    names = [convolution.point for convolution in points.convolutions]
    return {
        name: signal_to_noise_db(np.concatenate(expected[name]), np.concatenate(found[name]))
        for name in names
    }


def test_every_layer_has_the_noise_of_the_simulation(
    shipped_network: Actnet, recorded: ActivationRanges, tmp_path: Path
) -> None:
    found = noise_by_layer(shipped_network, recorded, frozenset(), tmp_path / "m.mlpackage")
    expected = simulated(shipped_network, recorded)
    assert found.keys() == expected.keys()
    for layer, snr_db in found.items():
        assert abs(snr_db - expected[layer]) < 1.5, layer


def test_kept_layers_have_the_noise_of_half_precision(
    shipped_network: Actnet, recorded: ActivationRanges, tmp_path: Path
) -> None:
    """Their kernels were rounded to 8 bits all the same once, and their biases not corrected."""
    found = noise_by_layer(shipped_network, recorded, frozenset(FIRST), tmp_path / "m.mlpackage")
    # What the last one gives is rounded for the next.
    assert all(found[layer] > 55 for layer in FIRST[:-1]), found

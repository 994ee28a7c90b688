"""Repairs: equalisation keeps the function, bias correction keeps the mean."""

import copy

import pytest
import torch
from torch import nn

from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization import weight_repair
from mobile_actnet.export.quantization.backbone_points import BackbonePoints
from mobile_actnet.export.quantization.calibration import CalibrationImages, measure_ranges
from mobile_actnet.export.quantization.config import CalibrationMethod
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import ImageSize, Layout

PIXELS = generated_pictures(16, ImageSize(64, 64))


@pytest.fixture
def deployable(shipped_network: Actnet) -> DeployableActnet:
    return DeployableActnet(shipped_network, 64, Layout.NHWC)


def results(deployable: DeployableActnet) -> torch.Tensor:
    return deployable(torch.from_numpy(PIXELS))


def test_rounded_weights_by_hand() -> None:
    found = weight_repair.rounded_weights(torch.tensor([[1.27, 0.004, -0.006], [0.0, 0.0, 0.0]]))
    torch.testing.assert_close(found, torch.tensor([[1.27, 0.0, -0.01], [0.0, 0.0, 0.0]]))


def test_the_errors_of_a_kernels_taps_cancel() -> None:
    # In levels: 127, 10.4, 20.4, 30.3; to the nearest they lose 1.1 together.
    weight = torch.tensor([1.27, 0.104, 0.204, 0.303]).view(1, 1, 2, 2)
    found = weight_repair.rounded_weights(weight)
    # One of the two that lie nearest to the middle is rounded up.
    assert found.flatten()[[0, 3]].tolist() == pytest.approx([1.27, 0.30])
    assert sum(found.flatten()[1:3].tolist()) == pytest.approx(0.31)
    many = torch.randn(50, 3, 3, 3, generator=torch.Generator().manual_seed(0))
    step = many.abs().flatten(1).amax(1) / 127
    errors = (weight_repair.rounded_weights(many) - many).flatten(1) / step.view(-1, 1)
    assert errors.sum(1).abs().max() <= 0.5 + 1e-3
    assert errors.abs().max() < 1.0
    assert (weight_repair.rounded_weights(many).abs().flatten(1).amax(1) / step).max() <= 127 + 1e-3


def test_halves_keep_the_sum_of_a_kernels_taps() -> None:
    weight = 5 * torch.randn((8, 3, 3, 3), generator=torch.Generator().manual_seed(0))
    found = weight_repair.rounded_to_half(weight)
    assert torch.equal(found, found.half().float())
    torch.testing.assert_close(found, weight, rtol=0, atol=0.05)
    left = (found - weight).sum((2, 3)).abs().mean()
    assert left < 0.2 * (weight.half().float() - weight).sum((2, 3)).abs().mean()
    alone = weight[:, :, :1, :1]
    assert torch.equal(weight_repair.rounded_to_half(alone), alone.half().float())


def test_rounding_again_changes_nothing() -> None:
    weights = torch.randn(20, 30, generator=torch.Generator().manual_seed(0))
    once = weight_repair.rounded_weights(weights)
    torch.testing.assert_close(weight_repair.rounded_weights(once), once)


def test_equalisation_keeps_the_function_and_evens_out_channels(
    deployable: DeployableActnet,
) -> None:
    before = results(deployable)
    largest: dict[str, torch.Tensor] = {}

    def widen(name: str, values: torch.Tensor) -> None:
        found = values.transpose(0, 1).flatten(1).abs().amax(1)
        largest[name] = torch.maximum(largest.get(name, found), found)

    points = BackbonePoints(deployable)
    points.observe(PIXELS, widen)
    scales = weight_repair.equalisation_scales(points, largest)
    assert not set(scales) & set(points.outputs.values())
    # An addition and what it adds share their scales.
    added = points.additions[0]
    for source in added.sources:
        torch.testing.assert_close(scales[source], scales[added.point])
    weight_repair.equalise(points, scales)
    torch.testing.assert_close(results(deployable), before, rtol=0, atol=1e-4)
    spread = [(largest[name] * s).std() / (largest[name] * s).mean() for name, s in scales.items()]
    plain = [largest[name].std() / largest[name].mean() for name in scales]
    assert sum(spread) < 0.8 * sum(plain)


def test_bias_correction_by_hand() -> None:
    class Tiny(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(2, 1)

    module = Tiny().linear
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[1.27, 0.004]]))
        module.bias.zero_()
    with torch.no_grad():
        weight_repair._round(module, torch.tensor([5.0, 100.0]), weight_repair.rounded_weights)
    # 0.004 becomes 0: the mean loses 0.4, the bias gives it back.
    torch.testing.assert_close(module.bias.detach(), torch.tensor([0.4]))


def test_bias_correction_brings_the_descriptors_back(deployable: DeployableActnet) -> None:
    expected = results(deployable)
    images = CalibrationImages(PIXELS, ())
    found = measure_ranges(deployable, images, CalibrationMethod.MIN_MAX)
    cosines = []
    for means in ({}, found.means):
        rounded = copy.deepcopy(deployable)
        weight_repair.round_weights(rounded, BackbonePoints(rounded), means)
        cosines.append(float((results(rounded) * expected).sum(1).mean()))
    without, corrected = cosines
    assert corrected > without
    assert 1 - corrected < 0.5 * (1 - without)


def test_kept_convolutions_stay_as_they_are(deployable: DeployableActnet) -> None:
    points = BackbonePoints(deployable)
    weights = [x.module.weight.clone() for x in points.convolutions]
    name = points.convolutions[3].name
    weight_repair.round_weights(deployable, points, {}, frozenset({name}), whitening=False)
    changed = [
        not torch.equal(x.module.weight, before)
        for x, before in zip(points.convolutions, weights, strict=True)
    ]
    assert not changed[3]
    assert sum(changed) == 51


def test_reading_bytes_changes_the_padding_alone(deployable: DeployableActnet) -> None:
    before, images = results(deployable), deployable.normalised(torch.from_numpy(PIXELS))
    points = BackbonePoints(deployable)
    plain = copy.deepcopy(points.convolutions[0].module)
    weight_repair.take_bytes(points)
    bytes_read = deployable.normalised(torch.from_numpy(PIXELS))
    values = bytes_read + weight_repair.BYTE_ZERO_POINT
    assert torch.equal(values, values.round())
    assert values.min() >= 0
    assert values.max() <= 255
    inside = (..., slice(1, -1), slice(1, -1))
    torch.testing.assert_close(
        points.convolutions[0].module(bytes_read)[inside], plain(images)[inside], rtol=0, atol=1e-4
    )
    assert float((results(deployable) * before).sum(1).min()) > 0.9998
    again = copy.deepcopy(deployable)
    weight_repair.take_bytes(BackbonePoints(again))
    assert torch.equal(results(again), results(deployable))

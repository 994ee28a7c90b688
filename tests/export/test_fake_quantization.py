"""Rounding to levels, with its gradient, against PyTorch's own; and that kernels learn from it."""

import pytest
import torch

from mobile_actnet.export.activation_ranges import CalibrationMethod
from mobile_actnet.export.calibration import CalibrationImages, measure_ranges
from mobile_actnet.export.deployable import DeployableActnet, ImageSize, Layout
from mobile_actnet.export.fake_quantization import SimulatedInt8, round_to_levels
from mobile_actnet.export.pictures import generated_pictures
from mobile_actnet.network import Actnet, l2_normalise

SMALL = ImageSize(64, 64)


@pytest.mark.parametrize("zero_point", [0, 116, 255])
def test_values_and_gradients_are_those_of_pytorch(zero_point: int) -> None:
    step = 0.0174
    halves = (torch.arange(-300, 600) / 2 - zero_point) * step
    theirs, ours = (torch.cat([halves, torch.randn(5000) * 3]).requires_grad_() for _ in range(2))
    ours.data.copy_(theirs.data)
    expected = torch.fake_quantize_per_tensor_affine(theirs, step, zero_point, 0, 255)
    found = round_to_levels(ours, step, zero_point)
    slopes = torch.randn(len(expected))
    expected.backward(slopes)
    found.backward(slopes)
    assert torch.equal(found, expected)
    assert theirs.grad is not None
    assert ours.grad is not None
    assert torch.equal(ours.grad, theirs.grad)
    assert 0 < int((ours.grad == 0).sum()) < len(slopes)


def test_kernels_learn_to_describe_as_the_float_network(shipped_network: Actnet) -> None:
    whole, measured, simulated = (
        DeployableActnet(shipped_network, 256, Layout.NHWC) for _ in range(3)
    )
    images = CalibrationImages(generated_pictures(16, SMALL), ())
    network = SimulatedInt8(simulated, measure_ranges(measured, images, CalibrationMethod.MSE))
    pictures = torch.from_numpy(generated_pictures(8, SMALL, seed=9))
    expected = whole(pictures)
    optimizer = torch.optim.Adam(
        [{"params": list(network.levels), "lr": 0.002}, {"params": list(network.widenings)}],
        lr=0.01,
    )
    losses = []
    for _ in range(9):
        found = l2_normalise(whole.whitening(network(pictures)))
        loss = 1 - (found * expected).sum(1).mean()
        losses.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    # One minus the cosine fell from 0.019 to 0.007.
    assert losses[-1] < 0.6 * losses[0]

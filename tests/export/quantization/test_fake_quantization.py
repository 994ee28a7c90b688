"""Kernels learn from a network that is rounded as its artefact will be."""

import torch

from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization.calibration import CalibrationImages, measure_ranges
from mobile_actnet.export.quantization.config import CalibrationMethod
from mobile_actnet.export.quantization.fake_quantization import SimulatedInt8
from mobile_actnet.network.actnet import Actnet, l2_normalise
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import ImageSize, Layout

SMALL = ImageSize(64, 64)


def test_kernels_learn_to_describe_as_the_float_network(shipped_network: Actnet) -> None:
    whole, measured, simulated = (
        DeployableActnet(shipped_network, 384, Layout.NHWC) for _ in range(3)
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

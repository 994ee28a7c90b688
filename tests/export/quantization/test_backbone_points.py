"""Points: what a backbone stores, in the order of execution."""

import torch

from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization.backbone_points import (
    INPUT,
    SIGNATURE,
    WHITENING,
    BackbonePoints,
)
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.describe import describe
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import ImageSize, Layout

SMALL = ImageSize(64, 64)


def test_mobilenet_v2(shipped_network: Actnet) -> None:
    points = BackbonePoints(DeployableActnet(shipped_network, 384, Layout.NHWC))
    assert len(points.convolutions) == 52
    assert len(points.additions) == 10
    first = points.convolutions[0]
    assert (first.name, first.source, first.bounded) == ("features.0.0", INPUT, True)
    # A projection has no ReLU6, and the first addition adds two of them.
    assert [x.name for x in points.convolutions if not x.bounded][:2] == [
        "features.1.conv.1", "features.2.conv.2",
    ]  # fmt: skip
    assert points.additions[0].sources == ("features.2.conv.2", "features.3.conv.2")
    assert set(points.outputs) == {"features.17.conv.1", "features.17.conv.3", "features.18"}
    assert points.outputs["features.18"] == "features.18.0"


def test_what_is_observed_is_what_the_network_computes(shipped_network: Actnet) -> None:
    pixels = generated_pictures(3, SMALL)
    found = []
    for layout in Layout:
        points = BackbonePoints(DeployableActnet(shipped_network, 64, layout))
        seen: dict[str, torch.Tensor] = {}
        results = points.observe(pixels, lambda name, x, seen=seen: seen.update({name: x}))
        assert {INPUT, SIGNATURE, WHITENING} < set(seen)
        assert len(seen) == 1 + 52 + 10 + 2
        assert seen[SIGNATURE].shape == (3, 2560)
        bounded = [x.point for x in points.convolutions if x.bounded]
        assert all(seen[name].min() >= 0 and seen[name].max() <= 6 for name in bounded)
        found.append(torch.nn.functional.normalize(results))
    expected = torch.from_numpy(describe(shipped_network, pixels, 64))
    for descriptors in found:
        torch.testing.assert_close(descriptors, expected, rtol=0, atol=1e-4)

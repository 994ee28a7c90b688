"""The named networks: their borders, and that each is what its name says."""

import numpy as np
import pytest
import torch

from mobile_actnet.benchmarks.config import NetworkName
from mobile_actnet.benchmarks.latency.networks import NETWORKS, PowWeibull, weights_key
from mobile_actnet.export.graph.lowering import LoweredWeibull
from mobile_actnet.network.activations import Weibull
from mobile_actnet.runtime.vocabulary import Layout

PICTURE = torch.from_numpy(
    np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), np.uint8)
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (NetworkName.MOBILE_ACTNET, 384),
        (NetworkName.MOBILE_ACTNET_POW, 384),
        (NetworkName.MOBILENET_V2, 1280),
        (NetworkName.RESNEXT101, 384),
        (NetworkName.RESNET101_GEM, 384),
    ],
)
def test_bytes_in_values_out(name: NetworkName, values: int) -> None:
    with torch.inference_mode():
        found = NETWORKS[name].build(Layout.NHWC)(PICTURE)
    assert found.shape == (1, values)
    assert torch.isfinite(found).all()
    if name is not NetworkName.MOBILENET_V2:
        assert found.norm().item() == pytest.approx(1, abs=1e-3)


def test_the_reference_is_resnext_with_a_signature_of_4096() -> None:
    reference = NETWORKS[NetworkName.RESNEXT101].build(Layout.NHWC)
    assert reference.whitening.in_features == 4096
    groups = {m.groups for m in reference.modules() if isinstance(m, torch.nn.Conv2d)}
    assert groups == {1, 32}


def test_random_weights_are_the_same_each_time_and_leave_the_generator_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    first, second = (NETWORKS[NetworkName.RESNET101_GEM].build(Layout.NHWC) for _ in range(2))
    assert torch.equal(torch.rand(1), expected)
    assert torch.equal(first(PICTURE), second(PICTURE))


def test_pow_computes_what_the_lowering_computes() -> None:
    layer = Weibull()
    x = torch.linspace(0, 6, 1001)
    assert PowWeibull(layer)(x).detach() == pytest.approx(LoweredWeibull(layer)(x), abs=1e-4)
    whole, with_pow = (
        NETWORKS[name].build(Layout.NHWC)(PICTURE)
        for name in (NetworkName.MOBILE_ACTNET, NetworkName.MOBILE_ACTNET_POW)
    )
    assert (whole @ with_pow.T).item() == pytest.approx(1, abs=1e-4)


def test_weights_key() -> None:
    assert len(weights_key(NetworkName.MOBILE_ACTNET)) == 64
    assert weights_key(NetworkName.RESNEXT101) == "random, seed 0"

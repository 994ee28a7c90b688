"""The module made for export against the network it was made from."""

import pytest
import torch

from mobile_actnet.errors import ConfigError
from mobile_actnet.export.graph.deployable import DeployableActnet, HeadlessBackbone, example_input
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.config import (
    ActivationKind,
    BackboneKind,
    NetworkConfig,
    PoolingKind,
    StreamConfig,
)
from mobile_actnet.network.normalisation import normalise
from mobile_actnet.runtime.vocabulary import ImageSize, Layout


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randint(
        0, 256, (3, 64, 96, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )


@torch.no_grad()
@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("dim", [256, 128, 1])
def test_equals_the_network(
    shipped_network: Actnet, images: torch.Tensor, layout: Layout, dim: int
) -> None:
    given = images if layout is Layout.NHWC else images.permute(0, 3, 1, 2)
    found = DeployableActnet(shipped_network, dim, layout)(given)
    # One value alone may be near zero; bringing it to length 1 enlarges its rounding.
    atol = 2e-6 if dim > 1 else 1e-4
    torch.testing.assert_close(found, shipped_network(normalise(images), dim), rtol=0, atol=atol)


@torch.no_grad()
@pytest.mark.parametrize("activation", ActivationKind)
@pytest.mark.parametrize("pooling", PoolingKind)
def test_equals_networks_of_every_kind(
    activation: ActivationKind, pooling: PoolingKind, images: torch.Tensor
) -> None:
    torch.manual_seed(1)
    stream = StreamConfig(("features.18",), activation, pooling)
    config = NetworkConfig(
        BackboneKind.MOBILENET_V2, (stream,), whitening_dim=32, descriptor_dim=32
    )
    network = Actnet(config).eval()
    found = DeployableActnet(network, 32, Layout.NHWC)(images)
    torch.testing.assert_close(found, network(normalise(images)), rtol=0, atol=1e-5)


def test_does_not_change_the_network(shipped_network: Actnet) -> None:
    before = {key: value.clone() for key, value in shipped_network.state_dict().items()}
    DeployableActnet(shipped_network, 16, Layout.NHWC)
    assert all(torch.equal(before[k], v) for k, v in shipped_network.state_dict().items())


def test_batch_norm_is_folded(shipped_network: Actnet) -> None:
    deployable = DeployableActnet(shipped_network, 16, Layout.NHWC)
    assert not [m for m in deployable.modules() if isinstance(m, torch.nn.BatchNorm2d)]


def test_headless_has_the_last_feature_map(shipped_network: Actnet, images: torch.Tensor) -> None:
    headless = HeadlessBackbone(DeployableActnet(shipped_network, 16, Layout.NHWC))
    with torch.no_grad():
        expected = shipped_network.backbone(normalise(images))["features.18"].mean((2, 3))
        torch.testing.assert_close(headless(images), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(0, 64), (63, 64), (64, 100), (64, 1056), (32, 64)])
def test_sizes_that_are_not_allowed(height: int, width: int) -> None:
    with pytest.raises(ConfigError, match="multiples of 32 from 64 to 1024"):
        ImageSize(height, width)


def test_sizes_and_example_inputs() -> None:
    size = ImageSize(384, 512)
    assert str(size) == "384x512"
    assert example_input(size, Layout.NHWC).shape == (1, 384, 512, 3)
    assert example_input(size, Layout.NCHW, batch=2).shape == (2, 3, 384, 512)
    assert example_input(size, Layout.NCHW).dtype == torch.uint8


def test_dim_beyond_the_whitening(shipped_network: Actnet) -> None:
    rows = shipped_network.config.whitening_dim
    with pytest.raises(ConfigError, match=f"descriptor dim is {rows + 1}; allowed is 1 to {rows}"):
        DeployableActnet(shipped_network, rows + 1, Layout.NHWC)

"""The network: shapes, the descriptor's length, finite gradients, every kind of head."""

import itertools

import numpy as np
import pytest
import torch

from mobile_actnet.errors import CheckpointError, ConfigError
from mobile_actnet.network.actnet import (
    NORM_EPSILON,
    POWER_EPSILON,
    Actnet,
    Head,
    MobileActnet,
    PowerNormalisation,
    ResNeXtActnet,
    l2_normalise,
)
from mobile_actnet.network.config import (
    MOBILE_ACTNET,
    RESNEXT_ACTNET,
    ActivationKind,
    BackboneKind,
    NetworkConfig,
    PoolingKind,
    StreamConfig,
)


@pytest.fixture(scope="module")
def network() -> MobileActnet:
    torch.manual_seed(0)
    return MobileActnet().eval()


def test_mobile_actnet_has_the_papers_sizes(network: MobileActnet) -> None:
    images = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        signature, descriptors = network.signature(images), network(images)
    assert signature.shape == (2, 2560)
    assert (signature > 0).all()
    assert descriptors.shape == (2, 384)
    torch.testing.assert_close(descriptors.norm(dim=1), torch.ones(2))


def test_resnext_sibling_has_a_signature_of_4096() -> None:
    sibling = ResNeXtActnet(RESNEXT_ACTNET).eval()
    with torch.no_grad():
        assert sibling.signature(torch.randn(1, 3, 64, 64)).shape == (1, 4096)
        assert sibling(torch.randn(1, 3, 64, 64)).shape == (1, 384)


def test_short_descriptor_is_the_beginning_of_the_long_one(network: MobileActnet) -> None:
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        short, whole = network(images, 128), network(images, 2560)
    cut = whole[:, :128] / whole[:, :128].norm(dim=1, keepdim=True)
    torch.testing.assert_close(short, cut, rtol=1e-4, atol=1e-5)
    for dim in (0, 2561):
        with pytest.raises(ConfigError, match=f"descriptor dim is {dim}; allowed is 1 to 2560"):
            network(images, dim)


@pytest.mark.parametrize(("activation", "pooling"), itertools.product(ActivationKind, PoolingKind))
def test_gradients_are_finite_for_every_head(
    activation: ActivationKind, pooling: PoolingKind
) -> None:
    config = NetworkConfig(
        BackboneKind.MOBILENET_V2,
        (StreamConfig(("a", "b"), activation, pooling), StreamConfig(("c",), activation, pooling)),
        whitening_dim=8,
        descriptor_dim=4,
    )
    head = Head(config, {"a": 3, "b": 4, "c": 5}, bounded={"a"})
    generator = torch.Generator().manual_seed(1)
    maps = {
        name: torch.randn(3, channels, 4, 3, generator=generator) * 5
        for name, channels in (("a", 3), ("b", 4), ("c", 5))
    }
    maps["a"] = maps["a"].clamp(0, 6)
    for feature_map in maps.values():
        feature_map[:, 0] = 0  # a channel that is dead for every picture
        feature_map[2] = 0  # a picture without any response
        feature_map.requires_grad_()
    descriptors = head(maps, 4)
    descriptors.square().mul(torch.arange(4.0)).sum().backward()
    gradients = [m.grad for m in maps.values()] + [p.grad for p in head.parameters()]
    assert torch.isfinite(descriptors).all()
    for gradient in gradients:
        assert gradient is not None
        assert torch.isfinite(gradient).all()


def test_black_picture_in_training_mode_has_finite_gradients() -> None:
    torch.manual_seed(0)
    network = MobileActnet().train()
    network(torch.zeros(2, 3, 64, 64)).square().mul(torch.arange(384.0)).sum().backward()
    for name, parameter in network.named_parameters():
        if parameter.grad is not None:
            assert torch.isfinite(parameter.grad).all(), name


def test_power_is_equation_20_with_a_bounded_slope() -> None:
    power = PowerNormalisation(scale=1.7, power=0.4)
    z = torch.tensor([0.0, 0.5, 3.0], requires_grad=True)
    psi = power(z)
    torch.testing.assert_close(psi, 1.7 * (z + POWER_EPSILON) ** 0.4)
    psi.sum().backward()
    assert z.grad is not None
    assert float(z.grad.max()) <= 1.7 * 0.4 * POWER_EPSILON**-0.6 * 1.001
    assert 0.4 * POWER_EPSILON**-0.6 < 26  # what the docstring says


def test_l2_normalise_keeps_a_zero_row_zero() -> None:
    rows = torch.tensor([[3.0, 4.0], [0.0, 0.0]], requires_grad=True)
    found = l2_normalise(rows)
    length = (25 + NORM_EPSILON) ** 0.5
    torch.testing.assert_close(found, torch.tensor([[3 / length, 4 / length], [0.0, 0.0]]))
    found.sum().backward()
    assert rows.grad is not None
    assert torch.isfinite(rows.grad).all()


def test_layers_are_config() -> None:
    config = NetworkConfig(BackboneKind.MOBILENET_V2, (StreamConfig(("features.13",)),), 32, 16)
    with torch.no_grad():
        assert Actnet(config).eval()(torch.randn(1, 3, 64, 64)).shape == (1, 16)
    with pytest.raises(ConfigError, match="mobilenet_v2 has no layer 'layer4'"):
        Actnet(NetworkConfig(BackboneKind.MOBILENET_V2, (StreamConfig(("layer4",)),)))
    with pytest.raises(ConfigError, match="whitening_dim is 2560; allowed is 1 to 96"):
        Actnet(NetworkConfig(BackboneKind.MOBILENET_V2, (StreamConfig(("features.13",)),)))


def test_only_the_layer_without_relu6_is_clipped(network: MobileActnet) -> None:
    clipped = [sorted(stream.unbounded) for stream in network.head.streams]
    assert clipped == [["features.17.conv.3"], []]
    assert MOBILE_ACTNET.streams[0].layers == ("features.17.conv.1", "features.17.conv.3")


def test_backbone_weights_are_checked(network: MobileActnet) -> None:
    weights = {key: value.clone() for key, value in network.backbone.state_dict().items()}
    fresh = MobileActnet()
    fresh.load_backbone({**weights, "classifier.1.weight": torch.zeros(1000, 1280)})
    for key, value in fresh.backbone.state_dict().items():
        assert torch.equal(value, weights[key]), key
    with pytest.raises(CheckpointError, match="not mobilenet_v2 weights with torchvision's names"):
        fresh.load_backbone({"layer1.0.conv1.weight": torch.zeros(1)})
    first = next(iter(weights))
    with pytest.raises(CheckpointError, match="has shape"):
        fresh.load_backbone({**weights, first: torch.zeros(1)})


def test_shipped_network_tells_pictures_apart(shipped_network: Actnet) -> None:
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.normal(size=(3, 3, 64, 64)).astype(np.float32))
    with torch.no_grad():
        descriptors = shipped_network(images)
    assert float((descriptors @ descriptors.T - torch.eye(3)).max()) < 0.999

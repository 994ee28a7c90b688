"""The mean of networks: every weight is, and networks of other shapes are refused."""

from dataclasses import replace

import pytest
import torch

from mobile_actnet.errors import ConfigError
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.config import BackboneKind, NetworkConfig, StreamConfig
from mobile_actnet.training.distillation.student import mean_network

SMALL = NetworkConfig(BackboneKind.MOBILENET_V2, (StreamConfig(("features.3",)),), 8, 4)


def network(config: NetworkConfig, seed: int) -> Actnet:
    torch.manual_seed(seed)
    return Actnet(config).eval()


def test_every_weight_of_the_mean_is_between_the_networks() -> None:
    first, second = network(SMALL, 0), network(SMALL, 1)
    mean = mean_network([first, second])
    for key, value in mean.state_dict().items():
        if value.is_floating_point():
            expected = (first.state_dict()[key] + second.state_dict()[key]) / 2
            assert torch.equal(value, expected), key
    assert not mean.training


def test_the_shorter_whitening_bounds_the_mean() -> None:
    longer = network(replace(SMALL, whitening_dim=12), 1)
    mean = mean_network([longer, network(SMALL, 0)])
    assert mean.config.whitening_dim == 8
    assert mean.head.whitening.weight.shape[0] == 8


def test_networks_of_other_layers_have_no_mean() -> None:
    other = replace(SMALL, streams=(StreamConfig(("features.4",)),))
    with pytest.raises(ConfigError, match="networks of one shape"):
        mean_network([network(SMALL, 0), network(other, 0)])

"""The student's weights: where they begin, how they move, what is kept of them."""

import math
from dataclasses import replace
from typing import Any

import torch

from mobile_actnet.errors import ConfigError
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.training.distillation.config import DistillationConfig


def with_rows(network: Actnet, rows: int) -> Actnet:
    """Copy a network with a whitening of other rows, which are still to be set.

    Raises:
        ConfigError: more rows than the signature has values.
    """
    config = network.config
    config = replace(config, whitening_dim=rows, descriptor_dim=min(rows, config.descriptor_dim))
    copied = Actnet(config)
    kept = {k: v for k, v in network.state_dict().items() if ".whitening." not in k}
    copied.load_state_dict({**copied.state_dict(), **kept})
    return copied.to(next(network.parameters()).device)


def mean_network(networks: list[Actnet]) -> Actnet:
    """Return a network whose weights are the mean of all (Wortsman et al., ICML 2022).

    Whitenings of different sizes are cut to the rows that all have; a student gets new ones.

    Args:
        networks: at least one, of one shape but for their whitenings.

    Raises:
        ConfigError: networks of different backbones, layers or activation layers.
    """
    first = networks[0].config
    rows = min(network.config.whitening_dim for network in networks)
    same = replace(first, whitening_dim=rows, descriptor_dim=min(rows, first.descriptor_dim))
    for network in networks:
        cut = replace(network.config, whitening_dim=rows, descriptor_dim=same.descriptor_dim)
        if cut != same:
            raise ConfigError(
                f"the checkpoints have different networks, {first.to_json()} and "
                f"{network.config.to_json()}; a mean needs networks of one shape"
            )
    mean = Actnet(same)
    states = [network.state_dict() for network in networks]
    for key, value in mean.state_dict().items():
        values = [state[key][:rows] if ".whitening." in key else state[key] for state in states]
        if value.is_floating_point():
            value.copy_(torch.stack(values).mean(0))
    return mean.eval()


def make_optimizer(
    student: Actnet, config: DistillationConfig, device: torch.device
) -> torch.optim.Optimizer:
    """Give backbone, whitening and activation layers learning rates of their own."""
    backbone = list(student.backbone.parameters())
    groups = (
        ([p for p in backbone if p.ndim > 1], config.backbone_rate, config.weight_decay),
        ([p for p in backbone if p.ndim <= 1], config.backbone_rate, 0.0),
        (list(student.head.whitening.parameters()), config.whitening_rate, 0.0),
        (list(student.head.streams.parameters()), config.activation_rate, 0.0),
    )
    described: list[dict[str, Any]] = [
        {"params": parameters, "peak_rate": peak_rate, "weight_decay": decay}
        for parameters, peak_rate, decay in groups
    ]
    return torch.optim.AdamW(described, fused=device.type == "cuda")


def rate(progress: float, warmup_share: float) -> float:
    """Factor on the peak rates: linear growth, then a cosine down to 1 %."""
    warmup = min(1.0, (progress + 1e-3) / warmup_share) if warmup_share else 1.0
    return warmup * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


@torch.no_grad()
def move_average(averaged: Actnet, student: Actnet, decay: float) -> None:
    """Move the averaged weights and batch-norm statistics towards the student's."""
    kept, live = averaged.state_dict(), student.state_dict()
    floats = [key for key, value in live.items() if value.is_floating_point()]
    torch._foreach_lerp_([kept[k] for k in floats], [live[k] for k in floats], 1 - decay)

"""Learning rates: which parameters learn, how fast, and how that changes over a run."""

import math
from typing import Any

import torch
from torch import nn

from mobile_actnet.network.actnet import Actnet
from mobile_actnet.training.config import OptimizerKind, TrainingConfig


def rate(step: int, steps: int, warmup_steps: int) -> float:
    """Factor on the peak learning rates: linear growth, then a cosine down to 1 %."""
    warmup = min(1.0, (step + 1) / warmup_steps) if warmup_steps else 1.0
    return warmup * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def leading_parameters(backbone: nn.Module, blocks: int) -> list[nn.Parameter]:
    """Return the parameters of the first blocks: `features.0`, ... or `conv1`, `bn1`, `layer1`."""
    names: dict[str, list[nn.Parameter]] = {}
    for name, parameter in backbone.named_parameters():
        parts = name.split(".")
        block = ".".join(parts[:2]) if parts[0] == "features" else parts[0]
        names.setdefault(block, []).append(parameter)
    return [parameter for group in list(names.values())[:blocks] for parameter in group]


def make_optimizer(
    network: Actnet, proxies: nn.Parameter, config: TrainingConfig
) -> torch.optim.Optimizer:
    """Give backbone, whitening and activation layers learning rates of their own.

    Weight decay is for the backbone's kernels alone.
    """
    backbone = list(network.backbone.parameters())
    groups = [
        ([p for p in backbone if p.ndim > 1], config.backbone_rate, config.weight_decay),
        ([p for p in backbone if p.ndim <= 1], config.backbone_rate, 0.0),
        (list(network.head.whitening.parameters()), config.whitening_rate, 0.0),
        (list(network.head.streams.parameters()), config.activation_rate, 0.0),
        ([proxies], config.whitening_rate, 0.0),
    ]
    described: list[dict[str, Any]] = []
    for parameters, peak_rate, decay in groups:
        trained = [p for p in parameters if p.requires_grad]
        if trained:
            described.append({"params": trained, "peak_rate": peak_rate, "weight_decay": decay})
    if config.optimizer is OptimizerKind.SGD:
        return torch.optim.SGD(described, lr=1.0, momentum=config.momentum)
    return torch.optim.AdamW(described)

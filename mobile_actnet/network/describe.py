"""Describing pictures with a network in torch."""

import numpy as np
import torch

from mobile_actnet.descriptors import Descriptors
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.normalisation import normalise
from mobile_actnet.pictures.preprocessing import Pixels


@torch.no_grad()
def describe(
    network: Actnet, pixels: Pixels, dim: int | None = None, batch_size: int = 32
) -> Descriptors:
    """Describe pictures.

    Args:
        network: in evaluation mode.
        pixels: (N, H, W, 3) uint8, RGB.
        dim: length of the descriptors; the network's default if None.

    Returns:
        (N, dim) float32, each of length 1.
    """
    if not len(pixels):
        return np.zeros((0, network.config.descriptor_dim if dim is None else dim), np.float32)
    batches = [
        network(normalise(pixels[start : start + batch_size]), dim)
        for start in range(0, len(pixels), batch_size)
    ]
    return torch.cat(batches).numpy()

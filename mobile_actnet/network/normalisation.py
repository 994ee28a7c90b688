"""From a picture's bytes to the values that the backbone was trained on."""

import torch
from torch import Tensor

from mobile_actnet.pictures.preprocessing import Pixels

# ImageNet statistics of RGB values in [0, 1], which torchvision's weights expect.
IMAGENET_MEAN = (0.485, 0.456, 0.406)


IMAGENET_STD = (0.229, 0.224, 0.225)


def normalise(images: Pixels | Tensor) -> Tensor:
    """Bring pixels to the scale that the backbone was trained on.

    Args:
        images: (N, H, W, 3) uint8, RGB.

    Returns:
        (N, 3, H, W) float32, ImageNet mean 0 and standard deviation 1 per channel.
    """
    pixels = torch.as_tensor(images).permute(0, 3, 1, 2).float()
    scale, offset = normalisation()
    return pixels * scale.to(pixels.device) + offset.to(pixels.device)


def normalisation() -> tuple[Tensor, Tensor]:
    """Return scale and offset, each (1, 3, 1, 1) float32, that normalise values 0 to 255."""
    mean = torch.tensor(IMAGENET_MEAN, dtype=torch.float64)
    std = torch.tensor(IMAGENET_STD, dtype=torch.float64)
    scale = (1.0 / (255.0 * std)).float().reshape(1, 3, 1, 1)
    return scale, (-mean / std).float().reshape(1, 3, 1, 1)

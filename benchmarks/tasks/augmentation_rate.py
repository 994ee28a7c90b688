"""What captures cost: pictures a second and core, and their share of a training step."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image

from mobile_actnet.network.checkpoint import load_checkpoint
from mobile_actnet.network.normalisation import normalise
from mobile_actnet.training.config import PHONE
from mobile_actnet.training.distributed import autocasting, resolve_autocast
from mobile_actnet.training.losses import bank_loss
from mobile_actnet.training.optimizers import leading_parameters
from mobile_actnet.training.phone_captures import capture
from mobile_actnet.training.trainer import trained_dims

_ITEM_SIZE_PX = (216, 288)


@dataclass(frozen=True)
class AugmentationReport:
    """Cost of captures beside the cost of learning from them, one thread each.

    Attributes:
        side_px: of the captures.
        captures_per_s: median over the rounds, one core.
        trained_per_s: pictures forward, loss, backward; one thread.
        share: of a step's time that captures would take if nothing overlapped: with one worker
            process on a core of its own they are hidden as long as it is below a half.
    """

    side_px: int
    captures_per_s: float
    trained_per_s: float
    share: float


def measure_augmentation(
    side_px: int = 160, pictures: int = 32, rounds: int = 5
) -> AugmentationReport:
    """Time captures of generated pictures and training steps on them, in turn, on the CPU."""
    rng = np.random.default_rng(0)
    items = [
        Image.fromarray(rng.integers(0, 256, (*_ITEM_SIZE_PX, 3), np.uint8))
        for _ in range(pictures)
    ]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        learn = _learner(side_px, pictures)
        samples = np.array(
            [
                (
                    _seconds(lambda: [capture(x, items[0], rng, side_px) for x in items]),
                    _seconds(learn),
                )
                for _ in range(rounds + 1)
            ]
        )[1:]
    finally:
        torch.set_num_threads(threads)
    captures_s, learning_s = np.median(samples, axis=0)
    share = captures_s / (captures_s + learning_s)
    return AugmentationReport(side_px, pictures / captures_s, pictures / learning_s, float(share))


def _learner(side_px: int, pictures: int) -> Callable[[], None]:
    """Return a function that makes one training step of the preset `phone`, the update left out."""
    network, _ = load_checkpoint()
    config = replace(PHONE, batch_size=pictures)
    for parameter in leading_parameters(network.backbone, config.frozen_blocks):
        parameter.requires_grad_(False)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    device = torch.device("cpu")
    dtype = resolve_autocast(config.autocast, device)
    pixels = np.random.default_rng(1).integers(0, 256, (pictures, side_px, side_px, 3), np.uint8)
    dim = max(trained_dims(network, config))
    bank = torch.nn.functional.normalize(torch.randn(pictures, dim))
    numbers = torch.arange(pictures)

    def learn() -> None:
        images = normalise(pixels).contiguous(memory_format=torch.channels_last)
        with autocasting(dtype, device):
            descriptors = network(images, dim)
        bank_loss(descriptors, bank, numbers, numbers, config.temperature).backward()

    return learn


def _seconds(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started

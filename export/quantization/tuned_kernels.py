"""Tuned kernels: a backbone fine-tuned for 8 bits, as the integers that every artefact will hold.

They stand in for a float checkpoint's backbone where activations are of 8 bits, in the equalised
network; the head is the float checkpoint's own. Made by `actnet quantize`.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mobile_actnet.export.quantization.backbone_points import BackbonePoints
from mobile_actnet.export.quantization.weight_repair import WEIGHT_LEVEL_MAX

_LEVELS, _STEPS, _BIASES = "tuned/levels/", "tuned/steps/", "tuned/biases/"


@dataclass(frozen=True)
class TunedKernels:
    """Rounded kernels and their biases, by the convolution's name.

    Attributes:
        levels: (out, in / groups, h, w) int8, -127 to 127; each row holds 127 or -127.
        steps: (out,) float32, what a level of a row is worth.
        biases: (out,) float32, corrected.
        about: how they were tuned, and the cosine with the float network before and after.
    """

    levels: dict[str, Tensor]
    steps: dict[str, Tensor]
    biases: dict[str, Tensor]
    about: dict[str, Any]

    @torch.no_grad()
    def put_into(self, points: BackbonePoints, kept: frozenset[str] = frozenset()) -> None:
        """Replace the kernels and biases of an equalised network, in place.

        Args:
            kept: names of convolutions that stay as they are.

        Raises:
            ValueError: they are of another network.
        """
        names = [convolution.name for convolution in points.convolutions]
        if sorted(names) != sorted(self.levels):
            raise ValueError("the tuned kernels are of another network")
        for name, module in ((x.name, x.module) for x in points.convolutions):
            if name in kept:
                continue
            assert module.bias is not None
            module.weight.copy_(self.levels[name] * self.steps[name].view(-1, 1, 1, 1))
            module.bias.copy_(self.biases[name])

    @property
    def sha256(self) -> str:
        """Hash of names and values."""
        digest = hashlib.sha256()
        for key, value in sorted(self.tensors().items()):
            digest.update(key.encode() + value.numpy().tobytes())
        return digest.hexdigest()

    def tensors(self) -> dict[str, Tensor]:
        """Return what is stored, by its key; files hold contiguous values, and training reorders kernels."""
        parts = ((_LEVELS, self.levels), (_STEPS, self.steps), (_BIASES, self.biases))
        return {prefix + name: x.contiguous() for prefix, part in parts for name, x in part.items()}


def tuned_from(tensors: dict[str, Tensor], about: dict[str, Any]) -> TunedKernels:
    """Read what `TunedKernels.tensors` gave; other keys are left out.

    Raises:
        ValueError: the parts are not of the same convolutions.
    """
    levels, steps, biases = (
        {key.removeprefix(prefix): x for key, x in tensors.items() if key.startswith(prefix)}
        for prefix in (_LEVELS, _STEPS, _BIASES)
    )
    if not set(levels) == set(steps) == set(biases):
        raise ValueError("its levels, steps and biases belong to different convolutions")
    return TunedKernels(levels, steps, biases, about)


def levels_of(rounded: Tensor) -> tuple[Tensor, Tensor]:
    """Split rounded (out, ...) weights into int8 levels and the (out,) worth of a level."""
    largest = rounded.abs().flatten(1).amax(1).clamp(min=torch.finfo(torch.float32).tiny)
    steps = largest / WEIGHT_LEVEL_MAX
    levels = (rounded / steps.view(-1, *[1] * (rounded.ndim - 1))).round()
    return levels.to(torch.int8), steps

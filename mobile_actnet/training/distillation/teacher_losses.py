"""What a student of teachers learns: be near the teacher, and find alike what it finds alike.

All return one value a view, (B,) float32.
"""

import torch
from torch import Tensor


def cosine_loss(student: Tensor, target: Tensor) -> Tensor:
    """1 - similarity of (B, D) descriptors of length 1 with their targets."""
    return 1 - (student * target).sum(1)


def relational_loss(student: Tensor, target: Tensor, bank: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of the student's similarities with a bank, against the teacher's.

    The bank is the other targets of the batch and clean pictures' targets, so a view is drawn to
    its own target and away from all others by as much as the teacher tells them apart.

    Args:
        student, target: (B, D) of length 1. bank: (M, D) of length 1. temperature: above 0.
    """
    compared = torch.cat([target, bank])
    teacher = (target @ compared.T / temperature).softmax(1)
    return -(teacher * (student @ compared.T / temperature).log_softmax(1)).sum(1)


def spread_loss(student: Tensor) -> Tensor:
    """-log of the distance to the nearest other descriptor of the batch.

    Kozachenko and Leonenko's estimate of the differential entropy, up to constants (Sablayrolles
    et al., 2019).

    Args:
        student: (B, D) of length 1, at least 2.
    """
    similarity = student @ student.T
    similarity = similarity - 2 * torch.eye(len(student), device=student.device)
    return -(2 - 2 * similarity.amax(1)).clamp(min=1e-6).sqrt().log()


def teacher_loss(
    student: Tensor, target: Tensor, bank: Tensor, temperature: float, cosine_weight: float,
    spread_weight: float,
) -> Tensor:  # fmt: skip
    """The losses above, the relational one with weight 1.

    Args:
        student, target: (B, D) of length 1. bank: (M, D) of length 1.
    """
    total = relational_loss(student, target, bank, temperature)
    total = total + cosine_weight * cosine_loss(student, target)
    if spread_weight:
        total = total + spread_weight * spread_loss(student)
    return total

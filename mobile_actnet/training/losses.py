"""Losses on L2-normalised descriptors, all float32; similarity is the inner product."""

import torch
from torch import Tensor, nn


def triplet_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float) -> Tensor:
    """Mean of L = 1/2 max(0, t + |q-m|^2 - |q-n|^2) (the paper, eq. 23).

    Args:
        anchor, positive, negative: (N, D) each; q, m and n of the equation.
        margin: t, at least 0.
    """
    near = (anchor - positive).square().sum(1)
    far = (anchor - negative).square().sum(1)
    return 0.5 * (margin + near - far).clamp(min=0).mean()


def bank_loss(
    descriptors: Tensor,
    bank: Tensor,
    numbers: Tensor,
    instances: Tensor,
    temperature: float,
    same_instance_share: float = 0.5,
    teacher_share: float = 0.0,
) -> Tensor:
    """Cross-entropy of the captures' similarities with a bank, against the right pictures.

    The target of a capture is its own picture; other pictures of its instance get a part of it,
    and so do the pictures that the bank itself finds similar, as similar as it finds them: that
    part keeps what the teacher knows of likeness (distillation).

    Args:
        descriptors: (N, D) of captures. bank: (M, D) of clean pictures, both of length 1.
        numbers: (N,) rows of the bank that the captures were made from.
        instances: (M,) what each row of the bank shows.
        temperature: similarities are divided by it, > 0.
        same_instance_share: of the hard target, to other photos of the same instance, 0 to 1.
        teacher_share: of the target, to the bank's own similarities, 0 to 1.
    """
    own = nn.functional.one_hot(numbers, len(bank)).to(bank)
    same = (instances[numbers][:, None] == instances[None, :]).to(bank) - own
    others = same.sum(1, keepdim=True)
    share = same_instance_share * (others > 0)
    target = (1 - share) * own + share * same / others.clamp(min=1)
    if teacher_share:
        soft = (bank[numbers] @ bank.T / temperature).softmax(1)
        target = (1 - teacher_share) * target + teacher_share * soft
    logits = descriptors @ bank.T / temperature
    return -(target * logits.log_softmax(1)).sum(1).mean()


def proxy_loss(descriptors: Tensor, proxies: Tensor, classes: Tensor, temperature: float) -> Tensor:
    """Classification by normalised proxies: cross-entropy of similarities with one row a class.

    Args:
        descriptors: (N, D) of length 1. proxies: (C, D), normalised here. classes: (N,).
    """
    logits = descriptors @ nn.functional.normalize(proxies).T / temperature
    return nn.functional.cross_entropy(logits, classes)


def collapse_similarity(descriptors: Tensor) -> float:
    """Mean similarity of different rows of (N, D) descriptors, N at least 2.

    Near 1 all pictures share one descriptor, and nothing can be found any more.
    """
    total = descriptors.sum(0).square().sum() - descriptors.square().sum()
    count = len(descriptors)
    return float(total.detach() / (count * (count - 1)))


def nested(descriptors: Tensor, dim: int) -> Tensor:
    """Cut (N, D) to the first `dim` values and bring them back to length 1."""
    return nn.functional.normalize(descriptors[:, :dim])


def semi_hard(similarities: Tensor, positive: Tensor) -> Tensor:
    """Mask negatives that are nearer than the positive.

    Args:
        similarities: (N, M) with candidates; what may not be chosen is already -inf.
        positive: (N,) similarity with the positive.

    Returns:
        (N, M): -inf where a negative is at least as similar as the positive; a row that would be
        left without any keeps all.
    """
    masked = similarities.masked_fill(similarities >= positive[:, None], -torch.inf)
    empty = masked.isneginf().all(1, keepdim=True)
    return torch.where(empty, similarities, masked)

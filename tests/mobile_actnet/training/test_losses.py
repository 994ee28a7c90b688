"""Losses with values worked out by hand."""

import math

import pytest
import torch

from mobile_actnet.training.losses import (
    bank_loss,
    collapse_similarity,
    nested,
    proxy_loss,
    semi_hard,
    triplet_loss,
)

BANK = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
DESCRIPTOR = torch.tensor([[1.0, 0.0]])
# Similarities 1, 0, -1 over a temperature of 0.5.
TOTAL = math.log(math.exp(2) + 1 + math.exp(-2))


def test_triplet_loss_is_equation_23() -> None:
    anchor = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    positive = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    negative = torch.tensor([[-1.0, 0.0], [-1.0, 0.0]])
    # |q-m|^2 = 2, |q-n|^2 = 4: below 0 with t = 0.1, 0.5 with t = 3.
    assert float(triplet_loss(anchor, positive, negative, 0.1)) == 0
    assert float(triplet_loss(anchor, positive, negative, 3.0)) == pytest.approx(0.25)


def test_bank_loss_of_one_picture() -> None:
    found = bank_loss(DESCRIPTOR, BANK, torch.tensor([0]), torch.tensor([0, 1, 2]), 0.5)
    assert float(found) == pytest.approx(TOTAL - 2.0)


def test_bank_loss_shares_the_target_with_the_same_instance() -> None:
    found = bank_loss(DESCRIPTOR, BANK, torch.tensor([0]), torch.tensor([0, 0, 2]), 0.5, 0.5)
    assert float(found) == pytest.approx(0.5 * (TOTAL - 2.0) + 0.5 * TOTAL)


def test_bank_loss_learns_the_teachers_similarities() -> None:
    alone = torch.tensor([0, 1, 2])
    found = bank_loss(DESCRIPTOR, BANK, torch.tensor([0]), alone, 0.5, 0.5, teacher_share=1.0)
    logits = [2.0, 0.0, -2.0]
    chances = [math.exp(x - TOTAL) for x in logits]
    entropy = -sum(p * math.log(p) for p in chances)
    # The student is the teacher here: cross-entropy is the teacher's entropy, its least value.
    assert float(found) == pytest.approx(entropy)


def test_proxy_loss() -> None:
    found = proxy_loss(DESCRIPTOR, 3 * BANK, torch.tensor([1]), 0.5)
    assert float(found) == pytest.approx(TOTAL)


def test_collapse_similarity() -> None:
    assert collapse_similarity(DESCRIPTOR.repeat(4, 1)) == pytest.approx(1)
    assert collapse_similarity(torch.eye(4)) == pytest.approx(0)


def test_nested_descriptors_have_length_1() -> None:
    assert nested(torch.tensor([[3.0, 4.0, 12.0]]), 2).tolist() == [
        [pytest.approx(0.6), pytest.approx(0.8)]
    ]


def test_semi_hard_leaves_out_what_is_nearer_than_the_positive() -> None:
    similarities = torch.tensor([[0.9, 0.5, 0.1], [0.9, 0.8, 0.95]])
    masked = semi_hard(similarities, torch.tensor([0.6, 0.5]))
    assert masked[0].tolist() == [-math.inf, pytest.approx(0.5), pytest.approx(0.1)]
    # Every negative is too near: better a hard one than none.
    assert torch.equal(masked[1], similarities[1])

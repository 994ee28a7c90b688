"""Losses of a student of teachers, by values worked out by hand."""

import math

import pytest
import torch

from mobile_actnet.training.distillation.teacher_losses import (
    cosine_loss,
    relational_loss,
    spread_loss,
    teacher_loss,
)

X, Y = [1.0, 0.0], [0.0, 1.0]


def test_cosine_loss_is_one_minus_the_similarity() -> None:
    losses = cosine_loss(torch.tensor([X, X]), torch.tensor([X, Y]))
    assert losses.tolist() == [0.0, 1.0]


def test_relational_loss_is_the_entropy_of_the_teacher_where_the_student_agrees() -> None:
    target = torch.tensor([X])
    loss = relational_loss(target, target, torch.tensor([Y]), 1.0)
    p = math.e / (math.e + 1)
    assert float(loss) == pytest.approx(-p * math.log(p) - (1 - p) * math.log(1 - p))
    wrong = relational_loss(torch.tensor([Y]), target, torch.tensor([Y]), 1.0)
    assert float(wrong) == pytest.approx(float(loss) + 2 * p - 1)


def test_spread_loss_looks_at_the_nearest_other() -> None:
    losses = spread_loss(torch.tensor([X, Y, [-1.0, 0.0]]))
    assert losses.tolist() == pytest.approx([-math.log(math.sqrt(2))] * 3)


def test_parts_are_added_by_their_weights() -> None:
    student, target, bank = torch.tensor([X, Y]), torch.tensor([Y, Y]), torch.tensor([X])
    parts = (
        relational_loss(student, target, bank, 0.5)
        + 3 * cosine_loss(student, target)
        + 2 * spread_loss(student)
    )
    assert torch.allclose(teacher_loss(student, target, bank, 0.5, 3.0, 2.0), parts)

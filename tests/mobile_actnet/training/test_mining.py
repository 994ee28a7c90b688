"""Mined negatives on descriptors whose order is known."""

import pytest
import torch

from mobile_actnet.training.config import Mining
from mobile_actnet.training.mining import mine_negatives

# Angles in degrees; similarity is the cosine of the difference.
ANGLES = torch.deg2rad(torch.tensor([0.0, 10.0, 4.0, 30.0, 90.0]))
DATABASE = torch.stack([ANGLES.cos(), ANGLES.sin()], 1)
INSTANCES = torch.tensor([0, 0, 1, 2, 3])


@pytest.mark.parametrize(
    ("mining", "expected"),
    [(Mining.HARDEST, 2), (Mining.SEMI_HARD, 3), (Mining.MEMORY, 3)],
)
def test_the_most_similar_allowed_negative(mining: Mining, expected: int) -> None:
    # Anchor at 0 degrees, its positive at 10: the other instance at 4 degrees is nearer than that.
    found = mine_negatives(
        DATABASE[:1], DATABASE[1:2], DATABASE, INSTANCES[:1], INSTANCES, mining, chunk=1
    )
    assert found.tolist() == [expected]

"""Mining: which negatives a triplet is made of (the paper, section 3.4 and 4.1)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mobile_actnet.training.config import Mining
from mobile_actnet.training.losses import semi_hard
from mobile_actnet.training.sources import Numbers


@dataclass(frozen=True)
class Triplets:
    """Rows of the collection, (T,) each."""

    anchors: Numbers
    positives: Numbers
    negatives: Numbers


def mine_negatives(
    anchors: Tensor,
    positives: Tensor,
    database: Tensor,
    anchor_instances: Tensor,
    instances: Tensor,
    mining: Mining,
    chunk: int = 512,
) -> Numbers:
    """Choose the most similar allowed negative for each anchor.

    Args:
        anchors: (T, D) descriptors; positives: (T, D) of what belongs to them.
        database: (M, D) descriptors of all pictures with the current model.
        anchor_instances: (T,), instances: (M,).
        mining: which negatives are allowed.

    Returns:
        (T,) int64 rows of the database, each of another instance than its anchor.
    """
    rows = []
    for start in range(0, len(anchors), chunk):
        part = slice(start, start + chunk)
        similarities = anchors[part] @ database.T
        own = anchor_instances[part][:, None] == instances[None, :]
        similarities = similarities.masked_fill(own, -torch.inf)
        if mining is not Mining.HARDEST:
            similarities = semi_hard(similarities, (anchors[part] * positives[part]).sum(1))
        rows.append(similarities.argmax(1))
    return torch.cat(rows).cpu().numpy().astype(np.int64)

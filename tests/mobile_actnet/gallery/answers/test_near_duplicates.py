"""Grouping of hits."""

import numpy as np

from mobile_actnet.gallery.answers.near_duplicates import group_hits
from mobile_actnet.gallery.sqlite.storage import Storage, encode


def test_groups_by_their_first_hit() -> None:
    angles = np.radians([0, 5, 50, 12, 55, 120])
    stored = encode(np.stack([np.cos(angles), np.sin(angles)], 1), Storage.INT8)
    # 12 degrees is like 0, not only like 5; cos(15 degrees) is 0.966.
    assert group_hits(stored, 0.966) == [[0, 1, 3], [2, 4], [5]]
    assert group_hits(stored, 1.1) == [[n] for n in range(6)]

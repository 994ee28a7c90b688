"""Make tests/golden/views.json: the boxes of every view for photos of awkward sizes.

    python tests/golden/make_views.py

The boxes are computed here from fractions, not by the toolkit's own integers.
"""

import json
from fractions import Fraction
from math import floor
from pathlib import Path

SIDE = 640
SIZES = ((640, 480), (480, 640), (101, 75), (1, 1), (2, 3), (4032, 3024), (3024, 4032), (5000, 7),
         (641, 640), (1279, 853), (99, 640))  # fmt: skip
SETS = {
    "none": ["whole"],
    "standard": ["whole", "centre", "half", "centre@90", "centre@180", "centre@270"],
    "thorough": ["whole", "centre", "top-left", "top-right", "bottom-left", "bottom-right",
                 "centre@90", "centre@180", "centre@270"],
}  # fmt: skip


def nearest(value: Fraction) -> int:
    return max(1, floor(value + Fraction(1, 2)))


def photo(width: int, height: int) -> dict:
    factor = min(Fraction(1), Fraction(SIDE, max(width, height)))
    working = [nearest(side * factor) for side in (width, height)]
    boxes = {"whole": [0, 0, *working]}
    for name, share, place in (
        ("centre", Fraction(7, 10), (1, 1)), ("half", Fraction(1, 2), (1, 1)),
        ("top-left", Fraction(7, 10), (0, 0)), ("top-right", Fraction(7, 10), (2, 0)),
        ("bottom-left", Fraction(7, 10), (0, 2)), ("bottom-right", Fraction(7, 10), (2, 2)),
    ):  # fmt: skip
        size = [nearest(share * side) for side in working]
        start = [
            floor(Fraction(whole - part) * Fraction(where, 2))
            for whole, part, where in zip(working, size, place, strict=True)
        ]
        boxes[name] = [*start, *(a + b for a, b in zip(start, size, strict=True))]
    return {"size": [width, height], "working_size": working, "boxes": boxes}


if __name__ == "__main__":
    golden = {"working_side_px": SIDE, "sets": SETS, "photos": [photo(*size) for size in SIZES]}
    path = Path(__file__).with_name("views.json")
    path.write_text(json.dumps(golden, indent=1) + "\n")

"""Make tests/golden/views.json: the boxes of every view for photos of awkward sizes, and pixels of some.

    python tests/golden/make_views.py

The boxes are computed here from fractions, not by the toolkit's own integers; pixels are Pillow's.
"""

import hashlib
import json
from fractions import Fraction
from math import floor
from pathlib import Path

import numpy as np
from PIL import Image

from mobile_actnet.runtime.generated_pictures import golden_picture
from mobile_actnet.runtime.vocabulary import ImageSize

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


def pixels(width: int, height: int) -> dict:
    """Return the hash of every view of the manifest's golden picture in this size."""
    whole = Image.fromarray(golden_picture(ImageSize(height, width)))
    boxes = photo(width, height)
    bilinear = Image.Resampling.BILINEAR
    narrow, low = boxes["working_size"]
    working = whole.resize((narrow, height), bilinear).resize((narrow, low), bilinear)
    hashes = {}
    for view in dict.fromkeys([*SETS["standard"], *SETS["thorough"]]):
        crop, _, turn = view.partition("@")
        cut = whole if crop == "whole" else working.crop(boxes["boxes"][crop])
        turned = np.ascontiguousarray(np.rot90(np.asarray(cut), -int(turn or 0) // 90))
        hashes[view] = hashlib.sha256(turned.tobytes()).hexdigest()
    return {"size": [width, height], "sha256": hashes}


if __name__ == "__main__":
    golden = {
        "working_side_px": SIDE,
        "sets": SETS,
        "photos": [photo(*size) for size in SIZES],
        "pixels": [pixels(*size) for size in ((928, 608), (64, 96))],
    }
    path = Path(__file__).with_name("views.json")
    path.write_text(json.dumps(golden, indent=1) + "\n")

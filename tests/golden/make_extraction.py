"""Make tests/golden/extraction: pictures of rectangles, and the local features that OpenCV finds in them.

    python tests/golden/make_extraction.py

The C engine's own SIFT is held to them by a share, not to the bit: OpenCV rounds its sums in another order.
"""

import json
import re
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from mobile_actnet.pictures.local_features import (
    GALLERY_EXTRACTION,
    QUERY_EXTRACTION,
    ExtractionConfig,
)

sys.path.insert(0, str(Path(__file__).parents[2] / "android_demo/tools"))
from opencv_features import extract_by_opencv

FOLDER = Path(__file__).parent / "extraction"
PICTURES = (
    ("photo", (900, 640), 260, QUERY_EXTRACTION),
    ("gallery", (300, 411), 80, GALLERY_EXTRACTION),
)


def rectangles(seed: int, size: tuple[int, int], count: int) -> list[list[int]]:
    """Left, top, width, height, red, green and blue of each; later ones lie above earlier ones."""
    rng = np.random.default_rng(seed)
    places = rng.integers((0, 0, 6, 6), (*size, 96, 96), (count, 4))
    colours = rng.integers(0, 256, (count, 3))
    return [[int(v) for v in row] for row in np.concatenate([places, colours], axis=1)]


def drawn(size: tuple[int, int], boxes: list[list[int]]) -> Image.Image:
    picture = Image.new("RGB", size, (128, 128, 128))
    pen = ImageDraw.Draw(picture)
    for left, top, width, height, *colour in boxes:
        pen.rectangle((left, top, left + width - 1, top + height - 1), tuple(colour))
    return picture


def entry(
    seed: int, name: str, size: tuple[int, int], count: int, config: ExtractionConfig
) -> dict:
    boxes = rectangles(seed, size, count)
    features = extract_by_opencv(drawn(size, boxes), config)
    (FOLDER / f"{name}.bin").write_bytes(features.to_bytes())
    return {
        "name": name,
        "size": list(size),
        "rectangles": boxes,
        "side_px": config.side_px,
        "count": config.count,
        "reduced_size": [features.width_px, features.height_px],
        "file": f"{name}.bin",
    }


def _on_one_line(numbers: re.Match[str]) -> str:
    return f"[{' '.join(numbers[1].split())}]"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    index = {
        "background": 128,
        "near": {"position": 24, "size": 4, "angle": 7},
        "least_share": 0.97,
        "most_median_bits": 1,
        "pictures": [entry(seed, *values) for seed, values in enumerate(PICTURES)],
    }
    text = re.sub(r"\[\s+([\d,\s]+?)\s+\]", _on_one_line, json.dumps(index, indent=1))
    (FOLDER / "index.json").write_text(text + "\n")


if __name__ == "__main__":
    main()

"""Make the golden pairs: local features of a picture and of a photo, and what must be found.

    python tests/golden/make_verification.py

Pictures are drawn from numbers and photographed through a homography that is chosen here; the outline
that verification finds is held against it before it is written.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from mobile_actnet.gallery.answers.verification import Verification, Verifier
from mobile_actnet.pictures.local_features import (
    GALLERY_EXTRACTION,
    QUERY_EXTRACTION,
    LocalFeatures,
    extract,
)
from mobile_actnet.training.phone_captures import perspective_coefficients

FOLDER = Path(__file__).parent / "verification"
TOLERANCE_PX = 0.5
FRAME = (640, 480)
SIZE = (360, 480)
TRUE_PX = 6.0
"""Verification may miss the true corners by so much: its features lie where SIFT puts them."""

Corners = list[tuple[float, float]]
UPRIGHT: Corners = [(200, 60), (440, 60), (440, 380), (200, 380)]
TURNED: Corners = [(560, 90), (560, 390), (160, 390), (160, 90)]
SLANTED: Corners = [(190, 50), (455, 110), (430, 400), (150, 420)]
STEEP: Corners = [(180, 40), (420, 130), (430, 330), (170, 450)]
SMALL: Corners = [(300, 150), (403, 160), (395, 295), (292, 286)]
PARTIAL: Corners = [(-120, -150), (420, -60), (400, 640), (-140, 620)]
HEADLONG: Corners = [(450, 420), (190, 430), (200, 70), (445, 60)]
MIRRORED: Corners = [(440, 60), (200, 60), (200, 380), (440, 380)]


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    poster, other = drawn(1), drawn(2)
    pairs: list[tuple[str, Image.Image, Image.Image, Corners | None]] = [
        ("upright", poster, photo(poster, UPRIGHT), UPRIGHT),
        ("on_its_side", poster, photo(poster, TURNED), TURNED),
        ("headlong", poster, photo(poster, HEADLONG), HEADLONG),
        ("slanted", poster, photo(poster, SLANTED), SLANTED),
        ("steep", poster, photo(poster, STEEP), STEEP),
        ("small", poster, photo(poster, SMALL), SMALL),
        ("partial", poster, photo(poster, PARTIAL), PARTIAL),
        ("dark", poster, dark(photo(poster, SLANTED)), SLANTED),
        ("blurred", poster, photo(poster, UPRIGHT).filter(ImageFilter.GaussianBlur(1.2)), UPRIGHT),
        ("beside_another", poster, photo(poster, SMALL, photo(other, TURNED)), SMALL),
        ("another_thing", poster, photo(other, SLANTED), None),
        ("shared_logo", with_logo(poster), photo(with_logo(other), UPRIGHT), None),
        ("mirrored", poster, photo(poster, MIRRORED), None),
        ("plain_picture", Image.new("RGB", SIZE, "navy"), photo(poster, UPRIGHT), None),
        ("plain_photo", poster, Image.new("RGB", FRAME, "white"), None),
    ]
    told = [_write(*pair) for pair in pairs]
    index = {"tolerance_px": TOLERANCE_PX, "pairs": told}
    (FOLDER / "index.json").write_text(json.dumps(index, indent=1) + "\n")


def _write(name: str, picture: Image.Image, scene: Image.Image, corners: Corners | None) -> dict:
    here, there = extract(picture, GALLERY_EXTRACTION), extract(scene, QUERY_EXTRACTION)
    result = Verifier(there).verify(here)
    reduced = None if corners is None else np.array(corners) * (there.width_px / FRAME[0])
    _hold_against_truth(name, result, reduced)
    outline = None if result.outline is None else result.outline.round(3).tolist()
    return {
        "name": name,
        "picture": _store(f"{name}_picture.bin", here),
        "photo": _store(f"{name}_photo.bin", there),
        "inliers": result.inliers,
        "outline": outline,
    }


def _hold_against_truth(
    name: str, result: Verification, corners: NDArray[np.float64] | None
) -> None:
    if corners is None:
        if result.inliers >= 7:
            raise SystemExit(f"{name}: {result.inliers} inliers where nothing is to be found")
        return
    if result.outline is None or result.inliers < 7:
        raise SystemExit(f"{name}: {result.inliers} inliers")
    apart = np.abs(result.outline - corners).max()
    if apart > TRUE_PX:
        raise SystemExit(f"{name}: {apart:.1f} pixels from the truth, {result.inliers} inliers")


def _store(name: str, features: LocalFeatures) -> dict:
    (FOLDER / name).write_bytes(features.to_bytes())
    return {"file": name, "size": [features.width_px, features.height_px], "count": len(features)}


def drawn(seed: int) -> Image.Image:
    """Draw a poster of rectangles, discs and lines."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", SIZE, _colour(rng))
    pen = ImageDraw.Draw(picture)
    shapes: tuple[Callable, ...] = (pen.rectangle, pen.ellipse)
    for number in range(140):
        x, y = (int(v) for v in rng.integers(0, SIZE))
        w, h = (int(v) for v in rng.integers(6, 70, 2))
        if number % 5 == 4:
            pen.line((x, y, x + w, y + h), _colour(rng), int(rng.integers(1, 6)))
        else:
            shapes[number % 2]((x, y, x + w, y + h), _colour(rng), _colour(rng))
    return picture


def with_logo(picture: Image.Image) -> Image.Image:
    """Paste the same small mark into a picture."""
    mark = drawn(9).crop((100, 100, 220, 160)).resize((60, 30))
    marked = picture.copy()
    marked.paste(mark, (40, 400))
    return marked


def photo(picture: Image.Image, corners: Corners, table: Image.Image | None = None) -> Image.Image:
    """Lay a picture on a table with its corners at these places of the photo."""
    scene = (table or _table()).copy()
    width, height = picture.size
    longest = float(np.ptp(np.array(corners), axis=0).max())
    factor = max(1.0, max(picture.size) / longest)
    soft = picture.filter(ImageFilter.GaussianBlur(0.45 * factor - 0.45)) if factor > 1 else picture
    source = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    coefficients = perspective_coefficients(np.array(corners, np.float64), source)
    method, bilinear = Image.Transform.PERSPECTIVE, Image.Resampling.BILINEAR
    laid = soft.transform(FRAME, method, coefficients, bilinear)
    mask = Image.new("L", picture.size, 255).transform(FRAME, method, coefficients, bilinear)
    scene.paste(laid, (0, 0), mask)
    return scene


def dark(scene: Image.Image) -> Image.Image:
    rng = np.random.default_rng(11)
    pixels: NDArray[np.float64] = np.asarray(scene, np.float64) * 0.25
    noisy = np.clip(pixels + rng.normal(0, 2, pixels.shape), 0, 255)
    return Image.fromarray(noisy.astype(np.uint8))


def _table() -> Image.Image:
    rng = np.random.default_rng(12)
    coarse = rng.integers(90, 150, (12, 16, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(FRAME, Image.Resampling.BICUBIC)


def _colour(rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(int(v) for v in rng.integers(0, 256, 3))


if __name__ == "__main__":
    main()

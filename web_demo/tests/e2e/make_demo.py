"""Draw a small museum for the browser's tests: pictures, what they are called, photos of them, videos of the photos.

    .venv/bin/python web_demo/tests/e2e/make_demo.py FOLDER

FOLDER gets `pictures/`, `items.csv`, `photos/` and `videos/` (MJPEG, for Chromium's fake camera) and `truth.json`: for
each photo the picture that it shows, or null, and the picture's corners as shares of the photo's width and height.
"""

import colorsys
import csv
import io
import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Size = tuple[int, int]

PICTURES = 12
VIDEO_FRAMES = 8
PHOTO_SIZE = (1280, 720)
_OVERSAMPLED = 2
_NAMES = (
    ("Morning at the Mill", "Morgen an der Mühle"), ("The Red Barns", "Die roten Scheunen"),
    ("Evening Hills", "Hügel am Abend"), ("Seven Firs", "Sieben Tannen"),
    ("The Quiet Village", "Das stille Dorf"), ("Under a Green Moon", "Unter grünem Mond"),
    ("Road to the Coast", "Weg zur Küste"), ("First Snow", "Erster Schnee"),
    ("Harvest", "Ernte"), ("The Blue Valley", "Das blaue Tal"),
    ("Lanterns", "Laternen"), ("After the Storm", "Nach dem Sturm"),
)  # fmt: skip


def main(folder: Path) -> None:
    """Write everything; the same bytes each time."""
    for name in ("pictures", "photos", "videos"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    pictures = [painting(seed) for seed in range(PICTURES + 1)]
    for number, picture in enumerate(pictures[:PICTURES]):
        picture.save(folder / "pictures" / f"{number:02}.png")
    _write_items(folder / "items.csv")
    truth: dict[str, dict[str, object]] = {}
    for number in range(len(pictures)):
        rng = np.random.default_rng(100 + number)
        photo, corners = photographed(pictures[number], rng)
        known = number < PICTURES
        name = f"{number:02}.jpg" if known else "unknown.jpg"
        photo.save(folder / "photos" / name, quality=90)
        truth[name] = {
            "picture": f"{number:02}.png" if known else None,
            "corners": (corners / PHOTO_SIZE).tolist() if known else None,
        }
    (folder / "truth.json").write_text(json.dumps(truth, indent=1) + "\n")
    for name in ("03.jpg", "unknown.jpg"):
        _write_video(folder / "photos" / name, folder / "videos" / name.replace(".jpg", ".mjpeg"))


def painting(seed: int) -> Image.Image:
    """Draw a landscape of 600 x 450 pixels, or upright; each seed another."""
    rng = np.random.default_rng(seed)
    width, height = (600, 450) if seed % 3 else (450, 600)
    size = (width * _OVERSAMPLED, height * _OVERSAMPLED)
    picture = Image.new("RGB", size)
    draw = ImageDraw.Draw(picture)
    hue = seed * 0.381966 % 1
    _sky(draw, size, hue, rng)
    for layer in range(5):
        _hill(draw, size, layer, hue, rng)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return int(255 * red), int(255 * green), int(255 * blue)


def _sky(
    draw: ImageDraw.ImageDraw, size: tuple[int, int], hue: float, rng: np.random.Generator
) -> None:
    width, height = size
    for y in range(height):
        share = y / height
        draw.line(
            [(0, y), (width, y)],
            fill=_colour(hue + 0.12 * share, 0.65 - 0.4 * share, 0.5 + 0.5 * share),
        )
    for _ in range(140):
        x, y = rng.uniform(0, width), rng.uniform(0, height * 0.6)
        long, thin = rng.uniform(10, 60), rng.uniform(2, 7)
        fill = _colour(hue + rng.uniform(-0.1, 0.2), rng.uniform(0.2, 0.6), rng.uniform(0.55, 1))
        draw.ellipse([x, y, x + long, y + thin], fill=fill)
    x, y, radius = (
        rng.uniform(0.15, 0.85) * width,
        rng.uniform(0.12, 0.3) * height,
        rng.uniform(0.05, 0.1) * width,
    )
    draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=_colour(hue + 0.5, 0.35, 1))


def _hill(
    draw: ImageDraw.ImageDraw,
    size: tuple[int, int],
    layer: int,
    hue: float,
    rng: np.random.Generator,
) -> None:
    width, height = size
    base, swing = height * (0.42 + 0.12 * layer), height * rng.uniform(0.03, 0.08)
    waves, phase = rng.uniform(1.5, 4), rng.uniform(0, 6)
    tint = hue + 0.3 + 0.07 * layer

    def top(x: float) -> float:
        return float(base + swing * np.sin(waves * 6.28 * x / width + phase))

    ridge = [(x, top(x)) for x in range(0, width + 8, 8)]
    draw.polygon(
        [*ridge, (width, height), (0, height)], fill=_colour(tint, 0.5, 0.72 - 0.11 * layer)
    )
    for _ in range(60):
        x = rng.uniform(0, width)
        y = top(x) + rng.uniform(0, 0.14) * height
        fill = _colour(
            tint + rng.uniform(-0.06, 0.06), rng.uniform(0.3, 0.8), rng.uniform(0.2, 0.85)
        )
        draw.line([(x, y), (x + rng.uniform(8, 30), y + rng.uniform(-6, 6))], fill=fill, width=4)
    for _ in range(int(rng.integers(4, 9))):
        x = rng.uniform(0.03, 0.97) * width
        (_house if rng.random() < 0.4 else _fir)(draw, x, top(x) + 14, 22 + 12 * layer, tint, rng)


def _fir(
    draw: ImageDraw.ImageDraw,
    x: float,
    y: float,
    size: float,
    tint: float,
    rng: np.random.Generator,
) -> None:
    fill = _colour(tint + rng.uniform(-0.08, 0.08), 0.7, rng.uniform(0.2, 0.5))
    for step in range(3):
        wide, low = size * (0.5 - 0.12 * step), y - size * 0.5 * step
        draw.polygon([(x - wide, low), (x + wide, low), (x, low - size)], fill=fill)


def _house(
    draw: ImageDraw.ImageDraw,
    x: float,
    y: float,
    size: float,
    tint: float,
    rng: np.random.Generator,
) -> None:
    wide = size * rng.uniform(0.8, 1.6)
    draw.rectangle(
        [x, y - size, x + wide, y], fill=_colour(tint + rng.uniform(0.3, 0.7), 0.55, 0.9)
    )
    draw.polygon(
        [(x - 5, y - size), (x + wide + 5, y - size), (x + wide / 2, y - 1.8 * size)],
        fill=_colour(tint + rng.uniform(0.3, 0.7), 0.8, 0.5),
    )
    for place in range(int(rng.integers(1, 4))):
        left = x + wide * (0.12 + 0.28 * place)
        draw.rectangle(
            [left, y - 0.75 * size, left + wide * 0.16, y - 0.4 * size], fill=_colour(0.14, 0.6, 1)
        )


def photographed(
    picture: Image.Image, rng: np.random.Generator, size: Size = PHOTO_SIZE, share: float = 0.78
) -> tuple[Image.Image, NDArray[np.float64]]:
    """Take a photo of a picture on a wall: turned, slanted, a little blurred and noisy.

    Args:
        size: of the photo. share: of its height that the picture has.

    Returns:
        the photo, and (4, 2) the picture's corners in it, from its top left clockwise.
    """
    width, height = size
    scale = share * height / picture.height
    half = np.array([picture.width * scale, picture.height * scale]) / 2
    flat = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    turn = rng.uniform(-0.14, 0.14)
    turned = flat @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    depth = 1 + turned @ rng.uniform(-0.16, 0.16, 2) / half.max()
    corners = (
        turned / depth[:, None] * 0.92 + np.array([width, height]) / 2 + rng.uniform(-30, 30, 2)
    )
    wall = _wall(rng, size)
    frame = _warped(Image.new("RGB", picture.size, (60, 44, 30)), _grown(corners, 1.07), size)
    for layer in (frame, _warped(picture, corners, size)):
        wall.paste(layer[0], mask=layer[1])
    soft = wall.filter(ImageFilter.GaussianBlur(0.7))
    noisy = np.asarray(soft, np.float64) * rng.uniform(0.8, 1.05) + rng.normal(
        0, 4, (height, width, 3)
    )
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)), corners


def _wall(rng: np.random.Generator, size: Size) -> Image.Image:
    width, height = size
    coarse = rng.integers(150, 190, (height // 24, width // 24), np.uint8)
    grey = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    return Image.merge(
        "RGB", (grey, grey.point(lambda v: v * 0.97), grey.point(lambda v: v * 0.92))
    )


def _grown(corners: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    middle = corners.mean(axis=0)
    return (corners - middle) * share + middle


def _warped(
    picture: Image.Image, corners: NDArray[np.float64], size: Size
) -> tuple[Image.Image, Image.Image]:
    """Lay a picture into a photo by its corners; return it and where it is."""
    width, height = picture.size
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    rows, right = [], []
    for (u, v), (x, y) in zip(corners, source, strict=True):
        rows += [[u, v, 1, 0, 0, 0, -x * u, -x * v], [0, 0, 0, u, v, 1, -y * u, -y * v]]
        right += [x, y]
    data = tuple(np.linalg.solve(np.array(rows), np.array(right)))
    method, resample = Image.Transform.PERSPECTIVE, Image.Resampling.BICUBIC
    return (
        picture.transform(size, method, data, resample),
        Image.new("L", picture.size, 255).transform(size, method, data, resample),
    )


def _write_items(file: Path) -> None:
    with file.open("w", newline="", encoding="utf-8") as target:
        table = csv.writer(target)
        table.writerow(["path", "item", "language", "title", "maker", "text", "link", "price"])
        for number, (english, german) in enumerate(_NAMES):
            path, item = f"{number:02}.png", f"p{number:02}"
            link = "javascript:alert(1)" if number == 1 else "https://example.org/pictures"
            table.writerow([path, item, "en", english, "Ada Brush",
                            f"Oil on board, number {number + 1} of twelve. Painted by a program in one afternoon: "
                            "hills, firs and houses, each with its own light.", link, "120 €"])  # fmt: skip
            table.writerow([path, item, "de", german, "Ada Brush",
                            f"Öl auf Holz, Nummer {number + 1} von zwölf. An einem Nachmittag von einem Programm "
                            "gemalt: Hügel, Tannen und Häuser, jedes in eigenem Licht.", link, "120 €"])  # fmt: skip


def _write_video(photo: Path, video: Path) -> None:
    """Write a video of one photo: MJPEG is one JPEG after another."""
    frame = io.BytesIO()
    Image.open(photo).save(frame, "JPEG", quality=92, subsampling=2)
    video.write_bytes(frame.getvalue() * VIDEO_FRAMES)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

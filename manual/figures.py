"""Draw the manual's pictures, each from what it shows: weights, tables, and drawn posters.

python manual/figures.py                    # all of them
python manual/figures.py activations views
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from mobile_actnet.gallery.answers.verification import Verifier
from mobile_actnet.pictures.local_features import (
    GALLERY_EXTRACTION,
    QUERY_EXTRACTION,
    UNITS_PER_PX,
    extract,
)
from mobile_actnet.pictures.views import DEFAULT_VIEWS, VIEW_SETS, view_pictures

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
RESULTS = ROOT / "docs" / "results"
sys.path.insert(0, str(ROOT / "tests" / "golden"))

from make_verification import SLANTED, drawn, photo  # type: ignore[import-not-found]  # noqa: E402

_GREEN = (46, 204, 113)
_GAP_PX = 12


def activations() -> Path:
    """Draw the activation layers: the shipped Weibulls, and each as training starts with it."""
    import torch

    from mobile_actnet.network.activations import (
        Exponential,
        SinH,
        Weibull,
        activation_parameters,
    )
    from mobile_actnet.network.checkpoint import load_checkpoint

    streams = load_checkpoint()[0].head.streams
    layers: dict[str, Any] = {
        f"Weibull, shipped, stream {number}": stream.activation
        for number, stream in enumerate(streams, 1)
    }
    layers["Weibull, at the start"] = Weibull()
    layers |= {"SinH, at the start": SinH(), "Exponential, at the start": Exponential()}
    x = torch.linspace(0, 6, 301)
    figure, axes = _axes("input (a feature map's value)", "output over its largest value")
    for name, layer in layers.items():
        y = layer(x).detach()
        axes.plot(x.numpy(), (y / y.max()).numpy(), label=name)
    axes.legend(frameon=False)
    numbers = []
    for name, layer in layers.items():
        values = activation_parameters(layer)
        numbers.append(
            f"{name}: " + ", ".join(f"{key} {value:.3f}" for key, value in values.items())
        )
    return _save(figure, PICTURES / "activations.svg", numbers)


def precisions() -> Path:
    """Draw size and ranking of each artefact in the table of precisions."""
    table = (RESULTS / "precisions.md").read_text(encoding="utf-8")
    points: dict[str, list[tuple[str, float, float]]] = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] in ("tflite", "onnx", "coreml") and cells[2].endswith(" MB"):
            scores = [float(score) for score in re.findall(r"([\d.]+) \([+-]", line)]
            mean = sum(scores) / len(scores)
            points.setdefault(cells[0], []).append((cells[1], float(cells[2][:-3]), mean))
    if not points:
        raise SystemExit("docs/results/precisions.md has no table of precisions")
    figure, axes = _axes("size, MB", "mean mAP of the sets, per cent")
    for (kind, rows), marker in zip(points.items(), "os^", strict=True):
        axes.scatter([row[1] for row in rows], [row[2] for row in rows],
                     marker=marker, label=kind, alpha=0.7)  # fmt: skip
    middle = sum(row[2] for rows in points.values() for row in rows) / sum(
        map(len, points.values())
    )
    # A point or two is chance on sets of this size: the axis does not blow them up.
    axes.set(ylim=(middle - 8, middle + 8), xlim=(0, None))
    labelled = points["tflite"] + [r for r in points.get("coreml", []) if "palettised" in r[0]]
    for number, (precision, size, mean) in enumerate(sorted(labelled, key=lambda row: row[1])):
        above = 14 + 12 * (number // 2 % 3)
        axes.annotate(precision, (size, mean), (0, above if number % 2 else -above - 6),
                      textcoords="offset points", fontsize=8, ha="center",
                      arrowprops={"arrowstyle": "-", "lw": 0.4})  # fmt: skip
    axes.legend(frameon=False)
    numbers = [
        f"{kind} {precision}: {size} MB, {mean:.2f}"
        for kind, rows in points.items()
        for precision, size, mean in rows
    ]
    return _save(figure, PICTURES / "precisions.svg", numbers)


def views() -> Path:
    """Draw a made-up photo and the views that it is described as."""
    scene = photo(drawn(1), SLANTED)
    chosen = VIEW_SETS[DEFAULT_VIEWS]
    tiles = [tile.resize((160, 160)) for tile in view_pictures(scene, chosen)]
    height = 2 * 160 + _GAP_PX
    canvas = Image.new(
        "RGB", (scene.width * height // scene.height + 3 * (160 + _GAP_PX), height), "white"
    )
    canvas.paste(scene.resize((scene.width * height // scene.height, height)), (0, 0))
    left = canvas.width - 3 * (160 + _GAP_PX) + _GAP_PX
    for number, (tile, view) in enumerate(zip(tiles, chosen, strict=True)):
        ImageDraw.Draw(tile).text((6, 4), str(view), "white", stroke_width=2, stroke_fill="black")
        canvas.paste(tile, (left + number % 3 * (160 + _GAP_PX), number // 3 * (160 + _GAP_PX)))
    return _save_jpeg(canvas, PICTURES / "views.jpg")


def matches() -> Path:
    """Draw a poster beside a photo of it: the places that match, and the outline."""
    poster, scene = drawn(1), photo(drawn(1), SLANTED)
    here, there = extract(poster, GALLERY_EXTRACTION), extract(scene, QUERY_EXTRACTION)
    verifier = Verifier(there)
    rows, columns = verifier.match(here)
    result = verifier.fit(here, rows, columns)
    if result.outline is None:
        raise SystemExit("the poster was not found in its photo")
    canvas, offset = _beside(poster, scene)
    pen = ImageDraw.Draw(canvas)
    small = poster.height / here.height_px / UNITS_PER_PX
    large = scene.width / there.width_px / UNITS_PER_PX
    inside = _inside(there.positions[columns] / UNITS_PER_PX, result.outline)
    for row, column in list(zip(rows[inside], columns[inside], strict=True))[:60]:
        start = tuple(here.positions[row] * small)
        end = there.positions[column] * large
        pen.line([start, (end[0] + offset, end[1])], fill=(255, 214, 10), width=1)
    scaled = result.outline * scene.width / there.width_px
    _outline(pen, scaled, offset)
    return _save_jpeg(canvas, PICTURES / "matches.jpg")


def answer() -> Path:
    """Draw a poster beside a photo in which it was found, with its outline alone."""
    poster, scene = drawn(1), photo(drawn(1), SLANTED)
    there = extract(scene, QUERY_EXTRACTION)
    outline = Verifier(there).verify(extract(poster, GALLERY_EXTRACTION)).outline
    if outline is None:
        raise SystemExit("the poster was not found in its photo")
    canvas, offset = _beside(poster, scene)
    _outline(ImageDraw.Draw(canvas), outline * scene.width / there.width_px, offset)
    return _save_jpeg(canvas, RESULTS / "answer.jpg")


FIGURES: dict[str, Callable[[], Path]] = {
    figure.__name__: figure for figure in (activations, precisions, views, matches, answer)
}


def main(names: list[str]) -> int:
    for name in names or FIGURES:
        if name not in FIGURES:
            print(f"error: no figure {name}; there are {', '.join(FIGURES)}", file=sys.stderr)
            return 1
        print(FIGURES[name]().relative_to(ROOT))
    return 0


def _beside(poster: Image.Image, scene: Image.Image) -> tuple[Image.Image, int]:
    offset = poster.width + _GAP_PX
    canvas = Image.new("RGB", (offset + scene.width, max(poster.height, scene.height)), "white")
    canvas.paste(poster, (0, 0))
    canvas.paste(scene, (offset, 0))
    return canvas, offset


def _outline(pen: ImageDraw.ImageDraw, corners: Any, offset: int) -> None:
    places = [(x + offset, y) for x, y in corners]
    pen.line([*places, places[0]], fill=_GREEN, width=5, joint="curve")


def _inside(places: Any, corners: Any) -> Any:
    """Return which places lie inside a convex outline with clockwise corners."""
    sides = np.roll(corners, -1, axis=0) - corners
    apart = places[:, None] - corners[None]
    return (sides[:, 0] * apart[..., 1] - sides[:, 1] * apart[..., 0] > 0).all(axis=1)


def _axes(x_label: str, y_label: str) -> tuple[Any, Any]:
    import matplotlib

    matplotlib.use("svg")
    # The same figure is the same bytes: names of elements do not come from chance.
    matplotlib.rcParams["svg.hashsalt"] = "mobile-actnet"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.6), layout="constrained")
    axes.set(xlabel=x_label, ylabel=y_label)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure: Any, path: Path, numbers: list[str]) -> Path:
    """Write an SVG that also holds the numbers it shows: a test asks whether they are today's."""
    path.parent.mkdir(exist_ok=True)
    metadata = {"Date": None, "Description": "; ".join(numbers)}
    figure.savefig(path, metadata=metadata, facecolor="white")
    return path


def _save_jpeg(picture: Image.Image, path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    picture.save(path, quality=85)
    return path


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""Draw the icon of Android's app as the picture that Xcode takes.

.venv/bin/python app_tools/icon.py    write it

Android draws its vector itself; iOS wants one picture of 1024 pixels, without transparency.
"""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
VECTOR = ROOT / "android_demo/app/src/main/res/drawable/icon.xml"
PICTURE = ROOT / "ios_demo/App/ActnetDemo/Assets.xcassets/AppIcon.appiconset/icon.png"
SIDE_PX = 1024
_FINER = 4
_NAMESPACE = "{http://schemas.android.com/apk/res/android}"
_COMMAND = re.compile(r"([MmHhVvLlz])([^MmHhVvLlz]*)")

Point = tuple[float, float]


def draw(vector: Path = VECTOR, side_px: int = SIDE_PX) -> Image.Image:
    """Return the vector's picture, RGB, `side_px` high and wide."""
    root = ElementTree.parse(vector).getroot()
    scale = _FINER * side_px / float(root.get(f"{_NAMESPACE}viewportWidth", "48"))
    canvas = Image.new("RGB", (_FINER * side_px, _FINER * side_px))
    pen = ImageDraw.Draw(canvas)
    for path in root.iter("path"):
        fill = path.get(f"{_NAMESPACE}fillColor")
        stroke = path.get(f"{_NAMESPACE}strokeColor")
        width = float(path.get(f"{_NAMESPACE}strokeWidth", "0"))
        for line in lines(path.get(f"{_NAMESPACE}pathData", "")):
            places = [(scale * x, scale * y) for x, y in line]
            if fill:
                pen.polygon(places, fill=fill)
            if stroke:
                pen.line(places, fill=stroke, width=round(scale * width), joint="curve")
    return canvas.resize((side_px, side_px), Image.Resampling.LANCZOS)


def lines(path_data: str) -> list[list[Point]]:
    """Return the lines of a path that has straight ones alone: M, H, V, L, z, absolute or not."""
    outlines: list[list[Point]] = []
    x = y = 0.0
    for letter, text in _COMMAND.findall(path_data):
        numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", text)]
        moved = letter.islower()
        match letter.upper():
            case "M" | "L":
                x, y = numbers[0] + moved * x, numbers[1] + moved * y
            case "H":
                x = numbers[0] + moved * x
            case "V":
                y = numbers[0] + moved * y
            case "Z":
                x, y = outlines[-1][0]
        if letter.upper() == "M":
            outlines.append([])
        outlines[-1].append((x, y))
    return outlines


def main() -> int:
    """Write the picture."""
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    draw().save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())

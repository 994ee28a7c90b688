"""Photograph the page's screens for docs/screens: four sheets of eight, as screens.mjs shoots them.

.venv/bin/python web_demo/tools/screens.py docs/screens
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

_TOOLS = Path(__file__).resolve().parent
_SHEETS = {"phone": (8, (270, 600)), "wide": (4, (512, 320))}
_GAP = 12
_QUALITY = 80


def main(target: Path) -> int:
    """Write web-SIZE-APPEARANCE.jpg for phone and wide, light and dark."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["node", _TOOLS / "screens.mjs", folder], check=True)
        for size, (columns, side) in _SHEETS.items():
            for appearance in ("light", "dark"):
                screens = sorted(Path(folder).glob(f"web-{size}-{appearance}-*.png"))
                sheet = _joined([Image.open(screen) for screen in screens], columns, side)
                sheet.save(target / f"web-{size}-{appearance}.jpg", quality=_QUALITY)
                print(target / f"web-{size}-{appearance}.jpg")
    return 0


def _joined(screens: list[Image.Image], columns: int, side: tuple[int, int]) -> Image.Image:
    width, height = side
    rows = -(-len(screens) // columns)
    sheet = Image.new(
        "RGB", (columns * (width + _GAP) - _GAP, rows * (height + _GAP) - _GAP), "#808080"
    )
    for number, screen in enumerate(screens):
        row, column = divmod(number, columns)
        place = (column * (width + _GAP), row * (height + _GAP))
        sheet.paste(screen.convert("RGB").resize(side, Image.Resampling.LANCZOS), place)
    return sheet


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))

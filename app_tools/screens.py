"""Render every state of both apps' screens, and hold them to what can be read on a narrow phone.

.venv/bin/python app_tools/screens.py docs/screens    pictures: a sheet for each app, language and appearance
.venv/bin/python app_tools/screens.py --check         texts at 320 dp, twice as large, and their contrast

The states are those of tests/golden/screens.json, to which both apps' tests are held. They are drawn by Chromium
from HTML with the platforms' sizes of texts, not by the phones' own views. Needs Chromium and npm (fonts).
"""

import argparse
import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from screen_pages import ROOT, Look, page, states

BUILD = ROOT / "build/screens"
FONTS = ROOT / "build/fonts"
PACKAGES = {"roboto": "@fontsource/roboto@5.3.0", "inter": "@fontsource/inter@5.3.0"}
COLUMNS = 10
SHOWN = ("first start", "verified", "item", "maybe", "catalogue")
NARROW_PX = 320
_SHEET_WIDTH = 180
_QUALITY = 80


class ScreensError(Exception):
    """Something is missing; the text says what."""


def fetch_fonts() -> Path:
    """Return the folder of the fonts, fetched once.

    Raises:
        ScreensError: they cannot be had.
    """
    for name, package in PACKAGES.items():
        if (FONTS / name / "files").is_dir():
            continue
        FONTS.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm")
        if npm is None:
            raise ScreensError("needs npm, for the fonts Roboto and Inter")
        done = subprocess.run([npm, "pack", package, "--silent"], cwd=FONTS, capture_output=True,
                              text=True, check=False)  # fmt: skip
        if done.returncode:
            raise ScreensError(f"npm does not give {package}: {done.stderr.strip()[-200:]}")
        archive = FONTS / done.stdout.split()[-1]
        subprocess.run(["tar", "-xf", archive.name], cwd=FONTS, check=True)
        (FONTS / "package").rename(FONTS / name)
        archive.unlink()
    return FONTS


def chromium(page_file: Path, *options: str) -> str:
    """Run Chromium over a page and return what it prints.

    Raises:
        ScreensError: there is none, or it fails.
    """
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise ScreensError("needs Chromium (Debian: apt install chromium)")
    with tempfile.TemporaryDirectory(prefix="actnet-chromium-") as profile:
        done = subprocess.run(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--allow-file-access-from-files", "--virtual-time-budget=5000",
             f"--user-data-dir={profile}", *options, page_file.as_uri()],
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
    if done.returncode:
        raise ScreensError(f"Chromium failed: {done.stderr.strip()[-300:]}")
    return done.stdout


def complaints(platform: str, language: str, *, dark: bool, scale: int = 2) -> list[str]:
    """Return a sentence for each text that does not fit 320 dp, or can hardly be read.

    Raises:
        ScreensError: Chromium or the fonts cannot be had.
    """
    look = Look(platform, language, dark, NARROW_PX, 0, scale)
    with tempfile.TemporaryDirectory(prefix="actnet-screens-") as name:
        file = Path(name) / "check.html"
        file.write_text(page(look, fetch_fonts(), states(platform)), encoding="utf-8")
        dom = chromium(file, "--window-size=3300,2000", "--dump-dom")
    result = re.search(r'<pre id="result">(.*?)</pre>', dom, re.DOTALL)
    if result is None:
        raise ScreensError("the page has no result; its script has failed")
    said: list[str] = json.loads(html.unescape(result[1]))
    return said


def render(look: Look, folder: Path) -> list[Path]:
    """Write a picture of each state's screen and return them in their order.

    Raises:
        ScreensError: Chromium or the fonts cannot be had.
    """
    shown = states(look.platform)
    rows = -(-len(shown) // COLUMNS)
    folder.mkdir(parents=True, exist_ok=True)
    file, whole = folder / "page.html", folder / "page.png"
    file.write_text(page(look, fetch_fonts(), shown), encoding="utf-8")
    size = (COLUMNS * look.width_px, rows * look.height_px)
    chromium(file, f"--window-size={size[0]},{size[1]}", f"--screenshot={whole}")
    pictures = []
    with Image.open(whole) as sheet:
        for number, state in enumerate(shown):
            row, column = divmod(number, COLUMNS)
            left, top = column * look.width_px, row * look.height_px
            name = re.sub(r"\W+", "-", state["name"]).strip("-")
            pictures.append(folder / f"{number:02}-{name}.png")
            sheet.crop((left, top, left + look.width_px, top + look.height_px)).save(pictures[-1])
    file.unlink()
    whole.unlink()
    return pictures


def joined(pictures: list[Path], columns: int, width_px: int) -> Image.Image:
    """Return pictures side by side, each as wide as that."""
    small = []
    for picture in pictures:
        with Image.open(picture) as one:
            height = round(one.height * width_px / one.width)
            small.append(one.convert("RGB").resize((width_px, height), Image.Resampling.LANCZOS))
    gap, height = 8, small[0].height
    rows = -(-len(small) // columns)
    size = (columns * (width_px + gap) - gap, rows * (height + gap) - gap)
    sheet = Image.new("RGB", size, "#808080")
    for number, placed in enumerate(small):
        row, column = divmod(number, columns)
        sheet.paste(placed, (column * (width_px + gap), row * (height + gap)))
    return sheet


def write_all(target: Path) -> None:
    """Write the sheets, and five screens for the first page."""
    for platform in ("android", "ios"):
        for language in ("en", "de"):
            for dark in (False, True):
                name = f"{platform}-{language}-{'dark' if dark else 'light'}"
                pictures = render(Look(platform, language, dark), BUILD / name)
                joined(pictures, COLUMNS, _SHEET_WIDTH).save(
                    target / f"{name}.webp", quality=_QUALITY
                )
                print(target / f"{name}.webp", flush=True)
    named = {state["name"]: place for place, state in enumerate(states("ios"))}
    pictures = sorted((BUILD / "ios-en-light").glob("*.png"))
    five = [pictures[named[name]] for name in SHOWN]
    joined(five, len(five), _SHEET_WIDTH).save(target / "apps.webp", quality=_QUALITY)


def main() -> int:
    """Render, or check; 1 where something does not fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="for the sheets")
    parser.add_argument("--check", action="store_true", help="tell what cannot be read")
    options = parser.parse_args()
    try:
        if options.check:
            said = [
                f"{platform}, {language}, {scale} times: {one}"
                for platform in ("android", "ios")
                for language in ("en", "de")
                for dark, scale in ((False, 1), (False, 2), (True, 2))
                for one in complaints(platform, language, dark=dark, scale=scale)
            ]
            print("\n".join(dict.fromkeys(said)) or "every text fits and can be read")
            return int(bool(said))
        write_all(options.folder or ROOT / "docs/screens")
    except ScreensError as error:
        print(f"screens: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

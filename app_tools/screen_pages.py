"""Pages of HTML that show states of the apps' screens, with the platforms' sizes of texts."""

import json
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
STATES = ROOT / "tests/golden/screens.json"
LOOKS = Path(__file__).resolve().parent / "screen_looks"
RESOURCES = ROOT / "android_demo/app/src/main/res"
CONTENT_VIEW = ROOT / "ios_demo/Sources/ActnetPhone/ContentView.swift"
ACCENT = ROOT / "ios_demo/App/ActnetDemo/Assets.xcassets/AccentColor.colorset/Contents.json"
BAR = ("live", "history", "gallery", "settings")

# Of iOS, in points: its ordinary size, and the second of the accessibility sizes, about twice as large. The title
# grows to the largest of the ordinary sizes alone.
_IOS_SIZES = {1: {"body": 17, "large-title": 34}, 2: {"body": 33, "large-title": 40}}
_FONTS = {"android": ("Roboto", "roboto"), "ios": ("Inter", "inter")}
_OUTLINE = ((0.24, 0.23), (0.77, 0.21), (0.76, 0.78), (0.23, 0.79))


@dataclass(frozen=True)
class Look:
    """How screens are shown.

    Attributes:
        platform: android or ios.
        language: en or de.
        dark: by night.
        width_px, height_px: of a screen, in dp or points; a height of 0 is that of what is on it.
        scale: of texts, 1 or 2.
    """

    platform: str
    language: str
    dark: bool = False
    width_px: int = 360
    height_px: int = 740
    scale: int = 1


def states(platform: str) -> list[dict[str, Any]]:
    """Return the states that a platform has."""
    every = json.loads(STATES.read_text(encoding="utf-8"))["states"]
    return [state for state in every if state.get("only", platform) == platform]


def page(look: Look, fonts: Path, shown: list[dict[str, Any]]) -> str:
    """Return a page with a screen for each state, side by side.

    Args:
        look: how they are shown.
        fonts: the folder of the packages of fonts.
        shown: of `states`.
    """
    words = json.loads((ROOT / "app_tools/words.json").read_text(encoding="utf-8"))
    bar = [words[f"screen_{name}"][look.language] for name in BAR]
    sizes = "; ".join(f"--{name}: {px}px" for name, px in _IOS_SIZES[look.scale].items())
    screens = "".join(_screen(state, look, bar) for state in shown)
    kind = "check" if look.height_px == 0 else ""
    scripts = (["button_rows.js"] if look.platform == "android" else []) + (
        ["check.js"] if kind else []
    )
    script = "".join((LOOKS / name).read_text() for name in scripts)
    return (
        f'<!doctype html><html lang="{look.language}"><meta charset="utf-8"><style>{_style(look, fonts)}</style>'
        f'<body class="{kind}" style="--scale: {look.scale}; {sizes}">{screens}'
        f"<script>document.fonts.ready.then(() => {{\n{script}\n}});</script></body></html>"
    )


def colours(platform: str) -> dict[str, str]:
    """Return the colours that the app itself says, from its sources."""
    if platform == "android":
        return {
            f"PROBLEM_{name}": _android_problem(folder)
            for name, folder in (("LIGHT", "values"), ("DARK", "values-night"))
        }
    channels = re.findall(r"UIColor\(red: 0x(\w\w) / 255, green: 0x(\w\w) / 255, blue: 0x(\w\w)",
                          CONTENT_VIEW.read_text())  # fmt: skip
    dark, light = ("#" + "".join(one) for one in channels)
    colours = {"PROBLEM_DARK": dark, "PROBLEM_LIGHT": light}
    for one in json.loads(ACCENT.read_text())["colors"]:
        parts = one["color"]["components"]
        name = "ACCENT_DARK" if "appearances" in one else "ACCENT_LIGHT"
        colours[name] = "#" + "".join(parts[part][2:] for part in ("red", "green", "blue"))
    return colours


def _android_problem(folder: str) -> str:
    tree = ElementTree.parse(RESOURCES / folder / "colours.xml")
    (colour,) = [one.text for one in tree.getroot() if one.get("name") == "problem"]
    return str(colour)


def _style(look: Look, fonts: Path) -> str:
    family, name = _FONTS[look.platform]
    faces = "".join(
        f'@font-face {{ font-family: {family}; font-weight: {weight}; src: url("{font.as_uri()}"); }}'
        for weight in (400, 600, 700)
        if (font := fonts / f"{name}/files/{name}-latin-{weight}-normal.woff2").exists()
    )
    rules = (LOOKS / f"{look.platform}.css").read_text()
    for key, colour in colours(look.platform).items():
        rules = rules.replace(key, colour)
    return faces + (LOOKS / "common.css").read_text() + rules


def _screen(state: dict[str, Any], look: Look, bar: list[str]) -> str:
    content = state[look.language]
    blocks = "".join(_block(block, look) for block in content["blocks"])
    height = f"height: {look.height_px}px" if look.height_px else ""
    asks = any(block.get("action", "").startswith("pick ") for block in content["blocks"]
               if block["kind"] == "row")  # fmt: skip
    kind = f"screen {'dark' if look.dark else 'light'} {'asks' if asks else ''}"
    return (
        f'<div class="{kind}" data-name="{escape(state["name"])}" '
        f'style="width: {look.width_px}px; {height}"><div class="content">'
        f"{_text('title', content['title'])}{blocks}</div>{_bar(state, bar, look)}</div>"
    )


def _bar(state: dict[str, Any], bar: list[str], look: Look) -> str:
    name = state["name"].partition(":")[0].partition(" on ")[0]
    here = {"seen": 1, "catalogue": 2, "settings": 3, "benchmark": 3, "about": 3}.get(name, 0)
    symbol = '<div class="symbol"></div>' if look.platform == "ios" else ""
    buttons = "".join(
        f'<div class="button {"chosen" if place == here else ""}">{symbol}<div class="t">{escape(text)}</div></div>'
        for place, text in enumerate(bar)
    )
    return f'<div class="bar">{buttons}</div>'


def _text(kind: str, text: str) -> str:
    return f'<div class="t {kind}">{escape(text)}</div>'


def _block(block: dict[str, Any], look: Look) -> str:
    match block["kind"]:
        case "preview":
            return _preview(outlined=block["outline"], aims=block["aims"])
        case "button" | "share":
            return f'<div class="button">{_text("", block["text"])}</div>'
        case "choice":
            return _choice(block, look)
        case "progress":
            share = f'<div style="width: {100 * block["share"]:.0f}%"></div>'
            return f'<div>{_text("paragraph", block["text"])}<div class="bar-of-progress">{share}</div></div>'
        case "row":
            detail = _text("detail", block["detail"]) if block["detail"] else ""
            words = f'<div class="words">{_text("name", block["title"])}{detail}</div>'
            return f'<div class="row"><div class="picture"></div>{words}</div>'
        case "picture":
            return '<div class="picture large"></div>'
        case "field":
            label = _text("label", block["label"]) if look.platform == "android" else ""
            hint = block["label"] if look.platform == "ios" and not block["text"] else ""
            kind = "t line hint" if hint else "t line"
            return f'<div>{label}<div class="{kind}">{escape(block["text"] or hint)}</div></div>'
        case kind:
            return _text(kind, block["text"])


def _choice(block: dict[str, Any], look: Look) -> str:
    stacked = "stacked" if look.platform == "ios" or block.get("stacked") else ""
    buttons = ""
    for option in block["options"]:
        mark = ("● " if option["chosen"] else "○ ") if look.platform == "ios" else ""
        chosen = "chosen" if option["chosen"] else ""
        buttons += f'<div class="button {chosen}">{_text("", mark + option["text"])}</div>'
    return (
        f'<div>{_text("label", block["title"])}<div class="options {stacked}">{buttons}</div></div>'
    )


def _preview(*, outlined: bool, aims: bool) -> str:
    shape, colour = '<rect x="45" y="95" width="210" height="210"', "#ffffff"
    if outlined:
        places = " ".join(f"{300 * x:.0f},{400 * y:.0f}" for x, y in _OUTLINE)
        shape, colour = f'<polygon points="{places}"', "#00e5a0"
    lines = "".join(
        f'{shape} fill="none" stroke="{stroke}" stroke-width="{width}" />'
        for stroke, width in (("#00332a", 6), (colour, 3))
        if outlined or aims
    )
    return (
        '<div class="preview"><div class="thing"></div>'
        f'<svg viewBox="0 0 300 400" preserveAspectRatio="none">{lines}</svg></div>'
    )

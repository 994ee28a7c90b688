"""Pages of one file that hold everything: pictures are inside, and browsers may fetch nothing."""

import base64
import html
from pathlib import Path

from mobile_actnet.errors import ConfigError
from mobile_actnet.files import refuse_special, refuse_unwritable

_SUFFIXES = (".html", ".htm")

_STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem; color: #1b1b1b; background: #fff; }
section { border-top: 1px solid #ccc; padding: .6rem 0; }
h1, h2, h3 { overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 0 0 .4rem; }
ol { display: flex; flex-wrap: wrap; gap: .6rem; list-style: none; margin: 0; padding: 0; }
"""

PHONE_STYLE = """
@media (max-width: 480px) {
  body { margin: .75rem; }
  li { width: calc(50% - .3rem); box-sizing: border-box; }
  img { max-width: 100%; box-sizing: border-box; }
  li.query { width: 100%; }
}
"""
"""Two pictures stand beside each other on a phone; for the end of a page's own style, which it overrules."""


def check_page(path: Path) -> None:
    """Look before minutes of work whether a page can be written; its folder is made.

    Raises:
        ConfigError: the name does not end in .html or .htm.
        ActnetError: it cannot be written there.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise ConfigError(f"--html is {path}; give a name that ends in {' or '.join(_SUFFIXES)}")
    refuse_special(path)
    refuse_unwritable(path.parent)


def page(title: str, style: str, body: list[str]) -> str:
    """Put a page together.

    Args:
        title: plain text. style: CSS added to the common one. body: lines of HTML.
    """
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">",
            '<meta name="viewport" content="width=device-width">',
            f"<title>{html.escape(title)}</title><style>{_STYLE}{style}</style></head><body>",
            f"<h1>{html.escape(title)}</h1>",
            *body,
            "</body></html>",
            "",
        ]
    )


def item(kind: str, source: str, alt: str, *captions: str) -> str:
    """Return a list item with a picture, its CSS class `kind`, and lines of plain text below it."""
    lines = "".join(f"<br><span>{html.escape(caption)}</span>" for caption in captions)
    return (
        f'<li class="{kind}"><img src="{source}" alt="{html.escape(alt)}" '
        f'title="{html.escape(alt)}">{lines}</li>'
    )


def shared_item(kind: str, name: str, alt: str, *captions: str) -> str:
    """Return a list item whose picture stands once in the page, in the style of `name`."""
    lines = "".join(f"<br><span>{html.escape(caption)}</span>" for caption in captions)
    label = html.escape(alt)
    return (
        f'<li class="{kind}"><span class="picture {name}" role="img" aria-label="{label}" '
        f'title="{label}"></span>{lines}</li>'
    )


def shared_style(name: str, source: str) -> str:
    """Return the style that gives `shared_item` its picture."""
    return f".{name} {{ background-image: url({source}); }}"


def data_url(jpeg: bytes) -> str:
    """Return a JPEG as an address that holds it."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"

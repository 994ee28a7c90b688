"""What mkdocs needs beyond mkdocs.yml: navigation, pages from outside `docs/`, generated pages.

Nothing is written twice: the navigation is `docs/README.md`, pages are the files that people read in
the checkout, the reference comes from parsers and docstrings. A link to a file that is no page, such
as a source file, becomes its name; a link to what does not exist is a warning, and so an error.
"""

import logging
import os
import re
import sys
from pathlib import Path, PurePosixPath
from typing import Any

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))

from api_page import api_page
from commands_page import commands_page
from notebook import notebook_page

ROOT = Path(__file__).parents[1]
CONTENTS = ROOT / "docs" / "README.md"
NOTEBOOK = ROOT / "docs" / "quickstart.ipynb"
STYLE = Path(__file__).with_name("manual.css")
GENERATED = {"commands.md": commands_page, "python.md": api_page}
"""Page -> the function that returns its Markdown."""

_PAGES = {
    "README.md": "index.md",
    "SECURITY.md": "reporting.md",
    "docs/README.md": "contents.md",
    "docs/quickstart.ipynb": "quickstart.md",
}
_SECTIONS = {"decisions": "Decisions", "results": "Results", "start": "Get started"}
"""Where a page goes that the table of contents does not name, by its folder."""

_LINK = re.compile(r"(!?\[(?:[^\[\]]|\[[^\]]*\])*\])\(([^)\s]+)\)")
_DEFINITION = re.compile(r"(?m)^(\[[^\]]+\]:\s+)(\S+)$")
_FENCE = re.compile(r"(?ms)^```.*?^```|`[^`\n]+`")
_MATH = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)
_NUMBER = re.compile(
    r"(<(?:code|pre|script|style)\b.*?</(?:code|pre|script|style)>|<[^>]*>)|(\b\d{1,3}(?: \d{3})+(?![\d ]*\d))",
    re.DOTALL,
)
log = logging.getLogger("mkdocs.manual")


def page_of(path: Path) -> str | None:
    """Return the page that a Markdown file of the checkout becomes; None for another file."""
    place = path.relative_to(ROOT).as_posix()
    if place in _PAGES:
        return _PAGES[place]
    if place.startswith("docs/"):
        return place.removeprefix("docs/")
    if not place.endswith(".md"):
        return None
    return place.lower().removesuffix("/readme.md").removesuffix(".md").replace("/", "-") + ".md"


def sections() -> dict[str, list[tuple[str, Path]]]:
    """Return the table of contents: heading -> titles and files, in order."""
    contents: dict[str, list[tuple[str, Path]]] = {}
    for part in CONTENTS.read_text(encoding="utf-8").split("\n## ")[1:]:
        heading, _, body = part.partition("\n")
        links = re.findall(r"(?m)^(?:\| |- )\[([^\]]+)\]\(([^)#]+)\)", body)
        contents[heading] = [(title, (CONTENTS.parent / place).resolve()) for title, place in links]
    listed = {path for entries in contents.values() for _, path in entries} | {CONTENTS}
    for path in sorted(set(CONTENTS.parent.rglob("*.md")) - listed):
        title = path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
        contents[_SECTIONS.get(path.parent.name, "Explanations")].append((title, path))
    return contents


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    navigation: list[Any] = []
    for heading, entries in sections().items():
        pages: list[Any] = [{title: page_of(path)} for title, path in entries]
        if heading == "Get started":
            pages.append({"All documents": "contents.md"})
        elif heading == "Reference":
            pages += [{"Commands": "commands.md"}, {"Python": "python.md"}]
        elif heading == "Decisions":
            pages.insert(0, {"All decisions": "decisions/index.md"})
        navigation.append({heading: pages})
    config.nav = navigation
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    outside = {path for entries in sections().values() for _, path in entries}
    for path in sorted(outside | {CONTENTS}):
        name = page_of(path)
        if path == NOTEBOOK:
            files.append(File.generated(config, "quickstart.md", content=notebook_page(path)))
        elif name and path.exists() and name not in files.src_uris:
            files.append(File.generated(config, name, abs_src_path=str(path)))
    for name, write in GENERATED.items():
        files.append(File.generated(config, name, content=write()))
    files.append(File.generated(config, "decisions/index.md", content=_decisions()))
    files.append(File.generated(config, STYLE.name, abs_src_path=str(STYLE)))
    return files


def on_page_markdown(markdown: str, page: Page, files: Files, **_: Any) -> str:
    source = page.file.abs_src_path
    if source is None:
        return markdown
    fences = _FENCE.findall(markdown)
    text = _FENCE.sub("\0", markdown)
    text = _LINK.sub(lambda match: _link(match, page, Path(source), files), text)
    text = _DEFINITION.sub(
        lambda match: match[1] + (_target(match[2], page, Path(source), files) or "."), text
    )
    codes = iter(fences)
    return re.sub("\0", lambda _: next(codes), text)


def on_page_content(html: str, **_: Any) -> str:
    """Write equations as MathML, which browsers draw without a script; a number stays on one line."""
    html = _NUMBER.sub(lambda match: match[1] or match[2].replace(" ", "&nbsp;"), html)
    return _MATH.sub(
        lambda match: convert(
            match[3].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"),
            display="block" if match[2] == "[" else "inline",
        ),
        html,
    )


def _link(match: re.Match[str], page: Page, source: Path, files: Files) -> str:
    target = _target(match[2], page, source, files)
    return match[1].strip("![]") if target is None else f"{match[1]}({target})"


def _target(target: str, page: Page, source: Path, files: Files) -> str | None:
    """Return a link's target as seen from the page; None where the file has no page."""
    if re.match(r"[a-z]+:|#", target):
        return target
    place, mark, anchor = target.partition("#")
    path = (source.parent / place).resolve()
    if path.is_dir() and (path / "README.md").exists():
        path /= "README.md"
    if not path.exists():
        log.warning("%s links to %s, which does not exist", source, target)
        return target
    if not path.is_relative_to(ROOT):
        log.warning("%s links to %s, which is outside the checkout", source, target)
        return target
    name = page_of(path)
    if name is None or name not in files.src_uris:
        return None
    folder = PurePosixPath(page.file.src_uri).parent.as_posix()
    return os.path.relpath(name, folder) + mark + anchor


def _decisions() -> str:
    text = CONTENTS.read_text(encoding="utf-8").split("\n## Decisions\n")[1].split("\n## ")[0]
    return "# Decisions\n" + text.replace("](decisions/", "](")

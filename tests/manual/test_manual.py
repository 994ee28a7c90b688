"""The manual builds without a warning, its notebook runs, its pictures are made by commands."""

import json
import os
import re
import subprocess
import sys
import urllib.parse
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("mkdocs", reason="needs the extra dev")

import documented
import figures
import hooks
import notebook
from commands_page import command_parsers, commands_page

from mobile_actnet.cli.main import VERBS

ROOT = Path(__file__).parents[2]
# Pictures that another command than manual/figures.py makes: where it stands, and how it begins.
# The page that shows a picture names its command, too.
MADE_ELSEWHERE = {
    "docs/results/latency": ("docs/results/latency.md", "actnet-bench --check"),
    "docs/results/minutes.svg": ("docs/results/latency.md", "--minutes"),
    "docs/results/separability.svg": ("docs/results/README.md", "--separability"),
    "docs/results/dimensions.svg": ("docs/results/README.md", "--curve"),
    "docs/screens/web": ("docs/results/web.md", "web-screens"),
    "docs/screens/": ("docs/apps.md", "screens"),
}


class Fetched(HTMLParser):
    """The files that a page asks for when it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        place = values.get("src") or (values.get("href") if tag == "link" else None)
        if place:
            self.places.append(place)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("manual")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=quiet)
    assert answer.returncode == 0, answer.stderr
    assert "WARNING" not in answer.stderr
    return folder


def test_every_document_is_a_page_and_in_the_navigation(site: Path) -> None:
    home = (site / "index.html").read_text(encoding="utf-8")
    for path in (ROOT / "docs").rglob("*.md"):
        page = path.relative_to(ROOT / "docs").with_suffix(".html").as_posix()
        page = {"README.html": "contents.html"}.get(page, page).replace("README", "index")
        assert (site / page).exists()
        if page.startswith(("decisions/", "start/")) or "/" not in page:
            assert f'href="{page}"' in home or page.startswith("decisions/"), page
    for page in ("android_demo", "ios_demo", "web_demo", "contributing", "reporting", "quickstart"):
        assert f'href="{page}.html"' in home


def test_it_can_be_searched_and_asks_for_nothing_from_elsewhere(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    text = " ".join(entry["text"] for entry in index["docs"])
    for word in ("calibrate", "Weibull", "cosine_min", "--every-view"):
        assert word in text
    pages = list(site.rglob("*.html"))
    assert len(pages) > 60
    for page in pages:
        fetched = Fetched()
        fetched.feed(page.read_text(encoding="utf-8"))
        for place in fetched.places:
            assert place.startswith("data:") or not re.match(r"[a-z]+:|//", place), (page, place)
            if page.name != "404.html" and not place.startswith("data:"):
                assert (page.parent / place.partition("?")[0].partition("#")[0]).exists(), place


def test_equations_are_drawn_without_a_script(site: Path) -> None:
    network = (site / "network.html").read_text(encoding="utf-8")
    assert network.count("<math") >= 8
    assert "arithmatex" not in network


def test_the_reference_has_every_command_option_and_public_name(site: Path) -> None:
    text = commands_page()
    for verb in VERBS:
        assert f"## actnet {verb}\n" in text
    parsers = list(command_parsers())
    assert len(parsers) > 25
    for parser in parsers:
        for action in parser._actions:
            assert all(f"`{o}`" in text for o in action.option_strings[:1]) or (
                "--help" in action.option_strings or action.help == "==SUPPRESS=="
            )
    import mobile_actnet
    import mobile_actnet.export

    python = (site / "python.html").read_text(encoding="utf-8")
    for package in (mobile_actnet, mobile_actnet.export):
        for name in package.__all__:
            assert f'id="{package._HOMES[name]}.{name}"' in python, name
    joined = re.findall(r"<code><span title=[^>]*>(\w+,)</span>", python)
    assert not joined, "an attribute of a public class needs a line of its own in the docstring"


def test_a_number_stays_on_one_line_and_code_is_left_as_it_is() -> None:
    html = '<p title="1 024">1 024 of 12 000 000, <code>1 024</code> and 5 64</p>'
    number = "1&nbsp;024 of 12&nbsp;000&nbsp;000"
    assert hooks.on_page_content(html) == html.replace(">1 024 of 12 000 000", f">{number}")


def test_no_line_of_code_is_cut_in_a_window_of_1280_pixels() -> None:
    lines = [line for page in documented.pages() for line in documented.block_lines(page)]
    assert len(lines) > 200
    assert not [line for line in lines if len(line) > 110]


def test_the_quick_start_runs_and_finds_its_poster(tmp_path: Path) -> None:
    pytest.importorskip("litert_torch", reason="needs the extra tflite")
    copy = tmp_path / "quickstart.ipynb"
    copy.write_bytes((ROOT / "docs" / "quickstart.ipynb").read_bytes())
    command = [sys.executable, str(ROOT / "manual" / "notebook.py"), str(copy)]
    subprocess.run(command, check=True, cwd=tmp_path)
    cells = [c for c in json.loads(copy.read_text())["cells"] if c["cell_type"] == "code"]
    shown = "".join("".join(o.get("text", [])) for cell in cells for o in cell["outputs"])
    assert re.search(r"poster-3\.png  verified: True", shown)
    assert cells[-2]["outputs"][0]["data"]["text/plain"] == ["[False, False, False]"]
    assert any("image/jpeg" in o.get("data", {}) for cell in cells for o in cell["outputs"])
    kept = json.loads((ROOT / "docs" / "quickstart.ipynb").read_text())
    assert any(cell.get("outputs") for cell in kept["cells"]), "run: make figures"


def test_every_picture_is_made_by_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra plots")
    for name in ("PICTURES", "RESULTS"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(figures, "PICTURES", tmp_path / "PICTURES")
    table = (figures.RESULTS / "precisions.md").read_text(encoding="utf-8")
    (tmp_path / "RESULTS" / "precisions.md").write_text(table, encoding="utf-8")
    monkeypatch.setattr(figures, "RESULTS", tmp_path / "RESULTS")
    drawn = {draw() for draw in figures.FIGURES.values()}
    assert all(path.stat().st_size > 5000 for path in drawn)
    made = {f"docs/{path.parent.name.lower()}/{path.name}" for path in drawn}
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        text = page.read_text(encoding="utf-8")
        for place in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text):
            path = (page.parent / place).resolve().relative_to(ROOT).as_posix()
            if path in made:
                command = f"manual/figures.py {Path(path).stem}"
                assert command in text or "`make figures" in text, f"{page}: name {command}"
                continue
            made_by = next((v for k, v in MADE_ELSEWHERE.items() if path.startswith(k)), None)
            assert made_by, f"{path}: which command makes it? Add it to manual/figures.py"
            for named in (text, (ROOT / made_by[0]).read_text(encoding="utf-8")):
                assert made_by[1] in named, (page, path)


def test_addresses_of_other_sites_are_well_formed() -> None:
    """They are not opened: nothing here has a network. Links inside are the manual's own check."""
    count = 0
    for page in documented.pages():
        for address in re.findall(r"https?://[^\s)>\"'`|,]+", page.read_text(encoding="utf-8")):
            parts = urllib.parse.urlsplit(address)
            if parts.hostname not in ("localhost", "127.0.0.1"):
                count += 1
                assert parts.scheme == "https", (page, address)
                assert re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", parts.netloc), (page, address)
                assert not address.endswith((".", ":", "]")), (page, address)
    assert count > 4


def test_a_page_says_what_a_cell_printed(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Title"]},
        {"cell_type": "code", "source": ["x = 2\n", "print('said')\n", "x + 1"]},
    ]
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    path.write_text(json.dumps(notebook.run_notebook(path)))
    page = notebook.notebook_page(path)
    assert page.startswith("# Title\n\n```python\nx = 2\n")
    assert "```text\nsaid\n```" in page
    assert "```text\n3\n```" in page

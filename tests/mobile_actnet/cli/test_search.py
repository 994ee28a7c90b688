"""`actnet-search`: hits as text, JSON and a page that a browser shows."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobile_actnet.cli.index import main as index
from mobile_actnet.cli.search import main

COLOURS = {"red": (220, 20, 30), "green": (10, 170, 40), "blue": (20, 40, 230)}


@pytest.fixture(scope="module")
def built(artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a gallery of three plain pictures, with names that are HTML."""
    folder = tmp_path_factory.mktemp("shop")
    photos = folder / "photos"
    for name, colour in COLOURS.items():
        (photos / name).mkdir(parents=True)
        Image.new("RGB", (90, 60), colour).save(photos / name / f"<b>&{name}.png")
    gallery = folder / "shop.sqlite"
    arguments = ["build", photos, "--model", artefact, "-o", gallery, "--labels", "folder"]
    assert index([*map(str, arguments), "--workers", "1"]) == 0
    return folder


@pytest.fixture
def shop(built: Path, tmp_path: Path) -> Path:
    """That gallery, to be changed at will."""
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return tmp_path / "shop.sqlite"


def query(tmp_path: Path, name: str) -> Path:
    return tmp_path / "photos" / name / f"<b>&{name}.png"


def test_text(shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(shop), "--query", str(query(tmp_path, "red")), "--top", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    # A plain picture has no local features that could verify it.
    assert lines[0] == f"{query(tmp_path, 'red')}: no answer, only candidates"
    assert lines[1] == "  1.000 red  red/<b>&red.png"
    assert len(lines) == 3


def test_without_verification_nothing_is_said_of_answers(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(shop), "--query", str(query(tmp_path, "red")), "--no-verify"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"{query(tmp_path, 'red')}:"


def test_json_of_a_folder(shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(shop), "--query", str(tmp_path / "photos"), "--json", "--group"]
    assert main(arguments) == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)["queries"]
    assert [one["hits"][0]["label"] for one in told] == ["blue", "green", "red"]
    assert told[0]["hits"][0]["similarity"] == pytest.approx(1)


def test_page_in_chromium(shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "hits.html"
    assert main([str(shop), "--query", str(query(tmp_path, "green")), "--html", str(page)]) == 0
    text = page.read_text()
    assert "<span>no answer, only candidates</span>" in text
    assert "http" not in text.replace("http-equiv", "")
    assert "<b>" not in text
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("needs the program chromium (Debian package chromium)")
    picture = tmp_path / "page.png"
    subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         "--window-size=1000,600", f"--user-data-dir={tmp_path / 'profile'}",
         f"--screenshot={picture}", page.as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    with Image.open(picture) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    seen = {
        name: int((np.abs(pixels - colour).max(axis=2) < 12).sum())
        for name, colour in COLOURS.items()
    }
    # Thumbnails of 90 x 60: red and blue once, green as query and as hit.
    assert 4000 < seen["red"] < 7000
    assert 4000 < seen["blue"] < 7000
    assert 8000 < seen["green"] < 14000


def test_a_page_without_thumbnails_shows_the_photos(
    shop: Path, artefact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["build", tmp_path / "photos", "--model", artefact, "-o", shop, "--overwrite"]
    assert index([*map(str, arguments), "--workers", "1", "--thumbnails", "0"]) == 0
    page = tmp_path / "hits.html"
    red = shutil.copy(query(tmp_path, "red"), tmp_path / "red.png")
    command = [str(shop), "--query", str(red), "--html", str(page)]
    assert main(command) == 0
    assert page.read_text().count("data:image/jpeg") == 4
    query(tmp_path, "red").unlink()
    assert main(command) == 0
    assert page.read_text().count("data:image/jpeg") == 3


def test_a_query_that_cannot_be_read_stops_no_other(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queries = tmp_path / "queries"
    queries.mkdir()
    (queries / "a.jpg").write_bytes(b"text")
    shutil.copy(query(tmp_path, "red"), queries / "b.png")
    page, command = tmp_path / "hits.html", [str(shop), "--query", str(queries)]
    assert main([*command, "--html", str(page)]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[0] == f"{queries / 'b.png'}: no answer, only candidates"
    assert told.err.startswith("not searched for: ")
    assert "a.jpg" in told.err
    assert page.read_text().count("<section>") == 2
    assert "not a picture" in page.read_text()
    assert main([*command, "--json"]) == 0
    broken, fine = json.loads(capsys.readouterr().out)["queries"]
    assert "a.jpg" in broken["error"]
    assert fine["hits"][0]["label"] == "red"
    shutil.copy(queries / "a.jpg", queries / "b.png")
    assert main(command) == 1
    assert "none of the 2 pictures can be read" in capsys.readouterr().err
    assert main([str(shop), "--query", str(queries / "a.jpg")]) == 1
    assert capsys.readouterr().err.startswith("error: ")


def test_errors_are_one_line(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    for picture, message in (("none.jpg", "does not exist"), ("empty", "holds no pictures")):
        assert main([str(shop), "--query", str(tmp_path / picture)]) == 1
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert message in error
        assert error.count("\n") == 1
    assert main([str(shop), "--query", str(query(tmp_path, "red")), "--top", "0"]) == 1

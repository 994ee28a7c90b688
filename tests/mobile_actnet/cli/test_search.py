"""`actnet-search`: hits as text, JSON and a page that a browser shows."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobile_actnet.cli.index import main as index
from mobile_actnet.cli.search import main
from mobile_actnet.export import Gallery

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
    assert lines[0].startswith(f"{query(tmp_path, 'red')}: not found: nothing in the gallery fits")
    assert lines[1] == "  1.000 red  red/<b>&red.png"
    assert len(lines) == 3


def test_pages_that_cannot_be_written_are_refused_before_a_search(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(shop), "--query", str(query(tmp_path, "red")), "--html"]
    os.mkfifo(tmp_path / "pipe.html")
    for name, message in (
        ("hits.png", "give a name that ends in .html or .htm"),
        ("pipe.html", "is a device, a pipe or a socket"),
        ("shop.sqlite/hits.html", "cannot write to"),
    ):
        assert main([*words, str(tmp_path / name)]) == 1
        printed = capsys.readouterr()
        assert message in printed.err
        assert printed.out == ""


def test_without_verification_nothing_is_said_of_answers(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(shop), "--query", str(query(tmp_path, "red")), "--no-verify"]) == 0
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith(f"{query(tmp_path, 'red')}: no verdict: nothing was verified")


def test_thresholds_judge_where_nothing_is_verified(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Gallery.open(shop) as gallery:
        model = gallery.info.model_sha256
    command = [str(shop), "--query", str(query(tmp_path, "red")), "--no-verify", "--json"]

    def verdict(least: float, model: str, *more: str, name: str = "thresholds.json") -> dict:
        rows = [{"least": 0.1, "false_answers": 0.2}, {"least": least, "false_answers": 0.01}]
        thresholds = {"schema": 1, "model_sha256": model, "measure": "similarity"}
        (tmp_path / name).write_text(json.dumps(thresholds | {"thresholds": {"similarity": rows}}))
        assert main([*command, *more]) == 0
        return json.loads(capsys.readouterr().out)["queries"][0]

    answer = verdict(0.99, model)
    assert answer["verdict"] == "found"
    assert answer["judged_by"] == "similarity"
    assert answer["score"] == pytest.approx(1, abs=0.01)
    assert verdict(1.5, model)["verdict"] == "not found"
    assert verdict(0.99, "of another one")["verdict"] == "no verdict"
    (tmp_path / "thresholds.json").unlink()
    assert main([*command[:-1], "--thresholds", str(tmp_path / "none.json")]) == 1
    assert "none.json cannot be read" in capsys.readouterr().err
    elsewhere = ("--thresholds", str(tmp_path / "mine.json"))
    assert verdict(0.99, model, *elsewhere, name="mine.json")["verdict"] == "found"
    assert main([*command[:-1], *elsewhere]) == 0
    assert "found red (red/" in capsys.readouterr().out
    thresholds = json.loads((tmp_path / "mine.json").read_text())
    (tmp_path / "mine.json").write_text(json.dumps(thresholds | {"model_sha256": "x"}))
    assert main([*command, *elsewhere]) == 1
    assert "another model" in capsys.readouterr().err


def test_json_of_a_folder(shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(shop), "--query", str(tmp_path / "photos"), "--json", "--group"]
    arguments += ["--html", str(tmp_path / "hits.html")]
    assert main(arguments) == 0
    (line,) = capsys.readouterr().out.splitlines()  # Nothing but JSON, --html or not.
    queries_json = json.loads(line)["queries"]
    assert [one["hits"][0]["label"] for one in queries_json] == ["blue", "green", "red"]
    assert queries_json[0]["hits"][0]["similarity"] == pytest.approx(1)


def test_page_in_chromium(shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "hits.html"
    assert main([str(shop), "--query", str(query(tmp_path, "green")), "--html", str(page)]) == 0
    text = page.read_text()
    assert "<span>not found</span>" in text
    assert "not found: nothing in the gallery fits" in text
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
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0].startswith(f"{queries / 'b.png'}: not found: ")
    assert printed.err.startswith("skipped: ")
    assert "a.jpg" in printed.err
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

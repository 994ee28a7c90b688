"""What the pages of the ways in show runs, from top to bottom as a reader would, on drawn pictures.

A page is run in a folder of its own, with a catalogue of posters, photos of them, a table of items,
labelled photos and a teacher.
"""

import contextlib
import csv
import itertools
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("yaml", reason="needs the extra dev")

import documented
import figures
from documented import Command, split_verb

from mobile_actnet.cli.main import main as actnet
from mobile_actnet.export.export_request import ExportRequest
from mobile_actnet.export.pipeline import export_artefacts
from mobile_actnet.runtime.vocabulary import Format, ImageSize

ROOT = documented.ROOT
RUN = ("README.md", "docs/searching.md", "docs/exporting.md", "docs/training.md", "docs/web.md",
       "docs/start/app-developers.md", "docs/start/researchers.md", "docs/start/phone-developers.md",
       "docs/start/installing.md", "docs/scale.md")  # fmt: skip
"""Pages whose blocks are run. The others record measurements on photos that are not here;
test_documented_commands.py reads them."""

NOT_RUN = {
    r"\. .*activate": "the test runs in an environment",
    r"pip install": "installing has a test of its own",
    r"make (arm64|android-assets|ios-assets)": "have tests of their own; here make reads them",
    r"torchrun": "needs four processes; its module has tests of its own",
    r".*--device cuda": "needs a GPU",
    r"actnet bench device": "needs a phone; tests/benchmarks/devices runs it against a real adbd",
    r"make export": "the fixture runs what it runs; here make reads it",
}
"""Commands that a page shows and this test does not run, and why."""

SMALL = ["--image-size", "64"]
LOOSE = ["--min-cosine", "0.5", "--min-worst-cosine", "0.3", "--min-overlap", "0"]
ADDED = {
    r"actnet[ -]export (?!.*--image-size)": SMALL,
    r"actnet[ -]export .*int8": LOOSE,
    r"actnet[ -]train": ["--steps", "1", "--set", "batch_size=4"],
    r"actnet[ -]train (?!.*--teacher)": ["--workers", "0", "--set", "image_sizes=64"],
    r"actnet[ -]quantize": [
        "--steps",
        "1",
        "--rate",
        "0.1",
        *SMALL,
        "--data",
        "more/",
        "--workers",
        "0",
    ],
    r"actnet evaluate .*--ablation": [*SMALL, "--ablation-steps", "1"],
    r"actnet[ -]index rehearse": ["--captures", "1"],
    r"actnet web photos/": ["--model", "artefacts/mobile_actnet_224x224_fp16.tflite"],
}
"""What is added to a command so that it takes seconds."""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the pages' commands expect in their folder; copied for each page."""
    pytest.importorskip("litert_torch", reason="needs the extra tflite")
    folder = tmp_path_factory.mktemp("shelf")
    posters = [figures.drawn(number) for number in range(20)]
    for name, chosen in (
        ("photos", range(8)),
        ("street", range(8, 14)),
        ("catalogue", range(8)),
        ("more", range(16)),
    ):
        (folder / name).mkdir()
        for number in chosen:
            posters[number].save(folder / name / f"{number:03}.jpg", quality=90)
    scene = figures.photo(posters[3], figures.SLANTED)
    scene.save(folder / "photo.jpg")
    (folder / "queries").mkdir()
    scene.save(folder / "queries" / "a.jpg")
    (folder / "shop").mkdir()
    rows = [("path", "instance", "role")]
    for number in range(4):
        posters[number].save(folder / "shop" / f"{number}.jpg")
        figures.photo(posters[number], figures.SLANTED).save(folder / "shop" / f"q{number}.jpg")
        rows += [
            (f"{number}.jpg", str(number), "database"),
            (f"q{number}.jpg", str(number), "query"),
        ]
    _write_table(folder / "shop" / "manifest.csv", rows)
    items = [("path", "item", "language", "title", "museum", "role")]
    for number in range(8):
        role = "both" if number < 4 else "train"
        thing = number // 2
        items.append((f"{number:03}.jpg", str(thing), "en", f"Poster {thing}", "X", role))
    _write_table(folder / "items.csv", items)
    report = (ROOT / "docs" / "bench-report.md").read_text(encoding="utf-8")
    (folder / "report.json").write_text(report.split("```json\n")[1].split("```")[0])
    # Smaller than its name says, so that all of it takes a tenth of the time.
    name = "mobile_actnet_224x224_fp16.tflite"
    output = folder / "artefacts" / name
    output.parent.mkdir()
    export_artefacts(ExportRequest((Format.TFLITE,), size=ImageSize(64, 64), output=output))
    for suffix in (".tflite", ".tflite.json"):
        shutil.copy(output.with_suffix(suffix), folder / f"m{suffix}")
    teacher = ExportRequest((Format.ONNX,), size=ImageSize(64, 64), output=folder / "big.onnx")
    export_artefacts(teacher)
    gallery = ["-o", str(folder / "shop.sqlite"), "--workers", "1"]
    assert actnet(["index", "build", str(folder / "photos"), "--model", str(output), *gallery]) == 0
    return folder


def _write_table(path: Path, rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


@pytest.mark.parametrize("name", RUN)
def test_what_a_page_shows_runs(
    name: str, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "docs/scale.md":
        pytest.importorskip("ray", reason="needs the extra cluster")
    folder = tmp_path / "reader"
    shutil.copytree(shelf, folder)
    monkeypatch.chdir(folder)
    page = ROOT / name
    done = 0
    for command in documented.commands(page):
        if command.is_in_block:
            done += 1
            _run(command, folder)
    for program in documented.programs(page):
        done += 1
        exec(compile(program, name, "exec"), {"__name__": "__main__"})
    assert done


def test_the_manifest_of_a_page_is_measured(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "protocols.md").read_text(encoding="utf-8")
    table = page.split("```\npath,instance,role\n")[1].split("```")[0]
    (tmp_path / "shop").mkdir()
    photos = sorted((shelf / "photos").iterdir())
    for number, line in enumerate(table.splitlines()):
        photo = tmp_path / "shop" / line.partition(",")[0]
        photo.parent.mkdir(exist_ok=True)
        shutil.copy(photos[max(number - 1, 0)], photo)
    (tmp_path / "shop" / "manifest.csv").write_text(f"path,instance,role\n{table}")
    command = next(
        c for c in documented.commands(ROOT / "docs" / "protocols.md") if "--data" in c.line
    )
    assert actnet([*command.words[1:], *SMALL]) == 0


def _run(command: Command, folder: Path) -> None:
    line = command.line
    if reason := next((why for what, why in NOT_RUN.items() if re.match(what, line)), None):
        assert reason
        if line.startswith("make"):
            subprocess.run([*command.words, "-n"], cwd=ROOT, check=True, capture_output=True)
        return
    words = [str(folder / "artefacts/mobile_actnet_224x224_fp16.tflite") if w == "MODEL" else w
             for w in command.words]  # fmt: skip
    verb, rest = split_verb(words)
    for pattern, more in ADDED.items():
        if re.match(pattern, line) and not {"--list-settings", "--preview", "--pack"} & set(words):
            rest = [*rest, *more]
    if "--serve" in words:
        with _served([verb, *rest]) as page:
            assert "<title>" in page
        return
    _make_way(rest)
    if "ray" in words:  # Ray keeps this process's streams; it gets one of its own.
        subprocess.run([sys.executable, "-m", "mobile_actnet.cli.main", verb, *rest], check=True)
        return
    assert actnet([verb, *rest]) == 0, line


def _make_way(rest: list[str]) -> None:
    """Remove what an earlier line of the page wrote under the same name."""
    for option, value in itertools.pairwise(rest):
        if option in ("-o", "--html", "--pack", "--preview"):
            path = Path(value)
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


@contextlib.contextmanager
def _served(words: list[str]) -> Iterator[str]:
    """Serve in another process, yield the first page that it gives, and stop it."""
    words = [word for word in words if word != "--https"]
    command = [sys.executable, "-u", "-m", "mobile_actnet.cli.main", *words, "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        for line in server.stdout:
            if address := re.search(r"http://localhost:\d+/\S*", line):
                break
        else:
            raise AssertionError("the server named no address")
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(address[0], timeout=5) as answer:
                    page = answer.read().decode()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.2)
        yield page
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)

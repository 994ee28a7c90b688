"""`actnet web`: photos or a gallery become a site, or are served until Ctrl-C."""

import json
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from mobile_actnet.cli.web import main
from mobile_actnet.runtime.manifest import path_of
from mobile_actnet.runtime.vocabulary import Format, Precision
from mobile_actnet.web import photos_gallery


@pytest.fixture(autouse=True)
def few_captures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos_gallery, "_CALIBRATING_CAPTURES", 4)


@pytest.fixture
def model(small_artefact) -> Path:
    pytest.importorskip("litert_torch", reason="needs the extra tflite")
    return small_artefact(Format.TFLITE, Precision.FP32).path


def test_photos_are_indexed_first_and_brought_up_to_date_later(
    model: Path, make_photos, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, site = make_photos(count=4), tmp_path / "site"
    words = [str(photos), "-o", str(site), "--model", str(model), "--json"]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"indexed 4 pictures: {tmp_path / 'photos.sqlite'}"
    assert json.loads(lines[-1])["pictures"] == 4
    (photos / "003.jpg").unlink()
    assert main([*words, "--overwrite"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"indexed 0 new or changed pictures of 3: {tmp_path / 'photos.sqlite'}"
    assert len(lines) == 2, "nothing is calibrated"
    assert json.loads(lines[-1])["pictures"] == 3
    assert json.loads((site / "site.json").read_text())["title"] == "photos"


def test_what_cannot_be_read_is_named(
    model: Path, make_photos, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, site = make_photos(count=3), tmp_path / "site"
    (photos / "cut.jpg").write_bytes(b"\xff\xd8\xff")
    words = [str(photos), "-o", str(site), "--model", str(model)]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("indexed 3 pictures: ")
    assert lines[1].startswith("skipped: cut.jpg: cannot be decoded")
    assert lines[2].startswith("calibrating")


def test_photos_of_which_none_can_be_read_are_not_calibrated_for(
    model: Path, make_photos, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, site = make_photos(count=2), tmp_path / "site"
    words = [str(photos), "-o", str(site), "--model", str(model)]
    assert main(words) == 0
    for path in photos.iterdir():
        path.write_bytes(b"\xff\xd8\xff")
    for gallery in ("of before", "none"):
        if gallery == "none":
            (tmp_path / "photos.sqlite").unlink()
        capsys.readouterr()
        assert main([*words, "--overwrite"]) == 1
        printed = capsys.readouterr()
        assert f"none of the pictures in {photos} can be read; the first: 000." in printed.err
        assert printed.out == ""


def test_overwrite_keeps_the_gallery_of_another_model_out(
    model: Path, small_artefact, make_photos, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, site = make_photos(count=3), tmp_path / "site"
    words = [str(photos), "-o", str(site), "--model"]
    assert main([*words, str(model)]) == 0
    other = small_artefact(Format.TFLITE, Precision.FP16).path
    assert main([*words, str(other)]) == 1
    assert "--overwrite to build photos.sqlite again" in capsys.readouterr().err
    assert main([*words, str(other), "--overwrite"]) == 0
    lines = capsys.readouterr().out
    assert f"indexed 3 pictures: {tmp_path / 'photos.sqlite'}" in lines
    assert "calibrating" in lines


def test_an_artefact_of_earlier_weights_is_not_taken_for_the_shipped_ones(
    model: Path, make_photos, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    photos, kept = make_photos(count=4), tmp_path / "artefacts/mobile_actnet_224x224_int8.tflite"
    kept.parent.mkdir()
    shutil.copy(model, kept)
    manifest = json.loads(path_of(model).read_text())
    manifest["checkpoint"]["sha256"] = "0" * 64
    path_of(kept).write_text(json.dumps(manifest))
    monkeypatch.chdir(tmp_path)
    assert main([str(photos), "-o", str(tmp_path / "site")]) == 1
    assert (
        "was not exported from the shipped weights; export it again with" in capsys.readouterr().err
    )
    assert not (tmp_path / "photos.sqlite").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["g.sqlite"], "give -o DIR to write the site, or --serve to try it"),
        (["g.sqlite", "-o", "site"], "g.sqlite does not exist"),
        (["g.sqlite", "--serve", "--json"], "give only one of them"),
        (["g.sqlite", "--serve", "--port", "70000"], "give 0 to 65535"),
        (
            ["g.sqlite", "-o", "site", "--items", "x.csv"],
            "--items needs a folder of photos (got a gallery)",
        ),
    ],
)
def test_refusals(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str], monkeypatch,
                  tmp_path: Path) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(words) == 1
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_serving_until_ctrl_c(model: Path, make_photos, tmp_path: Path) -> None:
    photos = make_photos(count=2)
    command = [sys.executable, "-m", "mobile_actnet.cli.main", "web", str(photos), "--serve", "--port", "0",
               "--model", str(model)]  # fmt: skip
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    address = None
    while address is None:
        line = running.stdout.readline()
        assert line, "it ended before it served"
        address = re.search(r"http://localhost:\d+/", line)
    with urllib.request.urlopen(address[0] + "site.json", timeout=10) as answer:
        assert json.loads(answer.read())["title"] == "photos"
    running.send_signal(signal.SIGINT)
    assert running.stdout.read() == "stopped\n"
    assert running.wait(10) == 0

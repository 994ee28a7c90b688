"""`actnet-index`: what it prints, and its exit codes."""

import json
import shutil
import sqlite3
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.cli import index as index_cli
from mobile_actnet.cli.index import main
from mobile_actnet.errors import MissingPackageError
from mobile_actnet.gallery.answers.answer_threshold import calibrate
from mobile_actnet.gallery.indexing import problems
from mobile_actnet.gallery.sqlite.lock import only_writer
from mobile_actnet.runtime.manifest import path_of
from mobile_actnet.runtime.packages import format_of, runnable


@pytest.fixture
def gallery(
    make_photos, artefact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Path:
    photos, path = make_photos(3), tmp_path / "shop.sqlite"
    (photos / "cut.jpg").write_bytes(b"\xff\xd8\xff")
    arguments = ["build", photos, "--model", artefact, "-o", path, "--workers", "1", "--json"]
    assert main([*map(str, arguments)]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = json.loads(lines[-1])
    assert (told["pictures"], told["problems"], told["changes"]["described"]) == (3, 1, 3)
    assert lines[0].startswith("described 3 photos, ")
    assert lines[1].startswith("skipped: cut.jpg: cannot be decoded")
    assert lines[2].startswith(f"✓ 3 pictures in {path}, ")
    assert lines[3] == f"next: actnet-search {path} --query PHOTO --html hits.html"
    return path


def test_update_info_check_export(
    gallery: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["update", str(gallery)]) == 0
    assert "3 unchanged" in capsys.readouterr().out
    assert main(["info", str(gallery), "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert json.loads(lines[-1])["pictures"] == 3
    assert any(line.startswith("skipped: cut.jpg") for line in lines)
    assert main(["info", str(gallery), "--count"]) == 0
    out = capsys.readouterr().out
    assert f"photos in {tmp_path / 'photos'}" in out.splitlines()
    assert "0 pictures with 0 labels, 3 thumbnails, local features of 3" in out
    assert main(["check", str(gallery), "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert json.loads(lines[-1])["sound"] is True
    assert "✓ one file, nothing beside it: it can be copied" in lines
    assert main(["export", str(gallery), "-o", str(tmp_path / "out"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["pictures"] == 3
    assert np.load(tmp_path / "out" / "descriptors.npy").shape == (3, 384)
    (tmp_path / "photos").rename(tmp_path / "elsewhere")
    assert main(["info", str(gallery)]) == 0
    assert f"photos in {tmp_path / 'photos'} (not there)" in capsys.readouterr().out.splitlines()
    with sqlite3.connect(gallery) as database:
        database.execute("UPDATE gallery SET photos_path = 's3://bucket/photos'")
    assert main(["info", str(gallery)]) == 0
    assert "photos in s3://bucket/photos" in capsys.readouterr().out.splitlines()


def test_items_are_told(gallery: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(gallery) as database:
        (path,) = database.execute("SELECT path FROM picture ORDER BY id").fetchone()
    table = tmp_path / "items.csv"
    table.write_text(
        f"path;item;language;title\n{path};a;de;Größe\n{path};a;en;Size\nphotos/{path};b;en;No\n",
        encoding="utf-8-sig",
    )
    assert main(["update", str(gallery), "--items", str(table)]) == 0
    out = capsys.readouterr().out
    assert f"1 path of the CSV without a photo: photos/{path}; write paths as seen from" in out
    assert main(["info", str(gallery), "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"2 items (de, en) of {table}" in lines
    assert "local features: hits are verified; an answer has a certainty of 3.5 or more" in lines
    told = json.loads(lines[-1])
    assert (told["verified_from"], told["languages"]) == (3.5, ["de", "en"])
    with sqlite3.connect(gallery) as database:
        database.execute("UPDATE item_field SET language = x'1b5b' WHERE language = 'de'")
    assert main(["info", str(gallery)]) == 0, "a gallery of others may hold anything"
    assert "\x1b" not in capsys.readouterr().out


def test_calibrate_writes_what_the_app_reads(
    gallery: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index_cli, "calibrate", partial(calibrate, captures=30))
    monkeypatch.setattr(index_cli, "_CALIBRATED_CAPTURES", 20)
    written = tmp_path / "thresholds.json"
    assert main(["calibrate", str(gallery), "-o", str(written), "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = json.loads(lines[-1])
    assert json.loads(written.read_text()) == told
    verification = told.pop("verification")
    assert verification["verified_from"] >= 3.5
    assert told == calibrate(gallery, captures=30)
    assert lines[1] == "searched for 30 made-up photos in 3 pictures"
    row = told["thresholds"]["similarity"][1]
    assert lines[2].startswith(
        f"{gallery} now answers from a certainty of {verification['verified_from']:g} on: at most 1% of "
        "photos of unknown things get an answer, "
    )
    assert lines[3] == f"for searches without verification, by similarity (kept in {written}):"
    least = f"when answers start at similarity {row['least']:.2f}; "
    assert lines[5].startswith(f"    5% of unknown things answered, {least}")
    assert main(["calibrate", str(gallery), "-o", str(written), "--overwrite"]) == 0
    gallery.unlink()
    assert main(["calibrate", str(gallery), "-o", str(written), "--overwrite"]) == 1
    assert "shop.sqlite" in capsys.readouterr().err
    assert json.loads(written.read_text())["thresholds"] == told["thresholds"]


def test_wrong_folders_are_reported_before_minutes_pass(
    gallery: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(index_cli, "calibrate", None)
    monkeypatch.setattr(index_cli, "rehearse", None)
    none, output = gallery.with_name("none"), gallery.with_name("thresholds.json")
    words = ["calibrate", str(gallery), "-o", str(output), "--distractors", str(none)]
    assert main(words) == 1
    assert f"{none} is not a folder" in capsys.readouterr().err
    assert main(["calibrate", str(gallery), "-o", str(output), "--false-answers", "1"]) == 1
    assert "--false-answers is 1.0; give 0 to below 1" in capsys.readouterr().err
    assert main(["rehearse", str(gallery), "--html", str(gallery.with_name("report.json"))]) == 1
    assert "report.json; give a name that ends in .html or .htm" in capsys.readouterr().err
    # A file stands where the page's folder should be.
    assert main(["rehearse", str(gallery), "--html", str(gallery / "report.html")]) == 1
    assert "error: " in capsys.readouterr().err


def test_calibrate_says_at_once_that_the_gallery_cannot_be_written(
    gallery: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_cli, "calibrate", None)  # Nothing is described before.
    words = ["calibrate", str(gallery), "-o", str(tmp_path / "thresholds.json")]
    with only_writer(gallery):
        assert main(words) == 1
    printed = capsys.readouterr()
    assert "shop.sqlite is being written by process" in printed.err
    assert printed.out == ""


def test_calibrate_replaces_no_file_unasked(
    gallery: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_cli, "calibrate", None)  # Nothing is described before.
    before, there = gallery.read_bytes(), tmp_path / "there.json"
    there.write_text("{}")
    (tmp_path / "folder.json").mkdir()
    for name, message in (
        (gallery.name, "shop.sqlite is not a name for thresholds; give one that ends in .json"),
        ("there.json", "there.json exists; give --overwrite to replace it"),
        ("folder.json", "folder.json is a folder; give the name of a file"),
    ):
        assert main(["calibrate", str(gallery), "-o", str(gallery.with_name(name))]) == 1
        assert message in capsys.readouterr().err
    gallery.rename(renamed := tmp_path / "shop.json")
    for path in (renamed, there):
        assert main(["calibrate", str(renamed), "-o", str(path), "--overwrite"]) == 1
        assert f"{path.name} holds no thresholds" in capsys.readouterr().err
    assert renamed.read_bytes() == before
    assert there.read_text() == "{}"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE picture SET scale = scale * 1.01 WHERE id = 2", "descriptor of picture 2 is not"),
        ("DELETE FROM thumbnail WHERE picture_id = 1", "2 thumbnails for 3 pictures"),
        ("UPDATE thumbnail SET jpeg = x'00' WHERE picture_id = 1", "1 of them not a JPEG"),
        ("PRAGMA journal_mode = WAL", "lies beside it: is another process writing it"),
    ],
)
def test_check_finds_what_is_wrong(
    statement: str, message: str, gallery: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(gallery) as connection:
        connection.execute(statement)
    connection.close()
    assert main(["check", str(gallery)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("✗") and message in line for line in lines)
    assert lines[-1] == "1 of these needs mending"


def test_check_finds_damaged_pages(gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = bytearray(gallery.read_bytes())
    content[3 * 4096 : 5 * 4096] = bytes(8192)
    gallery.write_bytes(content)
    assert main(["check", str(gallery)]) == 1
    printed = capsys.readouterr()
    assert "is damaged" in printed.out + printed.err


def test_errors_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["info"], ["check"], ["update"], ["export", "-o", str(tmp_path / "out")]):
        assert main([*command, str(tmp_path / "none.sqlite")]) == 1
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert error.count("\n") == 1


def test_many_problems_are_cut_short(
    gallery: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problems, "_SHOWN", 0)
    assert main(["update", str(gallery)]) == 0
    assert f"skipped: 1 more; list all: actnet-index info {gallery}" in capsys.readouterr().out


def test_a_folder_in_which_nothing_can_be_read_makes_no_gallery(
    artefact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, path = tmp_path / "photos", tmp_path / "shop.sqlite"
    photos.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (photos / name).write_bytes(b"\xff\xd8\xff")
    words = ["build", str(photos), "--model", str(artefact), "-o", str(path), "--workers", "1"]
    assert main(words) == 1
    printed = capsys.readouterr()
    message = (
        f"error: none of the pictures in {photos} can be read; the first: a.jpg: cannot be dec"
    )
    assert printed.err.startswith(message)
    assert "✓" not in printed.out
    assert not path.exists(), "the same command again is not told that the gallery exists"


def test_overwrite_keeps_a_gallery_where_nothing_can_be_read(
    gallery: Path, artefact: Path, tmp_path: Path
) -> None:
    broken, before = tmp_path / "broken", gallery.read_bytes()
    broken.mkdir()
    (broken / "cut.jpg").write_bytes(b"\xff\xd8\xff")
    words = ["build", broken, "--model", artefact, "-o", gallery, "--workers", "1", "--overwrite"]
    assert main([*map(str, words)]) == 1
    assert gallery.read_bytes() == before
    assert not gallery.with_name("shop.sqlite.new").exists()


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("manifest", "has no manifest"),
        ("model", "is not there; say with --model where it is now"),
        ("photos", "can be read below"),
        ("runtime", "pip install 'mobile-actnet["),
        ("engine", "no engine here"),
        ("gallery", "does not exist"),
    ],
)
@pytest.mark.parametrize("command", ["rehearse", "calibrate"])
def test_no_work_is_announced_that_cannot_be_done(
    command: str, missing: str, message: str, gallery: Path, artefact: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip

    def no_engine() -> None:
        raise MissingPackageError("no engine here")

    copied = Path(shutil.copy(artefact, tmp_path / artefact.name))
    shutil.copy(path_of(artefact), tmp_path)
    if missing == "manifest":
        path_of(copied).unlink()
    elif missing == "model":
        copied.unlink()
    elif missing == "photos":
        shutil.rmtree(tmp_path / "photos")
    elif missing == "runtime":
        monkeypatch.setitem(sys.modules, runnable(format_of(copied)).RUNNING[0], None)
    elif missing == "engine":
        monkeypatch.setattr("mobile_actnet.gallery.answers.rehearsal.require_engine", no_engine)
    else:
        gallery.unlink()
    output = {"rehearse": ("--html", "r.html"), "calibrate": ("-o", "t.json")}[command]
    words = [command, gallery, "--model", copied, output[0], tmp_path / output[1]]
    assert main([*map(str, words)]) == 1
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.out == ""


def test_no_rehearsal_without_local_features_is_announced(
    gallery: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(gallery) as database:
        database.execute("UPDATE setting SET value = '' WHERE name = 'local_features'")
    assert main(["rehearse", str(gallery), "--html", str(tmp_path / "r.html")]) == 1
    printed = capsys.readouterr()
    assert "has no local features" in printed.err
    assert printed.out == ""


def test_calibrating_without_local_features_speaks_of_the_measure_alone(
    gallery: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_cli, "calibrate", partial(calibrate, captures=30))
    with sqlite3.connect(gallery) as database:
        database.execute("UPDATE setting SET value = '' WHERE name = 'local_features'")
    written = tmp_path / "thresholds.json"
    assert main(["calibrate", str(gallery), "-o", str(written)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == f"for searches without verification, by similarity (kept in {written}):"
    assert not any("certainty" in line for line in lines)

"""What `make android-assets` and `make ios-assets` put together; `make test-android` makes real ones."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import assets
import pytest

from mobile_actnet.errors import ActnetError
from mobile_actnet.runtime.errors import ManifestError
from mobile_actnet.runtime.vocabulary import Format, Precision

PHOTOS = assets.Catalogue(Path("shop"))


def test_a_command_says_all_but_what_to_do_next(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "actnet-index"
    program.write_text("#!/bin/sh\necho built $1\necho next: search it\nexit $1\n")
    program.chmod(0o755)
    monkeypatch.setattr(assets.sys, "executable", str(tmp_path / "python"))
    assets.command("actnet-index", 0)
    assert capfd.readouterr().out == "built 0\n"
    with pytest.raises(subprocess.CalledProcessError):
        assets.command("actnet-index", 3)


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[list[str]]]:
    """Note the commands that are run, and write what they would."""
    run: list[list[str]] = []

    def command(name: str, *words: object) -> None:
        run.append([name, *map(str, words)])
        target = Path(run[-1][run[-1].index("-o") + 1])
        target.parent.mkdir(parents=True, exist_ok=True)
        if name == "actnet-index":
            target.with_name(target.name + ".lock").touch()
        target.write_text(f"{name} {len(run)}")

    def load(artefact: Path) -> None:
        if not artefact.exists():
            raise ManifestError(f"{artefact} is missing")

    monkeypatch.setattr(assets, "command", command)
    monkeypatch.setattr(assets, "load", load)
    monkeypatch.setattr(assets, "calibrate", lambda gallery, _model: {"of": gallery.parent.name})
    monkeypatch.setattr(assets, "EXPORTS", tmp_path / "exports")
    assets.shipped_artefact.cache_clear()
    yield run
    assets.shipped_artefact.cache_clear()


def artefact(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(f"manifest of {name}")
    (folder / name).write_text(name)
    return folder / name


def test_each_model_gets_a_folder_and_the_first_is_the_first(
    commands: list[list[str]], tmp_path: Path
) -> None:
    target = tmp_path / "actnet"
    artefact(target, "old.tflite")
    models = [artefact(tmp_path / "in", name) for name in ("small.tflite", "large.tflite")]
    assets.make_models(target, models, assets.Catalogue(Path("shop"), "folder", Path("items.csv")))
    listed = json.loads((target / "models.json").read_text())
    assert listed == {"schema": 1, "models": ["small", "large"]}
    assert {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()} == {
        "models.json",
        "local_codes.safetensors",
        *(f"{name}/{file}" for name in ("small", "large")
          for file in (f"{name}.tflite", f"{name}.tflite.json", "gallery.sqlite", "gallery.sha256", "thresholds.json")),
    }  # fmt: skip
    for name, run in zip(("small", "large"), commands, strict=True):
        assert run[:2] == ["actnet-index", "build"]
        assert run[run.index("--model") + 1] == str(tmp_path / f"in/{name}.tflite")
        assert run[run.index("--labels") :] == [
            "--labels", "folder", "--items", str(Path("items.csv").resolve()), "--pictures", "1024",
        ]  # fmt: skip
        assert json.loads((target / name / "thresholds.json").read_text()) == {"of": name}


@pytest.mark.usefixtures("commands")
def test_a_package_is_copied_as_a_folder(tmp_path: Path) -> None:
    package = tmp_path / "mine.mlpackage"
    package.mkdir()
    (package / "weights").write_text("weights")
    (tmp_path / "mine.mlpackage.json").write_text("manifest")
    assets.make_models(tmp_path / "actnet", [package], PHOTOS)
    mine = tmp_path / "actnet/mine"
    assert {path.name for path in mine.iterdir()} == {
        "mine.mlpackage", "mine.mlpackage.json", "gallery.sqlite", "gallery.sha256",
        "thresholds.json",
    }  # fmt: skip
    assert (mine / "mine.mlpackage/weights").read_text() == "weights"


def test_all_manifests_are_read_before_any_photo(commands: list[list[str]], tmp_path: Path) -> None:
    models = [artefact(tmp_path / "in", "small.tflite"), tmp_path / "in/missing.tflite"]
    with pytest.raises(ManifestError):
        assets.make_models(tmp_path / "app/actnet", models, PHOTOS)
    assert commands == []
    assert not (tmp_path / "app").exists()


@pytest.mark.usefixtures("commands")
@pytest.mark.parametrize("failure", [ActnetError("all photos show one thing"), KeyboardInterrupt()])
def test_what_was_there_stays_alone_where_the_new_fails(
    failure: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "app/actnet"
    target.parent.mkdir()
    old = artefact(target, "old.tflite")
    beside = []

    def fail(gallery: Path, _model: Path) -> None:
        beside.extend(path.name for path in target.parent.iterdir() if path != target)
        raise failure

    monkeypatch.setattr(assets, "calibrate", fail)
    with pytest.raises(type(failure)):
        assets.make_models(target, [artefact(tmp_path / "in", "small.tflite")], PHOTOS)
    assert old.read_text() == "old.tflite"
    assert list(target.parent.iterdir()) == [target]
    (staged,) = beside
    assert staged.startswith(".")  # Left by a process that was killed, it is not packaged.


@pytest.mark.usefixtures("commands")
def test_names_that_are_no_folders_of_an_app_are_refused(tmp_path: Path) -> None:
    twice = [artefact(tmp_path / folder, "mine.tflite") for folder in ("a", "b")]
    with pytest.raises(
        ActnetError, match="2 models are called mine; rename all but one, each with its manifest"
    ):
        assets.make_models(tmp_path / "actnet", twice, PHOTOS)
    for name in ("_mine.tflite", ".mine.tflite", "mine~.tflite", "mi:ne.tflite"):
        wrong = artefact(tmp_path / "in", name)
        with pytest.raises(ActnetError, match="rename the model and its manifest"):
            assets.make_models(tmp_path / "actnet", [wrong], PHOTOS)
    assert not (tmp_path / "actnet").exists()


def test_an_earlier_export_is_not_taken(commands: list[list[str]], tmp_path: Path) -> None:
    earlier = artefact(tmp_path / "exports", "mobile_actnet_224x224_fp16.tflite")
    assert assets.shipped_artefact() == earlier
    assert earlier.read_text() == "actnet-export 1"
    assert "--overwrite" in commands[0]
    assert assets.shipped_artefact() == earlier  # In the same process it is.
    assert len(commands) == 1
    assets.shipped_artefact(Precision.INT8)
    assets.shipped_artefact(artefact_format=Format.COREML)
    assert [run[run.index("-o") + 1].rpartition("/")[2] for run in commands[1:]] == [
        "mobile_actnet_224x224_int8.tflite", "mobile_actnet_224x224_fp16.mlpackage",
    ]  # fmt: skip


@pytest.mark.usefixtures("commands")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--model", "a.onnx"], "the app runs .tflite artefacts, and a.onnx is not one"),
        (["--model", "a.tflite", "--format", "coreml"], "runs .mlpackage artefacts"),
        (["--model", "a.tflite"], "a.tflite is missing"),
    ],
)
def test_what_no_app_can_take_is_a_sentence(
    words: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = str(tmp_path / "actnet")
    photos = str(tmp_path)
    monkeypatch.setattr("sys.argv", ["assets.py", "--photos", photos, "-o", folder, *words])
    assert assets.main() == 1
    assert sentence in capsys.readouterr().err


def test_a_missing_folder_of_photos_is_noticed_before_a_model_is_made(
    commands: list[list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["assets.py", "--photos", str(tmp_path / "my shop")])
    assert assets.main() == 1
    assert "my shop is not a folder; give a folder of pictures" in capsys.readouterr().err
    assert not commands


def test_several_models_are_words_of_one_option(
    commands: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = [str(artefact(tmp_path / "in", name)) for name in ("a.tflite", "b.tflite")]
    folder = tmp_path / "actnet"
    words = ["assets.py", "--photos", str(tmp_path), "--model", *models, "-o", str(folder)]
    monkeypatch.setattr("sys.argv", words)
    assert assets.main() == 0
    assert json.loads((folder / "models.json").read_text())["models"] == ["a", "b"]
    assert len(commands) == 2

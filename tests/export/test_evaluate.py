"""`actnet-evaluate` on pictures whose ranking is known."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobile_actnet.export.deployable import ImageSize
from mobile_actnet.export.evaluate_cli import main
from mobile_actnet.export.formats import Format, Precision
from mobile_actnet.export.pictures import generated_pictures


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Three things, each twice: the query is its database picture a little darker."""
    folder = tmp_path / "things"
    folder.mkdir()
    rows = ["path,instance,role"]
    for number, picture in enumerate(generated_pictures(3, ImageSize(64, 64))):
        for role, factor in (("database", 1.0), ("query", 0.9)):
            name = f"{number}_{role}.png"
            Image.fromarray((picture * factor).astype(np.uint8)).save(folder / name)
            rows.append(f"{name},{number},{role}")
    (folder / "manifest.csv").write_text("\n".join(rows))
    return folder


@pytest.fixture
def distractors(tmp_path: Path) -> Path:
    folder = tmp_path / "others"
    folder.mkdir()
    rows = ["path,instance,role"]
    # The same instance name as a thing's: folders are kept apart.
    for number, picture in enumerate(generated_pictures(4, ImageSize(64, 64), seed=9)):
        Image.fromarray(picture).save(folder / f"{number}.png")
        rows.append(f"{number}.png,0,distractor")
    (folder / "manifest.csv").write_text("\n".join(rows))
    return folder


@pytest.mark.parametrize("artefact", [False, True])
def test_finds_the_same_picture(
    labelled: Path, distractors: Path, small_artefact, capsys, artefact: bool
) -> None:
    model = ["--image-size", "64"]
    if artefact:
        model = ["--model", str(small_artefact(Format.ONNX, Precision.FP32).path)]
    assert main(["--data", str(labelled), "--data", str(distractors), *model, "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["descriptor_dim"] == 256
    assert told["sets"] == {
        "things": {"mAP": 100, "recall@1": 100, "recall@10": 100, "queries": 3, "database": 7}
    }


def test_wrong_labels_are_measured_as_wrong(labelled: Path, capsys) -> None:
    manifest = labelled / "manifest.csv"
    swapped = manifest.read_text().replace("0_query.png,0", "0_query.png,1")
    manifest.write_text(swapped)
    assert main(["--data", str(labelled), "--image-size", "64", "--json"]) == 0
    score = json.loads(capsys.readouterr().out.splitlines()[-1])["sets"]["things"]
    assert score["recall@1"] == pytest.approx(200 / 3)


def test_bad_input(labelled: Path, small_artefact, tmp_path: Path, capsys) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    Image.new("RGB", (8, 8)).save(plain / "a.png")
    artefact = str(small_artefact(Format.ONNX, Precision.FP32).path)
    for arguments, message in (
        (["--data", str(plain)], "has no photo with the role"),
        (["--data", str(labelled), "--model", artefact, "--dim", "9"], "has its own size and dim"),
        (["--data", str(labelled), "--dim", "9999"], "descriptor dim is 9999"),
        (["--data", str(labelled), "--model", "none.onnx"], "has no manifest"),
    ):
        assert main(arguments) == 1
        assert message in capsys.readouterr().err

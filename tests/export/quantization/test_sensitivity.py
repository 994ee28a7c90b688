"""The search for layers to keep in float: a layer made fragile comes first, and the search ends."""

import copy
from pathlib import Path

import pytest
import torch
from PIL import Image

from mobile_actnet.cli.export import main
from mobile_actnet.export import pipeline
from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization.backbone_points import BackbonePoints
from mobile_actnet.export.quantization.calibration import CalibrationImages, measure_ranges
from mobile_actnet.export.quantization.config import CalibrationMethod
from mobile_actnet.export.quantization.sensitivity import KEPT_COUNTS, most_sensitive
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.manifest import load
from mobile_actnet.runtime.vocabulary import ImageSize, Layout

SMALL = ImageSize(64, 64)


def test_a_fragile_layer_comes_first(shipped_network: Actnet) -> None:
    pixels = generated_pictures(16, SMALL)
    deployable = DeployableActnet(shipped_network, 64, Layout.NHWC)
    fragile = BackbonePoints(deployable).convolutions[20]
    with torch.no_grad():
        # One huge weight leaves the others of its channel on a few levels.
        fragile.module.weight[:, 0] *= 300.0
    whole = copy.deepcopy(deployable)
    found = measure_ranges(deployable, CalibrationImages(pixels, ()), CalibrationMethod.MIN_MAX)
    ranking = most_sensitive(whole, found, pixels[:4])
    assert len(ranking) == 52
    assert fragile.name in ranking[:3]


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    lines = []
    for number, picture in enumerate(generated_pictures(16, SMALL)):
        Image.fromarray(picture).save(folder / f"{number}.png")
        lines.append(f"{number}.png,{number // 2},both")
    (folder / "manifest.csv").write_text("path,instance,role\n" + "\n".join(lines))
    return folder


def test_more_layers_are_kept_until_the_bar_is_reached(
    tmp_path: Path, labelled: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    tried: list[int] = []
    whole_check = pipeline.check_artefact

    def check(staged, kind, options, *others):
        assert options.plan is not None
        kept = sum(x.kept for x in options.plan.convolutions)
        tried.append(kept)
        manifest, problem = whole_check(staged, kind, options, *others)
        return manifest, problem if kept >= 2 else pipeline.ParityError("too much is lost")

    monkeypatch.setattr(pipeline, "check_artefact", check)
    path = tmp_path / "model.onnx"
    loose = ["--min-cosine", "0.5", "--min-worst-cosine", "0.3", "--min-overlap", "0"]
    arguments = ["--format", "onnx", "--precision", "int8", "--image-size", "64", "-o", str(path)]
    verify = ["--verify", str(labelled), "--max-drop", "100"]
    assert main([*arguments, *loose, *verify]) == 0
    assert tried == [0, 1, 2]
    assert len(load(path)["calibration"]["kept_in_float"]) == 2
    assert load(path)["parity"]["mean_ap_loss_threshold"] == 100
    assert not path.with_name("model.onnx.rejected").exists()
    said = capsys.readouterr().out
    assert said.splitlines().count("  too much is lost") == 2
    assert "in float features." in said
    assert ", mAP " in said.splitlines()[-2]
    assert KEPT_COUNTS[:2] == (1, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--precision", "int8"], "needs --verify DIR with a manifest.csv"),
        (["--precision", "fp16"], "--max-drop would go unused"),
    ],
)
def test_a_search_without_a_measure_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    more = ["--image-size", "64", "--max-drop", "0.5", "-o", str(tmp_path)]
    assert main(["--format", "onnx", *arguments, *more]) == 1
    assert message in capsys.readouterr().err

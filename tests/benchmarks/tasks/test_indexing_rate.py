"""The benchmark of indexing runs once, small; times are not asserted."""

import json
from pathlib import Path

import pytest
from PIL import Image

from mobile_actnet.cli.bench.indexing import main
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision


def test_measures_build_and_update(
    small_artefact, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, pixels in enumerate(generated_pictures(4, ImageSize(64, 64))):
        Image.fromarray(pixels).save(tmp_path / f"{number}.jpg")
    (tmp_path / "broken.jpg").write_bytes(b"x")
    model = small_artefact(Format.ONNX, Precision.FP32).path
    assert main([str(tmp_path), "--model", str(model), "--workers", "1", "--json"]) == 0
    (report,) = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["photos"] == 5
    assert report["ideal_s"] == pytest.approx(report["preparing_s"] + report["inference_s"])
    assert report["share"] == pytest.approx(report["ideal_s"] / report["build_s"])

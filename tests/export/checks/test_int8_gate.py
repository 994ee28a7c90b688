"""8-bit artefacts through the command: good calibration passes, wrong recipes are rejected.

Everything runs at 64 x 64 on generated pictures, so it shows that the gate works, not what a
precision costs in ranking: see docs/results for that.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from PIL import Image
from torch import Tensor

from mobile_actnet.cli.export import main
from mobile_actnet.descriptors import Descriptors
from mobile_actnet.export.checks import artefact_check
from mobile_actnet.export.quantization import weight_repair
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.manifest import load, path_of
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision

SIZE = ImageSize(64, 64)


def photos_of(pictures: Pixels, folder: Path) -> Path:
    folder.mkdir()
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def calibration(tmp_path: Path) -> Path:
    return photos_of(generated_pictures(20, SIZE, seed=7), tmp_path / "calibration")


def export(out: Path, *arguments: str, precision: str = "int8") -> int:
    chosen = ["--format", "onnx", "--precision", precision, "--image-size", "64"]
    return main([*chosen, "-o", str(out), *arguments])


def assert_rejected(out: Path, error: str) -> None:
    assert error.startswith("error: the artefact differs from PyTorch")
    rejected = out / "mobile_actnet_64x64_int8.onnx.rejected"
    assert sorted(out.iterdir()) == [rejected, path_of(rejected)]
    held = load(rejected)["parity"]
    assert held["cosine_mean"] < held["cosine_mean_threshold"]
    assert held["worst_layers"]


def test_black_pictures_are_rejected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shades = np.arange(16, dtype=np.uint8).reshape(-1, 1, 1, 1) // 4
    black = photos_of(np.broadcast_to(shades, (16, 64, 64, 3)).copy(), tmp_path / "black")
    out = tmp_path / "out"
    assert export(out, "--calibration", str(black)) == 1
    assert_rejected(out, capsys.readouterr().err)


def test_one_scale_for_a_whole_kernel_is_rejected(
    tmp_path: Path, calibration: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def per_tensor(weight: Tensor) -> Tensor:
        step = weight.abs().max() / weight_repair.WEIGHT_LEVEL_MAX
        return (weight / step).round() * step

    monkeypatch.setattr(weight_repair, "rounded_weights", per_tensor)
    monkeypatch.setattr(weight_repair, "equalise", lambda points, scales: None)
    out = tmp_path / "out"
    assert export(out, "--calibration", str(calibration)) == 1
    assert_rejected(out, capsys.readouterr().err)


def test_values_that_are_no_numbers_are_rejected_with_a_report(
    tmp_path: Path, calibration: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    opened = artefact_check.open_artefact

    class Broken:
        def __init__(self, path: Path) -> None:
            self._runtime = opened(path)

        def describe(self, pixels: Pixels) -> Descriptors:
            return self._runtime.describe(pixels) * np.float32("nan")

        def __getattr__(self, name: str) -> Any:
            return getattr(self._runtime, name)

    monkeypatch.setattr(artefact_check, "open_artefact", Broken)
    out = tmp_path / "out"
    assert export(out, precision="fp32") == 1
    assert "error: the artefact gives non-finite values" in capsys.readouterr().err
    rejected = out / "mobile_actnet_64x64_fp32.onnx.rejected"
    manifest = load(rejected)
    assert manifest["parity"]["max_abs_difference"] is None
    assert manifest["golden"]["descriptor"] == []


def test_few_photos_warn_and_runs_and_threads_agree(
    tmp_path: Path, calibration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / name / "model.onnx" for name in ("first", "second")]
    for path in paths:
        assert export(path, "--calibration", str(calibration)) == 0
        assert "warning: only 20 calibration images; 100 or more" in capsys.readouterr().out
    held = load(paths[0])["calibration"]
    assert (held["source"], held["images"]) == ("photos", 20)

    pictures = generated_pictures(4, SIZE, seed=3)
    one, four = (described(paths[0], pictures, threads) for threads in (1, 4))
    again = described(paths[1], pictures, 1)
    np.testing.assert_array_equal(one, again)
    np.testing.assert_array_equal(one, four)


def described(path: Path, pictures: Pixels, threads: int) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    taken = session.get_inputs()[0]
    dtype = np.uint8 if "uint8" in taken.type else np.float32
    if taken.shape[1] == 3:
        pictures = pictures.transpose(0, 3, 1, 2)
    return np.concatenate(
        [session.run(None, {taken.name: x[None].astype(dtype)})[0] for x in pictures]
    )


@pytest.mark.parametrize("kind", Format)
@pytest.mark.parametrize("precision", [Precision.INT8_WEIGHTS, Precision.INT8, Precision.MIXED])
def test_shipped_weights_need_no_photos(small_artefact, kind: Format, precision: Precision) -> None:
    held = small_artefact(kind, precision).manifest
    assert held["precision"] == precision.value
    assert held["calibration"]["source"] == "recorded"
    assert held["artefact"]["size_bytes"] < 4_800_000


def test_too_few_photos(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = photos_of(generated_pictures(15, SIZE), tmp_path / "few")
    assert export(tmp_path / "out", "--calibration", str(few)) == 1
    assert "gives 15 readable photos; at least 16 are needed" in capsys.readouterr().err


def test_common_photos_of_check_and_calibration(
    tmp_path: Path, calibration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = photos_of(generated_pictures(3, SIZE, seed=8), tmp_path / "other")
    (other / "copy.png").write_bytes((calibration / "4.png").read_bytes())
    options = ("--calibration", str(calibration), "--verify", str(other))
    assert export(tmp_path / "out", *options) == 1
    assert "copy.png of --verify is among the calibration images too" in capsys.readouterr().err


def test_unknown_precision_of_a_format_lists_what_it_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(tmp_path / "out", precision="palettised-8") == 1
    assert "onnx has no precision palettised-8; it has " in capsys.readouterr().err


def test_calibration_that_would_go_unused(
    tmp_path: Path, calibration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(tmp_path / "out", "--calibration", str(calibration), precision="fp32") == 1
    assert "--calibration would go unused" in capsys.readouterr().err
    for option in (("--calibration-method", "entropy"), ("--calibration-images", "100")):
        assert export(tmp_path / "out", *option) == 1
        assert f"{option[0]} would go unused" in capsys.readouterr().err
    chosen = ("--calibration", str(calibration), "--calibration-method", "entropy")
    assert export(tmp_path / "out", *chosen, precision="int8-weights") == 1
    told = "--calibration-method would go unused: int8-weights has no activations in 8 bits"
    assert told in capsys.readouterr().err


def test_ranges_are_chosen_by_the_method_asked_for(tmp_path: Path, calibration: Path) -> None:
    described_by = {}
    for method in ("min-max", "entropy"):
        path = tmp_path / method / "model.onnx"
        chosen = ("--calibration", str(calibration), "--calibration-method", method)
        assert export(path, *chosen) == 0
        assert load(path)["calibration"]["method"] == method
        described_by[method] = described(path, generated_pictures(1, SIZE, seed=3), 1)
    assert not np.array_equal(described_by["min-max"], described_by["entropy"])


def test_recorded_ranges_of_another_size_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(tmp_path / "out") == 0
    assert (
        "warning: the activation ranges were recorded at 224x224, not at "
        in capsys.readouterr().out
    )

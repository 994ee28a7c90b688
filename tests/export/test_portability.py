"""Where an artefact runs: the verdicts, and a file that an old runtime gets wrong without a word."""

from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.export import old_runtime
from mobile_actnet.export.deployable import ImageSize
from mobile_actnet.export.doctor_cli import main as doctor
from mobile_actnet.export.formats import Format, Precision
from mobile_actnet.export.pictures import generated_pictures
from mobile_actnet.export.portability import (
    ROUNDING_LOSS,
    Result,
    RuntimeRun,
    Trial,
    is_portable,
    judge,
    try_runtimes,
)
from mobile_actnet.export.runtimes import open_artefact

SMALL = ImageSize(64, 64)
PIXELS = generated_pictures(4, SMALL)


@pytest.fixture(scope="session")
def old_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the environment of tflite-runtime 2.14; made once where there is none."""
    folder = old_runtime.default_folder()
    if not old_runtime.is_installed(folder):
        folder = tmp_path_factory.mktemp("old") / "runtime"
        if problem := old_runtime.install(folder):
            pytest.skip(f"tflite-runtime {old_runtime.VERSION} cannot be installed: {problem}")
    return folder


def rows(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), np.sin(angle)]] * 3, np.float32)


def at(cosine: float) -> np.ndarray:
    return rows(float(np.arccos(cosine)))


TRIAL = Trial(PIXELS, torch=at(0.99), first=rows(0.0))


def test_verdicts() -> None:
    assert judge("r", "1", rows(0.0), TRIAL).result is Result.SAME
    assert judge("r", "1", at(0.9992), TRIAL).result is Result.SAME
    # As near to PyTorch as the first runtime, on another side of it.
    assert judge("r", "1", at(0.995), TRIAL).result is Result.ROUNDS_DIFFERENTLY
    assert judge("r", "1", rows(-0.4), TRIAL).result is Result.WRONG
    assert judge("r", "1", np.full((3, 2), np.nan, np.float32), TRIAL).result is Result.WRONG
    assert judge("r", "1", np.zeros((3, 5), np.float32), TRIAL).result is Result.WRONG
    assert judge("r", "1", None, TRIAL).result is Result.REFUSED
    assert 0 < ROUNDING_LOSS < 0.05


def test_an_older_runtime_must_agree_with_the_new_ones_own_kernels() -> None:
    plain = at(0.995)
    trial = Trial(PIXELS, TRIAL.torch, TRIAL.first, plain)
    found = judge("old", "1", plain, trial)
    assert found.result is Result.ROUNDS_DIFFERENTLY
    assert found.cosine_min == pytest.approx(1.0)
    assert judge("old", "1", at(0.985), trial).result is Result.WRONG


def test_portable_means_tried_everywhere_and_wrong_nowhere() -> None:
    same, odd, wrong, refused, untried = (RuntimeRun("r", "1", result) for result in Result)
    assert is_portable([same, odd]) is True
    assert is_portable([same, untried]) is None
    assert is_portable([same, wrong, untried]) is False
    assert is_portable([same, refused]) is False


@pytest.mark.parametrize(
    "precision",
    [Precision.FP32, Precision.FP16, Precision.INT8_WEIGHTS, Precision.INT8, Precision.MIXED],
)
def test_an_older_phones_runtime_runs_what_the_manifest_says(
    small_artefact, precision: Precision, old_environment: Path
) -> None:
    path = small_artefact(Format.TFLITE, precision).path
    runtime = open_artefact(path)
    runs = try_runtimes(
        path, Format.TFLITE, runtime, PIXELS, runtime.describe(PIXELS), old_environment
    )
    assert [run.runtime for run in runs] == [
        "ai-edge-litert", "ai-edge-litert without XNNPACK", "tflite-runtime",
    ]  # fmt: skip
    old = runs[-1]
    assert old.version == "2.14.0"
    assert old.result in (Result.SAME, Result.ROUNDS_DIFFERENTLY)
    # With ai-edge-litert's result by the kernels that the old runtime has.
    assert old.cosine_min is not None
    assert old.cosine_min >= 0.999
    assert old.undelegated


def test_dynamic_range_layers_are_wrong_there_without_a_word(
    small_artefact, old_environment: Path, tmp_path: Path
) -> None:
    """The file loads and runs; only a comparison shows what it gives."""
    from ai_edge_quantizer import qtyping, quantizer

    recipe = quantizer.Quantizer(str(small_artefact(Format.TFLITE, Precision.FP32).path))
    recipe.add_dynamic_config(".*", qtyping.TFLOperationName.ALL_SUPPORTED, 8)
    path = tmp_path / "dynamic.tflite"
    path.write_bytes(bytes(recipe.quantize().quantized_model))
    runtime = open_artefact(path)
    torch = open_artefact(small_artefact(Format.TFLITE, Precision.FP32).path).describe(PIXELS)
    runs = try_runtimes(path, Format.TFLITE, runtime, PIXELS, torch, old_environment)
    assert runs[-1].result is Result.WRONG
    assert is_portable(runs) is False


def test_what_is_not_there_is_not_vouched_for(small_artefact, tmp_path: Path) -> None:
    path = small_artefact(Format.TFLITE, Precision.FP32).path
    runtime = open_artefact(path)
    runs = try_runtimes(
        path, Format.TFLITE, runtime, PIXELS, runtime.describe(PIXELS), tmp_path / "nowhere"
    )
    assert runs[-1].result is Result.NOT_TRIED
    assert "actnet-doctor --install-old-runtime" in runs[-1].problem
    assert is_portable(runs) is None


def test_a_runtime_that_breaks_down_is_told(old_environment: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.tflite").write_bytes(b"no model at all")
    np.save(tmp_path / "pixels.npy", PIXELS)
    run = old_runtime.run(
        old_environment, tmp_path / "broken.tflite", tmp_path / "pixels.npy", tmp_path
    )
    assert run.descriptors is None
    assert run.problem


def test_the_doctor_says_why_it_cannot_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(old_runtime.VARIABLE, str(tmp_path / "file"))
    assert doctor(["--install-old-runtime"]) == 1
    assert "cannot be installed" in capsys.readouterr().err

"""Where an artefact runs: the verdicts, and a file that an old runtime gets wrong without a word."""

from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.cli.doctor import main as doctor
from mobile_actnet.export.checks.artefact_check import portability_lines
from mobile_actnet.export.checks.portability import (
    ROUNDING_LOSS,
    Result,
    RuntimeRun,
    Trial,
    is_portable,
    judge,
    try_runtimes,
)
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.manifest import Manifest, RunPart
from mobile_actnet.runtime.runtimes import open_artefact
from mobile_actnet.runtime.tflite import other_interpreters
from mobile_actnet.runtime.tflite.other_interpreters import (
    TENSORFLOW,
    TFLITE_RUNTIME,
    WITNESSES,
    Witness,
)
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision

SMALL = ImageSize(64, 64)
PIXELS = generated_pictures(4, SMALL)


@pytest.fixture(scope="session")
def old_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the environment of tflite-runtime 2.14; made once where there is none."""
    folder = TFLITE_RUNTIME.default_folder()
    if not other_interpreters.is_installed(TFLITE_RUNTIME, folder):
        folder = tmp_path_factory.mktemp("old") / "runtime"
        if problem := other_interpreters.install(TFLITE_RUNTIME, folder):
            pytest.skip(f"{TFLITE_RUNTIME.label} cannot be installed: {problem}")
    return folder


@pytest.fixture(scope="session")
def tensorflow_environment() -> Path:
    """Give TensorFlow's environment where somebody made it: no test downloads so much."""
    folder = TENSORFLOW.default_folder()
    if not other_interpreters.is_installed(TENSORFLOW, folder):
        pytest.skip(f"{TENSORFLOW.label} is not installed; run: actnet-doctor {TENSORFLOW.option}")
    return folder


def try_with(
    small_artefact, precision: Precision, environments: dict[str, Path], nowhere: Path
) -> list[RuntimeRun]:
    """Try an artefact on ai-edge-litert and on the witnesses named, on no other."""
    path = small_artefact(Format.TFLITE, precision).path
    runtime = open_artefact(path)
    places = {witness.name: nowhere for witness in WITNESSES} | environments
    return try_runtimes(path, Format.TFLITE, runtime, PIXELS, runtime.describe(PIXELS), places)


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


def test_tensorflow_may_stay_untried_but_is_heard() -> None:
    same = RuntimeRun("r", "1", Result.SAME)
    untried, wrong = (
        RuntimeRun(TENSORFLOW.name, "1", result) for result in (Result.NOT_TRIED, Result.WRONG)
    )
    assert is_portable([same, untried]) is True
    assert is_portable([same, wrong]) is False
    assert is_portable([same, RuntimeRun(TFLITE_RUNTIME.name, "1", Result.NOT_TRIED)]) is None


@pytest.mark.parametrize(
    "precision",
    [Precision.FP32, Precision.FP16, Precision.INT8_WEIGHTS, Precision.INT8, Precision.MIXED],
)
def test_an_older_phones_runtime_runs_what_the_manifest_says(
    small_artefact, precision: Precision, old_environment: Path, tmp_path: Path
) -> None:
    places = {"tflite-runtime": old_environment}
    runs = try_with(small_artefact, precision, places, tmp_path / "nowhere")
    assert [run.runtime for run in runs] == [
        "ai-edge-litert", "ai-edge-litert without XNNPACK", "tflite-runtime", "tensorflow",
    ]  # fmt: skip
    old = runs[2]
    assert old.version == "2.14.0"
    assert old.result in (Result.SAME, Result.ROUNDS_DIFFERENTLY)
    # With ai-edge-litert's result by the kernels that the old runtime has.
    assert old.cosine_min is not None
    assert old.cosine_min >= 0.999
    assert old.undelegated


@pytest.mark.parametrize("precision", [Precision.FP16, Precision.INT8])
def test_tensorflow_gives_the_same_descriptors(
    small_artefact, precision: Precision, tensorflow_environment: Path, tmp_path: Path
) -> None:
    places = {"tensorflow": tensorflow_environment}
    found = try_with(small_artefact, precision, places, tmp_path / "nowhere")[-1]
    assert (found.runtime, found.version) == ("tensorflow", "2.21.0")
    assert found.result in (Result.SAME, Result.ROUNDS_DIFFERENTLY)
    # With ai-edge-litert's result by the same kind of kernels.
    assert found.cosine_min is not None
    assert found.cosine_min >= 0.999


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
    places = {"tflite-runtime": old_environment, "tensorflow": tmp_path / "nowhere"}
    runs = try_runtimes(path, Format.TFLITE, runtime, PIXELS, torch, places)
    assert [run.result for run in runs[2:]] == [Result.WRONG, Result.NOT_TRIED]
    assert is_portable(runs) is False


def test_what_is_not_there_is_not_vouched_for(small_artefact, tmp_path: Path) -> None:
    runs = try_with(small_artefact, Precision.FP32, {}, tmp_path / "nowhere")
    assert [run.result for run in runs[2:]] == [Result.NOT_TRIED, Result.NOT_TRIED]
    assert "actnet-doctor --install-old-runtime" in runs[2].problem
    assert "actnet-doctor --install-tensorflow" in runs[3].problem
    assert is_portable(runs) is None


def test_a_runtime_that_breaks_down_is_reported(old_environment: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.tflite").write_bytes(b"no model at all")
    np.save(tmp_path / "pixels.npy", PIXELS)
    broken, pixels = tmp_path / "broken.tflite", tmp_path / "pixels.npy"
    run = other_interpreters.run(TFLITE_RUNTIME, old_environment, broken, pixels, tmp_path)
    assert run.descriptors is None
    assert run.problem


@pytest.mark.parametrize("witness", WITNESSES, ids=lambda witness: witness.name)
def test_the_doctor_says_why_it_cannot_install(
    witness: Witness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(witness.variable, str(tmp_path / "file"))
    assert doctor([witness.option]) == 1
    printed = capsys.readouterr().err
    assert f"{witness.label} cannot be installed" in printed
    assert witness.variable in printed


def test_the_environment_of_another_version_is_not_taken(tmp_path: Path) -> None:
    """A Python that answers, with another version or without the package."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    for answer, expected in (("2.21.0", True), ("2.20.0", False), ("", False)):
        python.write_text(f"#!/bin/sh\necho {answer}\n")
        python.chmod(0o755)
        assert other_interpreters.is_installed(TENSORFLOW, tmp_path) is expected
    assert not other_interpreters.is_installed(TENSORFLOW, tmp_path / "nowhere")


def test_where_an_artefact_rounds_differently_is_said() -> None:
    runs = (
        RunPart(runtime="ai-edge-litert", version="2.3.0", result="same"),
        RunPart(runtime="tflite-runtime", version="2.14.0", result="rounds differently"),
        RunPart(runtime="tensorflow", version="2.21.0", result="wrong"),
    )
    differs, wrong = portability_lines(Manifest.model_construct(runs_on=runs))
    assert differs.startswith("  tflite-runtime 2.14.0 rounds differently: search a gallery with")
    assert wrong.startswith(
        "  not portable: tensorflow 2.21.0 runs it without an error, with wrong results"
    )

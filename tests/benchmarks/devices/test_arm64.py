"""ARM64 under emulation: instructions repeat, outputs are those of x86."""

from dataclasses import replace
from pathlib import Path

import pytest

from mobile_actnet.benchmarks.config import NetworkName, RuntimeKind
from mobile_actnet.benchmarks.devices.arm64 import (
    Arm64Tools,
    count_instructions,
    counts_between,
    problems,
)
from mobile_actnet.benchmarks.latency.artefacts import Artefact
from mobile_actnet.benchmarks.latency.cases import Case
from mobile_actnet.benchmarks.reports.report import Instructions
from mobile_actnet.cli.bench.command import main
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.runtime.vocabulary import ImageSize, Precision

CASE = Case(NetworkName.MOBILE_ACTNET, RuntimeKind.LITERT, Precision.FP32, ImageSize(64, 64))
FOUND = Instructions(
    "mobile_actnet", "fp32", "64x64", [11.8, 11.8], 0.0, 1e-7, "shipped"
)  # fmt: skip


def test_instructions_repeat_and_outputs_are_equal(
    arm64_tools: Arm64Tools, small_tflite: Artefact
) -> None:
    found = count_instructions(CASE, small_tflite, arm64_tools)
    assert problems(found) == []
    assert len(found.millions) == 2
    # 25 million multiply-adds at 64 x 64, four to an instruction, and all that is around them.
    assert 6 < found.millions[0] < 25
    # From process to process as well.
    again = count_instructions(CASE, small_tflite, arm64_tools)
    assert again.millions[0] == pytest.approx(found.millions[0], rel=1e-3)


def test_the_program_says_what_is_wrong(
    arm64_tools: Arm64Tools, small_tflite: Artefact, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(b"nothing of the kind")
    with pytest.raises(ActnetError, match="is no TFLite|cannot be loaded"):
        count_instructions(CASE, replace(small_tflite, path=damaged), arm64_tools)
    larger = replace(CASE, size=ImageSize(96, 64))
    with pytest.raises((ActnetError, ValueError), match="picture|[Dd]imension|shape"):
        count_instructions(larger, small_tflite, arm64_tools)


def test_marks_stand_around_each_run() -> None:
    assert counts_between([5, 15, 20, 31, 40, 52]) == [10, 11, 12]
    for marks in ([], [1, 2], [1, 2, 3, 4, 5], [0, 0, 0, 0]):
        with pytest.raises(ActnetError, match="make arm64"):
            counts_between(marks)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, None),
        ({"repeatability": 0.002}, "0.20 %"),
        ({"output_difference": 1e-4}, "differs from x86"),
        ({"precision": "fp16", "output_difference": 1e-6}, None),
        ({"precision": "int8", "output_difference": 1e-8}, None),
        ({"precision": "int8", "output_difference": 1e-6}, "differs from x86"),
    ],
)
def test_problems(change: dict, told: str | None) -> None:
    found = problems(replace(FOUND, **change))
    assert bool(found) == bool(told)
    assert told is None or told in found[0]


def test_missing_tools_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="make arm64"):
        Arm64Tools(tmp_path)
    assert main(["--arm64", "--arm64-tools", str(tmp_path)]) == 1
    assert "run: make arm64" in capsys.readouterr().err


def test_report_of_the_command(
    arm64_tools: Arm64Tools, small_tflite: Artefact, monkeypatch, capsys
) -> None:
    monkeypatch.setattr("mobile_actnet.cli.bench.device.artefact_of", lambda *words: small_tflite)
    words = ["--arm64", "--check", "--reference", "mobile_actnet", "--image-size", "64"]
    assert main([*words, "--arm64-tools", str(arm64_tools.folder)]) == 0
    told = capsys.readouterr().out
    assert "they are not time" in told
    assert "| Mobile-ACTNET | fp32 | 64x64 |" in told
    assert main([*words, "--runtime", "onnxruntime"]) == 1

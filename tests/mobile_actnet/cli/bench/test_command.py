"""`actnet-bench` as a user runs it, small; what it measures is not asserted."""

import json
from pathlib import Path

import numpy as np
import pytest
from made_up import comparison, report

from mobile_actnet.benchmarks.latency.fivefold_claim import CLAIMS, Claim
from mobile_actnet.benchmarks.reports.report_files import load_report, save_report
from mobile_actnet.cli.bench import alone, modes
from mobile_actnet.cli.bench.command import main
from mobile_actnet.errors import MissingPackageError

QUICK = ["--num-runs", "5", "--min-seconds", "0", "--warmup-runs", "1"]
SMALL = ["--image-size", "64", "--reference", "mobilenet_v2", *QUICK]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_report_of_a_real_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("litert_torch", reason="needs the extra tflite")
    assert main([*SMALL, "-o", "r.json", "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = json.loads(lines[-1])
    assert told == json.loads((here / "r.json").read_text())
    (found,) = load_report(here / "r.json").comparisons
    assert found.speedup.pairs == len(found.ours.samples_ms) == 5
    assert found.speedup.low <= found.speedup.ratio <= found.speedup.high
    assert (found.ours.network, found.reference.network) == ("mobile_actnet", "mobilenet_v2")
    assert found.ours.probe is not None
    assert found.ours.probe.peak_bytes > found.ours.probe.baseline_bytes
    assert "The head's cost" in (here / "r.md").read_text()
    written = {path.name for path in here.iterdir()}
    assert written == {"artefacts", "r.json", "r.md", "r-latency.svg", "r-ratio.svg"}

    assert main([*SMALL, "-o", "r.json"]) == 1
    assert "give --overwrite" in capsys.readouterr().err


def test_without_a_name_nothing_is_written_but_artefacts(here: Path) -> None:
    pytest.importorskip("onnxscript", reason="needs the extra onnx")
    runtimes = ["--runtime", "onnxruntime", "--runtime", "pytorch", "--no-probe"]
    assert main([*SMALL, *runtimes, "--artefacts", "cache"]) == 0
    assert [path.name for path in here.iterdir()] == ["cache"]


def test_processor_time_is_reported_and_not_mixed_with_latency(here: Path, capsys) -> None:
    words = [*SMALL, "--runtime", "pytorch", "--no-probe"]
    assert main([*words, "-o", "wall.json"]) == 0
    assert main([*words, "-o", "processor.json", "--clock", "processor"]) == 0
    assert "pytorch fp32, 64x64, 1 thread, processor time" in capsys.readouterr().out
    (found,) = load_report(here / "processor.json").comparisons
    assert found.ours.clock == found.reference.clock == "processor"
    assert min(found.ours.samples_ms) > 0
    assert main(["compare", "wall.json", "processor.json"]) == 1
    assert "no setting in common" in capsys.readouterr().err


def fake(monkeypatch: pytest.MonkeyPatch, reference_ms: float) -> list[str]:
    """Let comparisons be made up: ours takes 5 ms; returns the settings asked for."""
    asked: list[str] = []

    def compare(case, reference, setup, claimed, say):
        asked.append(case.setting)
        return comparison(np.full(12, 5.0), np.full(12, reference_ms), claimed)

    monkeypatch.setattr(modes, "compare_with_reference", compare)
    return asked


def test_check_holds_every_claim(here: Path, monkeypatch, capsys) -> None:
    asked = fake(monkeypatch, reference_ms=50)
    known = [claim for claim in CLAIMS if claim.precision in {p.value for p in modes.Precision}]
    code = main(["--check"])
    assert asked == [claim.case().setting for claim in known]
    assert code == (0 if len(known) == len(CLAIMS) else 1)
    assert capsys.readouterr().out.count("PASS (at least 5)") == len(known)


@pytest.mark.parametrize(("reference_ms", "extra", "code"), [
    (50, [], 0), (24, [], 1), (24, ["--min-speedup", "4"], 0), (50, ["--min-speedup", "11"], 1),
])  # fmt: skip
def test_check_is_the_verdict(
    here: Path, monkeypatch, reference_ms: float, extra: list[str], code: int
) -> None:
    fake(monkeypatch, reference_ms)
    assert main(["--check", "--precision", "fp32", *extra]) == code


def test_what_cannot_be_measured_fails_the_check_and_is_reported(
    here: Path, monkeypatch, capsys
) -> None:
    def compare(*arguments):
        raise MissingPackageError("exporting onnx needs the package onnx; run: pip install x")

    monkeypatch.setattr(modes, "compare_with_reference", compare)
    assert main(["--check", "--runtime", "onnxruntime"]) == 1
    told = capsys.readouterr()
    assert (
        "NOT MEASURED onnxruntime fp32, 224x224, 1 thread, beside resnext101_32x8d: exporting "
        "onnx needs" in told.out
    )
    assert main(["--runtime", "onnxruntime"]) == 0


def test_a_precision_that_is_not_exported_fails_the_check(here: Path, monkeypatch, capsys) -> None:
    claim = Claim(modes.RuntimeKind.LITERT, "int3")
    monkeypatch.setattr(modes, "CLAIMS", (claim,))
    fake(monkeypatch, 50)
    assert main(["--check"]) == 1
    assert (
        "NOT MEASURED ai-edge-litert int3, 224x224, beside resnext101_32x8d: precision 'int3'"
        in capsys.readouterr().out
    )


def test_compare_files(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    for name, ms in (("a", 5.0), ("b", 7.0)):
        noise = rng.lognormal(0, 0.01, (2, 50))
        save_report(report(comparison(ms * noise[0], 50 * noise[1])), here / f"{name}.json")
    assert main(["compare", "a.json", "b.json", "--json"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert json.loads(lines[-1])["changes"][0]["verdict"] == "REGRESSION"
    assert main(["compare", "b.json", "a.json"]) == 0
    assert "IMPROVEMENT" in capsys.readouterr().out
    assert main(["compare", "a.json", "a.json"]) == 0
    assert main(["compare", "a.json", "missing.json"]) == 1
    assert "error: report missing.json cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--num-runs", "0"], "give at least 1"),
        (["--num-threads", "-1"], "give at least 1"),
        (["--num-runs", "many"], "invalid"),
        (["--min-seconds", "nan"], "give a number from 0"),
        (["--min-speedup", "0"], "give a number above 0"),
        (["--reference", "vgg"], "invalid choice"),
        (["--check", "--augmentation"], "this mode has no claim to check"),
        (["--clock", "processor", "--check"], "are about wall time"),
        (["--clock", "processor", "--min-speedup", "5"], "are about wall time"),
        (["--clock", "processor", "--stages"], "can count processor time"),
    ],
)
def test_wrong_usage(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-o", "report.txt"], "give one that ends in .json"),
        (["-o", "file/x.json"], "cannot write to file"),
        (["--min-seconds", "90"], "min_seconds is 90"),
    ],
)
def test_refused_before_any_time_is_spent(here: Path, capsys, arguments, told: str) -> None:
    (here / "file").write_text("a file, no folder")
    assert main(arguments) == 1
    assert told in capsys.readouterr().err
    assert [path.name for path in here.iterdir()] == ["file"]


def test_a_subcommand_does_what_its_flag_does(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[dict[str, object]] = []

    def sweep(arguments) -> int:
        seen.append(vars(arguments))
        return 0

    monkeypatch.setattr(alone, "sweep_settings", sweep)
    words = ["--runtime", "pytorch", "--image-size", "64", "-o", "r.json"]
    assert main(["--sweep", *words]) == main(["sweep", *words]) == 0
    with_flag, subcommand = seen
    assert subcommand.items() <= with_flag.items()


def test_a_subcommand_has_no_options_of_others(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["augmentation", "--check"])
    assert "unrecognized arguments: --check" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["roofline", "--clock", "processor"])
    assert "can count processor time" in capsys.readouterr().err

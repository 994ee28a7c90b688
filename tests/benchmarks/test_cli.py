"""`actnet-bench` runs the real thing once, small; what it measures is not asserted."""

import json
from pathlib import Path

import pytest

from mobile_actnet.benchmarks.cli import main


def test_measures_and_leaves_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("litert_torch", reason="needs the extra tflite")
    monkeypatch.chdir(tmp_path)
    arguments = ["--image-size", "64", "--num-runs", "5", "--warmup-runs", "1", "--json"]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    told = json.loads(lines[-1])
    assert told["num_runs"] == 5
    assert told["ratio"] == pytest.approx(told["median_a_ms"] / told["median_b_ms"])
    assert told["ratio_low"] <= told["ratio"] <= told["ratio_high"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [["--num-runs", "0"], ["--num-threads", "-1"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "give at least 1" in capsys.readouterr().err

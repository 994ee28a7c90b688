"""Modes without a reference, small and real; what they measure is not asserted."""

from pathlib import Path

import pytest

from mobile_actnet.benchmarks.reports.report_files import load_report
from mobile_actnet.benchmarks.tasks.stages import CERTAIN_TOTAL, STAGES
from mobile_actnet.cli.bench import alone
from mobile_actnet.cli.bench.command import main
from mobile_actnet.errors import ActnetError

SMALL = ["--runtime", "pytorch", "--image-size", "64", "--num-runs", "3", "--min-seconds", "0",
         "--warmup-runs", "1", "--no-probe", "--num-threads", "1", "-o", "r.json"]  # fmt: skip


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_sweep_goes_on_where_it_was_stopped(monkeypatch, capsys) -> None:
    sizes = [*SMALL, "--image-size", "96", "--sweep"]
    real = alone.measure_alone

    def stops(case, setup, say):
        if case.size.height == 96:
            raise KeyboardInterrupt
        return real(case, setup, say)

    monkeypatch.setattr(alone, "measure_alone", stops)
    assert main(sizes) == 130
    (kept,) = load_report(Path("r.json")).measurements

    monkeypatch.setattr(alone, "measure_alone", real)
    assert main(sizes) == 0
    assert "in the report already" in capsys.readouterr().err
    first, second = load_report(Path("r.json")).measurements
    assert first == kept
    assert second.size == "96x96"


def test_what_a_sweep_cannot_measure_is_reported_and_tried_again(monkeypatch, capsys) -> None:
    def fails(*arguments):
        raise ActnetError("no such runtime")

    with monkeypatch.context() as patched:
        patched.setattr(alone, "measure_alone", fails)
        assert main([*SMALL, "--sweep"]) == 1
    assert "NOT MEASURED mobile_actnet, pytorch fp32" in capsys.readouterr().out
    assert main([*SMALL, "--sweep"]) == 0
    assert not load_report(Path("r.json")).not_measured


def test_stages_add_up(monkeypatch) -> None:
    monkeypatch.setattr(alone, "GALLERIES", (20,))
    assert main([*SMALL, "--stages"]) == 0
    (found,) = load_report(Path("r.json")).stages
    assert tuple(found.stages_ms) == (*STAGES, CERTAIN_TOTAL)
    assert found.views == 6
    parts = sum(found.stages_ms[name].mean_ms for name in STAGES[:-1])
    assert parts == pytest.approx(found.stages_ms["total"].mean_ms)
    certain = found.stages_ms[CERTAIN_TOTAL].mean_ms
    assert certain < found.stages_ms["total"].mean_ms
    assert certain > found.stages_ms["decode"].mean_ms + found.stages_ms["extract"].mean_ms
    assert "In descriptions of one view" in Path("r.md").read_text()
    assert main([*SMALL, "--stages", "--photo", "none.jpg", "--overwrite"]) == 1


def test_minutes_and_roofline() -> None:
    assert main([*SMALL, "--minutes", "0.005"]) == 0
    (sustained,) = load_report(Path("r.json")).sustained
    assert sum(window.runs for window in sustained.windows) >= len(sustained.windows) > 0
    assert Path("r-minutes.svg").exists()
    assert main([*SMALL, "--roofline", "--overwrite"]) == 0
    (line,) = load_report(Path("r.json")).roofline
    assert 10e6 < line.multiply_adds < 60e6  # MobileNetV2 has 300 million at 224, 1/12 of it at 64.
    assert line.times_floor == line.p50_ms / max(line.compute_ms, line.memory_ms)

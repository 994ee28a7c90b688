"""A report comes back as it was written; anything else is refused with a sentence."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from made_up import comparison, report

from mobile_actnet.benchmarks.latency.ratios import summarise
from mobile_actnet.benchmarks.reports.report import NotMeasured, Report
from mobile_actnet.benchmarks.reports.report_files import json_schema, load_report, save_report
from mobile_actnet.cli.bench.command import main
from mobile_actnet.errors import ActnetError

ROOT = Path(__file__).parents[3]


@pytest.fixture
def made() -> Report:
    return report(comparison(np.full(12, 5.0), np.full(12, 50.0), 5.0))


def test_comes_back_as_it_was(tmp_path: Path, made: Report) -> None:
    save_report(made, tmp_path / "r.json")
    assert load_report(tmp_path / "r.json") == made


def test_passed_means_all_and_nothing_missing(made: Report) -> None:
    assert made.passed
    assert not report().passed
    assert not report(comparison(np.full(12, 5.0), np.full(12, 50.0))).passed
    assert not report(comparison(np.full(12, 5.0), np.full(12, 24.0), 5.0)).passed
    assert not report(*made.comparisons, not_measured=[NotMeasured("int8", "why")]).passed


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda values: values.pop("machine"), "machine"),
        (lambda values: values.update(schema=99), "schema 99"),
        (lambda values: values["comparisons"][0]["speedup"].update(ratio="fast"), "ratio"),
        (lambda values: values.update(invented=1), "invented"),
    ],
)
def test_damaged_reports_are_refused(tmp_path: Path, made: Report, change, told: str) -> None:
    path = tmp_path / "r.json"
    save_report(made, path)
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))
    with pytest.raises(ActnetError, match=told):
        load_report(path)


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ActnetError, match="cannot be read"):
        load_report(tmp_path / "missing.json")
    (tmp_path / "x.json").write_bytes(b"\xff not json")
    with pytest.raises(ActnetError, match="is not a report"):
        load_report(tmp_path / "x.json")


def test_schema_names_every_section() -> None:
    assert {"machine", "comparisons", "sustained"} <= set(json_schema()["properties"])


def test_what_the_documentation_shows_an_app_is_taken_in(tmp_path: Path, capsys) -> None:
    text = (ROOT / "docs" / "bench-report.md").read_text(encoding="utf-8")
    example = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert example is not None
    exported = tmp_path / "app.json"
    exported.write_text(example[1])
    found = load_report(exported)
    assert found.measurements[0].summary == summarise(found.measurements[0].samples)
    assert main(["import", str(exported), "-o", str(tmp_path / "taken.json")]) == 0
    assert "iPhone17,3 (arm64, 6 cores), iOS 26.1" in capsys.readouterr().out
    assert load_report(tmp_path / "taken.json") == found
    exported.write_text(example[1].replace('"flags"', '"flag"'))
    assert main(["import", str(exported)]) == 1
    assert "app.json is not a report of actnet-bench: machine" in capsys.readouterr().err

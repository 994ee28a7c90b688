"""An app's report is held to what `actnet-bench` reads."""

from pathlib import Path

import bench_report
import pytest


def test_what_is_no_report_is_a_sentence(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text("{}")
    with pytest.raises(
        bench_report.ReportError, match=r"does not read the app.s report: .*measure again"
    ):
        bench_report.check_report(report)


def test_apps_do_not_look_into_the_benchmarks() -> None:
    """They know artefact, manifest, gallery, golden files and the project's commands."""
    root = Path(__file__).parents[2]
    folders = (
        "app_tools", "android_demo/tools", "ios_demo/tools", "tests/android_demo", "tests/ios_demo",
    )  # fmt: skip
    files = [
        path
        for folder in folders
        for path in (root / folder).rglob("*.*")
        if path.suffix in (".py", ".sh")
    ]
    assert len(files) > 30
    for path in files:
        assert "mobile_actnet." + "benchmarks" not in path.read_text(), path

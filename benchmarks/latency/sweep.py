"""Formats, precisions, sizes and threads in one report; a stopped sweep resumes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mobile_actnet.benchmarks.latency.artefacts import Say
from mobile_actnet.benchmarks.latency.cases import Case
from mobile_actnet.benchmarks.reports.report import Measurement, NotMeasured, Report
from mobile_actnet.benchmarks.reports.report_files import load_report, save_report
from mobile_actnet.errors import ActnetError

Measure = Callable[[Case], Measurement]


def sweep(
    cases: list[Case], measure: Measure, report: Report, path: Path | None, say: Say
) -> Report:
    """Measure every case that the report does not have yet, and save after each.

    Args:
        report: new, or what an earlier run left.
        path: where it is kept; nowhere if None.

    Returns:
        the report with all cases; it names those that could not be measured.
    """
    for number, case in enumerate(cases, 1):
        what = f"{case.network.value}, {case.setting}"
        if _has(report, case):
            say(f"{number} of {len(cases)}: {what}: in the report already")
            continue
        say(f"{number} of {len(cases)}: {what}")
        try:
            report = replace(report, measurements=[*report.measurements, measure(case)])
        except ActnetError as error:
            say(f"NOT MEASURED {what}: {error}")
            missing = NotMeasured(what, str(error))
            report = replace(report, not_measured=[*report.not_measured, missing])
        if path is not None:
            save_report(report, path)
    return report


def resumed(path: Path | None, new: Report, overwrite: bool) -> Report:
    """Return what an earlier run left at `path`, or the new report.

    What could not be measured then is tried again.

    Raises:
        ActnetError: the file is not a report, or of another machine or other versions, whose
            milliseconds do not belong into one table.
    """
    if path is None or overwrite or not path.exists():
        return new
    old = load_report(path)
    if old.machine.fingerprint != new.machine.fingerprint:
        raise ActnetError(
            f"{path} is of another machine ({old.machine.name}, {old.machine.cores} cores); "
            "give another -o, or --overwrite to begin again"
        )
    if old.machine.packages != new.machine.packages:
        raise ActnetError(
            f"{path} was measured with other versions of packages; "
            "give another -o, or --overwrite to begin again"
        )
    return replace(old, not_measured=[])


def _has(report: Report, case: Case) -> bool:
    known = {(measurement.network, measurement.setting) for measurement in report.measurements}
    return (case.network.value, case.setting) in known

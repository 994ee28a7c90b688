"""Reading and writing reports: the JSON, and the Markdown beside it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from mobile_actnet.benchmarks.reports.report import SCHEMA, Report
from mobile_actnet.errors import ActnetError
from mobile_actnet.files import read_regular, reason, write_atomically

_ADAPTER = TypeAdapter(Report)


def save_report(report: Report, path: Path) -> None:
    """Write a report's JSON; the file is there whole or not at all.

    Raises:
        ActnetError: the folder cannot be written, or the disk is full.
    """
    write_atomically(path, _ADAPTER.dump_json(report, indent=1) + b"\n")


def report_line(report: Report) -> str:
    """Return a report as one line of JSON."""
    return _ADAPTER.dump_json(report).decode()


def load_report(path: Path) -> Report:
    """Read a report.

    Raises:
        ActnetError: missing, no report, or of another schema; the sentence says what is wrong.
    """
    try:
        content = read_regular(path)
    except OSError as error:
        raise ActnetError(f"report {path} cannot be read: {reason(error)}") from error
    return parse_report(content, str(path))


def parse_report(content: bytes, name: str) -> Report:
    """Read a report from the bytes of its file; `name` is for the error's sentence.

    Raises:
        ActnetError: no report, or of another schema.
    """
    try:
        report = _ADAPTER.validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ActnetError(
            f"{name} is not a report of actnet-bench: {where}: {first['msg']}; measure again"
        ) from error
    if report.schema != SCHEMA:
        raise ActnetError(
            f"{name} has schema {report.schema}; this release reads {SCHEMA}: "
            "install the release that wrote it, or measure again"
        )
    return report


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a report."""
    return _ADAPTER.json_schema()


def now() -> str:
    """Return this moment as a report holds it: UTC, ISO 8601, seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")

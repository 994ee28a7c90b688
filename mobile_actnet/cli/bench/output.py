"""Handing a report over: the tables on the terminal, the files where they were asked for."""

import argparse
import importlib.util
from pathlib import Path

from mobile_actnet.benchmarks.reports.latency_plots import draw_report
from mobile_actnet.benchmarks.reports.report import Report
from mobile_actnet.benchmarks.reports.report_files import report_line, save_report
from mobile_actnet.benchmarks.reports.report_tables import markdown
from mobile_actnet.commands import command_line
from mobile_actnet.errors import ConfigError
from mobile_actnet.files import refuse_existing, staging_folder, write_atomically


def check_output(arguments: argparse.Namespace, resumes: bool = False) -> None:
    """Find out before any time is spent whether the report can be written.

    Args:
        resumes: whether a report that exists is gone on with.

    Raises:
        ConfigError: the name does not end in .json.
        ActnetError: it exists, or its folder cannot be written.
    """
    path: Path | None = arguments.output
    if path is None:
        return
    if path.suffix != ".json":
        raise ConfigError(f"{path} is not a name for a report; give one that ends in .json")
    refuse_existing(path, arguments.overwrite or resumes)
    with staging_folder(path.parent):
        pass  # The folder can be written.


def hand_over(report: Report, arguments: argparse.Namespace) -> None:
    """Print a report, and write it with its Markdown and plots if a name was given.

    Raises:
        ActnetError: the folder cannot be written, or the disk is full.
    """
    text = markdown(report)
    print(text)
    if arguments.output is not None:
        save_report(report, arguments.output)
        write_atomically(arguments.output.with_suffix(".md"), text.encode())
        _write_plots(report, arguments.output)
        print("next:", command_line("actnet-bench", "compare", arguments.output, "LATER.json"))
    if arguments.json:
        print(report_line(report))


def _write_plots(report: Report, path: Path) -> None:
    if importlib.util.find_spec("matplotlib") is None:
        print("no plots: they need matplotlib; run: pip install 'mobile-actnet[plots]'")
        return
    for name, content in draw_report(report, path).items():
        write_atomically(name, content)

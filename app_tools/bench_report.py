"""Hold an app's benchmark report to what `actnet-bench` reads."""

import subprocess
import sys
from pathlib import Path


class ReportError(Exception):
    """The report cannot be read; the text says why."""


def check_report(report: Path) -> str:
    """Let `actnet-bench` compare a report with itself, which it must read for that.

    Raises:
        ReportError: it cannot be read.
    """
    program = Path(sys.executable).with_name("actnet-bench")
    done = subprocess.run([program, "compare", report, report, "--json"],
                          capture_output=True, text=True, check=False)  # fmt: skip
    if done.returncode:
        raise ReportError(f"actnet-bench does not read the app's report: {done.stderr.strip()}")
    return "actnet-bench reads the app's report"


if __name__ == "__main__":
    print(check_report(Path(sys.argv[1])))

"""A line of a check's report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report.

    Attributes:
        ok: whether it works; None for a fact that is neither good nor bad.
        text: what was found, and what to do if it does not work.
    """

    ok: bool | None
    text: str

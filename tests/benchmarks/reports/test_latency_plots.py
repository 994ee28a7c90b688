"""The pictures of a report: which there are, what is written on them."""

import html
from pathlib import Path

import numpy as np
import pytest
from made_up import comparison, measurement, report

from mobile_actnet.benchmarks.reports.latency_plots import draw_report
from mobile_actnet.benchmarks.reports.report import Sustained, Window

pytest.importorskip("matplotlib", reason="needs the extra plots")


def texts(content: bytes) -> str:
    """What is written on a picture; the SVG holds text as comments or as glyphs' names."""
    return html.unescape(content.decode())


def test_a_picture_for_each_section_with_rows() -> None:
    rng = np.random.default_rng(0)
    found = comparison(5 * rng.lognormal(0, 0.1, 30), 50 * rng.lognormal(0, 0.1, 30), 5.0)
    windows = [Window(5.0 * i, 5 + i, 6 + i, 100) for i in range(4)]
    sustained = Sustained(measurement(np.full(9, 5.0)), windows, 1.6)
    made = draw_report(report(found, sustained=[sustained]), Path("out/r.json"))
    assert set(made) == {Path(f"out/r-{name}.svg") for name in ("latency", "ratio", "minutes")}
    for content in made.values():
        assert texts(content).startswith("<?xml")
    for name in ("latency", "minutes"):
        assert "Mobile-ACTNET" in texts(made[Path(f"out/r-{name}.svg")])
    assert "claim: 5" in texts(made[Path("out/r-ratio.svg")])
    assert "ResNeXt101-32x8d ACTNET" in texts(made[Path("out/r-latency.svg")])
    assert draw_report(report(found, sustained=[sustained]), Path("out/r.json")) == made


def test_nothing_to_draw() -> None:
    assert draw_report(report(), Path("r.json")) == {}

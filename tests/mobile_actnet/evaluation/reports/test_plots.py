"""Pictures of results: the same bytes each time, labels with units, a sentence without matplotlib."""

import importlib.util
import io
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobile_actnet.errors import ConfigError, MissingPackageError
from mobile_actnet.evaluation.reports.plots import (
    check_picture_path,
    draw_curves,
    draw_histograms,
    require_matplotlib,
    tick_labels,
)
from mobile_actnet.evaluation.reports.separability import DistanceHistograms

HISTOGRAMS = DistanceHistograms(
    np.linspace(0, 2, 5), np.array([3, 1, 0, 0]), np.array([0, 1, 5, 2])
)
CURVES = {"shop": {16: 40.0, 32: 50.0}, "_odd $names$ & <more>": {16: 30.0, 32: 35.0}}
needs_matplotlib = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None, reason="the extra plots is not installed"
)


def test_missing_matplotlib_names_the_command() -> None:
    with pytest.raises(MissingPackageError, match=re.escape("pip install 'mobile-actnet[plots]'")):
        require_matplotlib(lambda _: None)


def test_other_suffix_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"ends in \.svg or \.png"):
        check_picture_path(Path("distances.pdf"))


@needs_matplotlib
@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_same_numbers_same_bytes(suffix: str) -> None:
    path = Path(f"picture.{suffix}")
    assert draw_curves(CURVES, path) == draw_curves(CURVES, path)
    sets = {"shop": HISTOGRAMS, "café": HISTOGRAMS}
    assert draw_histograms(sets, path) == draw_histograms(sets, path)


@needs_matplotlib
def test_svg_says_what_is_shown() -> None:
    curves = draw_curves(CURVES, Path("a.svg")).decode()
    for text in ("mAP (%)", "descriptor dimension", "shop", "_odd $names$ &amp; &lt;more&gt;"):
        assert text in curves
    histograms = draw_histograms({"shop": HISTOGRAMS}, Path("a.SVG")).decode()
    for text in ("share of pairs (%)", "no unit", "non-matching pairs (8)", "KL divergence"):
        assert text in histograms
    assert "<dc:date>" not in curves + histograms


@needs_matplotlib
def test_labels_of_near_dimensions_do_not_overlap() -> None:
    dims = [8, 16, 32, 64, 128, 256, 512, 1024, 1280, 2048, 2560]
    labels = tick_labels(dims)
    assert labels[-1] == "2560"
    assert labels[-2] == ""
    shown = [dim for dim, label in zip(dims, labels, strict=True) if label]
    assert all(b / a >= 1.6 for a, b in pairwise(shown)), shown
    assert len(shown) >= 8
    assert tick_labels([64]) == ["64"]


def test_png_opens() -> None:
    with Image.open(io.BytesIO(draw_histograms({"shop": HISTOGRAMS}, Path("a.png")))) as picture:
        assert picture.size == (960, 450)
        assert not {"Software", "date"} & set(picture.info)

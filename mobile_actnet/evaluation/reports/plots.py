"""Pictures of results: histograms of distances and curves over the descriptor's dimension.

The one module that needs matplotlib, which the extra `plots` installs. Colours are those of Okabe
and Ito, which people with any kind of colour vision tell apart; lines differ in their marker and
dashes as well. The same numbers give the same bytes: no date, no random identifiers.
"""

import importlib.util
import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mobile_actnet.errors import ConfigError, MissingPackageError

if TYPE_CHECKING:
    from mobile_actnet.evaluation.reports.separability import DistanceHistograms

PICTURE_SUFFIXES = (".svg", ".png")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_DASHES = ("-", "--", "-.", ":")
_WIDTH_INCHES = 6.4
_DPI = 150
_LABEL_INCHES = 0.45


def require_matplotlib(
    find_spec: Callable[[str], object | None] = importlib.util.find_spec,
) -> None:
    """Raise `MissingPackageError` with the pip command unless matplotlib is installed."""
    if find_spec("matplotlib") is None:
        raise MissingPackageError(
            "drawing needs the package matplotlib, which is not installed; "
            "run: pip install 'mobile-actnet[plots]'"
        )


def check_picture_path(path: Path) -> None:
    """Raise `ConfigError` unless a picture can be written under this name."""
    if path.suffix.lower() not in PICTURE_SUFFIXES:
        raise ConfigError(f"{path} is not a name for a picture; give one that ends in .svg or .png")


def draw_histograms(sets: dict[str, "DistanceHistograms"], path: Path) -> bytes:
    """Draw the distances of matching and non-matching pairs, a panel for each set.

    Args:
        sets: histograms by the set's name, at least one; each with pairs of both kinds.
        path: only its suffix counts: .svg or .png.

    Returns:
        the bytes of the picture file.

    Raises:
        MissingPackageError: matplotlib is not installed.
        ConfigError: another suffix.
    """

    def draw(figure: Any) -> None:
        panels = figure.subplots(len(sets), 1, squeeze=False)[:, 0]
        for axes, (name, histograms) in zip(panels, sets.items(), strict=True):
            _draw_panel(axes, name, histograms)
        panels[-1].set_xlabel("Euclidean distance of descriptors of length 1 (0 to 2, no unit)")

    return picture(draw, path, 2.7 * len(sets) + 0.3)


def draw_curves(curves: dict[str, dict[int, float]], path: Path) -> bytes:
    """Draw mAP against the dimension of the descriptor, a line for each set.

    Args:
        curves: mAP in per cent by dimension, by the set's name; at least one of each.
        path: only its suffix counts: .svg or .png.

    Returns:
        the bytes of the picture file.

    Raises:
        MissingPackageError: matplotlib is not installed.
        ConfigError: another suffix.
    """

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for number, (name, curve) in enumerate(curves.items()):
            axes.plot(
                list(curve),
                list(curve.values()),
                label=_literal(name),
                color=COLOURS[number % len(COLOURS)],
                marker=_MARKERS[number % len(_MARKERS)],
                linestyle=_DASHES[number % len(_DASHES)],
            )
        dims = sorted({dim for curve in curves.values() for dim in curve})
        axes.set_xscale("log", base=2)
        axes.set_xticks(dims, tick_labels(dims))
        axes.minorticks_off()
        axes.set_xlabel("descriptor dimension (number of values)")
        axes.set_ylabel("mAP (%)")
        axes.grid(alpha=0.3)
        axes.legend(title="set")

    return picture(draw, path, 4.2)


def tick_labels(dims: list[int]) -> list[str]:
    """Return the labels of rising positions on a logarithmic axis; empty where two would overlap.

    The largest keeps its label.
    """
    octaves = math.log2(dims[-1] / dims[0]) or 1.0
    least = octaves * _LABEL_INCHES / (_WIDTH_INCHES - 1)
    labels, held = [], math.inf
    for dim in reversed(dims):
        place = math.log2(dim)
        shown = held - place >= least
        labels.append(str(dim) if shown else "")
        held = place if shown else held
    return labels[::-1]


def _draw_panel(axes: Any, name: str, histograms: "DistanceHistograms") -> None:
    kinds = (
        ("matching pairs", histograms.matching, COLOURS[0], "-"),
        ("non-matching pairs", histograms.non_matching, COLOURS[1], "--"),
    )
    for label, counts, colour, dashes in kinds:
        share_percent = 100 * counts / counts.sum()
        axes.stairs(share_percent, histograms.edges, fill=True, alpha=0.25, color=colour)
        axes.stairs(
            share_percent, histograms.edges, color=colour, linestyle=dashes, linewidth=1.6,
            label=f"{label} ({counts.sum()})",
        )  # fmt: skip
    used = np.flatnonzero(histograms.matching + histograms.non_matching)
    axes.set_xlim(0, histograms.edges[used[-1] + 1])
    axes.set_ylim(bottom=0)
    axes.set_ylabel("share of pairs (%)")
    axes.set_title(f"{_literal(name)}: KL divergence {histograms.kl_matching:.2f} nats")
    axes.legend()


def _literal(name: str) -> str:
    """Keep matplotlib from reading a folder's name as a formula, or as a line to be left out."""
    escaped = name.replace("$", r"\$")
    return f" {escaped}" if escaped.startswith("_") else escaped


def picture(draw: Callable[[Any], None], path: Path, height_inches: float) -> bytes:
    """Let `draw` fill a figure, and return the bytes of the picture file.

    Args:
        draw: gets matplotlib's figure.
        path: only its suffix counts: .svg or .png.

    Raises:
        MissingPackageError: matplotlib is not installed.
        ConfigError: another suffix.
    """
    check_picture_path(path)
    require_matplotlib()
    import matplotlib
    from matplotlib.figure import Figure

    kind = path.suffix.lower()[1:]
    # Identifiers in an SVG come from the salt; both files would else name version and day.
    metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
    # rc_context: a user's own matplotlibrc must not change the picture.
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({"svg.hashsalt": "mobile-actnet", "svg.fonttype": "none"})
        figure = Figure(figsize=(_WIDTH_INCHES, height_inches), dpi=_DPI, layout="constrained")
        draw(figure)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, metadata=metadata)
    return buffer.getvalue()

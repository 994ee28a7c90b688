"""The manual's plots show today's weights and today's table, not those of an earlier release."""

import re
from pathlib import Path

import figures
import pytest

pytest.importorskip("torch")
pytest.importorskip("matplotlib")


@pytest.mark.parametrize("name", ["activations", "precisions"])
def test_a_plot_shows_what_is_shipped(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed = figures.PICTURES / f"{name}.svg"
    monkeypatch.setattr(figures, "PICTURES", tmp_path)
    drawn = getattr(figures, name)()
    assert _numbers(drawn) == _numbers(committed), f"draw it again: python manual/figures.py {name}"


def _numbers(plot: Path) -> str:
    match = re.search(r"<dc:description>(.+?)</dc:description>", plot.read_text(encoding="utf-8"))
    assert match, f"{plot} holds no numbers"
    return match[1]

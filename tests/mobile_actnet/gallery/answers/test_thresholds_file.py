"""thresholds.json: the strictest threshold of its measure, or a sentence."""

import json
from pathlib import Path

import pytest

from mobile_actnet.errors import GalleryError
from mobile_actnet.gallery.answers.answer_scores import Measure
from mobile_actnet.gallery.answers.thresholds_file import read_thresholds

ROW = {"least": 4.5, "false_answers": 0.05}
WHOLE = {
    "schema": 1, "model_sha256": "ab", "measure": "distinctness",
    "thresholds": {"distinctness": [ROW, {"least": 6, "false_answers": 0.01}], "similarity": [ROW]},
}  # fmt: skip


def test_the_strictest(tmp_path: Path) -> None:
    path = tmp_path / "thresholds.json"
    path.write_text(json.dumps(WHOLE))
    threshold = read_thresholds(path)
    assert threshold.measure is Measure.DISTINCTNESS
    assert (threshold.least, threshold.false_answers, threshold.model_sha256) == (6, 0.01, "ab")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("3", "no schema 1"),
        (json.dumps(WHOLE | {"schema": 2}), "no schema 1"),
        (json.dumps(WHOLE | {"measure": []}), "measure is unknown"),
        (json.dumps(WHOLE | {"model_sha256": 7}), "no thresholds"),
        (json.dumps(WHOLE | {"thresholds": {"distinctness": []}}), "no thresholds"),
        (json.dumps(WHOLE | {"thresholds": {"distinctness": [3]}}), "not a number"),
        (json.dumps(WHOLE | {"thresholds": {"distinctness": [ROW | {"least": "6"}]}}), "not a number"),
        (json.dumps(WHOLE | {"thresholds": {"distinctness": [ROW | {"least": 10**400}]}}), "not a number"),
    ],
)  # fmt: skip
def test_what_is_none_is_refused(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "thresholds.json"
    path.write_text(text)
    with pytest.raises(GalleryError, match=told):
        read_thresholds(path)
    with pytest.raises(GalleryError, match="cannot be read"):
        read_thresholds(tmp_path / "none.json")

"""Reading thresholds.json: from which score of a best match on a photo is answered.

`actnet-index calibrate` writes it, docs/gallery.md has the format. It judges searches without local
features; those with them are judged by the gallery's own `verified_from`.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobile_actnet.errors import GalleryError
from mobile_actnet.files import read_regular, reason
from mobile_actnet.gallery.answers.answer_scores import Measure

THRESHOLDS_FILE = "thresholds.json"
SCHEMA = 1
_LARGEST = 1e9


@dataclass(frozen=True)
class AnswerThreshold:
    """From where on a best match is an answer.

    Attributes:
        measure: that it is judged by. least: score that an answer has at least.
        false_answers: share of photos of unknown things that were answered when it was calibrated.
        model_sha256: of the model that it was calibrated with.
    """

    measure: Measure
    least: float
    false_answers: float
    model_sha256: str


def read_thresholds(path: Path) -> AnswerThreshold:
    """Read the strictest threshold of the measure that the file names.

    Raises:
        GalleryError: missing, damaged, or of another schema.
    """
    try:
        content = json.loads(read_regular(path))
    except OSError as error:
        raise GalleryError(f"{path} cannot be read: {reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "it is not JSON") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise _damaged(path, f"it has no schema {SCHEMA}")
    rows, model = content.get("thresholds"), content.get("model_sha256")
    try:
        measure = Measure(str(content.get("measure")))
    except ValueError as error:
        raise _damaged(path, "its measure is unknown") from error
    rows = rows.get(measure.value) if isinstance(rows, dict) else None
    if not isinstance(rows, list) or not rows or not isinstance(model, str):
        raise _damaged(path, f"it has no thresholds of {measure} or no model")
    choices = [_threshold(path, row, measure, model) for row in rows]
    return min(choices, key=lambda choice: choice.false_answers)


def thresholds_of(gallery: Path, model_sha256: str, given: Path | None) -> AnswerThreshold | None:
    """Return the threshold that a gallery's searches are judged by.

    Args:
        given: the file; None for thresholds.json beside the gallery, where it is of this model.

    Raises:
        GalleryError: the file is damaged, or `given` is missing or of another model.
    """
    path = given or gallery.with_name(THRESHOLDS_FILE)
    if given is None and not path.is_file():
        return None
    threshold = read_thresholds(path)
    if threshold.model_sha256 == model_sha256:
        return threshold
    if given is None:
        return None
    raise GalleryError(
        f"{path} was calibrated with another model than {gallery} has; make it again with "
        f"actnet-index calibrate {gallery} -o {path}"
    )


def _threshold(path: Path, row: Any, measure: Measure, model: str) -> AnswerThreshold:
    least, false_answers = (
        _number(path, row.get(name) if isinstance(row, dict) else None)
        for name in ("least", "false_answers")
    )
    return AnswerThreshold(measure, least, false_answers, model)


def _number(path: Path, value: Any) -> float:
    if type(value) not in (int, float) or not abs(value) < _LARGEST:
        raise _damaged(path, "a threshold is not a number")
    return float(value)


def _damaged(path: Path, what: str) -> GalleryError:
    return GalleryError(
        f"{path} holds no thresholds: {what}; make it again with actnet-index calibrate GALLERY -o {path}"
    )

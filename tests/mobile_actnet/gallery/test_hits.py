"""When a search has an answer, and what it says."""

from pathlib import Path

import pytest

from mobile_actnet.gallery.answers.answer_scores import Measure
from mobile_actnet.gallery.answers.thresholds_file import AnswerThreshold
from mobile_actnet.gallery.hits import Answer, Hit, Verdict

THRESHOLD = AnswerThreshold(Measure.DISTINCTNESS, 3.0, 0.01, "ab")


@pytest.mark.parametrize(
    ("verified", "verdict"),
    [
        ([], Verdict.NONE),
        ([None, None], Verdict.NONE),
        ([False, None], Verdict.NOT_FOUND),
        ([True, False], Verdict.FOUND),
        ([False, True], Verdict.NOT_FOUND),
    ],
)
def test_the_first_hit_decides(verified: list[bool | None], verdict: Verdict) -> None:
    hits = [Hit(n, f"{n}.jpg", "Tea", 0.5, verified=one) for n, one in enumerate(verified)]
    answer = Answer(Path("photo.jpg"), hits)
    assert answer.verdict() is verdict
    assert answer.sentence().startswith(verdict.value)
    if verdict is Verdict.FOUND:
        assert answer.sentence() == "found Tea (0.jpg)"


@pytest.mark.parametrize(
    ("score", "verdict"),
    [(2.9, Verdict.NOT_FOUND), (3.0, Verdict.FOUND), (None, Verdict.NONE)],
)
def test_a_threshold_decides_where_nothing_was_compared(score, verdict: Verdict) -> None:
    answer = Answer(Path("p.jpg"), [Hit(1, "a.jpg", None, 0.5)], None, score, THRESHOLD)
    assert answer.verdict() is verdict
    assert answer.judged_by() == (None if score is None else "distinctness")
    if verdict is Verdict.FOUND:
        assert answer.sentence() == "found a.jpg"


def test_verification_overrules_a_threshold() -> None:
    hits = [Hit(1, "a.jpg", None, 0.5, inliers=4, certainty=2.0, verified=False)]
    answer = Answer(Path("p.jpg"), hits, None, 9.0, THRESHOLD)
    assert answer.verdict() is Verdict.NOT_FOUND
    assert answer.judged_by() == "verification"

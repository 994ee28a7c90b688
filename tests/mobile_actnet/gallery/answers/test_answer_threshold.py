"""Thresholds of a gallery: their arithmetic, and a real gallery from end to end."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.errors import ActnetError
from mobile_actnet.export import Gallery, IndexOptions
from mobile_actnet.gallery.answers.answer_scores import Measure
from mobile_actnet.gallery.answers.answer_threshold import (
    FALSE_ANSWERS,
    calibrate,
    measure_for,
    threshold,
)

MakePhotos = Callable[..., Path]


def test_at_most_the_asked_share_reaches_the_threshold() -> None:
    scores = np.arange(100) / 100
    assert threshold(scores, 0.05) == 0.9401
    assert threshold(scores, 0.0) == 0.9901
    rng = np.random.default_rng(1)
    for share in (0.0, 0.01, 0.3, 0.999):
        for scores in (rng.standard_normal(37), rng.integers(0, 3, 64).astype(float)):
            assert (scores >= threshold(scores, share)).mean() <= share


def test_few_pictures_are_judged_by_similarity() -> None:
    assert measure_for(9) is Measure.SIMILARITY
    assert measure_for(10) is Measure.DISTINCTNESS


@pytest.fixture
def gallery(make_photos: MakePhotos, artefact: Path, tmp_path: Path) -> Path:
    path = tmp_path / "g.sqlite"
    options = IndexOptions(thumbnail_side_px=0, workers=1)
    Gallery.build(make_photos(12), artefact, path, options).close()
    return path


def test_a_gallery_from_end_to_end(gallery: Path) -> None:
    told = calibrate(gallery, captures=100)
    assert json.loads(json.dumps(told)) == told == calibrate(gallery, captures=100)
    assert (told["pictures"], told["captures"], told["measure"]) == (12, 108, "distinctness")
    for measure in Measure:
        rows = told["thresholds"][measure]
        assert [row["false_answers"] for row in rows] == list(FALSE_ANSWERS)
        least = [row["least"] for row in rows]
        assert least == sorted(least, reverse=True)
        right = [row["right_answers"] for row in rows]
        assert right == sorted(right)
        assert right[-1] > 0.2  # Captures find their own pictures.


def test_photos_that_have_gone_are_left_out(gallery: Path) -> None:
    photos = gallery.parent / "photos"
    (photos / "000.jpg").unlink()
    assert calibrate(gallery, captures=30)["captures"] == 33  # 3 of each of the other 11.
    shutil.rmtree(photos)
    with pytest.raises(ActnetError, match="none of the photos of .* can be read below"):
        calibrate(gallery)


def test_a_gallery_of_one_thing_is_refused(
    make_photos: MakePhotos, artefact: Path, tmp_path: Path
) -> None:
    path = tmp_path / "one.sqlite"
    Gallery.build(make_photos(1), artefact, path, IndexOptions(workers=1)).close()
    with pytest.raises(ActnetError, match="only one thing; a threshold needs two"):
        calibrate(path, captures=10)

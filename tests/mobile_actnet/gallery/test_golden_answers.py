"""The golden answers: the order that docs/verification.md asks for, in every language."""

import json
from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.gallery.gallery import Gallery
from mobile_actnet.gallery.hits import SearchOptions
from mobile_actnet.gallery.matching import Matcher
from mobile_actnet.pictures.local_features import LocalFeatures

FOLDER = Path(__file__).parents[2] / "golden" / "answers"
INDEX = json.loads((FOLDER / "index.json").read_text())


@pytest.mark.parametrize(
    "answer", INDEX["answers"], ids=lambda answer: Path(answer["photo"]["file"]).stem
)
def test_golden_answers(answer: dict) -> None:
    stored, views = answer["photo"], np.array(answer["views"], np.float32)
    blob = (FOLDER / stored["file"]).read_bytes()
    features = LocalFeatures.from_bytes(blob, *stored["size"])
    options = SearchOptions(top=len(answer["hits"]), shortlist=INDEX["shortlist"])
    with Gallery(FOLDER / INDEX["gallery"]) as gallery:
        matcher = Matcher(gallery._reader, features, features.width_px)
        rank = gallery._ranking(gallery._stored(views), len(views), options)
        (hits,) = gallery._search(rank, options, [matcher])
    assert [hit.picture_id for hit in hits] == [expected["id"] for expected in answer["hits"]]
    for hit, expected in zip(hits, answer["hits"], strict=True):
        assert hit.similarity == expected["similarity"]
        assert hit.inliers == expected["inliers"]
        assert bool(hit.verified) == expected["verified"]
        assert (hit.outline is None) == (expected["outline"] is None)
        if hit.outline is not None:
            np.testing.assert_allclose(hit.outline, expected["outline"], rtol=0, atol=0.5)


def test_golden_items() -> None:
    with Gallery(FOLDER / INDEX["gallery"]) as gallery:
        assert gallery.verified_from == INDEX["verified_from"]
        for number, expected in INDEX["items"].items():
            item = gallery._reader.item(int(number))
            assert item is not None
            assert (item.name, item.fields) == (expected["name"], expected["fields"])
        assert gallery._reader.item(1) is None

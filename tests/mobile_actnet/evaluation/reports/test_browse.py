"""The page of queries and hits, read back with a parser of HTML."""

import base64
import io
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobile_actnet.errors import ConfigError
from mobile_actnet.evaluation.config import BrowseConfig
from mobile_actnet.evaluation.reports.browse import browse_page, worst_rankings
from mobile_actnet.pictures.photos import Photo

ODD_NAME = '<b>"x"&.png'


class Page(HTMLParser):
    """Collects the items of a page by kind, and the addresses in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.items: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.addresses: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.add(tag)
        self.addresses += [v or "" for k, v in attrs if k in ("src", "href", "srcset", "action")]
        if tag == "li":
            self.items.append(values["class"] or "")
        if tag == "img":
            self.images.append(values)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def photos(tmp_path: Path) -> list[Photo]:
    found = []
    for name, instance, role in (
        ("q0.png", "a", "query"),
        (ODD_NAME, "b", "query"),
        ("lonely.png", "z", "query"),
        ("d0.png", "a", "database"),
        ("d1.png", "b", "database"),
        ("d2.png", "c", "distractor"),
    ):
        Image.new("RGB", (200, 50), (10, 200, 30)).save(tmp_path / name)
        found.append(Photo(tmp_path / name, instance, role))
    return found


# Query 0 finds its picture first, query 1 second, query 2 has none.
DESCRIPTORS = np.array(
    [[1, 0, 0], [0, 0.6, 0.8], [0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32
)


def test_worst_come_first_and_are_right_where_the_instance_is(photos: list[Photo]) -> None:
    rankings = worst_rankings(DESCRIPTORS, photos, np.array([0, 1, 2]), BrowseConfig(hits=2))
    assert [(r.query, r.ap) for r in rankings] == [(1, 0.5), (0, 1.0)]
    assert rankings[0].hits.tolist() == [5, 4]
    assert rankings[0].right.tolist() == [False, True]
    np.testing.assert_allclose(rankings[0].similarities, [0.8, 0.6], rtol=1e-6)


def test_no_more_queries_than_asked_for(photos: list[Photo]) -> None:
    config = BrowseConfig(hits=9, queries_per_set=1)
    (ranking,) = worst_rankings(DESCRIPTORS, photos, np.array([0, 1]), config)
    assert ranking.query == 1
    assert len(ranking.hits) == 3


def test_a_picture_is_not_its_own_hit() -> None:
    photos = [Photo(Path(str(n)), "a", "both") for n in range(2)]
    rankings = worst_rankings(np.eye(2, dtype=np.float32), photos, np.array([0, 1]))
    assert [r.hits.tolist() for r in rankings] == [[1], [0]]


def test_the_right_picture_is_shown_where_all_hits_are_wrong(photos: list[Photo]) -> None:
    rankings = worst_rankings(DESCRIPTORS, photos, np.array([0, 1]), BrowseConfig(hits=1))
    assert (rankings[0].best_right, rankings[0].place) == (4, 2)
    assert rankings[0].right_similarity == pytest.approx(0.6)
    page = Page(browse_page("Hits", photos, {"a": rankings}))
    assert page.items == ["query", "wrong", "right", "query", "right"]
    assert "0.600 right, at place 2" in page.text
    assert "d1.png" in page.text, "hits are named"


def test_page(photos: list[Photo]) -> None:
    rankings = worst_rankings(DESCRIPTORS, photos, np.array([0, 1]))
    text = browse_page("Hits of <model>", photos, {"a & b": rankings})
    page = Page(text)
    assert page.items.count("query") == 2
    assert page.items.count("right") == sum(int(r.right.sum()) for r in rankings) == 2
    assert page.items.count("wrong") == sum(int((~r.right).sum()) for r in rankings) == 4
    assert "http:" not in text
    assert "https:" not in text
    assert "//" not in text.replace("<!DOCTYPE html>", "").split("<body>")[0]
    assert all(address.startswith("data:image/jpeg;base64,") for address in page.addresses)
    assert not page.tags & {"script", "link", "iframe", "object", "b"}
    assert "Hits of <model>" in page.text
    assert "a & b" in page.text
    assert "0.800 wrong" in page.text
    alts = [image["alt"] for image in page.images]
    # By folder and name: sets call the photos of each thing alike.
    assert f"query {photos[0].path.parent.name}/{ODD_NAME}" in alts
    assert "@media (max-width: 480px)" in text
    assert "hit 1, wrong: d2.png" in alts
    data = base64.b64decode(page.addresses[0].partition(",")[2])
    with Image.open(io.BytesIO(data)) as thumbnail:
        assert thumbnail.format == "JPEG"
        assert thumbnail.size == (96, 24)


def test_numbers_must_be_positive() -> None:
    with pytest.raises(ConfigError, match="--browse-hits is 0"):
        BrowseConfig(hits=0)

"""Searches that describe views and verify hits, in galleries of both versions."""

import json
from pathlib import Path

import numpy as np
import pytest
from posters import COUNT

from mobile_actnet.cli.search import main as search
from mobile_actnet.gallery.answers.verified_ranking import (
    certainty,
    fused_order,
    fused_scores,
    largest_per_picture,
    merged,
)
from mobile_actnet.gallery.config import FIRST_SHORTLIST, FIRST_VIEWS
from mobile_actnet.gallery.gallery import Gallery
from mobile_actnet.gallery.hits import SearchOptions
from mobile_actnet.gallery.model import opened
from mobile_actnet.gallery.sqlite.schema import GalleryModel
from mobile_actnet.pictures.views import VIEW_SETS, parse_views
from mobile_actnet.runtime.describer import Describe


def test_a_sideways_thing_is_the_first_hit_and_its_outline_is_known(folder: Path) -> None:
    with Gallery.open(folder / "g.sqlite") as gallery:
        (hits,) = gallery.search_pictures([folder / "query.png"])
    assert hits[0].path == "3.png"
    assert hits[0].verified
    assert hits[0].inliers is not None
    assert hits[0].inliers > 20
    assert hits[0].certainty == pytest.approx(hits[0].inliers * hits[0].similarity)
    # Turned clockwise, its top left corner is at the top right of where it lies.
    expected = [(420, 200), (420, 470), (60, 470), (60, 200)]
    assert hits[0].outline is not None
    assert np.abs(np.array(hits[0].outline) - expected).max() < 4
    # Certain after two views and five comparisons.
    assert [hit.verified for hit in hits[1:]] == [False] * (FIRST_SHORTLIST - 1) + [None]


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many views each call of the model had to describe."""
    counts: list[int] = []

    def counted(model: Path, bound: GalleryModel) -> Describe:
        describe = opened(model, bound)
        return lambda pixels: counts.append(len(pixels)) or describe(pixels)

    monkeypatch.setattr("mobile_actnet.gallery.gallery.opened", counted)
    return counts


def test_further_views_are_described_only_where_the_first_are_not_enough(
    folder: Path, described: list[int]
) -> None:
    queries = [folder / "unknown.png", folder / "query.png", folder / "unknown.png"]
    with Gallery.open(folder / "g.sqlite") as gallery:
        early = gallery.search_pictures(queries)
        assert described == [3 * FIRST_VIEWS, 2 * 4]
        described.clear()
        every = gallery.search_pictures(queries, SearchOptions(every_view=True))
        assert described == [3 * 6]
    # Without a certain answer the search is what it is with every view.
    assert early[0] == every[0] == early[2]
    assert early[1][0].path == every[1][0].path
    assert early[1][0].inliers == every[1][0].inliers
    assert early[1][0].outline == every[1][0].outline
    assert [hit.verified for hit in every[1]] == [True] + [False] * (COUNT - 1)


def test_an_answer_that_is_not_twice_as_certain_needs_every_view(
    folder: Path, described: list[int]
) -> None:
    with Gallery.open(folder / "g.sqlite") as gallery:
        ((first, *_),) = gallery.search_pictures([folder / "query.png"])
        assert first.certainty is not None
        for least, calls in ((first.certainty / 2 - 0.01, 1), (first.certainty / 2 + 0.01, 2)):
            described.clear()
            gallery.search_pictures([folder / "query.png"], SearchOptions(verified_from=least))
            assert len(described) == calls


def test_a_whole_photo_among_the_later_views_is_searched_for_at_once(
    folder: Path, described: list[int]
) -> None:
    options = SearchOptions(views=parse_views("centre,half,whole"))
    with Gallery.open(folder / "g.sqlite") as gallery:
        gallery.search_pictures([folder / "query.png"], options)
    assert described == [3]


def test_an_unknown_thing_is_not_verified(folder: Path) -> None:
    with Gallery.open(folder / "g.sqlite") as gallery:
        (hits,) = gallery.search_pictures([folder / "unknown.png"])
    assert len(hits) == COUNT
    assert not any(hit.verified for hit in hits)


def test_no_views_and_no_verification_is_what_it_was(folder: Path) -> None:
    plain = SearchOptions(views=VIEW_SETS["none"], verify=False)
    with Gallery.open(folder / "g.sqlite") as gallery:
        (hits,) = gallery.search_pictures([folder / "query.png"], plain)
        (views,) = gallery.search_pictures([folder / "query.png"], SearchOptions(verify=False))
    assert all(hit.inliers is None and hit.verified is None for hit in hits)
    assert [hit.similarity for hit in hits] == sorted((h.similarity for h in hits), reverse=True)
    best = {hit.path: hit.similarity for hit in views}
    # More views can only raise a similarity; some are raised.
    assert all(best[hit.path] >= hit.similarity for hit in hits)
    assert any(best[hit.path] > hit.similarity for hit in hits)


def test_below_the_shortlist_nothing_is_compared(folder: Path) -> None:
    with Gallery.open(folder / "g.sqlite") as gallery:
        (hits,) = gallery.search_pictures([folder / "query.png"], SearchOptions(shortlist=2))
        strict = SearchOptions(verified_from=1000)
        (unsure,) = gallery.search_pictures([folder / "query.png"], strict)
    assert [hit.inliers is None for hit in hits] == [False] * 2 + [True] * (COUNT - 2)
    assert not any(hit.verified for hit in unsure)


def test_the_json_has_every_field(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        str(folder / "g.sqlite"),
        "--query",
        str(folder / "query.png"),
        "--top",
        "1",
        "--json",
    ]
    assert search(command) == 0
    (hit,) = json.loads(capsys.readouterr().out)["queries"][0]["hits"]
    assert (hit["path"], hit["verified"]) == ("3.png", True)
    assert hit["inliers"] > 20
    assert np.array(hit["outline"]).shape == (4, 2)
    assert -1 <= hit["similarity"] <= 1


def test_the_page_draws_the_outline(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = folder / "hits.html"
    queries = ["--query", str(folder / "query.png"), "--query", str(folder / "unknown.png")]
    assert search([str(folder / "g.sqlite"), *queries, "--html", str(page)]) == 0
    text = page.read_text()
    assert text.count("<p>found 3.png</p>") == 1
    assert text.count('class="verified"') == 1


def test_largest_of_each_picture_by_hand() -> None:
    ids, similarities = np.array([5, 2, 9, 2, 5, 1]), np.array([0.5, 0.4, 0.7, 0.6, 0.3, 0.7])
    kept, best = largest_per_picture(ids, similarities, 3)
    assert (kept.tolist(), best.tolist()) == ([1, 9, 2], [0.7, 0.7, 0.6])


def test_views_that_are_searched_for_later_are_merged_as_if_at_once() -> None:
    rng = np.random.default_rng(4)
    similarities = np.round(rng.random((6, 30)), 1)  # Many are equal.
    places = np.argsort(-similarities, axis=1, kind="stable")[:, :5]
    nearest = np.take_along_axis(similarities, places, 1)
    first, others = (
        [largest_per_picture(places[rows].ravel(), nearest[rows].ravel(), 5)]
        for rows in (slice(0, 2), slice(2, 6))
    )
    ((ids, best),) = merged(first, others, 5)
    expected = np.lexsort((np.arange(30), -similarities.max(axis=0)))[:5]
    assert ids.tolist() == expected.tolist()
    assert best.tolist() == similarities.max(axis=0)[expected].tolist()


def test_certainty_by_hand() -> None:
    assert certainty(0.5, 9) == 4.5
    assert certainty(-0.2, 9) == 0
    assert certainty(0.9, 0) == 0


def test_fused_scores_by_hand() -> None:
    scores = fused_scores(np.array([0.5, 0.5, 0.6, 0.45, 0.45]), np.array([3, 10, 0, 25, 60]))
    most = 0.45 + 0.15 * np.log(23)
    np.testing.assert_allclose(scores, [0.5, 0.5 + 0.15 * np.log(8), 0.6, most, most])
    assert fused_scores(np.array([]), np.array([], np.int64)).tolist() == []
    order = fused_order(np.array([7, 4, 9]), np.array([0.5, 0.5, 0.6]), np.array([3, 3, 3]))
    assert order.tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    ("similarities", "rises"),
    [((0.69, 0.5), True), ((0.69, 0.48), False), ((0.7, 0.68), True), ((0.7, 0.66), False)],
)
def test_what_looks_much_less_alike_does_not_rise(
    similarities: tuple[float, float], rises: bool
) -> None:
    """Its inliers may be of the ground that both things were photographed on."""
    order = fused_order(np.array([1, 2]), np.array(similarities), np.array([0, 25]))
    assert order.tolist() == ([1, 0] if rises else [0, 1])


def test_a_list_of_views_is_taken(folder: Path) -> None:
    options = SearchOptions(views=parse_views("centre@90,centre@270"))
    with Gallery.open(folder / "g.sqlite") as gallery:
        (hits,) = gallery.search_pictures([folder / "query.png"], options)
    assert hits[0].path == "3.png"

"""Searches that describe views and verify hits, in galleries of both versions."""

import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mobile_actnet.cli.search import main as search
from mobile_actnet.errors import ConfigError, GalleryError
from mobile_actnet.gallery import model
from mobile_actnet.gallery.answers.verification import Verifier
from mobile_actnet.gallery.answers.verified_ranking import (
    certainty,
    fused_order,
    fused_scores,
    largest_per_picture,
)
from mobile_actnet.gallery.check import examine_gallery
from mobile_actnet.gallery.config import FIRST_SHORTLIST, FIRST_VIEWS
from mobile_actnet.gallery.gallery import Gallery
from mobile_actnet.gallery.hits import SearchOptions
from mobile_actnet.gallery.indexing.index_options import KEEP, IndexOptions
from mobile_actnet.gallery.indexing.indexer import build, update
from mobile_actnet.gallery.model import opened
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.schema import GalleryModel
from mobile_actnet.pictures.local_features import QUERY_EXTRACTION, extract
from mobile_actnet.pictures.views import VIEW_SETS, parse_views
from mobile_actnet.runtime.describer import Describe

COUNT = 6
AGAIN = IndexOptions(labels=KEEP, workers=1)


def poster(seed: int) -> Image.Image:
    """A picture full of corners."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (360, 480), tuple(int(v) for v in rng.integers(0, 256, 3)))
    pen = ImageDraw.Draw(picture)
    for _ in range(120):
        x, y, w, h = (int(v) for v in rng.integers(0, (360, 480, 70, 70)))
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        pen.rectangle((x, y, x + w + 4, y + h + 4), colour)
    return picture


def photo(seed: int) -> Image.Image:
    """A poster at half its size, lying sideways in the left half of a photo of 800 x 600."""
    scene = Image.new("RGB", (800, 600), (120, 110, 100))
    scene.paste(poster(seed).resize((270, 360)).transpose(Image.Transpose.ROTATE_270), (60, 200))
    return scene


@pytest.fixture(scope="module")
def built(artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("posters")
    (folder / "photos").mkdir()
    for seed in range(COUNT):
        poster(seed).save(folder / "photos" / f"{seed}.png")
    photo(3).save(folder / "query.png")
    photo(77).save(folder / "unknown.png")
    build(folder / "photos", artefact, folder / "g.sqlite", IndexOptions(workers=1))
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return tmp_path


def as_version_1(gallery: Path) -> None:
    """Take away what version 2 added, as an earlier release wrote it."""
    connection = sqlite3.connect(gallery, isolation_level=None)
    for table in (
        "setting",
        "local_features",
        "page_picture",
        "item_field",
        "item_picture",
        "item",
    ):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("PRAGMA user_version = 1")
    connection.close()


def contents(gallery: Path) -> list[tuple]:
    with GalleryReader(gallery) as reader:
        return reader.rows("SELECT id, path, sha256, scale, descriptor FROM picture ORDER BY id")


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


def test_a_gallery_of_version_1_works_and_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    as_version_1(folder / "g.sqlite")
    assert search([str(folder / "g.sqlite"), "--query", str(folder / "query.png"), "--json"]) == 0
    captured = capsys.readouterr()
    assert "has no local features; add them: actnet-index update" in captured.err
    hits = json.loads(captured.out)["queries"][0]["hits"]
    assert len(hits) == COUNT
    assert all(hit["verified"] is None for hit in hits)


def test_an_update_brings_version_1_to_2_and_describes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, new = contents(folder / "g.sqlite"), (folder / "g.sqlite").read_bytes()
    as_version_1(folder / "g.sqlite")
    report = update(folder / "g.sqlite", AGAIN)
    assert (report.changes.described, report.changes.completed) == (0, COUNT)
    assert contents(folder / "g.sqlite") == before
    with GalleryReader(folder / "g.sqlite") as reader:
        assert reader.version == 2
        ours = [reader.local_features(row[0]) for row in before]
    (folder / "fresh.sqlite").write_bytes(new)
    with GalleryReader(folder / "fresh.sqlite") as reader:
        for row, features in zip(before, ours, strict=True):
            fresh = reader.local_features(row[0])
            assert fresh is not None
            assert features is not None
            assert features.to_bytes() == fresh.to_bytes()
    content = (folder / "g.sqlite").read_bytes()
    assert update(folder / "g.sqlite", AGAIN).changes.completed == 0
    assert (folder / "g.sqlite").read_bytes() == content, "nothing has changed, nothing is written"


def test_an_open_gallery_sees_what_an_update_adds(folder: Path) -> None:
    as_version_1(folder / "g.sqlite")
    with Gallery.open(folder / "g.sqlite") as gallery:
        assert not gallery.can_verify()
        (before,) = gallery.search_pictures([folder / "query.png"])
        gallery.update(AGAIN)
        assert gallery.can_verify()
        (after,) = gallery.search_pictures([folder / "query.png"])
    assert before[0].verified is None
    assert (after[0].path, after[0].verified) == ("3.png", True)


def test_local_features_can_be_left_out_and_added(folder: Path) -> None:
    gallery = folder / "g.sqlite"
    update(gallery, IndexOptions(labels=KEEP, workers=1, local_features=False))
    with GalleryReader(gallery) as reader:
        assert not reader.kept.local_features
        assert reader.local_features(1) is None
    assert update(gallery, AGAIN).changes.completed == 0, "as before"
    update(gallery, IndexOptions(labels=KEEP, workers=1, local_features=True))
    with GalleryReader(gallery) as reader:
        assert reader.local_features(1) is not None


def test_pictures_for_pages(folder: Path) -> None:
    gallery = folder / "g.sqlite"
    options = IndexOptions(labels=KEEP, workers=1, page_side_px=240)
    assert update(gallery, options).changes.completed == COUNT
    with GalleryReader(gallery) as reader:
        jpeg = reader.page_picture(1)
        assert reader.kept.page_side_px == 240
    assert jpeg is not None
    (folder / "page.jpg").write_bytes(jpeg)
    assert Image.open(folder / "page.jpg").size == (180, 240)
    with pytest.raises(ConfigError, match="--pictures is 5"):
        IndexOptions(page_side_px=5)


def test_a_changed_photo_gets_new_local_features(folder: Path) -> None:
    gallery = folder / "g.sqlite"
    poster(50).save(folder / "photos" / "0.png")
    assert update(gallery, AGAIN).changes.described == 1
    with GalleryReader(gallery) as reader, Gallery.open(gallery) as opened:
        assert reader.rows("SELECT count(*) FROM local_features") == [(COUNT,)]
        (hits,) = opened.search_pictures([folder / "photos" / "0.png"])
    assert (hits[0].path, hits[0].verified) == ("0.png", True)


def test_damaged_local_features_are_named(folder: Path) -> None:
    connection = sqlite3.connect(folder / "g.sqlite", isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute("UPDATE local_features SET features = x'010203'")
    connection.close()
    with (
        Gallery.open(folder / "g.sqlite") as gallery,
        pytest.raises(GalleryError, match="is damaged: local features of picture"),
    ):
        gallery.search(folder / "query.png")


@pytest.mark.parametrize("width", ["0", "-480", "'wide'"])
def test_local_features_of_a_picture_of_no_size_are_named(folder: Path, width: str) -> None:
    connection = sqlite3.connect(folder / "g.sqlite", isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute(f"UPDATE local_features SET width_px = {width}")
    connection.close()
    with (
        Gallery.open(folder / "g.sqlite") as gallery,
        pytest.raises(GalleryError, match="is damaged: .*local features"),
    ):
        gallery.search(folder / "query.png")


def test_check_counts_local_features_and_finds_those_outside(folder: Path) -> None:
    gallery = folder / "g.sqlite"
    assert f"{COUNT} pictures with local features" in str(examine_gallery(gallery))
    connection = sqlite3.connect(gallery, isolation_level=None)
    connection.execute("UPDATE local_features SET width_px = 10 WHERE picture_id = 2")
    connection.execute("DELETE FROM local_features WHERE picture_id = 1")
    findings = examine_gallery(gallery)
    assert any(f.ok is False and "picture 2 lie outside it" in f.text for f in findings)
    connection.execute("DELETE FROM local_features WHERE picture_id = 2")
    connection.close()
    assert "2 pictures without, actnet-index update" in str(examine_gallery(gallery))


def test_local_features_of_another_kind_are_refused(folder: Path) -> None:
    connection = sqlite3.connect(folder / "g.sqlite", isolation_level=None)
    connection.execute("UPDATE setting SET value = 'xfeat 3' WHERE name = 'local_features'")
    connection.close()
    with pytest.raises(
        GalleryError, match="the kind 'xfeat 3'; this release has 'sift-128-bits 1'"
    ):
        GalleryReader(folder / "g.sqlite")


def test_largest_of_each_picture_by_hand() -> None:
    ids, similarities = np.array([5, 2, 9, 2, 5, 1]), np.array([0.5, 0.4, 0.7, 0.6, 0.3, 0.7])
    kept, best = largest_per_picture(ids, similarities, 3)
    assert (kept.tolist(), best.tolist()) == ([1, 9, 2], [0.7, 0.7, 0.6])


def test_certainty_by_hand() -> None:
    assert certainty(0.5, 9) == 4.5
    assert certainty(-0.2, 9) == 0
    assert certainty(0.9, 0) == 0


def test_fused_scores_by_hand() -> None:
    scores = fused_scores(np.array([0.5, 0.5, 0.6, 0.4, 0.4]), np.array([3, 10, 0, 25, 60]))
    most = 0.4 + 0.07 * np.log(23)
    np.testing.assert_allclose(scores, [0.5, 0.5 + 0.07 * np.log(8), 0.6, most, most])
    order = fused_order(np.array([7, 4, 9]), np.array([0.5, 0.5, 0.6]), np.array([3, 3, 3]))
    assert order.tolist() == [2, 1, 0]


def test_a_list_of_views_is_taken(folder: Path) -> None:
    options = SearchOptions(views=parse_views("centre@90,centre@270"))
    with Gallery.open(folder / "g.sqlite") as gallery:
        (hits,) = gallery.search_pictures([folder / "query.png"], options)
    assert hits[0].path == "3.png"


def test_an_update_of_version_1_needs_no_model(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_version_1(folder / "g.sqlite")

    def nobody(*_: object) -> None:
        raise AssertionError("the model was opened")

    monkeypatch.setattr(model, "open_artefact", nobody)
    assert update(folder / "g.sqlite", AGAIN).changes.completed == COUNT


def test_items_come_with_their_hits_and_follow_their_csv(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gallery, items = folder / "g.sqlite", folder / "items.csv"
    items.write_text("path,item,language,title,link\n3.png,three,en,Three,https://x\n"
                     "4.png,three,,,\n3.png,three,de,Drei,\n9.png,nine,en,Nine,\n")  # fmt: skip
    update(gallery, IndexOptions(workers=1, items=items))
    command = [str(gallery), "--query", str(folder / "query.png"), "--top", "1", "--json"]
    assert search(command) == 0
    (hit,) = json.loads(capsys.readouterr().out)["queries"][0]["hits"]
    fields = {"en": {"title": "Three", "link": "https://x"}, "de": {"title": "Drei"}}
    assert hit["item"] == {"name": "three", "fields": fields}
    assert hit["label"] == "Three"
    with GalleryReader(gallery) as reader:
        assert {p.path for p in reader.all_pictures() if reader.item(p.id)} == {"3.png", "4.png"}
    before = gallery.read_bytes()
    update(gallery, IndexOptions(workers=1))
    assert gallery.read_bytes() == before, "items and their labels stay, and nothing is written"
    items.write_text(items.read_text().replace("Three", "Third"))
    update(gallery, IndexOptions(workers=1))
    with GalleryReader(gallery) as reader:
        (third,) = [p for p in reader.all_pictures() if p.path == "3.png"]
        found = reader.item(third.id)
    assert found is not None
    assert (found.fields["en"]["title"], third.label) == ("Third", "Third")
    update(gallery, IndexOptions(workers=1, items="none"))
    with GalleryReader(gallery) as reader:
        assert reader.item(third.id) is None
        assert reader.numbers()["item"] == 0


def test_local_features_of_a_large_photo_are_the_documents(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Grey first, then reduced: a photo of more than 400 pixels tells the difference."""
    large = photo(3).resize((1600, 1200))
    seen = []
    monkeypatch.setattr(
        "mobile_actnet.gallery.matching.Verifier",
        lambda features: seen.append(features) or Verifier(features),
    )
    with Gallery.open(folder / "g.sqlite") as gallery:
        (hits,) = gallery.search_images([large])
    assert hits[0].verified
    expected = extract(large, QUERY_EXTRACTION)
    assert (seen[0].width_px, seen[0].height_px) == (400, 300)
    assert seen[0].to_bytes() == expected.to_bytes()

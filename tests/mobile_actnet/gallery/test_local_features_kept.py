"""What a gallery keeps for verified searches: local features, pictures for pages, items; and older galleries."""

import json
import sqlite3
from pathlib import Path

import pytest
from older_galleries import as_version_1
from PIL import Image
from posters import AGAIN, COUNT, photo, poster

from mobile_actnet.cli.search import main as search
from mobile_actnet.errors import ConfigError, GalleryError
from mobile_actnet.gallery import model
from mobile_actnet.gallery.answers.verification import Verifier
from mobile_actnet.gallery.check import examine_gallery
from mobile_actnet.gallery.gallery import Gallery
from mobile_actnet.gallery.indexing.index_options import KEEP, IndexOptions
from mobile_actnet.gallery.indexing.indexer import update
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.pictures.local_features import QUERY_EXTRACTION, extract


def contents(gallery: Path) -> list[tuple]:
    with GalleryReader(gallery) as reader:
        return reader.rows("SELECT id, path, sha256, scale, descriptor FROM picture ORDER BY id")


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

"""Rehearsals and the inliers that calibrating derives from them."""

import io
import json
import shutil
import weakref
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mobile_actnet.cli.index import main
from mobile_actnet.errors import ActnetError
from mobile_actnet.gallery.answers import rehearsal
from mobile_actnet.gallery.answers.rehearsal import rehearse, unknown_certainties, verified_from
from mobile_actnet.gallery.gallery import Gallery
from mobile_actnet.gallery.hits import SearchOptions
from mobile_actnet.gallery.indexing.index_options import IndexOptions
from mobile_actnet.gallery.indexing.indexer import build
from mobile_actnet.gallery.rehearsal_page import item_reports
from mobile_actnet.gallery.sqlite.reader import GalleryReader


def poster(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (360, 480), tuple(int(v) for v in rng.integers(0, 256, 3)))
    pen = ImageDraw.Draw(picture)
    for _ in range(120):
        x, y, w, h = (int(v) for v in rng.integers(0, (360, 480, 70, 70)))
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        pen.rectangle((x, y, x + w + 4, y + h + 4), colour)
    return picture


@pytest.fixture(scope="module")
def shop(artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four posters, a twin of the first one with another title, and a picture of nothing."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "photos").mkdir()
    for seed in range(4):
        poster(seed).save(folder / "photos" / f"{seed}.png")
    twin = poster(0)
    twin.paste("white", (0, 0, 360, 150))
    twin.save(folder / "photos" / "twin.png")
    Image.new("RGB", (300, 300), (20, 20, 20)).save(folder / "photos" / "dark.png")
    build(folder / "photos", artefact, folder / "g.sqlite", IndexOptions(workers=1))
    (folder / "others").mkdir()
    poster(70).save(folder / "others" / "a.png")
    return folder


def test_thresholds_by_hand() -> None:
    unknown = np.array([0, 0, 1.5, 9.04, 0, 6, 0, 0, 0, 0])
    assert verified_from(unknown, 0.0) == 9.1
    assert verified_from(unknown, 0.1) == 6.1
    assert verified_from(unknown, 0.2) == 3.5, "never below the default"
    assert verified_from(np.zeros(0), 0.01) == 3.5


def test_captures_of_posters_are_recognised(shop: Path) -> None:
    with Gallery.open(shop / "g.sqlite") as gallery:
        results = rehearse(gallery, pictures=6, captures=2, seed=3)
        unknown = unknown_certainties(gallery, results, [shop / "others"])
    assert len(results) == 12
    assert len(unknown) == 13
    assert {Image.open(io.BytesIO(shot.jpeg)).size for shot in results} == {(180, 240)}
    posters = [shot for shot in results if shot.picture.path in ("1.png", "2.png", "3.png")]
    assert sum(shot.right and shot.answered(3.5) for shot in posters) >= 4
    twins = [shot for shot in results if shot.picture.path in ("0.png", "twin.png")]
    assert max(shot.other.certainty or 0 for shot in twins if shot.other) >= 3.5
    assert unknown[-1] < 3.5


def test_photos_are_read_one_after_the_other(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alive: weakref.WeakValueDictionary[int, Image.Image] = weakref.WeakValueDictionary()
    most, reads, real = 0, [], rehearsal.decode

    def counted(path: Path) -> Image.Image:
        nonlocal most
        photo = real(path)
        alive[len(reads)] = photo
        reads.append(path.name)
        most = max(most, len(alive))
        return photo

    monkeypatch.setattr(rehearsal, "decode", counted)
    with Gallery.open(shop / "g.sqlite") as gallery:
        results = rehearse(gallery, pictures=6, captures=3)
    assert len(results) == 18
    assert most <= 3, "two are kept while a third is read"
    # Each picture once, and what lies beside each capture.
    assert 6 <= len(reads) <= 6 + 18
    assert sum(len(result.jpeg) for result in results) < 18 * 20_000


def test_a_photo_that_has_gone_is_left_out(shop: Path, artefact: Path, tmp_path: Path) -> None:
    shutil.copytree(shop, tmp_path / "moved")
    photos = tmp_path / "moved" / "photos"
    (photos / "1.png").unlink()
    with Gallery.open(tmp_path / "moved" / "g.sqlite", artefact) as gallery:
        results = rehearse(gallery, pictures=6, captures=1)
    assert len(results) == 5
    for photo in photos.iterdir():
        photo.unlink()
    with (
        Gallery.open(tmp_path / "moved" / "g.sqlite", artefact) as gallery,
        pytest.raises(ActnetError, match="none of the photos"),
    ):
        rehearse(gallery, pictures=6, captures=1)


def test_another_picture_of_the_thing_in_the_background_is_right(
    shop: Path, artefact: Path, tmp_path: Path
) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / "photos" / "one thing").mkdir(parents=True, exist_ok=True)
        poster(ord(name[0])).save(tmp_path / "photos" / "one thing" / name)
    options = IndexOptions(workers=1, labels="folder")
    build(tmp_path / "photos", artefact, tmp_path / "g.sqlite", options)
    with Gallery.open(tmp_path / "g.sqlite") as gallery:
        results = rehearse(gallery, pictures=2, captures=2)
        unknown = unknown_certainties(gallery, results)
        reports = item_reports(gallery, results, gallery.verified_from)
    titles = ["one thing (one thing/a.png)", "one thing (one thing/b.png)"]
    assert sorted(report.title for report in reports) == titles
    assert [shot.right for shot in results] == [True] * 4
    assert len(unknown) == 0, "nothing else was there to be found"


def test_rehearse_writes_a_page_that_names_the_weak(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "report.html"
    command = ["rehearse", str(shop / "g.sqlite"), "--html", str(page), "--captures", "2", "--json"]
    assert main(command) == 0
    out = capsys.readouterr().out
    told = json.loads(out.splitlines()[-1])
    reasons = {picture["path"]: picture["reasons"] for picture in told["pictures"]}
    assert reasons["dark.png"] == ["the picture is too dark", "it has too little detail (0 places)"]
    assert (
        "it looks like twin.png" in reasons["0.png"] or "it looks like 0.png" in reasons["twin.png"]
    )
    assert told["photos"] == 12
    text = page.read_text()
    assert "default-src 'none'" in text
    assert "<h3>dark.png</h3>" in text
    assert "searching for 12 made-up photos" in out
    assert "too little detail (0 places)" in text


def test_calibrating_notes_the_inliers_in_the_gallery(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mobile_actnet.cli.index._CALIBRATED_CAPTURES", 12)
    monkeypatch.setattr("mobile_actnet.gallery.answers.answer_threshold.CAPTURES", 12)
    command = ["calibrate", str(shop / "g.sqlite"), "-o", str(tmp_path / "t.json")]
    assert main([*command, "--distractors", str(shop / "others"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])["verification"]
    assert told["unknown"] == 13
    with GalleryReader(shop / "g.sqlite") as reader:
        assert reader.kept.verified_from == told["verified_from"] >= 3.5
    with Gallery.open(shop / "g.sqlite") as gallery:
        (hits,) = gallery.search_pictures(
            [shop / "photos" / "1.png"], SearchOptions(every_view=True)
        )
    assert hits[0].verified
    assert [hit.verified for hit in hits] == [
        (hit.certainty or 0) >= told["verified_from"] for hit in hits
    ]
    assert main([*command, "--overwrite", "--false-answers", "2"]) == 1
    assert "--false-answers is 2.0" in capsys.readouterr().err


def test_a_gallery_without_local_features_cannot_rehearse(
    shop: Path, artefact: Path, tmp_path: Path
) -> None:
    options = IndexOptions(workers=1, local_features=False)
    build(shop / "photos", artefact, tmp_path / "g.sqlite", options)
    with (
        Gallery.open(tmp_path / "g.sqlite") as gallery,
        pytest.raises(ActnetError, match="has no local features; actnet-index update"),
    ):
        rehearse(gallery, 3, 1)

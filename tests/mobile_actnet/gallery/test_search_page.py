"""The page of hits: whole in one file, and shown by a browser."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from mobile_actnet.gallery.gallery import Gallery
from mobile_actnet.gallery.hits import Answer, Hit, SearchOptions
from mobile_actnet.gallery.indexing.index_options import IndexOptions
from mobile_actnet.gallery.search_page import search_page

CHROMIUM = shutil.which("chromium")


def page_of(make_photos, artefact: Path, tmp_path: Path, side_px: int) -> str:
    photos = make_photos(4)
    # A name that would be markup if it were not escaped.
    (photos / "001.jpg").rename(photos / "<b>&ünö.jpg")
    options = IndexOptions(workers=1, thumbnail_side_px=side_px)
    with Gallery.build(photos, artefact, tmp_path / "g.sqlite", options) as gallery:
        queries = [photos / "000.jpg", photos / "<b>&ünö.jpg"]
        answers = list(gallery.answer(queries, SearchOptions(top=3)))
        if not side_px:
            # Neither a thumbnail nor the photo is left to show.
            (photos / "002.jpg").unlink()
            (photos / "003.jpg").unlink()
        return search_page(gallery, answers)


@pytest.mark.parametrize("side_px", [160, 0])
def test_the_page_holds_everything(make_photos, artefact, tmp_path: Path, side_px: int) -> None:
    page = page_of(make_photos, artefact, tmp_path, side_px)
    sources = re.findall(r'<img src="([^"]*)"', page)
    assert len(sources) == 2 * (1 + 3)
    assert all(source.startswith("data:image/") for source in sources)
    assert "default-src 'none'" in page
    assert "<b>&ünö" not in page
    assert "&lt;b&gt;&amp;ünö.jpg" in page
    assert ('class="missing"' in page) == (side_px == 0)


def test_a_page_of_many_holds_each_picture_once(
    make_photos, artefact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mobile_actnet.gallery.search_page._MANY_PICTURES", 7)
    page = page_of(make_photos, artefact, tmp_path, 160)
    assert page.count('role="img"') == 2 * 3
    sources = re.findall(r"\.p\d+ { background-image: url\((data:image/jpeg[^)]*)\)", page)
    assert len(sources) == len(set(sources)) == 3, "two queries share their hits"
    shown = set(re.findall(r'class="picture (p\d+)"', page))
    assert all(f".{name} {{" in page for name in shown)


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_chromium_shows_every_picture(make_photos, artefact, tmp_path: Path) -> None:
    page = page_of(make_photos, artefact, tmp_path, 160)
    # The policy of the page forbids scripts: here they are let in, to ask what was decoded.
    policy, script = "default-src 'none'; ", (
        "<script>addEventListener('load', () => { document.title = [...document.images]"
        ".filter(i => i.complete && i.naturalWidth > 1).length + ' of ' + document.images.length;"
        " });</script></body>"
    )  # fmt: skip
    assert policy in page
    asked = page.replace(policy, policy + "script-src 'unsafe-inline'; ")
    file = tmp_path / "page.html"
    file.write_text(asked.replace("</body>", script))
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
        f"--user-data-dir={tmp_path / 'profile'}", file.as_uri(),
    ]  # fmt: skip
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "<title>8 of 8</title>" in shown


@pytest.mark.parametrize("found", [True, False])
def test_a_frame_is_drawn_round_what_was_found(
    found: bool, make_photos, small_gallery: Path
) -> None:
    """Of a photo that is `not found` another hit may be verified, by the ground that it shares."""
    photo = make_photos() / "000.jpg"
    corners = ((5.0, 5.0), (50.0, 5.0), (50.0, 50.0), (5.0, 50.0))
    one = Hit(1, "000.jpg", None, 0.8, inliers=0, certainty=0.0, verified=False)
    other = Hit(2, "001.jpg", None, 0.6, inliers=9, certainty=5.4, verified=True, outline=corners)
    hits = [other, one] if found else [one, other]
    with Gallery.open(small_gallery / "g.sqlite") as gallery:
        framed, plain = (
            search_page(gallery, [Answer(photo, shown)])
            for shown in (hits, [replace(hit, outline=None) for hit in hits])
        )
    assert (framed != plain) == found

"""Texts of every state, drawn narrow and large: `make screens` has pictures of them."""

import shutil

import pytest
import screens
from screen_pages import Look, colours, page, states


def test_every_state_is_drawn_in_both_languages() -> None:
    for platform in ("android", "ios"):
        for language in ("en", "de"):
            drawn = page(Look(platform, language), screens.FONTS, states(platform))
            assert drawn.count('class="screen ') == len(states(platform)) > 50
            for state in states(platform):
                assert state[language]["title"].replace("'", "&#x27;") in drawn


def test_the_colours_are_those_of_the_sources() -> None:
    assert set(colours("android")) == {"PROBLEM_LIGHT", "PROBLEM_DARK"}
    assert set(colours("ios")) == {"PROBLEM_LIGHT", "PROBLEM_DARK", "ACCENT_LIGHT", "ACCENT_DARK"}
    for platform in ("android", "ios"):
        drawn = page(Look(platform, "en"), screens.FONTS, [])
        assert "PROBLEM_" not in drawn
        assert "ACCENT_" not in drawn
        assert all(colour in drawn for colour in colours(platform).values())


@pytest.fixture
def drawing() -> None:
    if shutil.which("chromium") is None and shutil.which("google-chrome") is None:
        pytest.skip("needs Chromium")
    try:
        screens.fetch_fonts()
    except screens.ScreensError as error:
        pytest.skip(str(error))


@pytest.mark.usefixtures("drawing")
@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("platform", ["android", "ios"])
def test_every_text_fits_a_narrow_phone_at_twice_its_size(platform: str, language: str) -> None:
    assert screens.complaints(platform, language, dark=False) == []


@pytest.mark.usefixtures("drawing")
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("platform", ["android", "ios"])
def test_every_text_can_be_read(platform: str, dark: bool) -> None:
    assert screens.complaints(platform, "en", dark=dark, scale=1) == []


@pytest.mark.usefixtures("drawing")
def test_what_does_not_fit_or_cannot_be_read_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = {"title": "Screen", "blocks": [{"kind": "paragraph", "text": "W" * 60}]}
    problem = {"title": "Screen", "blocks": [{"kind": "problem", "text": "Pale"}]}
    made = [{"name": "wide", "en": wide}, {"name": "pale", "en": problem}]
    monkeypatch.setattr(screens, "states", lambda _platform: made)
    monkeypatch.setattr("screen_pages._android_problem", lambda _folder: "#cccccc")
    wider, paler = screens.complaints("android", "en", dark=False, scale=1)
    assert wider == f"wide: {'W' * 60} | is wider than its place"
    assert paler.startswith("pale: Pale | has a contrast of 1.")

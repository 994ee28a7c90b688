"""Texts and colours of the apps: complete in both languages, and to be read by day and night."""

import json
import plistlib
import re
import runpy
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parent.parent.parent
RESOURCES = ROOT / "android_demo/app/src/main/res"
TYPESCRIPT = ROOT / "web_demo/src"
IOS = ROOT / "ios_demo/App/ActnetDemo"
SWIFT = ROOT / "ios_demo/Sources"
KOTLIN = ROOT / "android_demo/app/src/main/kotlin"
SCREENS = json.loads((ROOT / "tests/golden/screens.json").read_text())["states"]
LEAST_CONTRAST = 4.5
# Of Android's light and dark windows: the darkest and the lightest that phones have.
BACKGROUNDS = {"values": "#fafafa", "values-night": "#303030"}


@pytest.fixture(scope="module")
def words() -> Any:
    return runpy.run_path(str(ROOT / "app_tools/words.py"))


def test_the_app_has_the_texts_of_the_list(words: Any) -> None:
    for path, text in words["files"](words["load"]()).items():
        assert path.read_text(encoding="utf-8") == text, "run app_tools/words.py"


def test_every_text_is_there_in_both_languages_with_the_same_values(words: Any) -> None:
    for key, texts in words["load"]().items():
        assert set(texts) == {"en", "de"}, key
        values = {language: sorted(re.findall(r"\{\d\}", text)) for language, text in texts.items()}
        assert values["en"] == values["de"], key
        assert all(text.strip() == text != "" for text in texts.values()), key


def test_every_key_that_kotlin_asks_for_has_a_text(words: Any) -> None:
    asked = set()
    for path in KOTLIN.rglob("*.kt"):
        text = path.read_text()
        asked |= set(re.findall(r'words\("(\w+)"', text))
        asked |= set(re.findall(r'problem\("(\w+)"', text))
    assert len(asked) > 50
    assert asked <= set(words["load"]())


def test_android_reads_back_what_was_written(words: Any) -> None:
    for folder, language in (("values", "en"), ("values-de", "de")):
        tree = ElementTree.parse(RESOURCES / folder / "words.xml")
        read = {one.get("name"): (one.text or "").replace("\\'", "'") for one in tree.getroot()}
        shown = {key: texts[language] for key, texts in words["load"]().items()}
        assert read == {key: text for key, text in shown.items() if is_of_apps(words, key)}


def is_of_apps(words: Any, key: str) -> bool:
    return key not in words["USAGE"] and not key.startswith(words["WEB_PREFIX"])


def test_the_page_says_every_text_that_it_has(words: Any) -> None:
    """The compiler refuses a text that it lacks; this finds one that nobody says any more."""
    page = json.loads(words["WEB"].read_text(encoding="utf-8"))["en"]
    source = "\n".join(path.read_text(encoding="utf-8") for path in TYPESCRIPT.rglob("*.ts"))
    assert set(words["SHARED_WITH_WEB"]) <= set(page)
    for key in page:
        if key.startswith("web_problem_"):
            assert f'"{key.removeprefix("web_problem_")}"' in source, key
        elif key.startswith("web_appearance_"):
            assert f'"{key.removeprefix("web_appearance_")}"' in source, key
        else:
            assert re.search(rf"\b{key}\b", source), key


def test_apple_reads_what_was_written(words: Any) -> None:
    catalogue = json.loads((IOS / "Localizable.xcstrings").read_text(encoding="utf-8"))
    for key, texts in words["load"]().items():
        if not is_of_apps(words, key):
            continue
        found = catalogue["strings"][key]["localizations"]
        assert {language: one["stringUnit"]["value"] for language, one in found.items()} == texts


def test_the_systems_questions_are_those_of_the_list(words: Any) -> None:
    """Info.plist has them in English, where a phone has no other language of ours."""
    info = plistlib.loads((IOS / "Info.plist").read_bytes())
    for key, name in words["USAGE"].items():
        assert info[name] == words["load"]()[key]["en"]


def test_every_key_that_swift_asks_for_has_a_text(words: Any) -> None:
    text = "\n".join(path.read_text() for path in SWIFT.rglob("*.swift"))
    asked = set(re.findall(r'words\(\s*"(\w+)"', text))
    asked |= set(re.findall(r'problem\("(\w+)"', text))
    asked |= set(re.findall(r'"(accelerator_\w+)"', text))
    assert len(asked) > 50
    assert asked <= set(words["load"]())


@pytest.mark.parametrize("folder", BACKGROUNDS)
def test_problems_can_be_read(folder: str) -> None:
    tree = ElementTree.parse(RESOURCES / folder / "colours.xml")
    (colour,) = [one.text for one in tree.getroot() if one.get("name") == "problem"]
    assert colour is not None
    assert contrast(colour, BACKGROUNDS[folder]) >= LEAST_CONTRAST


def test_contrast_is_that_of_the_accessibility_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#b00020", "#000000") < 3, "the fault that this test is for"


def contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(
        weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    )


def test_no_state_says_the_same_in_both_languages() -> None:
    assert len(SCREENS) > 40
    for state in SCREENS:
        assert state["en"] != state["de"], state["name"]
        kinds = {
            language: [block["kind"] for block in state[language]["blocks"]]
            for language in ("en", "de")
        }
        assert kinds["en"] == kinds["de"], state["name"]


def test_every_state_leaves_a_way_on() -> None:
    """No screen but a waiting one is a dead end."""
    waiting = {"opening", "opening a model", "camera starting", "catalogue: opening"}
    missing = {"LiteRT missing on Android", "models missing on Android", "models missing on iOS"}
    # The bar leads to the settings.
    closed = {"model refused", "model refused, another there"} | missing
    empty = {"seen: nothing"}  # Likewise to the camera.
    for state in SCREENS:
        actions = [
            block
            for block in state["en"]["blocks"]
            if block["kind"] in ("button", "row", "choice", "field")
        ]
        assert bool(actions) == (state["name"] not in waiting | closed | empty), state["name"]


def test_nothing_but_data_and_figures_is_the_same_in_both_languages() -> None:
    """A text that is written into the code instead of words.json would be."""
    data = {"The Starry Night", "The Great Wave", "My cup", "door.jpg", "Painted in 1889.", "wave"}
    names = {"Mobile-ACTNET", "Name", "Neural Engine"}
    for state in SCREENS:
        if "for developers" in state["name"]:
            continue  # Figures are English, as in reports.
        pairs = zip(_texts(state["en"]), _texts(state["de"]), strict=True)
        same = {english for english, german in pairs if english == german}
        same = {text for text in same if re.search("[A-Za-z]", text)}
        assert same <= data | names, state["name"]


def _texts(content: Any) -> list[str]:
    texts = [content["title"]]
    for block in content["blocks"]:
        for one in (block, *block.get("options", [])):
            texts += [one[key] for key in ("text", "title", "detail", "label") if key in one]
    return texts


def test_what_a_screen_reader_cannot_see_is_said() -> None:
    kinds = set()
    for state in SCREENS:
        for language in ("en", "de"):
            for block in state[language]["blocks"]:
                if block["kind"] in ("preview", "picture", "field"):
                    kinds.add(block["kind"])
                    assert block["label"].strip(), state["name"]
                for option in block.get("options", []):
                    assert option["text"] in option["label"], state["name"]
                    assert option["chosen"] == (option["label"] != option["text"]), state["name"]
    assert kinds == {"preview", "picture", "field"}

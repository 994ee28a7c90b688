"""What Android 16 asks of an app that stores take: Back, orientation, edge to edge, the keyboard."""

import re
from pathlib import Path
from xml.etree import ElementTree

MAIN = Path(__file__).parents[2] / "android_demo/app/src/main"
ANDROID = "{http://schemas.android.com/apk/res/android}"
APPLICATION = ElementTree.parse(MAIN / "AndroidManifest.xml").getroot().find("application")


def test_back_is_taken_by_callbacks() -> None:
    assert APPLICATION is not None
    assert APPLICATION.get(f"{ANDROID}enableOnBackInvokedCallback") == "true"


def test_no_activity_is_locked_to_an_orientation_or_a_size() -> None:
    assert APPLICATION is not None
    for activity in APPLICATION.findall("activity"):
        for name in ("screenOrientation", "resizeableActivity", "maxAspectRatio", "minAspectRatio"):
            assert activity.get(f"{ANDROID}{name}") is None, name


def test_nothing_hides_behind_bars_or_the_keyboard() -> None:
    assert APPLICATION is not None
    (activity,) = APPLICATION.findall("activity")
    assert activity.get(f"{ANDROID}windowSoftInputMode") == "adjustResize"
    source = (MAIN / "kotlin/org/mobileactnet/app/phone/MainActivity.kt").read_text()
    assert re.search(r"\bfitsSystemWindows = true", source)
    for theme in MAIN.glob("res/values*/themes.xml"):
        assert "windowOptOutEdgeToEdgeEnforcement" not in theme.read_text(), theme

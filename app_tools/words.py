"""Write the texts of words.json to where the apps and the page take them from.

.venv/bin/python app_tools/words.py          write
.venv/bin/python app_tools/words.py --check  only tell whether something would change
"""

import json
import sys
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
WORDS = ROOT / "app_tools/words.json"
ANDROID = ROOT / "android_demo/app/src/main/res"
WEB = ROOT / "web_demo/src/page/strings.json"
IOS = ROOT / "ios_demo/App/ActnetDemo"
LANGUAGES = ("en", "de")
# Texts of the page alone; it has these of the apps too.
WEB_PREFIX = "web_"
SHARED_WITH_WEB = (
    "screen_live", "screen_gallery", "screen_history", "screen_settings", "screen_about", "back",
    "welcome_start", "pick_photo", "opening", "unknown", "empty", "results_looking", "item_link",
    "item_picture", "history_clear", "gallery_many", "gallery_more", "developer",
)  # fmt: skip
SOURCE = LANGUAGES[0]
# What iOS says in its own questions; the keys of Info.plist.
USAGE = {
    "ios_camera_usage": "NSCameraUsageDescription",
    "ios_photos_usage": "NSPhotoLibraryUsageDescription",
}

Words = dict[str, dict[str, str]]


def load() -> Words:
    """Return the text of each key in each language."""
    words: Words = json.loads(WORDS.read_text(encoding="utf-8"))
    return words


def files(words: Words) -> dict[Path, str]:
    """Return what each file must hold."""
    apps = {
        key: texts
        for key, texts in words.items()
        if key not in USAGE and not key.startswith(WEB_PREFIX)
    }
    android_files = {
        ANDROID / ("values" if language == SOURCE else f"values-{language}") / "words.xml": android(apps, language)
        for language in LANGUAGES
    }  # fmt: skip
    return android_files | {
        WEB: web(words),
        IOS / "Localizable.xcstrings": apple(apps),
        IOS / "InfoPlist.xcstrings": apple({name: words[key] for key, name in USAGE.items()}),
    }


def android(words: Words, language: str) -> str:
    """Return the resources of one language."""
    lines = [
        f'    <string name="{key}">{_for_android(texts[language])}</string>'
        for key, texts in words.items()
    ]
    return "\n".join([
        '<?xml version="1.0" encoding="utf-8"?>',
        "<!-- Made by app_tools/words.py from app_tools/words.json. -->",
        "<resources>", *lines, "</resources>", "",
    ])  # fmt: skip


def web(words: Words) -> str:
    """Return the texts of the page, in all languages."""
    shown = [key for key in words if key in SHARED_WITH_WEB or key.startswith(WEB_PREFIX)]
    texts = {language: {key: words[key][language] for key in shown} for language in LANGUAGES}
    return json.dumps(texts, indent=2, ensure_ascii=False) + "\n"


def apple(words: Words) -> str:
    """Return Xcode's catalogue of texts, in all languages."""
    strings = {
        key: {
            "extractionState": "manual",
            "localizations": {
                language: {"stringUnit": {"state": "translated", "value": texts[language]}}
                for language in sorted(LANGUAGES)
            },
        }
        for key, texts in sorted(words.items())
    }
    catalogue = {"sourceLanguage": SOURCE, "strings": strings, "version": "1.0"}
    return json.dumps(catalogue, indent=2, ensure_ascii=False) + "\n"


def _for_android(text: str) -> str:
    # Android's own escapes: a quote ends a text, @ and ? at the start are references.
    text = escape(text).replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"')
    return f"\\{text}" if text.startswith(("@", "?")) else text


def main() -> int:
    """Write, or tell with --check what is not as it should be."""
    check = sys.argv[1:] == ["--check"]
    changed = [path for path, text in files(load()).items()
               if not path.exists() or path.read_text(encoding="utf-8") != text]  # fmt: skip
    for path in changed:
        print(
            f"{path.relative_to(ROOT)} {'differs; run app_tools/words.py' if check else 'written'}"
        )
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files(load())[path], encoding="utf-8")
    return int(check and bool(changed))


if __name__ == "__main__":
    sys.exit(main())

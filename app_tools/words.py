"""Write the texts of words.json to where Android takes them from.

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
LANGUAGES = ("en", "de")
SOURCE = LANGUAGES[0]

Words = dict[str, dict[str, str]]


def load() -> Words:
    """Return the text of each key in each language."""
    words: Words = json.loads(WORDS.read_text(encoding="utf-8"))
    return words


def files(words: Words) -> dict[Path, str]:
    """Return what each file must hold."""
    return {
        ANDROID / ("values" if language == SOURCE else f"values-{language}") / "words.xml": android(words, language)
        for language in LANGUAGES
    }  # fmt: skip


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

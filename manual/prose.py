"""Hold the pages that people read against manual/prose.toml: long sentences, and words that blur who acts.

python manual/prose.py            # every page that the rules name; exit code 1 with findings
python manual/prose.py README.md
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
RULES = ROOT / "manual" / "prose.toml"

_FENCE = re.compile(r"(?ms)^( *)```.*?^\1```[^\n]*$")
_END = re.compile(r"(?<=[.!?:;])[\"')*_]*\s+(?=[\"'(*_\[`]*[A-Z0-9`(\[]|\*\*)|\n\s*\n")
_ABBREVIATIONS = re.compile(r"\b(e\.g|i\.e|etc|vs|eq|al|cf)\.", re.IGNORECASE)


@dataclass(frozen=True)
class Rules:
    """What is allowed.

    Attributes:
        pages: globs of the pages that are held to the rules.
        except_pages: globs of those that are not, such as records of trials.
        max_words: of a sentence.
        phrases: regular expression -> what to write instead.
    """

    pages: tuple[str, ...]
    except_pages: tuple[str, ...]
    max_words: int
    phrases: dict[re.Pattern[str], str]


@dataclass(frozen=True)
class Finding:
    """A sentence that breaks a rule, and where it begins."""

    line: int
    rule: str
    sentence: str


def load_rules(path: Path = RULES) -> Rules:
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    phrases = {re.compile(k, re.IGNORECASE): v for k, v in values["phrases"].items()}
    return Rules(tuple(values["pages"]), tuple(values["except"]), values["max_words"], phrases)


def pages(rules: Rules) -> list[Path]:
    """Return the pages that are held to the rules."""
    chosen = {path for glob in rules.pages for path in ROOT.glob(glob)}
    return sorted(chosen - {path for glob in rules.except_pages for path in ROOT.glob(glob)})


def check(text: str, rules: Rules) -> Iterator[Finding]:
    """Yield what breaks a rule in a page's Markdown: code, links' targets and equations do not count."""
    for line, sentence in sentences(text):
        words = len(re.findall(r"[\w'-]*[A-Za-z][\w'-]*", sentence))
        if words > rules.max_words:
            yield Finding(line, f"{words} words, at most {rules.max_words}", sentence)
        for pattern, instead in rules.phrases.items():
            if match := pattern.search(sentence):
                yield Finding(line, f"{match[0]!r}: {instead}", sentence)


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Yield the sentences of a page with their line numbers; a cell of a table is one, too."""
    text = _FENCE.sub(lambda m: "\n" * m[0].count("\n"), text)
    text = re.sub(r"(?m)^\$\$.*\$\$$|^ {4}.*$|^\[[^\]]+\]: \S+$", "", text)
    text = re.sub(r"`[^`]*`", lambda m: "`·`" + "\n" * m[0].count("\n"), text)
    text = re.sub(r"!\[([^\]]*)\]\([^)]*\)", r"\1.\n\n", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = _ABBREVIATIONS.sub(r"\1", text)
    for number, block in _blocks(text):
        line = number
        for part in _END.split(block):
            clean = re.sub(r"\s+", " ", part).strip(" |*_#>-")
            if clean:
                yield line, clean
            line += part.count("\n")


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yield paragraphs, points of lists and cells of tables."""
    block: list[str] = []
    start = 1
    for number, line in enumerate([*text.splitlines(), ""], 1):
        is_new = not line.strip() or re.match(r"\s*([-*+]|\d+\.|#+)\s|\s*\|", line)
        if is_new and block:
            yield start, "\n".join(block)
            block = []
        if line.lstrip().startswith("|"):
            yield from ((number, cell) for cell in line.split("|") if cell.strip(" -:"))
        elif line.strip():
            if not block:
                start = number
            block.append(line)


def main(names: list[str]) -> int:
    rules = load_rules()
    count = 0
    for path in [Path(name).resolve() for name in names] or pages(rules):
        for finding in check(path.read_text(encoding="utf-8"), rules):
            count += 1
            place = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
            print(f"{place}:{finding.line}: {finding.rule}\n    {finding.sentence[:400]}")
    if count:
        print(f"{count} findings; the rules and their reasons: manual/prose.toml", file=sys.stderr)
    return 1 if count else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""The commands and programs that the pages show: found in blocks of code and in sentences."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/**/*.md", "*_demo/README.md")

_BLOCK = re.compile(r"(?ms)^( *)```([a-z]*)\n(.*?)^\1```")
_SPOKEN = re.compile(r"`((?:actnet|make|python)[ -][^`]*)`")
_STARTS = ("actnet", "make ", "pip ", "torchrun ", "python ", ". ", "ios_demo/", "android_demo/")


@dataclass(frozen=True)
class Command:
    """A line of a block, or a command named in a sentence; `line` is the text without its remark."""

    page: Path
    line: str
    is_in_block: bool

    @property
    def words(self) -> list[str]:
        return shlex.split(self.line, comments=True)


def pages() -> list[Path]:
    return sorted({path for glob in PAGES for path in ROOT.glob(glob)})


def commands(page: Path) -> Iterator[Command]:
    """Yield the commands of a page in their order, lines of blocks first; `a && b` are two."""
    text = page.read_text(encoding="utf-8")
    for _, language, block in _BLOCK.findall(text):
        if language in ("", "sh", "bash"):
            for line in re.sub(r"\\\n\s*", " ", block).splitlines():
                line = line.strip().removeprefix("$ ")
                if line.startswith(_STARTS):
                    for part in line.partition(" #")[0].split(" && "):
                        yield Command(page, part.strip(), True)
    for spoken in _SPOKEN.findall(_BLOCK.sub("", text)):
        for part in re.sub(r"\s+", " ", spoken).split(" && "):
            yield Command(page, part, False)


def block_lines(page: Path) -> list[str]:
    """Return the lines of all blocks of code of a page, whatever their language."""
    blocks = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [line for _, _, block in blocks for line in block.splitlines()]


def programs(page: Path) -> list[str]:
    """Return the Python programs of a page, in their order."""
    blocks = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [block for _, language, block in blocks if language == "python"]


def split_verb(words: list[str]) -> tuple[str, list[str]]:
    """Return verb and the words after it, of `actnet VERB ...` and `actnet-VERB ...` alike."""
    if words[0] == "actnet-precisions":
        return "bench", ["precisions", *words[1:]]
    if words[0] == "actnet":
        verb, rest = (words[1], words[2:]) if len(words) > 1 else ("", [])
    else:
        verb, rest = words[0].removeprefix("actnet-"), words[1:]
    if verb == "train" and "--quantize" in rest:
        return "quantize", [word for word in rest if word != "--quantize"]
    return verb, rest

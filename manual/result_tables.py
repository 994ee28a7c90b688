"""Write the tables of right answers into the pages, from what `actnet evaluate --answers --json` printed.

python manual/result_tables.py                     # write docs/results/right-answers.json into the pages
python manual/result_tables.py run1.json run2.json  # take up new runs first
python manual/result_tables.py --check             # exit code 1 where a page says something else

A run's file holds the last line that the command printed with --json. Each table stands between two
lines that name it: `<!-- right answers: NAME -->` and `<!-- end -->`.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DATA = ROOT / "docs" / "results" / "right-answers.json"
PAGES = ("README.md", "docs/searching.md", "docs/results/right-answers.md")

_PLACE = re.compile(r"(?s)(<!-- right answers: (\w+) -->\n).*?(<!-- end -->)")
_WHAT = {
    "smvs_dev": "covers, landmarks, paintings (smvs_dev)",
    "grocery": "products in a shop (grocery)",
    "dreambooth": "toys, bowls, bags from other sides (dreambooth)",
}
_SEARCH = {"whole photo": "the whole photo alone", "views": "six views",
           "verified": "six views and verification (the default)"}  # fmt: skip

Scores = dict[str, dict[str, dict[str, Any]]]
"""Set -> kind of search -> what `--json` says of it."""


def full_table(scores: Scores) -> str:
    """Return every figure: a row for each set and kind of search."""
    lines = ["| set | search | recall@1 | in first 20 | right at 1 % false | right at 5 % false "
             "| queries | database |", "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for name, kinds in scores.items():
        for kind, score in kinds.items():
            one, five = (score["right_answers"][share] for share in ("0.01", "0.05"))
            cells = [name, kind, _interval(score["recall_at_1"]),
                     f"{score['recall_at_shortlist']:.1f}", _interval(one), _interval(five),
                     str(score["queries"]), str(score["database"])]  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def short_table(scores: Scores) -> str:
    """Return the first page's figures: the default search, beside the whole photo of flat things."""
    lines = ["| phone photos | search | right picture first "
             "| answered rightly, where 1 in 100 unknown things gets an answer |",
             "|---|---|---|---|"]  # fmt: skip
    for name, kinds in scores.items():
        for kind in ("whole photo", "verified"):
            score, is_default = kinds[kind], kind == "verified"
            what = f"{_WHAT.get(name, name)}: {score['queries']} among {score['database']}"
            first, right = score["recall_at_1"], score["right_answers"]["0.01"]
            lines.append(
                f"| {what if not is_default else ''} | {_SEARCH[kind]} "
                f"| {_share(first, is_default)} | {_share(right, is_default)} |"
            )
    return "\n".join(lines)


TABLES: dict[str, Callable[[Scores], str]] = {"full": full_table, "short": short_table}


def written(text: str, scores: Scores) -> str:
    """Return a page with its tables filled in."""
    return _PLACE.sub(lambda place: f"{place[1]}\n{TABLES[place[2]](scores)}\n\n{place[3]}", text)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args(argv)
    scores: Scores = json.loads(DATA.read_text(encoding="utf-8"))
    for run in arguments.runs:
        scores |= json.loads(run.read_text(encoding="utf-8").strip().splitlines()[-1])["answers"]
    old = [name for name in PAGES if not _is_up_to_date(ROOT / name, scores)]
    if arguments.check:
        for name in old:
            print(f"{name} says something else than its JSON; run: python manual/result_tables.py",
                  file=sys.stderr)  # fmt: skip
        return 1 if old else 0
    DATA.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
    for name in PAGES:
        path = ROOT / name
        path.write_text(written(path.read_text(encoding="utf-8"), scores), encoding="utf-8")
    return 0


def _is_up_to_date(path: Path, scores: Scores) -> bool:
    text = path.read_text(encoding="utf-8")
    return written(text, scores) == text


def _interval(share: dict[str, float]) -> str:
    return f"{share['value']:.1f} ({share['low']:.1f}-{share['high']:.1f})"


def _share(share: dict[str, float], is_bold: bool) -> str:
    value = f"{share['value']:.1f} %"
    span = f"({share['low']:.1f} to {share['high']:.1f})"
    return f"**{value}** {span}" if is_bold else f"{value} {span}"


if __name__ == "__main__":
    raise SystemExit(main())

"""`actnet-search`: find the pictures of a gallery that are most like a photo.

actnet-search shop.sqlite --query photo.jpg
actnet-search shop.sqlite --query photos/ --top 5 --group 0.9 --html hits.html
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mobile_actnet.cli.arguments import Parser
from mobile_actnet.cluster.places import is_dataset, place
from mobile_actnet.commands import command_line, one_line, run
from mobile_actnet.errors import ActnetError
from mobile_actnet.gallery.config import NEARLY_THE_SAME, SHORTLIST, VERIFIED_FROM
from mobile_actnet.pictures.views import DEFAULT_VIEWS, VIEW_SETS, parse_views

if TYPE_CHECKING:
    from mobile_actnet.gallery.answers.thresholds_file import AnswerThreshold
    from mobile_actnet.gallery.gallery import Gallery
    from mobile_actnet.gallery.hits import Answer, Hit


def main(argv: list[str] | None = None, prog: str = "actnet-search") -> int:
    arguments = _parser(prog).parse_args(argv)
    return run(lambda: _search(arguments))


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(
        prog=prog, examples=__doc__, description="Find the pictures that are most like a photo."
    )
    add = parser.add_argument
    add(
        "gallery",
        type=place,
        metavar="GALLERY",
        help="gallery of actnet-index build: a file, or a .lance",
    )
    add("--query", type=Path, action="append", required=True, metavar="PHOTO|DIR",
        help="a picture, or a folder of them; may repeat")  # fmt: skip
    add("--top", type=int, default=10, metavar="N", help="hits for each query (default: 10)")
    add("--group", type=float, nargs="?", const=NEARLY_THE_SAME, metavar="SIMILARITY",
        help="show hits as one that are nearly the same picture "
        f"(without a number: {NEARLY_THE_SAME})")  # fmt: skip
    add("--model", type=Path, metavar="FILE", help="where the gallery's model is now")
    add("--exact", action="store_true", help="use no approximate index")
    add("--threads", type=int, default=1, metavar="N", help="threads that compare (default: 1)")
    add("--views", type=parse_views, default=DEFAULT_VIEWS, metavar="SET",
        help="parts of the photo that are searched for: "
        f"{', '.join(VIEW_SETS)}, or a list such as whole,centre,centre@90 "
        f"(default: {DEFAULT_VIEWS})")  # fmt: skip
    add("--every-view", action="store_true",
        help="search with all views even where the first two give a certain answer, and compare every hit "
        "of the shortlist: this also finds a second thing in the photo")  # fmt: skip
    add("--no-verify", action="store_true", help="do not compare local features")
    add("--shortlist", type=int, default=SHORTLIST, metavar="N",
        help=f"hits whose local features are compared (default: {SHORTLIST})")  # fmt: skip
    add("--verified-from", type=float, metavar="CERTAINTY",
        help="least certainty of a verified hit: inliers times similarity (default: what actnet-index "
        f"calibrate stored, else {VERIFIED_FROM})")  # fmt: skip
    add("--thresholds", type=Path, metavar="FILE",
        help="file of actnet-index calibrate with the score above which a hit counts as an answer where "
        "nothing is verified (default: thresholds.json beside the gallery)")  # fmt: skip
    add("--html", type=Path, metavar="FILE", help="write a page of the hits with thumbnails")
    add("--json", action="store_true", help="end with one line of JSON")
    return parser


def _search(arguments: argparse.Namespace) -> int:
    from mobile_actnet.cluster.lance_gallery import open_catalogue
    from mobile_actnet.files import write_atomically
    from mobile_actnet.gallery.hits import SearchOptions
    from mobile_actnet.gallery.pages import check_page
    from mobile_actnet.gallery.search_page import search_page

    if arguments.html is not None:
        check_page(arguments.html)
    options = SearchOptions(
        arguments.top, arguments.group, arguments.exact, arguments.threads,
        arguments.views, not arguments.no_verify, arguments.shortlist,
        arguments.verified_from, every_view=arguments.every_view,
    )  # fmt: skip
    queries = [picture for query in arguments.query for picture in _pictures(query)]
    with open_catalogue(arguments.gallery, arguments.model) as gallery:
        options = replace(options, threshold=_threshold(arguments, gallery))
        if options.verify and not gallery.can_verify():
            update = command_line("actnet-index", "update", arguments.gallery, "--local-features")
            mend = "build it again" if is_dataset(arguments.gallery) else f"add them: {update}"
            print(
                f"nothing is verified: {arguments.gallery} has no local features; {mend}",
                file=sys.stderr,
            )
        answers = list(gallery.answer(queries, options))
        unread = [answer for answer in answers if answer.problem is not None]
        if len(unread) == len(answers):
            raise _none_read(unread)
        if not arguments.json:
            _print_answers(answers)
        if arguments.html is not None:
            page = search_page(gallery, answers)
            write_atomically(arguments.html, page.encode(errors="replace"))
            # With --json the last line alone is for scripts.
            print(
                f"wrote {arguments.html}: open it in a browser",
                file=sys.stderr if arguments.json else sys.stdout,
            )
    for answer in unread:
        print(f"skipped: {one_line(answer.problem)}", file=sys.stderr)
    if arguments.json:
        summary = {
            "gallery": str(arguments.gallery),
            "queries": [_json_of(each) for each in answers],
        }
        print(json.dumps(summary))
    return 0


def _none_read(unread: list[Answer]) -> ActnetError:
    """Return the error of a search in which no query could be read."""
    first = unread[0].problem
    assert first is not None
    if len(unread) == 1:
        return first
    return ActnetError(f"none of the {len(unread)} pictures can be read; the first: {first}")


def _pictures(query: Path) -> list[Path]:
    from mobile_actnet.pictures.photo_tree import FoundPhoto, walk_photos

    if not query.is_dir():
        return [query]
    found = [query / photo.path for photo in walk_photos(query) if isinstance(photo, FoundPhoto)]
    if not found:
        raise ActnetError(f"{query} holds no pictures")
    return found


def _print_answers(answers: list[Answer]) -> None:
    for answer in answers:
        if answer.problem is not None:
            continue
        print(f"{one_line(answer.picture)}: {one_line(answer.sentence())}")
        for hit in answer.hits:
            more = f" (and {len(hit.duplicates)} nearly the same)" if hit.duplicates else ""
            label = f" {hit.label}" if hit.label else ""
            verified = _verified(hit)
            print(f"  {hit.similarity:.3f}{verified}{label}  {one_line(hit.path)}{more}")


def _verified(hit: Hit) -> str:
    """Return what comparing local features said, where it said anything."""
    if not hit.inliers:
        return ""
    return f" {'✓' if hit.verified else '?'} {hit.inliers} inliers"


def _json_of(answer: Answer) -> dict[str, object]:
    """Return an answer as it stands in the JSON."""
    if answer.problem is not None:
        return {"query": str(answer.picture), "error": str(answer.problem)}
    return {
        "query": str(answer.picture),
        "verdict": answer.verdict().value,
        "judged_by": answer.judged_by(),
        "score": answer.score,
        "hits": [asdict(hit) for hit in answer.hits],
    }


def _threshold(arguments: argparse.Namespace, gallery: Gallery) -> AnswerThreshold | None:
    """Return what judges photos where nothing is verified."""
    from mobile_actnet.gallery.answers.thresholds_file import thresholds_of

    if gallery.can_verify() and not arguments.no_verify:
        return None
    return thresholds_of(Path(arguments.gallery), gallery.info.model_sha256, arguments.thresholds)


if __name__ == "__main__":
    raise SystemExit(main())

"""`actnet-search`: find the pictures of a gallery that are most like a photo.

actnet-search shop.sqlite --query photo.jpg
actnet-search shop.sqlite --query photos/ --top 5 --group 0.9 --html hits.html
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from mobile_actnet.commands import run
from mobile_actnet.errors import ActnetError
from mobile_actnet.export.gallery import Gallery, Hit, SearchOptions
from mobile_actnet.export.search_page import search_page
from mobile_actnet.files import write_atomically
from mobile_actnet.photo_tree import FoundPhoto, walk_photos

_GROUP_SIMILARITY = 0.95


def main(argv: list[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    return run(lambda: _search(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="actnet-search", description="Find the pictures that are most like a photo."
    )
    add = parser.add_argument
    add("gallery", type=Path, metavar="GALLERY", help="file made by actnet-index build")
    add("--query", type=Path, action="append", required=True, metavar="PHOTO|DIR",
        help="a picture, or a folder of them; may repeat")  # fmt: skip
    add("--top", type=int, default=10, metavar="N", help="hits for each query (default: 10)")
    add("--group", type=float, nargs="?", const=_GROUP_SIMILARITY, metavar="SIMILARITY",
        help="take hits together that are nearly the same picture "
        f"(default where given: {_GROUP_SIMILARITY})")  # fmt: skip
    add("--model", type=Path, metavar="FILE", help="where the gallery's model is now")
    add("--exact", action="store_true", help="use no approximate index")
    add("--threads", type=int, default=1, metavar="N", help="that compare (default: 1)")
    add("--html", type=Path, metavar="FILE", help="write a page of the hits with thumbnails")
    add("--json", action="store_true", help="end with one line of JSON")
    return parser


def _search(arguments: argparse.Namespace) -> int:
    options = SearchOptions(arguments.top, arguments.group, arguments.exact, arguments.threads)
    queries = [picture for query in arguments.query for picture in _pictures(query)]
    with Gallery.open(arguments.gallery, arguments.model) as gallery:
        found = gallery.search_pictures(queries, options)
        for query, hits in zip(queries, found, strict=True):
            if not arguments.json:
                _print_hits(query, hits)
        if arguments.html is not None:
            page = search_page(gallery, queries, found)
            write_atomically(arguments.html, page.encode(errors="replace"))
            print(f"wrote {arguments.html}: open it in a browser")
    if arguments.json:
        pairs = zip(queries, found, strict=True)
        told = [
            {"query": str(query), "hits": [asdict(hit) for hit in hits]} for query, hits in pairs
        ]
        print(json.dumps({"gallery": str(arguments.gallery), "queries": told}))
    return 0


def _pictures(query: Path) -> list[Path]:
    if not query.is_dir():
        return [query]
    found = [query / photo.path for photo in walk_photos(query) if isinstance(photo, FoundPhoto)]
    if not found:
        raise ActnetError(f"{query} holds no pictures")
    return found


def _print_hits(query: Path, hits: list[Hit]) -> None:
    print(f"{query}:")
    for hit in hits:
        more = f" (and {len(hit.duplicates)} nearly the same)" if hit.duplicates else ""
        label = f" {hit.label}" if hit.label else ""
        print(f"  {hit.similarity:.3f}{label}  {hit.path}{more}")


if __name__ == "__main__":
    raise SystemExit(main())

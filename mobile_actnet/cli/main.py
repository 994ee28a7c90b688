"""`actnet`: one command, a verb for each thing that it does.

actnet export --format tflite
actnet search shop.sqlite --query photo.jpg
"""

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any

from mobile_actnet.cli.arguments import Parser

VERBS = {
    "export": ("export", "from weights to a checked phone model"),
    "train": ("train", "adapt the network to a collection of pictures"),
    "quantize": ("quantize", "tune a checkpoint for 8 bits"),
    "evaluate": ("evaluate", "mAP and recall on labelled photos"),
    "index": ("index", "from a folder of photos to a gallery, and keeping it up to date"),
    "search": ("search", "the pictures of a gallery that are most like a photo"),
    "web": ("web", "a page that recognises a gallery's things, offline, in any browser"),
    "bench": ("bench.command", "latency and memory, next to those of a reference"),
    "doctor": ("doctor", "what is installed, what works, whether an artefact is sound"),
}
"""Verb -> its module in this folder, and a line of help."""


class _Version(argparse.Action):
    """Print the version, which is looked up when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version

        from mobile_actnet.commands import run

        def show() -> int:
            print(f"mobile-actnet {version('mobile-actnet')}")
            return 0

        parser.exit(run(show))


def main(argv: list[str] | None = None) -> int:
    words = sys.argv[1:] if argv is None else argv
    if words and words[0] in VERBS:
        return _run(words[0], words[1:], f"actnet {words[0]}")
    parser = Parser(
        prog="actnet",
        examples=__doc__,
        description="Mobile-ACTNET: instant visual search that runs on the phone, offline.",
        epilog="actnet VERB --help tells more. actnet-VERB is the same command, except for quantize and web.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for verb, (_, text) in VERBS.items():
        verbs.add_parser(verb, help=text, add_help=False)
    parser.parse_args(words)
    raise AssertionError("every verb has a module")


def alias() -> int:
    """Run the verb that the program is named after: `actnet-index` is `actnet index`."""
    verb = Path(sys.argv[0]).stem.removeprefix("actnet-")
    return _run(verb, sys.argv[1:], f"actnet-{verb}")


def _run(verb: str, words: list[str], prog: str) -> int:
    try:
        module = importlib.import_module(f"mobile_actnet.cli.{VERBS[verb][0]}")
        code: int = module.main(words, prog)
        return code
    except KeyboardInterrupt:  # While modules are imported; from then on the command tells.
        print("stopped; nothing was done", file=sys.stderr)
        return 130


if __name__ == "__main__":
    raise SystemExit(main())

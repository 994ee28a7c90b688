"""`actnet-index`: from a folder of photos to a gallery for the apps, and keeping it up to date.

actnet-index build photos/ --model artefacts/mobile_actnet_224x224_fp16.tflite -o shop.sqlite
actnet-index update shop.sqlite
actnet-index info shop.sqlite
actnet-index check shop.sqlite
actnet-index build photos/ --engine ray --model m.tflite -o shop.lance
actnet-index cut shop.lance --where "museum = 'X'" --limit 20000 -o x.sqlite
actnet-index calibrate shop.sqlite -o thresholds.json --distractors street/
actnet-index rehearse shop.sqlite --html report.html
actnet-index export shop.sqlite -o descriptors/
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from mobile_actnet.cli import clustered
from mobile_actnet.cli.arguments import Parser
from mobile_actnet.cluster.places import place
from mobile_actnet.commands import command_line, counted, one_line, run, size_of
from mobile_actnet.errors import ConfigError
from mobile_actnet.files import refuse_existing, refuse_unwritable, write_atomically
from mobile_actnet.gallery.answers.answer_threshold import calibrate
from mobile_actnet.gallery.answers.rehearsal import (
    check_rehearsal,
    check_sources,
    rehearse,
    unknown_certainties,
    verified_from,
)
from mobile_actnet.gallery.approximate_search import APPROXIMATE_FROM
from mobile_actnet.gallery.gallery import Gallery
from mobile_actnet.gallery.indexing.index_options import KEEP, IndexOptions, IndexReport
from mobile_actnet.gallery.indexing.indexer import build, update
from mobile_actnet.gallery.indexing.problems import problem_lines
from mobile_actnet.gallery.pages import check_page
from mobile_actnet.gallery.rehearsal_page import item_reports, rehearsal_page
from mobile_actnet.gallery.sqlite.dump import dump_gallery
from mobile_actnet.gallery.sqlite.lock import only_writer
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.storage import Storage
from mobile_actnet.gallery.sqlite.writer import GalleryWriter
from mobile_actnet.pictures.photos import find_photos, tell_left_out
from mobile_actnet.runtime.vocabulary import parse_image_size

_CALIBRATED_PICTURES = _CALIBRATED_CAPTURES = 300


def main(argv: list[str] | None = None, prog: str = "actnet-index") -> int:
    arguments = _parser(prog).parse_args(argv)
    return run(lambda: arguments.command(arguments))


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(
        prog=prog, examples=__doc__, description="Make, update and examine galleries of photos."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_build(commands.add_parser("build", help="make a gallery from a folder of photos"))
    _add_update(commands.add_parser("update", help="describe new photos, drop deleted ones"))
    for name, command, text in (
        ("info", clustered.info, "what a gallery holds and what made it"),
        ("check", clustered.check, "whether a gallery is sound"),
    ):
        added = commands.add_parser(name, help=text)
        if name == "info":
            added.add_argument(
                "--count", action="store_true",
                help="also count labels, thumbnails, local features and contents: reads the whole file",
            )  # fmt: skip
        _finish(added, command, place)
    clustered.add_cut(commands.add_parser("cut", help="a gallery for phones, from a dataset"))
    calibrate = commands.add_parser(
        "calibrate", help="find how certain a match must be to count as an answer"
    )
    calibrate.add_argument("-o", "--output", type=Path, required=True, metavar="FILE",
                           help="thresholds for the Android app: thresholds.json")  # fmt: skip
    calibrate.add_argument("--model", type=Path, metavar="ARTEFACT", help="where the model is now")
    calibrate.add_argument(
        "--distractors", type=Path, action="append", default=[], metavar="DIR",
        help="photos that show nothing of the gallery; may repeat",
    )  # fmt: skip
    calibrate.add_argument("--false-answers", type=float, default=0.01, metavar="SHARE",
                           help="largest share of the photos of unknown things that may get a verified "
                           "answer; the gallery stores the certainty that this needs (default: 0.01)")  # fmt: skip
    calibrate.add_argument("--overwrite", action="store_true", help="replace FILE where it exists")
    _finish(calibrate, _calibrate)
    rehearse = commands.add_parser(
        "rehearse",
        help="search for made-up photos of every picture, to see which would be recognised",
    )
    rehearse.add_argument("--html", type=Path, required=True, metavar="FILE",
                          help="the page to write")  # fmt: skip
    rehearse.add_argument("--captures", type=int, default=3, metavar="N",
                          help="made-up photos of each picture (default: 3)")  # fmt: skip
    rehearse.add_argument("--limit", type=int, default=1000, metavar="N",
                          help="pictures at most (default: 1000)")  # fmt: skip
    rehearse.add_argument("--model", type=Path, metavar="ARTEFACT", help="where the model is now")
    _finish(rehearse, _rehearse)
    export = commands.add_parser("export", help="descriptors as .npy, names as CSV")
    export.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    _finish(export, _export)
    for word, subcommand in commands.choices.items():
        subcommand.show_examples(__doc__ or "", word)
    return parser


def _add_build(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("photos", type=place, metavar="PHOTOS",
        help="folder of photos; with --engine ray also s3://bucket/photos, or a list of addresses: "
        "a .csv or .parquet with a column path")  # fmt: skip
    add("--model", type=Path, required=True, metavar="ARTEFACT",
        help="artefact (or checkpoint) that describes the photos")  # fmt: skip
    add("-o", "--output", type=place, required=True, metavar="GALLERY",
        help="gallery to write, such as shop.sqlite; shop.lance with --engine ray")  # fmt: skip
    add("--labels", metavar="CSV|folder",
        help="labels of the photos: a CSV with path,label, or the word folder for the name of each "
        "photo's folder")  # fmt: skip
    add("--storage", choices=[s.value for s in Storage], default=Storage.INT8.value,
        help="how descriptors are stored (default: int8)")  # fmt: skip
    add("--thumbnails", type=int, default=160, metavar="PIXELS",
        help="longest side of the thumbnails (default: 160); 0 for none")  # fmt: skip
    add("--image-size", type=parse_image_size, metavar="N|HxW",
        help="size of the pictures, where --model is a checkpoint (default: 224)")  # fmt: skip
    add("--dim", type=int,
        help="length of the descriptors, where --model is a checkpoint (default: its own)")  # fmt: skip
    add("--overwrite", action="store_true",
        help="replace a gallery; the old one stays until the new one is finished (in an object "
        "store it is deleted at the start)")  # fmt: skip
    clustered.add_engine(parser)
    _add_common(parser)
    parser.set_defaults(command=_build)


def _add_update(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("gallery", type=Path, metavar="GALLERY")
    add("--photos", type=Path, metavar="DIR", help="where the photos are now")
    add("--model", type=Path, metavar="ARTEFACT", help="where the model is now")
    add("--labels", default=KEEP, metavar="CSV|folder|none",
        help="another source of labels (default: as before)")  # fmt: skip
    add("--rehash", action="store_true", help="read every photo; do not trust size and date")
    add("--prune", action="store_true",
        help="also delete the pictures of folders that are empty or gone; and delete more than 20 pictures "
        "where they are more than a quarter of all; fewer need no --prune")  # fmt: skip
    _add_common(parser)
    parser.set_defaults(command=_update)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--local-features", action=argparse.BooleanOptionalAction,
        help="store local features, which verify hits, about 8 kB a picture (default: yes)",
    )  # fmt: skip
    parser.add_argument(
        "--pictures", type=int, metavar="PIXELS",
        help="store a picture of this longest side for an item's page (default: none)",
    )  # fmt: skip
    parser.add_argument(
        "--follow-links", action="store_true",
        help="follow links in PHOTOS that lead to folders elsewhere",
    )  # fmt: skip
    parser.add_argument(
        "--items", metavar="CSV",
        help="names and texts of things: a CSV with path, item and language (both optional), title, "
        "maker, text, link and more; titles become labels. The word none removes the items",
    )  # fmt: skip
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes (default: one for each core)"
    )
    parser.add_argument(
        "--approximate-from", type=int, default=APPROXIMATE_FROM, metavar="N",
        help="number of pictures above which a gallery gets an approximate index beside it "
        f"(default: {APPROXIMATE_FROM})",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")


def _finish(
    parser: argparse.ArgumentParser,
    command: Callable[[argparse.Namespace], int],
    kind: Callable[[str], Path | str] = Path,
) -> None:
    parser.add_argument("gallery", type=kind, metavar="GALLERY")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.set_defaults(command=command)


def _build(arguments: argparse.Namespace) -> int:
    options = IndexOptions(
        storage=Storage(arguments.storage),
        thumbnail_side_px=arguments.thumbnails,
        labels=arguments.labels,
        size=arguments.image_size,
        dim=arguments.dim,
        overwrite=arguments.overwrite,
        workers=arguments.workers,
        progress=sys.stderr.isatty(),
        approximate_from=arguments.approximate_from,
        local_features=arguments.local_features,
        page_side_px=arguments.pictures,
        items=arguments.items,
        follow_links=arguments.follow_links,
    )
    if arguments.engine == clustered.RAY:
        return clustered.build(arguments, options)
    clustered.check_engine(arguments)
    report = build(arguments.photos, arguments.model, arguments.output, options)
    return _tell(report, arguments)


def _update(arguments: argparse.Namespace) -> int:
    options = IndexOptions(
        labels=None if arguments.labels == "none" else arguments.labels,
        rehash=arguments.rehash,
        prune=arguments.prune,
        workers=arguments.workers,
        progress=sys.stderr.isatty(),
        approximate_from=arguments.approximate_from,
        local_features=arguments.local_features,
        page_side_px=arguments.pictures,
        items=arguments.items,
        follow_links=arguments.follow_links,
    )
    report = update(arguments.gallery, options, arguments.photos, arguments.model)
    return _tell(report, arguments)


def _tell(report: IndexReport, arguments: argparse.Namespace) -> int:
    changes = report.changes
    if changes.described:
        rate = changes.described / report.seconds
        print(
            f"described {counted(changes.described, 'photo')}, {report.seconds:.1f} s, {rate:.0f} photos/s"
        )
    counts = {
        "unchanged": changes.unchanged, "with a new date": changes.renewed, "moved": changes.moved,
        "deleted": changes.deleted, "relabelled": changes.relabelled,
        "given local features or a page's picture": changes.completed,
    }  # fmt: skip
    others = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    if others:
        print(others)
    if report.labels_without_photo:
        named = one_line(", ".join(report.unused_labels))
        more = report.labels_without_photo - len(report.unused_labels)
        lost = f"{counted(report.labels_without_photo, 'path')} of the CSV without a photo"
        named += f" and {more} more" if more else ""
        print(f"{lost}: {named}; write paths as seen from the photos' folder")
    if report.left_out:
        print(
            f"skipped, because their names are not those of pictures: {one_line(tell_left_out(report.left_out))}"
        )
    for line in problem_lines(report.gallery):
        print(line)
    if report.approximate:
        print("built the approximate index")
    print(
        f"✓ {counted(report.pictures, 'picture')} in {report.gallery}, {size_of(report.gallery.stat().st_size)}"
    )
    words = (report.gallery, "--query", "PHOTO", "--html", "hits.html")
    print("next:", command_line("actnet-search", *words))
    if arguments.json:
        print(json.dumps({**asdict(report), "gallery": str(report.gallery)}))
    return 0


def _calibrate(arguments: argparse.Namespace) -> int:
    output: Path = arguments.output
    if output.suffix != ".json":
        raise ConfigError(f"{output} is not a name for thresholds; give one that ends in .json")
    refuse_existing(output, arguments.overwrite)
    if output.exists() and not _holds_thresholds(output):
        raise ConfigError(
            f"{output} holds no thresholds; --overwrite replaces only files of thresholds"
        )
    refuse_unwritable(output.parent)
    for folder in arguments.distractors:
        find_photos(folder)  # Minutes pass before they are needed.
    if not 0 <= arguments.false_answers < 1:
        raise ConfigError(f"--false-answers is {arguments.false_answers}; give 0 to below 1")
    # Here an error comes before the minutes, not after them.
    with Gallery.open(arguments.gallery, arguments.model) as gallery:
        if gallery.can_verify():
            with only_writer(arguments.gallery):
                pass
        check_sources(gallery)
    # Minutes pass: 160 s for 60 pictures on two cores.
    print("searching for made-up photos of the gallery's pictures; this takes a few minutes")
    calibration = calibrate(arguments.gallery, arguments.model, progress=sys.stderr.isatty())
    verification = _calibrate_verification(arguments)
    calibration |= {"verification": verification} if verification else {}
    write_atomically(output, json.dumps(calibration, indent=1).encode() + b"\n")
    captures, pictures = counted(calibration["captures"], "made-up photo"), calibration["pictures"]
    print(f"searched for {captures} in {counted(pictures, 'picture')}")
    if verification:
        print(
            f"{arguments.gallery} now answers from a certainty of {verification['verified_from']:g} on: at most "
            f"{100 * verification['false_answers']:g}% of photos of unknown things get an answer, "
            f"{verification['right_answers']:.0%} of photos of its own things the right one, "
            f"{verification['wrong_answers']:.0%} a wrong one"
        )
    print(f"for searches without verification, by {calibration['measure']} (kept in {output}):")
    for row in calibration["thresholds"][calibration["measure"]]:
        print(_row(row, f"{calibration['measure']} {row['least']:.2f}"))
    print(f"✓ {output}: copy it into the app beside the gallery")
    if arguments.json:
        print(json.dumps(calibration))
    return 0


def _row(row: dict[str, float], least: str) -> str:
    return (
        f"{row['false_answers']:6.0%} of unknown things answered, when answers start at {least}; "
        f"{row['right_answers']:.0%} of its own answered rightly, {row['wrong_answers']:.0%} wrongly"
    )


def _calibrate_verification(arguments: argparse.Namespace) -> dict[str, float]:
    """Find the certainty that makes an answer, and note it in a gallery with local features."""
    with Gallery.open(arguments.gallery, arguments.model) as gallery:
        if not gallery.can_verify():
            return {}
        pictures = min(len(gallery), _CALIBRATED_PICTURES)
        captures = -(-_CALIBRATED_CAPTURES // max(1, pictures))
        results = rehearse(gallery, pictures, captures, progress=sys.stderr.isatty())
        unknown = unknown_certainties(gallery, results, arguments.distractors)
        if not len(unknown):
            print(
                "no made-up photo got a wrong hit, so the certainty cannot be calibrated; give photos of other things with --distractors DIR"
            )
            return {}
    least = verified_from(unknown, arguments.false_answers)
    with only_writer(arguments.gallery), GalleryWriter(arguments.gallery) as writer:
        writer.note_verified_from(least)
    answered = [result.answered(least) for result in results]
    right = [result.right for result in results]
    return {
        "false_answers": arguments.false_answers,
        "verified_from": least,
        "right_answers": sum(a and r for a, r in zip(answered, right, strict=True)) / len(results),
        "wrong_answers": sum(a and not r for a, r in zip(answered, right, strict=True))
        / len(results),
        "unknown": len(unknown),
    }


def _rehearse(arguments: argparse.Namespace) -> int:
    for name, value in (("captures", arguments.captures), ("limit", arguments.limit)):
        if value < 1:
            raise ConfigError(f"--{name} is {value}; it must be 1 or more")
    check_page(arguments.html)
    with Gallery.open(arguments.gallery, arguments.model) as gallery:
        check_rehearsal(gallery)
        limit, captures = arguments.limit, arguments.captures
        print(f"searching for {counted(min(len(gallery), limit) * captures, 'made-up photo')}")
        results = rehearse(gallery, limit, captures, progress=sys.stderr.isatty())
        least = gallery.verified_from
        reports = item_reports(gallery, results, least)
        page = rehearsal_page(gallery, reports, least)
    write_atomically(arguments.html, page.encode(errors="replace"))
    recognised = sum(report.recognised for report in reports)
    wrong = sum(report.wrong for report in reports)
    print(f"{counted(len(results), 'made-up photo')} of {counted(len(reports), 'picture')}: {recognised} recognised, "
          f"{wrong} answered wrongly, {len(results) - recognised - wrong} not answered")  # fmt: skip
    print(f"wrote {arguments.html}: open it in a browser")
    if arguments.json:
        rows = [
            {"path": r.path, "recognised": r.recognised, "wrong": r.wrong, "reasons": r.reasons}
            for r in reports
        ]
        print(json.dumps({"photos": len(results), "recognised": recognised, "wrong": wrong,
                          "verified_from": least, "pictures": rows}))  # fmt: skip
    return 0


def _holds_thresholds(path: Path) -> bool:
    try:
        return "thresholds" in json.loads(path.read_bytes())
    except (ValueError, TypeError, RecursionError):
        return False


def _export(arguments: argparse.Namespace) -> int:
    with GalleryReader(arguments.gallery) as reader:
        count = dump_gallery(reader, arguments.output)
    print(f"{counted(count, 'descriptor')} with names in {arguments.output}")
    if arguments.json:
        print(json.dumps({"output": str(arguments.output), "pictures": count}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

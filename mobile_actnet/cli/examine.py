"""`actnet-index info` and `check`: what a gallery holds, and whether it is sound.

actnet-index info shop.sqlite
actnet-index check shop.sqlite
"""

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from tqdm import tqdm

from mobile_actnet.cluster.places import is_remote
from mobile_actnet.commands import command_line, counted, one_line, size_of
from mobile_actnet.gallery.check import findings_of
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.schema import from_gallery
from mobile_actnet.runtime.finding import Finding

_MARKS = {True: "✓", False: "✗", None: "·"}


def info(arguments: argparse.Namespace) -> int:
    """Print what a gallery holds and what made it."""
    with GalleryReader(arguments.gallery) as reader:
        if arguments.count:
            with _counting() as bar, reader.beating(bar.update):
                numbers = reader.numbers()
        else:
            numbers = reader.tallies()
        made, problems = reader.info, dict(reader.problems())
        kept, version, languages = reader.kept, reader.version, reader.languages()
    print(
        f"{arguments.gallery}: {counted(numbers['pictures'], 'picture')}, {size_of(arguments.gallery.stat().st_size)}, "
        f"revision {made.revision}, made by {made.made_by}"
    )
    print(
        f"model {made.model_file} ({made.model_format} {made.model_precision}, "
        f"sha256 {made.model_sha256[:12]}…), {made.preprocessing_name} "
        f"{made.preprocessing_version} at {made.height_px}x{made.width_px}"
    )
    print(f"descriptors of {made.dim} values, {made.storage}, schema {version}")
    update = command_line("actnet-index", "update", arguments.gallery, "--local-features")
    print(
        f"local features: hits are verified; an answer has a certainty of {kept.verified_from:g} or more"
        if kept.local_features
        else f"no local features: hits are not verified; add them: {update}"
    )
    print(f"photos in {_photos(arguments.gallery, made.photos_path)}")
    if arguments.count:
        print(
            f"{counted(numbers['labelled'], 'picture')} with {counted(numbers['labels'], 'label')}, "
            f"{counted(numbers['thumbnails'], 'thumbnail')}, local features of "
            f"{counted(numbers['local_features'], 'picture')}, "
            f"{counted(numbers['contents'], 'different content')}"
        )
    if numbers["item"]:
        source = f" of {from_gallery(arguments.gallery, kept.items)}" if kept.items else ""
        spoken = f" ({one_line(', '.join(languages))})" if languages else ""
        print(f"{counted(numbers['item'], 'item')}{spoken}{source}")
    for path, reason in problems.items():
        print(f"skipped: {one_line(path)}: {one_line(reason)}")
    if arguments.json:
        summary = {**asdict(made), **numbers, "schema": version, "page_side_px": kept.page_side_px,
                   "verified_from": kept.verified_from, "languages": languages}  # fmt: skip
        print(json.dumps({**summary, "skipped": problems}))
    return 0


def _photos(gallery: Path, noted: str) -> str:
    """Return where a gallery's photos are, and whether that folder is there."""
    if is_remote(noted):
        return noted
    folder = from_gallery(gallery, noted)
    return str(folder) if folder.is_dir() else f"{folder} (not there)"


def _counting() -> "tqdm[NoReturn]":
    """Return a bar for what says nothing of how far it is."""
    return tqdm(
        desc="counting", unit=" M instructions", disable=not sys.stderr.isatty(), leave=False
    )


def check(arguments: argparse.Namespace) -> int:
    """Print each finding once it is known; return 1 where the gallery is not sound."""
    findings = findings_of(arguments.gallery, progress=sys.stderr.isatty())
    return tell(findings, arguments, "copy it into the app beside its model and manifest")


def tell(findings: Iterable[Finding], arguments: argparse.Namespace, then: str) -> int:
    """Print findings once they are known, and what to do with a gallery that is sound.

    Returns:
        1 where it is not.
    """
    known = []
    for finding in findings:
        print(f"{_MARKS[finding.ok]} {finding.text}", flush=True)
        known.append(finding)
    wrong = sum(finding.ok is False for finding in known)
    print(
        f"{wrong} of these {'needs' if wrong == 1 else 'need'} mending"
        if wrong
        else f"{arguments.gallery} is sound: {then}"
    )
    if arguments.json:
        print(json.dumps({"sound": not wrong, "findings": [vars(finding) for finding in known]}))
    return 1 if wrong else 0

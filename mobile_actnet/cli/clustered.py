"""`actnet-index` for catalogues that outgrow one machine; needs the extra `cluster`.

actnet-index build s3://bucket/photos --engine ray --model m.tflite -o s3://bucket/shop.lance
actnet-index cut shop.lance --where "museum = 'X'" --limit 20000 -o x.sqlite
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from mobile_actnet.cli import examine
from mobile_actnet.cluster.cluster_options import VECTOR_INDEX_FROM, ClusterOptions
from mobile_actnet.cluster.dataset_check import dataset_findings, size_of_dataset
from mobile_actnet.cluster.extra import SEARCHING, require
from mobile_actnet.cluster.gallery_cut import cut_gallery
from mobile_actnet.cluster.places import is_dataset, is_remote, place
from mobile_actnet.commands import command_line, counted, one_line, size_of
from mobile_actnet.errors import ConfigError
from mobile_actnet.gallery.indexing.index_options import IndexOptions
from mobile_actnet.pictures.photos import tell_left_out

EMBEDDED, RAY = "embedded", "ray"
_PROBLEMS_SHOWN = 20


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Add the options of a cluster to `index build`."""
    add = parser.add_argument
    add("--engine", choices=[EMBEDDED, RAY], default=EMBEDDED,
        help="ray: describe on a cluster, into a Lance dataset (default: embedded)")  # fmt: skip
    add("--address", metavar="ADDRESS",
        help="of a running Ray cluster: auto, or head:6379 (default: start one on this machine)")  # fmt: skip
    add("--vector-index-from", type=int, default=VECTOR_INDEX_FROM, metavar="N",
        help="smallest number of pictures for which a dataset gets a vector index "
        f"(default: {VECTOR_INDEX_FROM})")  # fmt: skip


def add_cut(parser: argparse.ArgumentParser) -> None:
    """Define `index cut`."""
    add = parser.add_argument
    add("dataset", type=place, metavar="DATASET", help="dataset of actnet-index build --engine ray")
    add(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="GALLERY",
        help="gallery to write, such as x.sqlite",
    )
    add("--where", metavar="SQL", help="keep only pictures with these columns: \"museum = 'X'\"")
    add("--limit", type=int, metavar="N", help="keep at most N pictures, the first by number")
    add("--overwrite", action="store_true", help="replace GALLERY where it exists")
    add("--json", action="store_true", help="end with one line of JSON")
    parser.set_defaults(command=_cut)


def check_engine(arguments: argparse.Namespace) -> None:
    """Refuse what the embedded engine cannot do.

    Raises:
        ConfigError: a source or a target that needs a cluster.
    """
    for name in ("photos", "output"):
        value = getattr(arguments, name)
        if is_remote(value) or is_dataset(value):
            raise ConfigError(f"{value} needs --engine ray")
    if arguments.address is not None:
        raise ConfigError("--address needs --engine ray")


def build(arguments: argparse.Namespace, options: IndexOptions) -> int:
    """Build a dataset on a cluster."""
    from mobile_actnet.cluster.building.cluster_build import build_dataset

    cluster = ClusterOptions(
        arguments.address, arguments.workers, vector_index_from=arguments.vector_index_from
    )
    report = build_dataset(arguments.photos, arguments.model, arguments.output, options, cluster)
    if report.described:
        rate = report.described / report.seconds
        print(
            f"described {counted(report.described, 'photo')} on {counted(report.cores, 'core')}, "
            f"{report.seconds:.1f} s, {rate:.0f} photos/s"
        )
    if report.left_out:
        print(
            f"skipped, because their names are not those of pictures: {one_line(tell_left_out(report.left_out))}"
        )
    _print_problems(report.dataset)
    if report.vector_index:
        print("built the vector index")
    print(f"✓ {counted(report.pictures, 'picture')} in {arguments.output}")
    print("next:", command_line("actnet-search", arguments.output, "--query", "PHOTO"))
    if arguments.json:
        print(json.dumps(asdict(report)))
    return 0


def _print_problems(dataset: str) -> None:
    from mobile_actnet.cluster.lance_reader import LanceReader

    problems = list(LanceReader(dataset).problems())
    for path, reason in problems[:_PROBLEMS_SHOWN]:
        print(f"skipped: {one_line(path)}: {one_line(reason)}")
    if len(problems) > _PROBLEMS_SHOWN:
        command = command_line("actnet-index", "info", dataset)
        print(f"skipped: {len(problems) - _PROBLEMS_SHOWN} more; list all: {command}")


def _cut(arguments: argparse.Namespace) -> int:
    report = cut_gallery(
        arguments.dataset, arguments.output, arguments.where, arguments.limit,
        arguments.overwrite, sys.stderr.isatty(),
    )  # fmt: skip
    if report.chosen > report.pictures:
        print(f"{report.chosen} pictures are chosen; --limit keeps the first {report.pictures}")
    print(
        f"✓ {counted(report.pictures, 'picture')} and {counted(report.items, 'item')} in "
        f"{report.gallery}, {size_of(report.gallery.stat().st_size)}"
    )
    print("next:", command_line("actnet-search", report.gallery, "--query", "PHOTO"))
    if arguments.json:
        print(json.dumps({**asdict(report), "gallery": str(report.gallery)}))
    return 0


def info(arguments: argparse.Namespace) -> int:
    """Print what a gallery or a dataset holds and what made it."""
    if not is_dataset(arguments.gallery):
        return examine.info(arguments)
    from mobile_actnet.cluster.lance_reader import LanceReader
    from mobile_actnet.cluster.places import check_dataset_name
    from mobile_actnet.cluster.vector_index import state

    require(SEARCHING)
    with LanceReader(check_dataset_name(arguments.gallery)) as reader:
        info, kept, indexed = reader.info, reader.kept, state(reader.table)
        pictures, problems = reader.count(), dict(reader.problems())
        columns, size_bytes = reader.settings.item_columns, size_of_dataset(reader.address)
    size = "" if size_bytes is None else f", {size_of(size_bytes)}"
    print(
        f"{arguments.gallery}: {counted(pictures, 'picture')}{size}, version {info.revision}, "
        f"made by {info.made_by}"
    )
    print(
        f"model {info.model_file} ({info.model_format} {info.model_precision}, "
        f"sha256 {info.model_sha256[:12]}…), {info.preprocessing_name} "
        f"{info.preprocessing_version} at {info.height_px}x{info.width_px}"
    )
    print(f"descriptors of {info.dim} values, {info.storage}")
    print(
        "local features: hits are verified"
        if kept.local_features
        else "no local features: hits are not verified; build it again with --local-features"
    )
    print(f"photos in {info.photos_path}")
    if columns:
        print(f"fields of items, for --where: {', '.join(columns)}")
    print(
        "no vector index: every picture is compared"
        if indexed is None
        else f"vector index of {counted(indexed[0], 'picture')}"
    )
    for path, reason in problems.items():
        print(f"skipped: {one_line(path)}: {one_line(reason)}")
    if arguments.json:
        summary = {**asdict(info), "pictures": pictures, "problems": len(problems)}
        print(json.dumps({**summary, "item_columns": columns, "skipped": problems}))
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Print each finding once it is known; return 1 where the gallery or dataset is not sound."""
    if not is_dataset(arguments.gallery):
        return examine.check(arguments)
    findings = dataset_findings(arguments.gallery, progress=sys.stderr.isatty())
    cut = command_line("actnet-index", "cut", arguments.gallery, "-o", "GALLERY.sqlite")
    return examine.tell(findings, arguments, f"cut a gallery for phones: {cut}")

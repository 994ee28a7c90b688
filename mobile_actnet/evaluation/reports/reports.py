"""The reports of `actnet-evaluate`: what is written beside the scores, and the options for it.

actnet-evaluate --data shop/ --separability distances.svg --curve dims.svg --browse hits.html
actnet-evaluate --data shop/ --ablation heads.md --ablation-data catalogue/ --ablation-steps 60
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.commands import counted
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.evaluation.config import AblationConfig, BrowseConfig
from mobile_actnet.evaluation.reports.browse import browse_page, worst_rankings
from mobile_actnet.evaluation.reports.dimension_curve import curve_dims, dimension_curves
from mobile_actnet.evaluation.reports.plots import (
    check_picture_path,
    draw_curves,
    draw_histograms,
    require_matplotlib,
)
from mobile_actnet.evaluation.reports.separability import distance_histograms
from mobile_actnet.files import refuse_existing, refuse_unwritable, write_atomically
from mobile_actnet.network.config import is_checkpoint
from mobile_actnet.pictures.photos import Photo
from mobile_actnet.runtime.vocabulary import ImageSize

if TYPE_CHECKING:
    from mobile_actnet.evaluation.scoring import ReportContext

Sets = dict[str, NDArray[np.int64]]


def add_report_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of all reports."""
    browse, ablation = BrowseConfig(), AblationConfig()
    add = parser.add_argument_group("reports").add_argument
    add("--separability", type=Path, metavar="FILE",
        help="histograms of the distances of matching and non-matching pairs and their KL "
        "divergence, as .svg or .png")  # fmt: skip
    add("--curve", type=Path, metavar="FILE",
        help="mAP against descriptor dimension, as .svg or .png (for a checkpoint)")  # fmt: skip
    add("--browse", type=Path, metavar="FILE.html", help="queries with their hits, worst first")
    add("--browse-hits", type=int, default=browse.hits, metavar="N",
        help=f"hits for each query (default: {browse.hits})")  # fmt: skip
    add("--browse-queries", type=int, default=browse.queries_per_set, metavar="N",
        help=f"queries of each set (default: {browse.queries_per_set})")  # fmt: skip
    add("--ablation", type=Path, metavar="FILE.md",
        help="table of poolings and activation layers, trained alike on a frozen backbone")  # fmt: skip
    add("--ablation-data", type=Path, action="append", default=[], metavar="DIR",
        help="pictures to train the heads on (role train or none); may repeat")  # fmt: skip
    add("--ablation-steps", type=int, default=ablation.steps, metavar="N",
        help=f"updates of each head (default: {ablation.steps})")  # fmt: skip
    add("--ablation-images", type=int, default=ablation.images, metavar="N",
        help=f"training pictures at most (default: {ablation.images})")  # fmt: skip
    add("--backbone", type=Path, metavar="FILE",
        help="MobileNetV2 weights for the ablation (default: the backbone of --model)")  # fmt: skip


def wanted(arguments: argparse.Namespace) -> bool:
    """Tell whether any report was asked for."""
    return any((arguments.separability, arguments.curve, arguments.browse, arguments.ablation))


def check_report_arguments(arguments: argparse.Namespace) -> None:
    """Refuse what cannot work, before anything is described.

    Raises:
        ConfigError: a file's name, a number or a model that a report cannot be made with.
        ActnetError: a report's folder cannot be written.
        MissingPackageError: matplotlib is needed and not installed.
    """
    for picture in (arguments.separability, arguments.curve):
        if picture is not None:
            check_picture_path(picture)
            require_matplotlib()
    if arguments.curve is not None and not is_checkpoint(arguments.model):
        raise _no_curve(arguments.model)
    if arguments.browse is not None:
        _check_suffix("--browse", arguments.browse, (".html", ".htm"))
        _browse_config(arguments)
    if arguments.ablation is not None:
        _check_suffix("--ablation", arguments.ablation, (".md",))
        from mobile_actnet.evaluation.reports.frozen_backbone import check_backbone_source

        _ablation_config(arguments)
        check_backbone_source(arguments.model, arguments.backbone)
        if not arguments.ablation_data:
            raise ConfigError("--ablation needs --ablation-data DIR with training pictures")
    reports = (arguments.separability, arguments.curve, arguments.browse, arguments.ablation)
    for report in filter(None, reports):
        refuse_existing(report, overwrite=True)
        refuse_unwritable(report.parent)


def write_reports(arguments: argparse.Namespace, context: "ReportContext") -> list[str]:
    """Make all reports that were asked for.

    Args:
        arguments: with the options of `add_report_arguments`, `model` and `image_size`.
        context: what was described.

    Returns:
        lines for the terminal.

    Raises:
        ActnetError: a report cannot be made or written; those before it are there.
    """
    check_report_arguments(arguments)
    sets = query_sets(context.photos, context.folders)
    lines: list[str] = []
    if arguments.separability is not None:
        lines += _separability(arguments.separability, context, sets)
    if arguments.curve is not None:
        lines += _curve(arguments.curve, context, sets)
    if arguments.browse is not None:
        lines += _browse(arguments.browse, context, sets, _browse_config(arguments))
    if arguments.ablation is not None:
        lines += _ablation(arguments, context, sets)
    return lines


def query_sets(photos: list[Photo], folders: list[Path]) -> Sets:
    """Return the numbers of each folder's queries, by the folder's name; folders without any out.

    Args:
        photos: their instances begin with the folder and a colon.
        folders: two of the same name are called by their paths.

    Raises:
        ActnetError: no query at all.
    """
    names = [folder.name for folder in folders]
    sets = {}
    for folder in folders:
        queries = [
            number
            for number, photo in enumerate(photos)
            if photo.is_query and photo.instance.startswith(f"{folder}:")
        ]
        if queries:
            name = folder.name if names.count(folder.name) == 1 else str(folder)
            sets[name] = np.array(queries, np.int64)
    if not sets:
        raise ActnetError(
            "no photo has the role query or both; mend the column role of manifest.csv"
        )
    return sets


def _separability(path: Path, context: "ReportContext", sets: Sets) -> list[str]:
    by_set = {
        name: distance_histograms(context.descriptors, context.photos, queries)
        for name, queries in sets.items()
    }
    by_set = {name: histograms for name, histograms in by_set.items() if histograms.has_both_kinds}
    if not by_set:
        raise ActnetError(
            "--separability needs matching and non-matching pairs of a query and a database "
            "picture, and no set has both; mend the columns instance and role of manifest.csv"
        )
    write_atomically(path, draw_histograms(by_set, path))
    return [
        *(
            f"separability of {name}: KL(matching || non-matching) {histograms.kl_matching:.3f}, "
            f"KL(non-matching || matching) {histograms.kl_non_matching:.3f} nats "
            f"({histograms.matching.sum()} and {histograms.non_matching.sum()} pairs)"
            for name, histograms in by_set.items()
        ),
        f"saved {path}",
    ]


def _curve(path: Path, context: "ReportContext", sets: Sets) -> list[str]:
    if context.describe_dims is None:
        raise _no_curve(context.model)
    from mobile_actnet.network.checkpoint import load_checkpoint

    rows = load_checkpoint(context.model)[0].config.whitening_dim
    dims = curve_dims(rows)
    curves = dimension_curves(context.describe_dims(rows), context.photos, sets, dims)
    write_atomically(path, draw_curves(curves, path))
    lines = [f"{'mAP at dim':20}" + "".join(f"{dim:8}" for dim in dims)]
    lines += [
        f"{name:20}" + "".join(f"{mean_ap:8.2f}" for mean_ap in curve.values())
        for name, curve in curves.items()
    ]
    return [*lines, f"saved {path}"]


def _browse(path: Path, context: "ReportContext", sets: Sets, config: BrowseConfig) -> list[str]:
    rankings = {
        name: worst_rankings(context.descriptors, context.photos, queries, config)
        for name, queries in sets.items()
    }
    page = browse_page(f"Hits of {context.model.name}", context.photos, rankings)
    write_atomically(path, page.encode())
    queries = sum(map(len, rankings.values()))
    return [f"saved {path}: {counted(queries, 'query', 'queries')}"]


def _ablation(arguments: argparse.Namespace, context: "ReportContext", sets: Sets) -> list[str]:
    from mobile_actnet.evaluation.reports.ablation import (
        ablation_table,
        descriptor_dim,
        run_ablation,
        training_pictures,
    )
    from mobile_actnet.evaluation.reports.frozen_backbone import load_backbone

    config = _ablation_config(arguments)
    backbone = load_backbone(context.model, arguments.backbone)
    collection, problems = training_pictures(arguments.ablation_data, config)
    scores = run_ablation(
        backbone, collection, context.photos, sets, config, progress=sys.stderr.isatty()
    )
    table = ablation_table(
        scores, list(sets), backbone.name, len(collection.paths),
        descriptor_dim(collection, config), config,
    )  # fmt: skip
    write_atomically(arguments.ablation, table.encode())
    # The caption stays in the file: in the terminal the numbers count.
    rows = [line for line in table.splitlines() if line.startswith("|")]
    return [*(f"skipped: {problem}" for problem in problems), *rows, f"saved {arguments.ablation}"]


def _browse_config(arguments: argparse.Namespace) -> BrowseConfig:
    return BrowseConfig(arguments.browse_hits, arguments.browse_queries)


def _ablation_config(arguments: argparse.Namespace) -> AblationConfig:
    return AblationConfig(
        steps=arguments.ablation_steps,
        images=arguments.ablation_images,
        size=arguments.image_size or ImageSize(),
    )


def _no_curve(model: Path) -> ConfigError:
    return ConfigError(
        f"--curve needs a checkpoint, and {model.name} is an artefact, whose dim is fixed; "
        "give the .safetensors file it was exported from as --model"
    )


def _check_suffix(option: str, path: Path, suffixes: tuple[str, ...]) -> None:
    if path.suffix.lower() not in suffixes:
        raise ConfigError(f"{option} is {path}; give a name that ends in {' or '.join(suffixes)}")

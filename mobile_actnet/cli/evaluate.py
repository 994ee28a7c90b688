"""`actnet-evaluate`: mAP and recall of a checkpoint or an artefact on labelled photos.

actnet-evaluate --data smvs/ --data distractors/
actnet-evaluate --data shop/ --model artefacts/mobile_actnet_224x224_fp16.tflite --json
actnet-evaluate --protocol roxford5k --photos oxford/ --ground-truth gnd_roxford5k.pkl
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from mobile_actnet.commands import run
from mobile_actnet.errors import ConfigError
from mobile_actnet.evaluation.config import MULTI_SCALES, EvaluationOptions, Rerank
from mobile_actnet.evaluation.protocols import Protocol, load_task
from mobile_actnet.evaluation.reports import (
    add_report_arguments,
    check_report_arguments,
    wanted,
    write_reports,
)
from mobile_actnet.gallery.sqlite.storage import Storage
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.runtime.vocabulary import parse_image_size


def main(argv: list[str] | None = None, prog: str = "actnet-evaluate") -> int:
    arguments = _parser(prog).parse_args(argv)
    return run(lambda: _evaluate(arguments))


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Measure how well a model finds the right picture. Databases and distractors "
        "of all folders are searched together; each folder's queries are reported for themselves.",
    )
    add = parser.add_argument
    add("--data", type=Path, action="append", default=[], metavar="DIR",
        help="folder with a manifest.csv (path,instance,role); may repeat")  # fmt: skip
    add("--protocol", choices=[p.value for p in Protocol], help="instead of --data")
    add("--photos", type=Path, metavar="DIR", help="the protocol's photos")
    add("--ground-truth", type=Path, metavar="FILE",
        help="the protocol's JSON, original pickle (nothing in it is run) or folder of text files")  # fmt: skip
    add("--distractors", type=Path, metavar="DIR", help="searched with the protocol's photos (+1M)")
    add("--model", type=Path, default=DEFAULT_CHECKPOINT, metavar="FILE",
        help="checkpoint or artefact (default: the shipped weights)")  # fmt: skip
    add("--image-size", type=parse_image_size, metavar="N|HxW", help="for a checkpoint")
    add("--dim", type=int, help="for a checkpoint")
    add("--scales", type=_scales, default=(1.0,), metavar="multi|N,N,...",
        help="sizes to describe at, as factors; multi is 1, 0.71 and 0.5 (for a checkpoint)")  # fmt: skip
    add("--limit", type=int, metavar="N",
        help="take whole instances of each --data folder in a fixed random order until there are "
        "N photos, so that queries keep their positives")  # fmt: skip
    add("--cache", type=Path, metavar="DIR",
        help="keep descriptors here; a stopped run goes on, a second one reads them")  # fmt: skip
    add("--rerank", choices=[r.value for r in Rerank], default=Rerank.NONE.value,
        help="aqe: alpha query expansion; diffusion: on a k-NN graph")  # fmt: skip
    add("--augment-database", action="store_true", help="database-side augmentation")
    add("--storage", choices=[s.value for s in Storage],
        help="round the descriptors as a gallery stores them")  # fmt: skip
    add("--json", action="store_true", help="end with one line of JSON, in per cent")
    add_report_arguments(parser)
    return parser


def _evaluate(arguments: argparse.Namespace) -> int:
    options = EvaluationOptions(
        arguments.image_size, arguments.dim, arguments.scales, arguments.limit, arguments.cache,
        Rerank(arguments.rerank), arguments.augment_database, sys.stderr.isatty(),
        Storage(arguments.storage) if arguments.storage else None,
    )  # fmt: skip
    if (arguments.protocol is None) == (not arguments.data):
        raise ConfigError("give --data DIR, or --protocol NAME with --photos DIR, and not both")
    of_protocols = (arguments.photos, arguments.ground_truth, arguments.distractors)
    if arguments.data and any(of_protocols):
        raise ConfigError(
            "--photos, --ground-truth and --distractors are for --protocol; "
            "give distractors as one more --data folder whose manifest.csv says so"
        )
    measure = _measure_protocol if arguments.protocol else _measure_folders
    sets, dim = measure(arguments, options)
    choices = _choices(options)
    if choices:
        print("with " + ", ".join(f"{name} {value}" for name, value in choices.items()))
    if arguments.json:
        told = {"sets": sets, "model": str(arguments.model), "descriptor_dim": dim, **choices}
        print(json.dumps(told))
    return 0


def _choices(options: EvaluationOptions) -> dict[str, Any]:
    """Return what sets the scores apart from those of a plain run."""
    choices: dict[str, Any] = {}
    if options.rerank is not Rerank.NONE or options.augment:
        choices |= {"rerank": options.rerank.value, "augment_database": options.augment}
    if options.scales != (1.0,):
        choices["scales"] = list(options.scales)
    if options.storage is not None:
        choices["storage"] = options.storage.value
    if options.limit is not None:
        choices["limit"] = options.limit
    return choices


def _measure_folders(
    arguments: argparse.Namespace, options: EvaluationOptions
) -> tuple[dict[str, dict[str, float]], int]:
    from mobile_actnet.evaluation.scoring import evaluate_model, report_context

    if wanted(arguments):
        check_report_arguments(arguments)
    evaluation = evaluate_model(arguments.model, arguments.data, options)
    for problem in evaluation.problems:
        print(f"skipped: {problem}")
    _print_row("set", "mAP", "recall@1", "recall@10", "queries", "database")
    sets = {}
    for name, score in evaluation.sets.items():
        sets[name] = {
            "mAP": score.mean_ap,
            "recall@1": score.recall_at_1,
            "recall@10": score.recall_at_10,
            "queries": score.queries,
            "database": score.database,
        }
        _print_row(name, *sets[name].values())
    if wanted(arguments):
        context = report_context(arguments.model, arguments.data, evaluation, options)
        for line in write_reports(arguments, context):
            print(line)
    return sets, evaluation.descriptor_dim


def _measure_protocol(
    arguments: argparse.Namespace, options: EvaluationOptions
) -> tuple[dict[str, dict[str, float]], int]:
    from mobile_actnet.evaluation.scoring import evaluate_protocol

    if arguments.photos is None:
        raise ConfigError(f"--protocol {arguments.protocol} needs --photos DIR")
    if options.limit is not None or wanted(arguments):
        raise ConfigError("--limit and the reports are for --data, not for --protocol")
    task = load_task(Protocol(arguments.protocol), arguments.photos, arguments.ground_truth)
    found = evaluate_protocol(arguments.model, task, arguments.distractors, options)
    for problem in found.problems:
        print(f"skipped: {problem}")
    _print_row("set", "mAP", "recall@1", "recall@10", "queries", "database", "mP@10")
    sets = {}
    for name, score in found.settings.items():
        name = f"{arguments.protocol}/{name}"
        sets[name] = {
            "mAP": score.mean_ap,
            "recall@1": score.recall_at_1,
            "recall@10": score.recall_at_10,
            "queries": score.queries,
            "database": found.database,
            "mP@10": score.precision_at[10],
        }
        _print_row(name, *sets[name].values())
    return sets, found.descriptor_dim


def _print_row(name: str, *values: float | str) -> None:
    shown = [f"{v:.2f}" if isinstance(v, float) else str(v) for v in values]
    print(f"{name:20}" + "".join(f" {value:>9}" for value in shown))


def _scales(text: str) -> tuple[float, ...]:
    if text == "multi":
        return MULTI_SCALES
    try:
        scales = tuple(float(part) for part in text.split(","))
    except ValueError:
        scales = ()
    if not scales or not all(0.1 <= scale <= 4 for scale in scales):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not allowed; give multi, or factors from 0.1 to 4 such as 1,0.5"
        )
    return scales


if __name__ == "__main__":
    raise SystemExit(main())

"""`actnet-evaluate`: mAP and recall of a checkpoint or an artefact on labelled photos.

actnet-evaluate --data smvs/ --data distractors/
actnet-evaluate --data shop/ --model artefacts/mobile_actnet_224x224_fp16.tflite --json
actnet-evaluate --protocol roxford5k --photos oxford/ --ground-truth gnd_roxford5k.pkl
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobile_actnet.cli.arguments import Parser
from mobile_actnet.cluster.places import place
from mobile_actnet.commands import run
from mobile_actnet.errors import ConfigError
from mobile_actnet.evaluation.config import (
    MULTI_SCALES,
    AnswerOptions,
    EvaluationOptions,
    Half,
    Rerank,
)
from mobile_actnet.evaluation.protocols.protocols import Protocol, load_task
from mobile_actnet.evaluation.reports.reports import (
    add_report_arguments,
    check_report_arguments,
    wanted,
    write_reports,
)
from mobile_actnet.gallery.config import FIRST_VIEWS, SHORTLIST
from mobile_actnet.gallery.sqlite.storage import Storage
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.pictures.photos import Role
from mobile_actnet.pictures.views import DEFAULT_VIEWS, VIEW_SETS, parse_views
from mobile_actnet.runtime.vocabulary import parse_image_size

if TYPE_CHECKING:
    from mobile_actnet.evaluation.answer_quality import Share


def main(argv: list[str] | None = None, prog: str = "actnet-evaluate") -> int:
    arguments = _parser(prog).parse_args(argv)
    return run(lambda: _evaluate(arguments))


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(
        prog=prog,
        examples=__doc__,
        description="Measure how well a model finds the right picture. Databases and distractors "
        "of all folders are searched together. Each folder's queries are reported separately.",
    )
    add = parser.add_argument
    add("--data", type=place, action="append", default=[], metavar="DIR|DATASET.lance",
        help="folder with a manifest.csv (path,instance,role), or a dataset of actnet-index build --engine "
        "ray; may repeat")  # fmt: skip
    add(
        "--protocol",
        choices=[p.value for p in Protocol],
        help="standard protocol to measure, instead of --data",
    )
    add("--photos", type=Path, metavar="DIR", help="the protocol's photos")
    add("--ground-truth", type=Path, metavar="FILE",
        help="the protocol's JSON, original pickle (nothing in it is run) or folder of text files")  # fmt: skip
    add("--distractors", type=Path, action="append", default=[], metavar="DIR",
        help="photos that show nothing of the queries, searched as well: with --protocol one folder "
        "(+1M), with --answers any number")  # fmt: skip
    add("--answers", action="store_true",
        help="also measure right answers where 1 and 5 per cent of unknown things are answered: by "
        "the whole photo, by views, and verified by local features")  # fmt: skip
    add("--views", type=parse_views, default=VIEW_SETS[DEFAULT_VIEWS], metavar="SET",
        help=f"with --answers: {', '.join(VIEW_SETS)}, or a list such as whole,centre,centre@90 "
        f"(default: {DEFAULT_VIEWS})")  # fmt: skip
    add("--no-verify", action="store_true", help="with --answers: do not compare local features")
    add("--shortlist", type=int, default=SHORTLIST, metavar="N",
        help=f"with --answers: hits whose local features are compared (default: {SHORTLIST})")  # fmt: skip
    add("--turn", type=int, default=0, metavar="DEGREES",
        help="with --answers: turn the queries clockwise by 90, 180 or 270")  # fmt: skip
    add("--half", choices=[half.value for half in Half], default=Half.BOTH.value,
        help="with --answers: use every second query of each set, in the order of paths. Choose "
        "settings on one half and measure them on the other (default: both)")  # fmt: skip
    add("--model", type=Path, default=DEFAULT_CHECKPOINT, metavar="FILE",
        help="checkpoint or artefact (default: the shipped weights)")  # fmt: skip
    add("--image-size", type=parse_image_size, metavar="N|HxW",
        help="size of the pictures, where --model is a checkpoint (default: 224)")  # fmt: skip
    add("--dim", type=int,
        help="length of the descriptors, where --model is a checkpoint (default: its own)")  # fmt: skip
    add("--scales", type=_scales, default=(1.0,), metavar="multi|N,N,...",
        help="sizes to describe at, as factors; multi is 1, 0.71 and 0.5 (for a checkpoint)")  # fmt: skip
    add("--limit", type=int, metavar="N",
        help="use about N photos of each --data folder: whole instances in a fixed random order, so "
        "that queries keep their positives")  # fmt: skip
    add("--cache", type=Path, metavar="DIR",
        help="folder that keeps descriptors: a second run reads them, and a stopped one resumes")  # fmt: skip
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
    if arguments.data and (arguments.photos or arguments.ground_truth):
        raise ConfigError("--photos and --ground-truth are for --protocol, not for --data")
    if arguments.data and arguments.distractors and not arguments.answers:
        raise ConfigError(
            "--distractors are for --protocol and --answers; "
            "give distractors as one more --data folder whose manifest.csv says so"
        )
    if arguments.protocol and (arguments.answers or len(arguments.distractors) > 1):
        raise ConfigError("--protocol takes one --distractors folder, and no --answers")
    if arguments.data:
        from mobile_actnet.cluster.dataset_photos import data_folders

        arguments.data = data_folders(arguments.data, Role.BOTH.value, sys.stderr.isatty())
    measure = _measure_protocol if arguments.protocol else _measure_folders
    sets, dim = measure(arguments, options)
    choices = _choices(options)
    if choices:
        print("with " + ", ".join(f"{name} {value}" for name, value in choices.items()))
    answers = _measure_answers(arguments, options) if arguments.answers else {}
    if arguments.json:
        report = {"sets": sets, "model": str(arguments.model), "descriptor_dim": dim, **choices}
        report |= {"answers": answers} if answers else {}
        print(json.dumps(report))
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


def _measure_answers(
    arguments: argparse.Namespace, options: EvaluationOptions
) -> dict[str, dict[str, Any]]:
    from mobile_actnet.evaluation.answer_quality import FALSE_SHARES, evaluate_answers

    chosen = AnswerOptions(
        arguments.views,
        not arguments.no_verify,
        arguments.shortlist,
        arguments.turn,
        Half(arguments.half),
    )
    report = evaluate_answers(
        arguments.model, arguments.data, arguments.distractors, options, chosen
    )
    print(
        f"\nright answers, in per cent, with 95 % intervals; views {','.join(map(str, chosen.views))}"
    )
    shares = [f"right at {share:.0%} false" for share in FALSE_SHARES]
    print(f"{'set':12}{'search':13}{'recall@1':>20}{f'in first {chosen.shortlist}':>13}"
          + "".join(f"{name:>22}" for name in shares) + f"{'queries':>9}{'database':>10}")  # fmt: skip
    for name, kinds in report.sets.items():
        for kind, score in kinds.items():
            answers = [_interval(score.right_answers[share]) for share in FALSE_SHARES]
            print(f"{name:12}{kind:13}{_interval(score.recall_at_1):>20}"
                  f"{score.recall_at_shortlist:13.1f}" + "".join(f"{text:>22}" for text in answers)
                  + f"{score.queries:9}{score.database:10}")  # fmt: skip
    for name, kinds in report.sets.items():
        if "verified" in kinds:
            score = kinds["verified"]
            print(f"{name}: {score.certain_early:.1f} % of the queries have a certain answer after {FIRST_VIEWS} views; "
                  f"{score.changed_early} of these have another first hit than with all views")  # fmt: skip
    return {
        name: {kind: asdict(score) for kind, score in kinds.items()}
        for name, kinds in report.sets.items()
    }


def _interval(share: "Share") -> str:
    return f"{share.value:.1f} ({share.low:.1f}-{share.high:.1f})"


def _measure_protocol(
    arguments: argparse.Namespace, options: EvaluationOptions
) -> tuple[dict[str, dict[str, float]], int]:
    from mobile_actnet.evaluation.scoring import evaluate_protocol

    if arguments.photos is None:
        raise ConfigError(f"--protocol {arguments.protocol} needs --photos DIR")
    if options.limit is not None or wanted(arguments):
        raise ConfigError("--limit and the reports are for --data, not for --protocol")
    task = load_task(Protocol(arguments.protocol), arguments.photos, arguments.ground_truth)
    evaluation = evaluate_protocol(
        arguments.model, task,
        arguments.distractors[0] if arguments.distractors else None, options,
    )  # fmt: skip
    for problem in evaluation.problems:
        print(f"skipped: {problem}")
    _print_row("set", "mAP", "recall@1", "recall@10", "queries", "database", "mP@10")
    sets = {}
    for name, score in evaluation.settings.items():
        name = f"{arguments.protocol}/{name}"
        sets[name] = {
            "mAP": score.mean_ap,
            "recall@1": score.recall_at_1,
            "recall@10": score.recall_at_10,
            "queries": score.queries,
            "database": evaluation.database,
            "mP@10": score.precision_at[10],
        }
        _print_row(name, *sets[name].values())
    return sets, evaluation.descriptor_dim


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

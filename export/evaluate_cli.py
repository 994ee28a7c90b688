"""`actnet-evaluate`: mAP and recall of a checkpoint or an artefact on labelled photos.

actnet-evaluate --data smvs/ --data distractors/
actnet-evaluate --data shop/ --model artefacts/mobile_actnet_224x224_fp16.tflite --json
"""

import argparse
import json
import sys
from pathlib import Path

from mobile_actnet.checkpoint import DEFAULT_CHECKPOINT
from mobile_actnet.commands import run
from mobile_actnet.export.cli import parse_image_size
from mobile_actnet.export.evaluate import evaluate_model


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="actnet-evaluate",
        description="Measure how well a model finds the right picture. Databases and distractors "
        "of all folders are searched together; each folder's queries are reported for themselves.",
    )
    add = parser.add_argument
    add("--data", type=Path, action="append", required=True, metavar="DIR",
        help="folder with a manifest.csv (path,instance,role); may repeat")  # fmt: skip
    add("--model", type=Path, default=DEFAULT_CHECKPOINT, metavar="FILE",
        help="checkpoint or artefact (default: the shipped weights)")  # fmt: skip
    add("--image-size", type=parse_image_size, metavar="N|HxW", help="for a checkpoint")
    add("--dim", type=int, help="for a checkpoint")
    add("--json", action="store_true", help="end with one line of JSON, in per cent")
    arguments = parser.parse_args(argv)
    return run(lambda: _evaluate(arguments))


def _evaluate(arguments: argparse.Namespace) -> int:
    evaluation = evaluate_model(
        arguments.model,
        arguments.data,
        arguments.image_size,
        arguments.dim,
        progress=sys.stderr.isatty(),
    )
    for problem in evaluation.problems:
        print(f"skipped: {problem}")
    print(f"{'set':20} {'mAP':>6} {'recall@1':>9} {'recall@10':>10} {'queries':>8} {'database':>9}")
    for name, score in evaluation.sets.items():
        print(
            f"{name:20} {score.mean_ap:6.2f} {score.recall_at_1:9.2f} {score.recall_at_10:10.2f} "
            f"{score.queries:8} {score.database:9}"
        )
    if arguments.json:
        sets = {
            name: {
                "mAP": score.mean_ap,
                "recall@1": score.recall_at_1,
                "recall@10": score.recall_at_10,
                "queries": score.queries,
                "database": score.database,
            }
            for name, score in evaluation.sets.items()
        }
        told = {
            "sets": sets,
            "model": str(arguments.model),
            "descriptor_dim": evaluation.descriptor_dim,
        }
        print(json.dumps(told))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""What each least similarity of a match means: answered rightly, wrongly, or not at all.

    .venv/bin/python android_demo/tools/threshold.py --model MODEL.tflite --data smvs_dev/

Each query is searched twice: among all of the set's database, and among what is left without its own
thing, as if someone pointed the phone at something that is not in the gallery.
"""

import argparse
import csv
import sys
from pathlib import Path

import numpy as np

from mobile_actnet.export.manifest import load
from mobile_actnet.export.runtimes import Descriptors, TfliteRuntime
from mobile_actnet.preprocessing import load_image

THRESHOLDS = (0.35, 0.45, 0.55, 0.65)


def main() -> int:
    """Print a line for each threshold, in per cent of the queries."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="with a manifest.csv")
    options = parser.parse_args()
    with (options.data / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    queries = [row for row in rows if row["role"] == "query"]
    database = [row for row in rows if row["role"] == "database"]
    similarities = (
        _describe(options.model, options.data, queries)
        @ _describe(options.model, options.data, database).T
    )
    same = np.array([[q["instance"] == d["instance"] for d in database] for q in queries])
    best = similarities.max(axis=1)
    right = same[np.arange(len(queries)), similarities.argmax(axis=1)]
    unknown = np.where(same, -np.inf, similarities).max(axis=1)
    print("least similarity | right | wrong | no answer | answered though not in the gallery")
    for threshold in THRESHOLDS:
        shares = (right & (best >= threshold), ~right & (best >= threshold), best < threshold,
                  unknown >= threshold)  # fmt: skip
        print(" | ".join([str(threshold), *(f"{100 * share.mean():.0f}" for share in shares)]))
    return 0


def _describe(model: Path, folder: Path, rows: list[dict[str, str]]) -> Descriptors:
    runtime, size = TfliteRuntime(model, 1), load(model)["preprocessing"]
    return np.stack([
        runtime.describe(load_image(folder / row["path"], size["height"], size["width"])[None])[0]
        for row in rows
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())

"""What calibrated thresholds do with real photos: answered rightly, wrongly, or not at all.

    .venv/bin/python android_demo/tools/threshold.py --model MODEL.tflite --data smvs_dev/

A gallery is made of the set's database, or of its queries where they are both, and calibrated
(mobile_actnet/gallery/answers/answer_threshold.py). Then each query is searched for twice: in the whole gallery but
itself, and in what is left without its own thing, as if someone pointed the phone at something
that is not in the gallery.
"""

import argparse
import csv
import sys
import tempfile
from pathlib import Path

import numpy as np

from mobile_actnet.descriptors import Descriptors
from mobile_actnet.gallery.answers.answer_scores import BestMatches, BestSoFar, Measure
from mobile_actnet.gallery.answers.answer_threshold import calibrate
from mobile_actnet.gallery.indexing.index_options import IndexOptions
from mobile_actnet.gallery.indexing.indexer import build
from mobile_actnet.gallery.sqlite import storage as descriptor_storage
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.pictures.preprocessing import load_image
from mobile_actnet.runtime.manifest import load
from mobile_actnet.runtime.tflite.litert_runtime import TfliteRuntime

Row = dict[str, str]


def main() -> int:
    """Print a line for each measure and threshold, in per cent of the queries."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="with a manifest.csv")
    options = parser.parse_args()
    with (options.data / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    queries = [row for row in rows if row["role"] in ("query", "both")]
    with tempfile.TemporaryDirectory(prefix="actnet-threshold-") as folder:
        gallery = _build(options.data, options.model, rows, Path(folder))
        calibrated = calibrate(gallery)
        known, unknown = _search(gallery, queries, _describe(options.model, options.data, queries))
    print(f"{len(queries)} queries, {calibrated['pictures']} pictures; calibrated on "
          f"{calibrated['captures']} captures; the app uses {calibrated['measure']}")  # fmt: skip
    print("measure | asked for | least | right | wrong | no answer | answered though not in it")
    for measure in Measure:
        for row in calibrated["thresholds"][measure]:
            least, score = row["least"], known.score(measure)
            answered, strangers = score >= least, unknown.score(measure) >= least
            shares = (known.right & answered, ~known.right & answered, ~answered, strangers)
            figures = [f"{100 * share.mean():.0f}" for share in shares]
            asked = f"{100 * row['false_answers']:.0f}"
            print(" | ".join([measure, asked, f"{least:.2f}", *figures]))
    return 0


def _build(data: Path, model: Path, rows: list[Row], folder: Path) -> Path:
    labels = ["path,label"]
    for row in rows:
        if row["role"] in ("database", "both"):
            link = folder / "photos" / row["path"]
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to((data / row["path"]).resolve())
            labels.append(f'"{row["path"]}","{row["instance"]}"')
    (folder / "labels.csv").write_text("\n".join(labels))
    options = IndexOptions(thumbnail_side_px=0, labels=folder / "labels.csv")
    return build(folder / "photos", model, folder / "gallery.sqlite", options).gallery


def _search(
    gallery: Path, queries: list[Row], descriptors: Descriptors
) -> tuple[BestMatches, BestMatches]:
    with GalleryReader(gallery) as reader:
        pictures, storage = list(reader.all_pictures()), reader.info.storage
        database = descriptor_storage.decode(reader.load()[1])
    stored = descriptor_storage.decode(descriptor_storage.encode(descriptors, storage))
    similarities = (stored @ database.T).astype(np.float64)
    same = np.array([[q["instance"] == p.label for p in pictures] for q in queries])
    itself = np.array([[q["path"] == p.path for p in pictures] for q in queries])
    known, unknown = BestSoFar(len(queries)), BestSoFar(len(queries))
    known.add(similarities, same, ~itself)
    unknown.add(similarities, same, ~same)
    return known.result(), unknown.result()


def _describe(model: Path, folder: Path, rows: list[Row]) -> Descriptors:
    runtime, size = TfliteRuntime(model, 1), load(model)["preprocessing"]
    return np.stack([
        runtime.describe(load_image(folder / row["path"], size["height"], size["width"])[None])[0]
        for row in rows
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())

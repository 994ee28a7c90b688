"""Hold the extraction in C to OpenCV's on photos: the features, the answers, and the time.

    OMP_NUM_THREADS=1 .venv/bin/python android_demo/tools/extraction_benchmark.py ARTEFACT.tflite FOLDER [QUERIES]

FOLDER has a manifest.csv (path, instance, role) with `database` and `query` photos, as smvs_dev has. Of every n-th query,
QUERIES (60) in all, the features by C are compared with those by OpenCV, and so are the answers that they give
against galleries by OpenCV: standard views, shortlist of 20, verification, as in the apps. Times are those of the
processor, one thread, so that other programs count little.
"""

import csv
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from opencv_features import extract_by_opencv
from PIL import Image

from mobile_actnet.gallery.answers.verification import Verifier
from mobile_actnet.gallery.answers.verified_ranking import fused_scores
from mobile_actnet.pictures.local_features import (
    GALLERY_EXTRACTION,
    QUERY_EXTRACTION,
    LocalFeatures,
    extract,
)
from mobile_actnet.pictures.preprocessing import decode, resize
from mobile_actnet.pictures.views import VIEW_SETS, view_pictures
from mobile_actnet.runtime.manifest import load
from mobile_actnet.runtime.tflite.litert_runtime import TfliteRuntime

SHORTLIST = 20

# 1.5 pixels, 20 % of the size, 10 degrees, in the units of local features.
NEAR_POSITION, NEAR_SIZE, NEAR_ANGLE = 24, 4, 7


class Photos:
    """A set's database, described and with features by OpenCV."""

    def __init__(self, folder: Path, artefact: Path, most_queries: int) -> None:
        with (folder / "manifest.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        queries = [row for row in rows if row["role"] == "query"]
        self.queries = queries[:: max(1, len(queries) // most_queries)][:most_queries]
        self.folder = folder
        self._runtime = TfliteRuntime(artefact, 1)
        self._size = load(artefact)["preprocessing"]
        database = [row for row in rows if row["role"] == "database"]
        self.instances = [row["instance"] for row in database]
        pictures = [decode(folder / row["path"]) for row in database]
        self.descriptors = np.concatenate([self.describe(picture) for picture in pictures])
        self.features = [extract_by_opencv(picture, GALLERY_EXTRACTION) for picture in pictures]

    def describe(self, picture: Image.Image) -> NDArray[np.float32]:
        """Describe a picture, (1, D)."""
        pixels = resize(picture, self._size["height"], self._size["width"])
        return self._runtime.describe(pixels[None])

    def shortlist(self, photo: Image.Image) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return rows and similarities of the pictures that are most similar to any view."""
        views = [self.describe(view) for view in view_pictures(photo, VIEW_SETS["standard"])]
        best = (self.descriptors @ np.concatenate(views).T).max(axis=1).astype(np.float64)
        rows = np.argsort(-best, kind="stable")[:SHORTLIST]
        return rows, best[rows]

    def answer(
        self, shortlist: tuple[NDArray[np.int64], NDArray[np.float64]], photo: LocalFeatures
    ) -> tuple[str, int, int]:
        """Return the first hit's instance and inliers, and the most inliers of any picture."""
        rows, similarities = shortlist
        verifier = Verifier(photo)
        inliers = np.array([verifier.verify(self.features[row]).inliers for row in rows])
        best = int(np.argmax(fused_scores(similarities, inliers)))
        return self.instances[rows[best]], int(inliers[best]), int(inliers.max())


def agreement(expected: LocalFeatures, found: LocalFeatures) -> list[int]:
    """Return the differing bits for each expected feature that has one at its place."""
    places = np.abs(expected.positions[:, None].astype(int) - found.positions[None])
    sizes = np.abs(expected.sizes[:, None].astype(int) - found.sizes[None])
    turns = np.abs((expected.angles[:, None].astype(int) - found.angles[None] + 128) % 256 - 128)
    fits = (places**2).sum(axis=2) <= NEAR_POSITION**2
    fits &= (sizes <= NEAR_SIZE) & (turns <= NEAR_ANGLE)
    bits = np.bitwise_count(expected.codes[:, None] ^ found.codes[None]).sum(axis=2, dtype=int)
    return np.where(fits, bits, 999).min(axis=1)[fits.any(axis=1)].tolist()


def main() -> int:
    """Measure and print."""
    if os.environ.get("OMP_NUM_THREADS") != "1" or len(sys.argv) not in (3, 4):
        print("usage: OMP_NUM_THREADS=1 extraction_benchmark.py ARTEFACT.tflite FOLDER [QUERIES]", file=sys.stderr)  # fmt: skip
        return 2
    cv2.setNumThreads(1)
    photos = Photos(Path(sys.argv[2]), Path(sys.argv[1]), int(sys.argv[3]) if sys.argv[3:] else 60)
    _compare(photos)
    return 0


def _compare(photos: Photos) -> None:
    shares, bits, answers, times = [], [], [], []
    for row in photos.queries:
        photo = decode(photos.folder / row["path"])
        by_opencv, opencv_ms = _timed(partial(extract_by_opencv, photo, QUERY_EXTRACTION))
        in_c, c_ms = _timed(partial(extract, photo, QUERY_EXTRACTION))
        _, described_ms = _timed(partial(photos.describe, photo))
        differing = agreement(by_opencv, in_c)
        shares.append(len(differing) / max(1, len(by_opencv)))
        bits += differing
        shortlist = photos.shortlist(photo)
        answers.append((row["instance"], photos.answer(shortlist, by_opencv), photos.answer(shortlist, in_c)))  # fmt: skip
        times.append((opencv_ms, c_ms, described_ms))
    print(f"{len(shares)} photos: {100 * np.mean(shares):.2f} % of OpenCV's features have one of C at their place "
          f"(worst photo {100 * min(shares):.2f} %), median {np.median(bits):.0f} and mean {np.mean(bits):.3f} "
          f"differing bits of 128")  # fmt: skip
    named = {
        "OpenCV": [(row[0], row[1]) for row in answers],
        "C": [(row[0], row[2]) for row in answers],
    }
    for name, found in named.items():
        inliers = [hit[1] for instance, hit in found if hit[0] == instance]
        print(f"{name}: {len(inliers)} of {len(found)} first hits are right, with {np.mean(inliers):.2f} inliers on average")  # fmt: skip
    same = sum(one[0] == other[0] for _, one, other in answers)
    apart = [abs(one[1] - other[1]) for _, one, other in answers if one[0] == other[0]]
    print(f"{same} of {len(answers)} first hits are the same; their inliers differ by {np.mean(apart):.2f}, at most {max(apart)}")  # fmt: skip
    opencv_ms, c_ms, described_ms = np.median(times, axis=0)
    print(f"a photo: OpenCV {opencv_ms:.1f} ms, C {c_ms:.1f} ms, one description {described_ms:.1f} ms, "
          f"ratio of C to one description {c_ms / described_ms:.2f}")  # fmt: skip


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what comes out, and the processor's milliseconds: the least of three runs."""
    took = []
    for _ in range(3):
        start = time.thread_time()
        result = work()
        took.append((time.thread_time() - start) * 1e3)
    return result, min(took)


if __name__ == "__main__":
    sys.exit(main())

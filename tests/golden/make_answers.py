"""Make the golden answers: a gallery of version 2, photos, and the hits that must come first.

    python tests/golden/make_answers.py

The gallery's local features and the photos' are those of `verification`; descriptors come from one seed.
The expected order is written from docs/verification.md, not taken from the search of this project.
"""

import hashlib
import json
import math
import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.gallery.answers.verification import Verification, Verifier
from mobile_actnet.gallery.sqlite.changes import list_photos
from mobile_actnet.gallery.sqlite.schema import GalleryModel
from mobile_actnet.gallery.sqlite.storage import Storage, encode
from mobile_actnet.gallery.sqlite.writer import (
    DescribedPhoto,
    GallerySettings,
    GalleryWriter,
    PictureDetails,
    create,
)
from mobile_actnet.pictures.items import Catalogue, Item
from mobile_actnet.pictures.local_features import LocalFeatures

GOLDEN = Path(__file__).parent
FOLDER = GOLDEN / "answers"
DIM, PICTURES, TOP, SHORTLIST, VERIFIED_FROM = 16, 26, 24, 20, 5.3
MODEL = GalleryModel(
    "golden.tflite", "tflite", "fp16", "ab" * 32, "pillow-bilinear", 1, 64, 64, DIM
)

# Which picture of the golden pairs a picture of the gallery shows; 9 and 21 are twins, others have none.
SHOWN = {9: "upright", 21: "upright", 4: "shared_logo", 15: "plain_picture", 2: "another_thing"}

# Two pictures of one thing in two languages, and a thing of which only the name is known.
CATALOGUE = Catalogue(
    {
        "poster": Item("poster", {"de": {"title": "Plakat"}, "en": {"maker": "Nobody", "title": "Poster"}}),
        "plain": Item("plain"),
    },
    {"drawn/p09.png": "poster", "drawn/p21.png": "poster", "drawn/p15.png": "plain"},
)  # fmt: skip

PHOTOS = ("slanted", "dark", "small", "shared_logo", "plain_photo")


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    pairs = {
        pair["name"]: pair
        for pair in json.loads((GOLDEN / "verification/index.json").read_text())["pairs"]
    }
    features = {number: _features(pairs[name]["picture"]) for number, name in SHOWN.items()}
    rng = np.random.default_rng(28)
    descriptors = _unit(rng.standard_normal((PICTURES, DIM)))
    descriptors[21 - 1] = descriptors[9 - 1]
    _write_gallery(descriptors, features)
    answers = [_answer(pairs[name]["photo"], descriptors, features, rng) for name in PHOTOS]
    index = {
        "gallery": "gallery.sqlite",
        "shortlist": SHORTLIST,
        "verified_from": VERIFIED_FROM,
        "items": {
            str(number): {"name": item.name, "fields": item.fields}
            for number, item in ((9, CATALOGUE.items["poster"]), (15, CATALOGUE.items["plain"]))
        },
        "answers": answers,
    }
    (FOLDER / "index.json").write_text(json.dumps(index, indent=1) + "\n")


def _write_gallery(descriptors: NDArray, features: dict[int, LocalFeatures]) -> None:
    path = FOLDER / "gallery.sqlite"
    create(path, MODEL, GallerySettings(Storage.INT8, 0, "photos", "m.tflite", "", True), "golden")
    stored = encode(descriptors, Storage.INT8)
    with GalleryWriter(path) as writer:
        list_photos(writer, [])
        with writer.transaction():
            for number in range(1, PICTURES + 1):
                writer.store(
                    DescribedPhoto(
                        f"drawn/p{number:02}.png", 100, number,
                        hashlib.sha256(bytes([number])).digest(), 360, 480,
                        float(stored.scales[number - 1]), stored.values[number - 1].tobytes(), None,
                        PictureDetails(features.get(number)),
                    )
                )  # fmt: skip
            writer.connection.execute(
                "UPDATE setting SET value = ? WHERE name = 'verified_from'", (str(VERIFIED_FROM),)
            )
            writer.advance()
        writer.store_items(CATALOGUE)


def _answer(
    photo: dict, descriptors: NDArray, features: dict[int, LocalFeatures], rng: np.random.Generator
) -> dict:
    """Search with three views: the thing is among the first, other pictures are more similar."""
    shown = _unit(descriptors[9 - 1] + 0.45 * rng.standard_normal((1, DIM)))
    views = _unit(np.concatenate([shown, rng.standard_normal((2, DIM))])).astype(np.float32)
    asked, stored = encode(views, Storage.INT8), encode(descriptors, Storage.INT8)
    found = []
    verifier = Verifier(_features(photo))
    for number in range(1, PICTURES + 1):
        row = stored.values[number - 1].tolist()
        similarity = max(
            sum(a * b for a, b in zip(values, row, strict=True)) * scale * stored.scales[number - 1]
            for values, scale in zip(asked.values.tolist(), asked.scales, strict=True)
        )
        found.append((-float(similarity), number))
    found.sort()
    hits = []
    for place, (negative, number) in enumerate(found[:TOP]):
        result = None
        if place < SHORTLIST:
            known = features.get(number)
            result = verifier.verify(known) if known is not None else Verification(0)
        hits.append(_hit(-negative, number, result))
    largest = hits[0]["similarity"]
    first = sorted(hits[:SHORTLIST], key=lambda hit: (-_score(hit, largest), hit["id"]))
    return {
        "photo": {**photo, "file": f"../verification/{photo['file']}"},
        "views": views.tolist(),
        "hits": first + hits[SHORTLIST:],
    }


def _hit(similarity: float, number: int, result: Verification | None) -> dict:
    """Return what a search must say of a picture; inliers are null where it was not compared."""
    outline = None
    if result is not None and result.outline is not None:
        outline = result.outline.round(3).tolist()
    inliers = None if result is None else result.inliers
    return {
        "id": number,
        "similarity": similarity,
        "inliers": inliers,
        "verified": (inliers or 0) * max(0.0, similarity) >= VERIFIED_FROM,
        "outline": outline,
    }


def _score(hit: dict, largest: float) -> float:
    if largest - hit["similarity"] > (0.03 if largest >= 0.7 else 0.2):
        return hit["similarity"]
    return hit["similarity"] + 0.15 * math.log(1 + max(0, min(hit["inliers"], 25) - 3))


def _features(stored: dict) -> LocalFeatures:
    return LocalFeatures.from_bytes(
        (GOLDEN / "verification" / stored["file"]).read_bytes(), *stored["size"]
    )


def _unit(rows: NDArray) -> NDArray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


if __name__ == "__main__":
    main()

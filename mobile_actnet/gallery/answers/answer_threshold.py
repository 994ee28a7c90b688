"""From which score on a match is an answer, and below it "nothing similar": calibrated per gallery.

    calibrated = calibrate(Path("shop.sqlite"))        actnet-index calibrate shop.sqlite -o thresholds.json

No gallery comes with photos of things that are not in it. So its own pictures are photographed by
an imagined phone (captures.py), and each capture is searched for twice: in all of the gallery, and
in what is left without the thing that it shows. What is answered the second time is a false
answer; the threshold is the lowest with at most so many of them. docs/decisions/0027 has what that
gives for real photos.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from mobile_actnet.errors import ActnetError, UnreadablePictureError
from mobile_actnet.gallery.answers.answer_scores import BestMatches, Measure, known_and_unknown
from mobile_actnet.gallery.answers.thresholds_file import SCHEMA
from mobile_actnet.gallery.model import identify_as, opened
from mobile_actnet.gallery.sqlite import storage as stored
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.schema import from_gallery
from mobile_actnet.pictures.preprocessing import decode, resize
from mobile_actnet.training.phone_captures import capture

FALSE_ANSWERS = (0.01, 0.05, 0.1, 0.2)
"""Shares of photos of unknown things that may be answered, which an app lets people choose from."""

DISTINCTNESS_FROM = 10
"""Pictures of a gallery; the mean and deviation of fewer say little."""

CAPTURES = 600
"""Enough to measure a share of one in a hundred."""

_MOST_PICTURES = 300
_LONGEST_SIDE_PX = 1024
_DIGITS = 4


def calibrate(
    gallery: Path,
    model: Path | None = None,
    seed: int = 0,
    captures: int = CAPTURES,
    progress: bool = False,
) -> dict[str, Any]:
    """Calibrate a gallery.

    Args:
        gallery: with its photos where it was made from. model: where it is now, if elsewhere.
        seed: of the choice of pictures and of the captures.
        captures: at least so many are made; each of the chosen pictures has as many.
        progress: whether to draw a bar.

    Returns:
        JSON: `thresholds` by measure and share of false answers, and the `measure` to use.

    Raises:
        ActnetError: the gallery, the model or all photos are missing or damaged, or all pictures
            show the same.
    """
    with GalleryReader(gallery) as reader, reader.one_moment():
        things = _numbers_of_things(reader)
        ids, descriptors = _photograph(
            reader, model, captures, np.random.default_rng(seed), progress
        )
        known, unknown = known_and_unknown(
            descriptors, stored.decode(reader.stored(ids)[1]),
            np.array([things[number] for number in ids]), _blocks(reader, things),
        )  # fmt: skip
        if not np.isfinite(unknown.similarity).any():
            raise ActnetError(
                f"{gallery} shows only one thing; a threshold needs two or more: add pictures of other things"
            )
        return {
            "schema": SCHEMA,
            "model_sha256": reader.info.model_sha256,
            "pictures": len(things),
            "captures": len(ids),
            "measure": measure_for(len(things)),
            "thresholds": {measure: _thresholds(measure, known, unknown) for measure in Measure},
        }


def measure_for(pictures: int) -> Measure:
    """Return what the matches in a gallery of so many pictures are judged by."""
    return Measure.DISTINCTNESS if pictures >= DISTINCTNESS_FROM else Measure.SIMILARITY


def threshold(scores: NDArray[np.float64], share: float) -> float:
    """Return the lowest threshold, in 1/10000, that at most a share of the scores reach.

    Args:
        share: 0 to below 1.
    """
    ordered = np.sort(scores)[::-1]
    allowed = math.floor(share * len(scores) + 1e-9)
    return (math.floor(ordered[allowed] * 10**_DIGITS) + 1) / 10**_DIGITS


def _thresholds(
    measure: Measure, known: BestMatches, unknown: BestMatches
) -> list[dict[str, float]]:
    scores, rows = known.score(measure), []
    strangers = unknown.score(measure)[np.isfinite(unknown.similarity)]
    for share in FALSE_ANSWERS:
        least = threshold(strangers, share)
        answered = scores >= least
        rows.append({
            "false_answers": share, "least": least,
            "right_answers": round(float((known.right & answered).mean()), _DIGITS),
            "wrong_answers": round(float((~known.right & answered).mean()), _DIGITS),
        })  # fmt: skip
    return rows


def _photograph(
    reader: GalleryReader,
    model: Path | None,
    captures: int,
    rng: np.random.Generator,
    progress: bool,
) -> tuple[list[int], NDArray[np.float32]]:
    """Photograph pictures of a gallery, several times each where they are few.

    Returns:
        ids: Q, of the pictures. descriptors: (Q, D) of the captures.
    """
    info = reader.info
    path = model or from_gallery(reader.path, info.model_path)
    describe = opened(path, identify_as(path, info, reader.path))
    photos = _some_photos(reader, rng)
    side = max(info.height_px, info.width_px)
    ids, descriptors = [], []
    places = list(range(len(photos))) * math.ceil(captures / len(photos))
    for place in tqdm(places, unit="capture", disable=not progress, leave=False):
        number, photo = photos[place]
        background = photos[place - int(rng.integers(1, max(2, len(photos))))][1]
        pixels = Image.fromarray(capture(photo, background, rng, side))
        descriptors.append(describe(resize(pixels, info.height_px, info.width_px)[None])[0])
        ids.append(number)
    return ids, np.stack(descriptors)


def _some_photos(reader: GalleryReader, rng: np.random.Generator) -> list[tuple[int, Image.Image]]:
    """Decode some of a gallery's photos, with their ids; those that have gone since are left out."""
    pictures = list(reader.all_pictures())
    folder = from_gallery(reader.path, reader.info.photos_path)
    photos = []
    for place in rng.permutation(len(pictures))[:_MOST_PICTURES].tolist():
        try:
            photo = decode(folder / pictures[place].path)
        except UnreadablePictureError:
            continue
        photo.thumbnail((_LONGEST_SIDE_PX, _LONGEST_SIDE_PX))
        photos.append((pictures[place].id, photo))
    if not photos:
        raise ActnetError(
            f"none of the photos of {reader.path} can be read below {folder}; is its disk connected?"
        )
    return photos


def _numbers_of_things(reader: GalleryReader) -> dict[int, int]:
    """Number what pictures show, by their id: by labels, an unlabelled picture is a thing alone."""
    things: dict[str | int, int] = {}
    return {
        picture.id: things.setdefault(picture.label or picture.id, len(things))
        for picture in reader.all_pictures()
    }


def _blocks(
    reader: GalleryReader, things: dict[int, int]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    for ids, descriptors in reader.blocks():
        yield np.array([things[number] for number in ids.tolist()]), stored.decode(descriptors)

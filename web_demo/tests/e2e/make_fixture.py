"""Build what the browser's tests are held against: the museum's gallery, and what Python says of its photos.

    .venv/bin/python web_demo/tests/e2e/make_fixture.py FOLDER

FOLDER gets what make_demo.py draws, `museum.sqlite`, `smaller.sqlite` (an older state, without two pictures),
`described/` (RGB bytes of the model's size), `large.jpg` (a photo at 108 megapixels) and `expected.json`: the descriptor of each, and each photo's first hit.
"""

import json
import shutil
import sqlite3
import sys
from pathlib import Path

import numpy as np
from make_demo import main as make_demo
from PIL import Image

from mobile_actnet.export.export_request import ExportRequest
from mobile_actnet.export.pipeline import export_artefacts
from mobile_actnet.gallery.gallery import Gallery
from mobile_actnet.gallery.hits import SearchOptions
from mobile_actnet.gallery.indexing.index_options import IndexOptions
from mobile_actnet.pictures.preprocessing import load_image
from mobile_actnet.runtime.generated_pictures import golden_picture
from mobile_actnet.runtime.runtimes import open_artefact
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision

# What `actnet index calibrate` finds for these pictures, in a minute.
_VERIFIED_FROM = 4.1
_LEFT_OUT = 2
_SIDE = 224
_LARGE_PIXELS = 108_000_000


def main(folder: Path) -> None:
    """Write everything."""
    make_demo(folder)
    artefact = folder / "museum_int8.tflite"
    export_artefacts(
        ExportRequest(
            formats=(Format.TFLITE,), precision=Precision.INT8, output=artefact, overwrite=True
        )
    )
    options = IndexOptions(overwrite=True, workers=1, items=folder / "items.csv", page_side_px=480)
    smaller = folder / "fewer"
    shutil.copytree(folder / "pictures", smaller)
    for picture in sorted(smaller.iterdir())[-_LEFT_OUT:]:
        picture.unlink()
    Gallery.build(smaller, artefact, folder / "smaller.sqlite", options).close()
    with Gallery.build(folder / "pictures", artefact, folder / "museum.sqlite", options) as gallery:
        _calibrate(folder / "museum.sqlite")
        photos = sorted((folder / "photos").iterdir())
        answers = list(gallery.answer(photos, SearchOptions(top=1)))
    hits = {
        answer.picture.name: {
            "path": answer.hits[0].path, "similarity": answer.hits[0].similarity,
            "verified": answer.hits[0].verified, "inliers": answer.hits[0].inliers,
        }
        for answer in answers
    }  # fmt: skip
    _enlarge(folder / "photos" / "03.jpg", folder / "large.jpg")
    expected = {"descriptors": _described(folder, artefact, photos[:3]), "hits": hits}
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")


def _enlarge(photo: Path, output: Path) -> None:
    with Image.open(photo) as image:
        scale = (_LARGE_PIXELS / (image.width * image.height)) ** 0.5
        size = round(image.width * scale), round(image.height * scale)
        image.resize(size, Image.Resampling.BICUBIC).save(output, quality=80)


def _calibrate(gallery: Path) -> None:
    connection = sqlite3.connect(gallery)
    with connection:
        connection.execute(
            "UPDATE setting SET value = ? WHERE name = 'verified_from'", (str(_VERIFIED_FROM),)
        )
    connection.close()


def _described(folder: Path, artefact: Path, photos: list[Path]) -> dict[str, list[float]]:
    pixels = [
        golden_picture(ImageSize(_SIDE, _SIDE)),
        *(load_image(photo, _SIDE, _SIDE) for photo in photos),
    ]
    descriptors = open_artefact(artefact).describe(np.stack(pixels))
    (folder / "described").mkdir()
    for number, picture in enumerate(pixels):
        (folder / "described" / f"{number}.rgb").write_bytes(picture.tobytes())
    return {f"{number}.rgb": row.tolist() for number, row in enumerate(descriptors)}


if __name__ == "__main__":
    main(Path(sys.argv[1]))

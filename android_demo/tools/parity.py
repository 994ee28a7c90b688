"""What Python finds with an artefact, for the tests of the engine in Kotlin to find again."""

import csv
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from assets import GALLERY, command
from PIL import Image

from mobile_actnet.gallery.exact_search import search_exact
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.storage import encode
from mobile_actnet.pictures.preprocessing import decode, resize
from mobile_actnet.runtime.manifest import load
from mobile_actnet.runtime.tflite.litert_runtime import TfliteRuntime

HITS = 10


@dataclass(frozen=True)
class PhotoSet:
    """Photos to compare on.

    Attributes:
        database: folder that becomes a gallery. queries: photos that are searched for.
    """

    database: Path
    queries: list[Path]


def photos_of_smvs(folder: Path, work: Path) -> PhotoSet:
    """Take the roles of a set with a `manifest.csv`; the database is linked below `work`."""
    with (folder / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    database = work / "database"
    for row in rows:
        if row["role"] == "database":
            link = database / row["path"]
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(folder / row["path"])
    return PhotoSet(database, [folder / row["path"] for row in rows if row["role"] == "query"])


def golden_photos(folder: Path) -> PhotoSet:
    """Take every golden picture as query and as database."""
    return PhotoSet(folder, sorted(folder.iterdir()))


def write_parity(artefact: Path, photos: PhotoSet, folder: Path) -> None:
    """Write `parity.json`, a gallery and the decoded queries below `folder`.

    Each of `queries` has `file` (RGB bytes, row by row), `width`, `height`, `descriptor` and `hits`:
    ids of the gallery's nearest pictures, best first.
    """
    gallery = folder / GALLERY
    command("actnet-index", "build", photos.database, "--model", artefact, "-o", gallery,
            "--thumbnails", 0)  # fmt: skip
    runtime = TfliteRuntime(artefact, 1)
    size = load(artefact)["preprocessing"]
    queries = []
    with GalleryReader(gallery) as reader:
        ids, stored = reader.load()
        for number, path in enumerate(photos.queries):
            picture = decode(path)
            name = _write(picture, folder / f"{number}.rgb")
            descriptor = runtime.describe(resize(picture, size["height"], size["width"])[None])
            ranking = search_exact(stored, encode(descriptor, reader.info.storage), HITS)
            queries.append({
                "file": name, "width": picture.width, "height": picture.height,
                "descriptor": [float(value) for value in descriptor[0]],
                "hits": [int(ids[place]) for place in ranking.positions[0]],
            })  # fmt: skip
    (folder / "parity.json").write_text(json.dumps({"gallery": gallery.name, "queries": queries}))


def fresh_folder(folder: Path) -> Path:
    """Return an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _write(picture: Image.Image, path: Path) -> str:
    path.write_bytes(np.asarray(picture).tobytes())
    return path.name

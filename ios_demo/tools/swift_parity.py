"""Hold the Swift program to Python: descriptors of the same artefact, rankings of the same gallery.

    .venv/bin/python ios_demo/tools/swift_parity.py FOLDER [PHOTOS]

FOLDER, inside ios_demo, is for the artefact (exported there unless it is there already), a gallery
and pixmaps. PHOTOS is a folder of photos; generated pictures where it is not given.
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from swift_program import run_program

from mobile_actnet.export import ExportRequest, Format, Gallery, export_artefacts
from mobile_actnet.gallery.hits import SearchOptions
from mobile_actnet.pictures.preprocessing import decode, resize
from mobile_actnet.pictures.views import VIEW_SETS
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.runtimes import open_artefact
from mobile_actnet.runtime.vocabulary import ImageSize

TOLERANCE = 1e-5
TOP = 10


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    model = _artefact(folder)
    photos = Path(sys.argv[2]) if len(sys.argv) > 2 else _generated(folder)
    gallery = folder / "gallery.sqlite"
    gallery.unlink(missing_ok=True)
    with Gallery.build(photos, model, gallery) as index:
        paths = sorted(
            path.relative_to(photos)
            for path in photos.rglob("*")
            if path.suffix in (".jpg", ".png")
        )
        pixmaps = [_pixmap(photos / path, folder / f"{n}.ppm") for n, path in enumerate(paths)]
        print(_descriptors(model, [photos / path for path in paths], pixmaps))
        print(_rankings(index, model, [photos / path for path in paths], pixmaps))
    for pixmap in pixmaps:
        pixmap.unlink()


def _artefact(folder: Path) -> Path:
    found = sorted(folder.glob("*.tflite"))
    if found:
        return found[0]
    (result,) = export_artefacts(ExportRequest(formats=(Format.TFLITE,), output=folder))
    return result.path


def _generated(folder: Path) -> Path:
    photos = folder / "photos"
    photos.mkdir(exist_ok=True)
    for number, pixels in enumerate(generated_pictures(24, ImageSize(256, 320))):
        Image.fromarray(pixels).save(photos / f"{number:02}.png")
    return photos


def _pixmap(photo: Path, target: Path) -> Path:
    decode(photo).save(target)
    return target


def _swift(*words: object) -> list[dict]:
    """Return what the Swift program printed, a JSON object each line."""
    done = run_program(*words)
    if done.returncode:
        sys.exit(f"FAILED {words[:2]}: {done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _descriptors(model: Path, photos: list[Path], pixmaps: list[Path]) -> str:
    manifest = json.loads(model.with_name(model.name + ".json").read_text())
    height, width = (manifest["preprocessing"][side] for side in ("height", "width"))
    pixels = np.stack([resize(decode(photo), height, width) for photo in photos])
    expected = open_artefact(model, num_threads=1).describe(pixels)
    found = np.array([line["descriptor"] for line in _swift("describe", model, *pixmaps)])
    difference = float(np.abs(found - expected).max())
    if not difference <= TOLERANCE:
        sys.exit(f"FAILED descriptors differ by {difference:.2e}; {TOLERANCE} is allowed")
    return f"{len(photos)} descriptors: largest difference from Python {difference:.1e}"


def _rankings(index: Gallery, model: Path, photos: list[Path], pixmaps: list[Path]) -> str:
    lines = _swift("search", index.path, model, *pixmaps, "--top", TOP)
    # The program has no views: it searches with the whole photo.
    found = index.search_pictures(photos, SearchOptions(TOP, views=VIEW_SETS["none"], verify=False))
    for photo, line, hits in zip(photos, lines, found, strict=True):
        expected = [hit.picture_id for hit in hits]
        if [hit["id"] for hit in line["hits"]] != expected:
            sys.exit(f"FAILED {photo} ranks otherwise than in Python: {line['hits']}, {expected}")
    return f"{len(photos)} rankings of {TOP} hits: equal to Python's"


if __name__ == "__main__":
    main()

"""Measure the page against Python on the same machine: answers, times, bytes.

    .venv/bin/python web_demo/tools/measure.py shop.sqlite PHOTOS [--limit 100] [--flags=...]
    .venv/bin/python web_demo/tools/measure.py pictures/ PHOTOS --check

A folder of pictures is indexed first, with the shipped weights as int8, exported on the spot; PICTURES and PHOTOS may be
several folders under one, as in `smvs_dev/*/database smvs_dev/*/query` (in quotes). `--check` ends with 1 where the
page's answers are not Python's; times depend on what else the machine does, and fail nothing.

The page runs in Chromium, its worker on one thread; Python's LiteRT has one thread too, and is measured before and after
the page, so that a machine that gets busier is seen. The last line is JSON.
"""

import argparse
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from mobile_actnet.export.export_request import ExportRequest
from mobile_actnet.export.pipeline import export_artefacts
from mobile_actnet.gallery.gallery import Gallery
from mobile_actnet.gallery.hits import SearchOptions
from mobile_actnet.gallery.indexing.index_options import IndexOptions
from mobile_actnet.gallery.indexing.indexer import build
from mobile_actnet.gallery.sqlite.schema import from_gallery
from mobile_actnet.pictures.photo_tree import FoundPhoto, walk_photos
from mobile_actnet.runtime.describer import Describe
from mobile_actnet.runtime.generated_pictures import golden_picture
from mobile_actnet.runtime.runtimes import open_artefact
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision
from mobile_actnet.web.serving import SiteServer
from mobile_actnet.web.static_site import write_site

_RUNS = 60
# What `--check` asks for: the same first hit for all photos, the same verdict for all but one in a hundred.
_SAME_VERDICT = 0.99
_PAGE = Path(__file__).with_name("measure_page.mjs")


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the web page against Python.")
    parser.add_argument("gallery", metavar="GALLERY|PICTURES")
    parser.add_argument("photos", metavar="PHOTOS")
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--flags", default="", help="of Chromium, separated by spaces")
    parser.add_argument("--check", action="store_true", help="end with 1 where answers differ")
    arguments = parser.parse_args()
    photos = _some(list(_photos(arguments.photos)), arguments.limit)
    if not photos:
        parser.error(f"{arguments.photos} holds no photos")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        file = Path(arguments.gallery)
        if not file.is_file():
            file = _indexed(list(_photos(arguments.gallery)), folder)
        gallery = stack.enter_context(Gallery.open(file))
        model = from_gallery(file, gallery.info.model_path)
        describe = open_artefact(model).describe
        picture = golden_picture(ImageSize(gallery.info.height_px, gallery.info.width_px))
        before = _describe_ms(describe, picture)
        page = _asked_page(file, photos, picture, folder, arguments.flags.split())
        after = _describe_ms(describe, picture)
        since = time.perf_counter()
        answers = list(gallery.answer(photos, SearchOptions(top=1)))
        python_ms = 1000 * (time.perf_counter() - since) / len(photos)
    report = _report(page, answers, before, after, python_ms)
    return int(arguments.check and not _is_as_python(report))


def _photos(folders: str) -> Iterator[Path]:
    """Give the photos of a folder, or of all folders that a pattern names."""
    for folder in sorted(glob.glob(folders)):
        for photo in walk_photos(Path(folder)):
            if isinstance(photo, FoundPhoto):
                yield Path(folder) / photo.path


def _some(photos: list[Path], limit: int) -> list[Path]:
    """Take so many photos, from all of them evenly."""
    count = min(limit, len(photos))
    return [photos[number * len(photos) // count] for number in range(count)]


def _indexed(pictures: list[Path], folder: Path) -> Path:
    artefact, gallery = folder / "measured_int8.tflite", folder / "measured.sqlite"
    if not pictures:
        raise SystemExit("neither a gallery nor folders of pictures are there")
    for number, picture in enumerate(pictures):
        target = folder / "pictures" / f"{number:06}{picture.suffix}"
        target.parent.mkdir(exist_ok=True)
        shutil.copy(picture, target)
    request = ExportRequest(formats=(Format.TFLITE,), precision=Precision.INT8, output=artefact)
    export_artefacts(request)
    build(folder / "pictures", artefact, gallery, IndexOptions())
    return gallery


def _is_as_python(report: dict) -> bool:
    wanted = {
        "same first hit for all": report["same_first"] == report["photos"],
        "same verdict for 99 %": report["same_verified"] >= _SAME_VERDICT * report["photos"],
    }
    for name, holds in wanted.items():
        print(f"{'holds' if holds else 'FAILS'}: {name}", file=sys.stderr)
    print(
        f"nine answers of ten took less than {report['answer_ms_p90']:.0f} ms, at a load of {report['load']:.0f}",
        file=sys.stderr,
    )
    return all(wanted.values())


def _describe_ms(describe: Describe, picture: np.ndarray) -> list[float]:
    """Return how long descriptions of a picture took."""
    took = []
    for _ in range(_RUNS + 5):
        since = time.perf_counter()
        describe(picture[None])
        took.append(1000 * (time.perf_counter() - since))
    return took[5:]


def _asked_page(
    gallery: Path, photos: list[Path], picture: np.ndarray, folder: Path, flags: list[str]
) -> dict:
    site = write_site(gallery, folder / "site")
    (folder / "picture.rgb").write_bytes(picture.tobytes())
    request = {
        "photos": [str(photo) for photo in photos], "described": str(folder / "picture.rgb"),
        "runs": _RUNS, "flags": flags,
    }  # fmt: skip
    (folder / "request.json").write_text(json.dumps(request))
    with SiteServer(site.folder, "127.0.0.1", 0, None) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        words = [
            "node",
            str(_PAGE),
            f"http://localhost:{server.port}/",
            str(folder / "request.json"),
        ]
        answer = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
        server.shutdown()
        answers = json.loads(answer.stdout)
        # The page fetches all but the build of LiteRT that is for other browsers.
        others = f"engine/litert_wasm{'' if 'compat' in answers['collection']['engine'] else '_compat'}_internal"
        fetched = [f for name, f in server.files.items() if not name.startswith(f"{others}.")]
        answers["bytes"] = sum(len(f.packed or f.path.read_bytes()) for f in fetched)
    return answers


def _report(
    page: dict, answers: list, before: list[float], after: list[float], python_ms: float
) -> dict:
    same_first = same_verdict = 0
    for ours, theirs in zip(page["answers"], answers, strict=True):
        hit = theirs.hits[0]
        same_first += ours["id"] == hit.picture_id
        same_verdict += ours["id"] == hit.picture_id and ours["verified"] == bool(hit.verified)
        if ours["id"] != hit.picture_id or ours["verified"] != bool(hit.verified):
            page_says = (
                f"page {ours['id']} {ours['similarity']:.4f} {ours['inliers']} {ours['verified']}"
            )
            print(
                f"{theirs.picture.name}: {page_says}; Python {hit.picture_id} {hit.similarity:.4f} "
                f"{hit.inliers} {hit.verified}",
                file=sys.stderr,
            )
    describe = float(np.median(page["describeMs"]))
    stages = {
        name: float(np.median([answer["stages"][name] for answer in page["answers"]]))
        for name in page["answers"][0]["stages"]
    }
    whole = [answer["ms"] for answer in page["answers"]]
    report = {
        "photos": len(answers), "same_first": same_first, "same_verified": same_verdict,
        "verified": sum(answer["verified"] for answer in page["answers"]),
        "pictures": page["collection"]["count"], "engine": page["collection"]["engine"],
        "describe_ms": describe, "python_describe_ms": [float(np.median(took)) for took in (before, after)],
        # The quickest of a busy machine's runs are those that nothing else delayed.
        "quickest_describe_ms": min(page["describeMs"]), "python_quickest_describe_ms": min(before + after),
        "ratio_of_quickest": min(page["describeMs"]) / min(before + after), "stages_ms": stages,
        "answer_ms_median": float(np.median(whole)), "answer_ms_p90": float(np.percentile(whole, 90)),
        "page_pause_ms_median": float(np.median([answer["pauseMs"] for answer in page["answers"]])),
        "page_pause_ms_most": max(answer["pauseMs"] for answer in page["answers"]),
        "python_answer_ms": python_ms, "first_load_bytes": page["bytes"],
        "first_load_ms": page["firstLoadMs"], "opened_in_ms": page["collection"]["openedInMs"],
        "memory_bytes": page["memory"], "load": os.getloadavg()[0],
    }  # fmt: skip
    for name, value in report.items():
        print(f"{name}: {value}")
    print(json.dumps(report))
    return report


if __name__ == "__main__":
    raise SystemExit(main())

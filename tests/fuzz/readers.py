"""What reads foreign bytes, fed with damaged files: each is read, or refused with its sentence.

    python -m tests.fuzz.readers TARGET WHOLE CASES SEED FOLDER

WHOLE is a file or package that is read without a word. A case is WHOLE with a few mutations; it may
end in success or in an ActnetError within `CASE_S` seconds. Anything else ends the program with the
case kept in FOLDER. A process of its own for each target: a signal must not take the others along.
"""

import contextlib
import hashlib
import json
import pickle
import shutil
import signal
import sqlite3
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from mobile_actnet.errors import ActnetError

CASE_S = 20
_INTERESTING = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 0.5, 1e308, 10**40, "", "text", [], [[]], {}, {"a": []}, "\0", "../x",
)  # fmt: skip

Read = Callable[[Path], object]


def read_picture(path: Path) -> object:
    from mobile_actnet.pictures.preprocessing import decode, load_image
    from mobile_actnet.pictures.thumbnails import thumbnail_jpeg

    load_image(path, 64, 96)
    return thumbnail_jpeg(decode(path), 32)


def read_photo_list(path: Path) -> object:
    from mobile_actnet.pictures.photos import find_photos

    shutil.copy(path, path.parent / "manifest.csv")
    return find_photos(path.parent)


def read_labels(path: Path) -> object:
    from mobile_actnet.pictures.labels import labels_from_csv

    return list(labels_from_csv(path))


def read_catalogue(path: Path) -> object:
    from mobile_actnet.pictures.items import read_items

    return list(read_items(path).labels())


def read_checkpoint(path: Path) -> object:
    from mobile_actnet.network.checkpoint import load_checkpoint

    return load_checkpoint(path)


def read_manifest(path: Path) -> object:
    from mobile_actnet.runtime import manifest as manifests

    artefact = path.with_suffix("")
    return manifests.load(artefact).golden.cosine(np.ones(2, np.float32))


def read_gallery(path: Path) -> object:
    from mobile_actnet.gallery.check import examine_gallery
    from mobile_actnet.gallery.sqlite.reader import GalleryReader

    examine_gallery(path)
    with GalleryReader(path) as reader:
        reader.load()
        ids = [picture.id for picture in reader.all_pictures()]
        for number in ids[:20]:
            reader.thumbnail(number), reader.local_features(number), reader.item(number)
        return reader.pictures(ids), list(reader.problems()), reader.numbers()


def read_approximate_index(path: Path) -> object:
    from mobile_actnet.gallery.approximate_search import ApproximateSearch
    from mobile_actnet.gallery.sqlite.reader import GalleryReader

    gallery, digest = path.with_suffix(""), hashlib.sha256(path.read_bytes()).hexdigest()
    with contextlib.closing(sqlite3.connect(gallery)) as noted, noted:
        noted.execute("PRAGMA synchronous = OFF")
        noted.execute("UPDATE approximate_index SET sha256 = ?", (digest,))
    with GalleryReader(gallery) as reader:
        _, queries = reader.load()
        return ApproximateSearch(reader).search(queries, 5)


def read_thresholds(path: Path) -> object:
    from mobile_actnet.gallery.answers.thresholds_file import read_thresholds

    return read_thresholds(path)


def read_record(path: Path) -> object:
    from mobile_actnet.export.quantization.int8_file import load_recorded

    return load_recorded("ab" * 32, path)


def read_pack(path: Path) -> object:
    from mobile_actnet.pictures.photos import find_photos
    from mobile_actnet.training.distillation.picture_pack import unpack

    folder = path.parent / "unpacked"
    try:
        return find_photos(unpack(path, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_teacher(path: Path) -> object:
    import torch

    from mobile_actnet.training.distillation.onnx_graph import OnnxGraph
    from mobile_actnet.training.distillation.teacher_networks import OnnxTeacher

    OnnxGraph(path)
    return OnnxTeacher(path, torch.device("cpu"), threads=1)


def read_truth(path: Path) -> object:
    from mobile_actnet.evaluation.protocols.ground_truth import read_ground_truth

    return read_ground_truth(path, ("easy", "hard", "junk"))


def read_artefact(path: Path) -> object:
    from mobile_actnet.runtime.artefact_file import inspect

    return inspect(path)


def read_state(path: Path) -> object:
    from mobile_actnet.training.state import load_state

    return load_state(path, "identity")


TARGETS: dict[str, Read] = {
    "picture": read_picture,
    "photo list": read_photo_list,
    "labels": read_labels,
    "catalogue": read_catalogue,
    "checkpoint": read_checkpoint,
    "manifest": read_manifest,
    "gallery": read_gallery,
    "approximate index": read_approximate_index,
    "thresholds": read_thresholds,
    "record": read_record,
    "pack": read_pack,
    "teacher": read_teacher,
    "truth": read_truth,
    "artefact": read_artefact,
    "state": read_state,
}


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """Change a few bytes, runs of bytes or numbers; sometimes cut."""
    changed = bytearray(content)
    for _ in range(int(rng.choice((1, 1, 2, 4, 12)))):
        if not changed:
            break
        # Headers and tables matter more than what fills a file.
        limit = len(changed) if rng.random() < 0.6 else min(len(changed), 400)
        at, run = int(rng.integers(limit)), int(rng.choice((1, 2, 4, 8, 64)))
        kind = rng.integers(6)
        if kind == 0:
            changed[at] = rng.integers(256)
        elif kind == 1:
            changed[at] ^= 1 << int(rng.integers(8))
        elif kind == 2:
            size = int(rng.choice((1, 2, 4, 8)))
            number = int(rng.choice(_INTERESTING)) & (256**size - 1)
            changed[at : at + size] = number.to_bytes(size, rng.choice(("little", "big")))
        elif kind == 3:
            del changed[at : at + run]
        elif kind == 4:
            changed[at:at] = changed[at : at + run]
        else:
            other = int(rng.integers(len(changed)))
            changed[at : at + run] = changed[other : other + run]
    return bytes(changed[: rng.integers(len(changed) + 1)] if rng.random() < 0.05 else changed)


def mutated_json(content: bytes, rng: np.random.Generator) -> bytes:
    """Put another value at a place of a JSON text."""
    value = json.loads(content)
    inner = value
    while isinstance(inner, dict | list) and inner:
        keys = list(inner) if isinstance(inner, dict) else range(len(inner))
        key = keys[int(rng.integers(len(keys)))]
        if not isinstance(inner[key], dict | list) or not inner[key] or rng.random() < 0.2:
            if rng.random() < 0.1 and isinstance(inner, dict):
                del inner[key]
            else:
                inner[key] = _VALUES[int(rng.integers(len(_VALUES)))]
            break
        inner = inner[key]
    return json.dumps(value).encode()


def write_case(whole: Path, case: Path, rng: np.random.Generator) -> None:
    """Write a mutated copy of a file, or of a folder with one file in it mutated."""
    if whole.is_dir():
        shutil.rmtree(case, ignore_errors=True)
        shutil.copytree(whole, case)
        files = sorted(path for path in case.rglob("*") if path.is_file())
        # The weights are most of the bytes and the least of the structure.
        small = [path for path in files if path.stat().st_size < 1 << 20] or files
        chosen = small[int(rng.integers(len(small)))]
        chosen.write_bytes(mutated(chosen.read_bytes(), rng))
        return
    content = whole.read_bytes()
    change = mutated_json if whole.suffix == ".json" and rng.random() < 0.7 else mutated
    case.write_bytes(change(content, rng))


def main(arguments: list[str]) -> int:
    target, whole, cases, seed, folder = arguments
    read, place = TARGETS[target], Path(folder)
    case = place / ("case" + "".join(Path(whole).suffixes))
    warnings.simplefilter("ignore")

    def too_long(_: int, __: FrameType | None) -> None:
        raise TimeoutError(f"longer than {CASE_S} s")

    signal.signal(signal.SIGALRM, too_long)
    if target == "manifest":
        case.with_suffix("").write_bytes(b"weights")
    if target == "photo list":
        (place / "a.jpg").write_bytes(b"x")
    source = Path(whole)
    shutil.copytree(source, case) if source.is_dir() else shutil.copy(source, case)
    if target == "approximate index":
        shutil.copy(source.with_suffix(""), case.with_suffix(""))
    read(case)
    refused = read_whole = 0
    for number in range(int(cases)):
        rng = np.random.default_rng((int(seed), number))
        write_case(Path(whole), case, rng)
        signal.alarm(CASE_S)
        try:
            read(case)
            read_whole += 1
        except ActnetError as error:
            refused += bool(str(error).strip())  # An error without a sentence counts as neither.
        except BaseException:
            print(f"{target}: case {number} of seed {seed}, kept as {case}", file=sys.stderr)
            raise
        finally:
            signal.alarm(0)
    print(json.dumps({"refused": refused, "read": read_whole, "cases": int(cases)}))
    return 0


def ground_truth() -> bytes:
    """A small ground truth as its authors pickled theirs."""
    entry = {"bbx": [1.0, 2.0, 30.0, 40.0], "easy": np.array([0, 1]), "hard": [2], "junk": []}
    return pickle.dumps({"imlist": ["a", "b", "c"], "qimlist": ["q"], "gnd": [entry]}, protocol=2)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

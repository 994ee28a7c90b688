"""Make the golden galleries: small files that every reader must rank in the same order.

    python tests/golden/make_gallery.py

The pictures are drawn from numbers and the descriptors from one seed, without a network. The
expected rankings come from whole numbers and one float64 rule, as docs/gallery.md says, and not
from the search of this project.
"""

import hashlib
import json
import math
import shutil
import sqlite3
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mobile_actnet.gallery.sqlite.changes import list_photos
from mobile_actnet.gallery.sqlite.schema import GalleryModel
from mobile_actnet.gallery.sqlite.storage import Storage, encode
from mobile_actnet.gallery.sqlite.writer import (
    DescribedPhoto,
    GallerySettings,
    GalleryWriter,
    create,
)

FOLDER = Path(__file__).parent / "gallery"
DIM, PICTURES, QUERIES, TOP = 16, 24, 4, 8
THUMBNAIL = (32, 24)
MODEL = GalleryModel(
    "golden.tflite", "tflite", "fp16", "ab" * 32, "pillow-bilinear", 1, 64, 64, DIM
)


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    rng = np.random.default_rng(20)
    descriptors = _unit(rng.standard_normal((PICTURES, DIM)))
    descriptors[7] = descriptors[19] = descriptors[3]  # Ties: the lower id comes first.
    queries = _unit(rng.standard_normal((QUERIES, DIM)))
    queries[1] = descriptors[3]
    index = {
        "dim": DIM,
        "queries": [row.astype(np.float32).tolist() for row in queries],
        "galleries": [_make(storage, descriptors, queries) for storage in Storage],
        "model": {name: getattr(MODEL, name) for name in MODEL.__dataclass_fields__},
        "refused": _make_refused(FOLDER / "int8.sqlite", FOLDER / "refused"),
    }
    (FOLDER / "index.json").write_text(json.dumps(index, indent=1) + "\n")


def _make(storage: Storage, descriptors: NDArray, queries: NDArray) -> dict:
    path = FOLDER / f"{storage}.sqlite"
    settings = GallerySettings(storage, max(THUMBNAIL), "photos", "m.tflite", "")
    create(path, MODEL, settings, "golden", version=1)
    stored = encode(descriptors, storage)
    with GalleryWriter(path) as writer:
        list_photos(writer, [])
        with writer.transaction():
            for row in range(PICTURES):
                writer.store(_picture(row, float(stored.scales[row]), stored.values[row].tobytes()))
            writer.advance()
    asked = encode(queries.astype(np.float32), storage)
    return {
        "file": path.name,
        "storage": storage.value,
        "query_values": [row.astype(float).tolist() for row in asked.values],
        "query_scales": asked.scales.tolist(),
        "rankings": [
            _ranking(stored.values.tolist(), stored.scales.tolist(), values, scale)
            for values, scale in zip(asked.values.tolist(), asked.scales.tolist(), strict=True)
        ],
    }


# What is wrong with a gallery, as the document numbers it, and the SQL that makes it so.
REFUSED = {
    "other_database": (2, "PRAGMA application_id = 1"),
    "version_3": (3, "PRAGMA user_version = 3"),
    "no_model": (4, "DELETE FROM gallery"),
    "unknown_storage": (4, "UPDATE gallery SET storage = 'int4'"),
    "no_values": (4, "UPDATE gallery SET dim = 0"),
    "short_descriptor": (5, "UPDATE picture SET descriptor = x'0102' WHERE id = 3"),
    "long_descriptor": (
        5,
        "UPDATE picture SET descriptor = CAST(descriptor || x'00' AS BLOB) WHERE id = 3",
    ),
    "no_scale": (5, "UPDATE picture SET scale = 0 WHERE id = 3"),
    "another_model": (6, f"UPDATE gallery SET model_sha256 = '{'cd' * 32}'"),
    "another_preprocessing": (6, "UPDATE gallery SET preprocessing_version = 2"),
    "another_size": (6, "UPDATE gallery SET width_px = 96"),
}


def _make_refused(source: Path, folder: Path) -> list[dict]:
    """Write galleries that a reader must refuse; name the rule of the document for each."""
    folder.mkdir()
    (folder / "text.sqlite").write_text("This is no SQLite file.\n" * 8)
    (folder / "empty.sqlite").touch()
    told = [{"file": f"{name}.sqlite", "rule": 1 + (name == "empty")} for name in ("text", "empty")]
    for name, (rule, statement) in REFUSED.items():
        path = folder / f"{name}.sqlite"
        shutil.copy(source, path)
        connection = sqlite3.connect(path, isolation_level=None)
        for each in ("PRAGMA ignore_check_constraints = ON", "DELETE FROM thumbnail", statement,
                     "PRAGMA page_size = 1024", "VACUUM"):  # fmt: skip
            connection.execute(each)
        connection.close()
        told.append({"file": path.name, "rule": rule})
    return told


def _ranking(rows: list, scales: list, query: list, query_scale: float) -> list[dict]:
    """Rank by the rule of the document; ids count from 1."""
    found = []
    for number, (row, scale) in enumerate(zip(rows, scales, strict=True), start=1):
        dot = math.fsum(a * b for a, b in zip(query, row, strict=True))
        found.append((-(dot * query_scale * scale), number))
    return [
        {"id": number, "path": f"drawn/p{number:02}.png", "similarity": -negative}
        for negative, number in sorted(found)[:TOP]
    ]


def _picture(row: int, scale: float, values: bytes) -> DescribedPhoto:
    number = row + 1
    colour = (number * 10, 255 - number * 10, number * 37 % 256)
    jpeg = BytesIO()
    Image.new("RGB", THUMBNAIL, colour).save(jpeg, "JPEG")
    content = hashlib.sha256(bytes(colour)).digest()
    return DescribedPhoto(
        f"drawn/p{number:02}.png", 100 + number, number, content, *THUMBNAIL, scale, values,
        jpeg.getvalue(),
    )  # fmt: skip


def _unit(rows: NDArray) -> NDArray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


if __name__ == "__main__":
    main()

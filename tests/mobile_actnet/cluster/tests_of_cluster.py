"""What the tests of clusters share: photos in folders, and datasets as plain values."""

import sqlite3
from pathlib import Path
from typing import Any

from PIL import Image

from mobile_actnet.cluster.lance_reader import LanceReader
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import ImageSize

_COLUMNS = "id", "path", "sha256", "width_px", "height_px", "scale", "descriptor", "label"
_QUERY = f"""SELECT {", ".join(f"picture.{name}" for name in _COLUMNS)}, features, jpeg
FROM picture LEFT JOIN local_features ON local_features.picture_id = picture.id
LEFT JOIN thumbnail ON thumbnail.picture_id = picture.id"""


def write_many(folder: Path, count: int, side: int = 64) -> Path:
    """Write generated JPEGs into the folders a and b: 000.jpg, 001.jpg, ..."""
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
    for number, pixels in enumerate(generated_pictures(count, ImageSize(side, side), seed=11)):
        place = folder / "ab"[number % 2] / f"{number:03}.jpg"
        Image.fromarray(pixels).save(place, quality=90)
    return folder


def items_csv(count: int) -> str:
    """Return a CSV with items: the first half are of the museum X, the others of Y."""
    lines = ["path,language,title,museum"]
    for number in range(count):
        path = f"{'ab'[number % 2]}/{number:03}.jpg"
        lines.append(f"{path},en,Thing {number},{'X' if number < count // 2 else 'Y'}")
    return "\n".join(lines) + "\n"


def rows_of_gallery(gallery: Path) -> list[tuple[Any, ...]]:
    """Return the pictures of a gallery with descriptors, local features and thumbnails."""
    with sqlite3.connect(gallery) as connection:
        return sorted(connection.execute(_QUERY).fetchall())


def rows_of_dataset(dataset: str | Path) -> list[tuple[Any, ...]]:
    """Return the same of a dataset."""
    reader = LanceReader(str(dataset))
    table = reader.table.to_table([*_COLUMNS, "local_features", "thumbnail"])
    stored = reader.checked(table)
    rows = table.to_pylist()
    for row, values in zip(rows, stored.values, strict=True):
        row["descriptor"] = values.tobytes()
    return sorted(tuple(row.values()) for row in rows)

"""Collections of photos: folders with or without a manifest.csv, and their pixels."""

import csv
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mobile_actnet.errors import ActnetError, UnreadablePictureError
from mobile_actnet.pictures.preprocessing import Pixels, load_image

PICTURE_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".heif", ".avif")
)
MANIFEST_NAME = "manifest.csv"


@dataclass(frozen=True)
class Photo:
    """A picture file.

    Attributes:
        path: where it is.
        instance: what is shown; equal means the same object. The path where nothing is known.
        role: query, database, both, train or distractor; empty where nothing is known.
    """

    path: Path
    instance: str
    role: str = ""


def find_photos(folder: Path) -> list[Photo]:
    """List the pictures of a folder, in the order of their names.

    A `manifest.csv` with the columns `path,instance[,role]` says what is shown; without one every
    picture below the folder counts as an instance of its own. Hidden files are left out.

    Raises:
        ActnetError: no such folder, no picture in it, or a manifest without its columns or with
            an empty field.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ActnetError(f"{folder} is not a folder; give a folder of pictures")
    manifest = folder / MANIFEST_NAME
    photos = _from_manifest(manifest) if manifest.is_file() else _from_tree(folder)
    if not photos:
        raise ActnetError(f"{folder} holds no pictures ({', '.join(sorted(PICTURE_SUFFIXES))})")
    return photos


def load_images(
    photos: Iterable[Photo], height_px: int, width_px: int
) -> tuple[Pixels, list[Photo], list[str]]:
    """Decode and resize photos; one that cannot be read is reported and left out.

    Returns:
        pixels: (N, height_px, width_px, 3) uint8, RGB, of the readable ones.
        readable: the N photos.
        problems: a sentence for each of the others.
    """
    images, readable, problems = [], [], []
    for photo in photos:
        try:
            images.append(load_image(photo.path, height_px, width_px))
            readable.append(photo)
        except UnreadablePictureError as error:
            problems.append(str(error))
    shape = (0, height_px, width_px, 3)
    return np.stack(images) if images else np.zeros(shape, np.uint8), readable, problems


def read_table(file: Path, *columns: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Read a CSV file whose first line names its columns, line by line.

    Args:
        file: UTF-8.
        columns: that must be there.

    Yields:
        number of the line, and the fields by column; a missing one is empty.

    Raises:
        ActnetError: unreadable, no CSV, a column is missing, or one of `columns` is empty.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            rows = csv.DictReader(stream)
            missing = set(columns) - set(rows.fieldnames or ())
            if missing:
                raise ActnetError(
                    f"{file} has no column {' and '.join(sorted(missing))}; "
                    f"its first line must be {','.join(columns)}, with others behind where wanted"
                )
            for row in rows:
                if not all(row[column] for column in columns):
                    names = " or ".join(columns)
                    raise ActnetError(f"{file}, line {rows.line_num}: {names} is empty; fill it in")
                yield rows.line_num, {name: row[name] or "" for name in rows.fieldnames or ()}
    except (UnicodeDecodeError, csv.Error) as error:
        raise ActnetError(f"{file} cannot be read as UTF-8 CSV: {error}") from error


def _from_manifest(manifest: Path) -> list[Photo]:
    return [
        Photo(manifest.parent / row["path"], row["instance"], row.get("role", ""))
        for _, row in read_table(manifest, "path", "instance")
    ]


def _from_tree(folder: Path) -> list[Photo]:
    paths = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths += [
            Path(place, name)
            for name in sorted(names)
            if Path(name).suffix.lower() in PICTURE_SUFFIXES and not name.startswith(".")
        ]
    return [Photo(path, str(path.relative_to(folder))) for path in paths]

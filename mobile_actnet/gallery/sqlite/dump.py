"""A gallery's descriptors for other programs: a NumPy file and a CSV with the names."""

import csv
from pathlib import Path

import numpy as np

from mobile_actnet.errors import ActnetError
from mobile_actnet.files import put_in_place, reason, staging_folder
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.storage import decode

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
DESCRIPTORS_NAME, NAMES_NAME = "descriptors.npy", "names.csv"


def dump_gallery(reader: GalleryReader, folder: Path) -> int:
    """Write `descriptors.npy`, (N, dim) float32 of length 1, and `names.csv` in the same order.

    A name that begins with =, +, - or @ gets an apostrophe before it: spreadsheets run formulas.

    Returns:
        the number of pictures.

    Raises:
        ActnetError: the folder cannot be written, or the disk is full.
    """
    with staging_folder(folder) as staging, reader.one_moment():
        count = reader.count()
        try:
            _write_descriptors(reader, staging / DESCRIPTORS_NAME, count)
            _write_names(reader, staging / NAMES_NAME)
        except OSError as error:
            raise ActnetError(f"cannot write to {folder}: {reason(error)}") from error
        names = (DESCRIPTORS_NAME, NAMES_NAME)
        put_in_place([(staging / name, folder / name) for name in names])
    return count


def _write_descriptors(reader: GalleryReader, path: Path, count: int) -> None:
    with path.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (count, reader.info.dim)}
        np.lib.format.write_array_header_1_0(file, header)
        for _, stored in reader.blocks():
            file.write(decode(stored).astype("<f4").tobytes())


def _write_names(reader: GalleryReader, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("path", "label", "width", "height"))
        for picture in reader.all_pictures():
            names = (_as_text(picture.path), _as_text(picture.label or ""))
            rows.writerow((*names, picture.width_px, picture.height_px))


def _as_text(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell

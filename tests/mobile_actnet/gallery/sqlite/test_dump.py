"""Descriptors for other programs."""

import contextlib
import csv
import sqlite3
from pathlib import Path

import numpy as np

from mobile_actnet.gallery.sqlite.dump import dump_gallery
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.storage import decode


def test_descriptors_and_names(make_gallery, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with GalleryReader(make_gallery(7)) as reader:
        assert dump_gallery(reader, folder) == 7
        expected = decode(reader.load()[1])
    found = np.load(folder / "descriptors.npy")
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.float32
    with (folder / "names.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == [f"p{n}.jpg" for n in range(7)]
    assert rows[0] == {"path": "p0.jpg", "label": "", "width": "40", "height": "30"}
    assert sorted(file.name for file in folder.iterdir()) == ["descriptors.npy", "names.csv"]


def test_names_are_no_formulas(make_gallery, tmp_path: Path) -> None:
    path = make_gallery(2)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE picture SET path = '=cmd|x!A1', label = '-1+1' WHERE id = 1")
        connection.execute("UPDATE picture SET label = 'tea @ home' WHERE id = 2")
    with GalleryReader(path) as reader:
        dump_gallery(reader, tmp_path / "out")
    with (tmp_path / "out" / "names.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert (rows[0]["path"], rows[0]["label"]) == ("'=cmd|x!A1", "'-1+1")
    assert rows[1]["label"] == "tea @ home"

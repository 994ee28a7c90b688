"""Descriptors for other programs."""

import csv
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

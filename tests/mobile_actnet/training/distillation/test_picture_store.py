"""Pictures decoded once, packs that travel, and descriptors that are asked for once."""

import csv
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from mobile_actnet.errors import ActnetError
from mobile_actnet.pictures.photos import Photo, find_photos
from mobile_actnet.training.distillation.picture_pack import unpack, write_pack
from mobile_actnet.training.distillation.picture_store import open_store
from mobile_actnet.training.distillation.target_cache import TargetCache
from mobile_actnet.training.sources import Source

CPU = torch.device("cpu")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, colour in enumerate(("red", "lime", "blue", "white")):
        Image.new("RGB", (400, 200), colour).save(folder / f"{number}.png")
    return folder


def test_a_store_holds_squares_aspects_and_chances(folder: Path, tmp_path: Path) -> None:
    photos = find_photos(folder)
    sources = [Source(photos[:3], 3.0), Source(photos[3:], 1.0)]
    store = open_store(sources, tmp_path / "cache", CPU, side_px=32, threads=2)
    assert store.pixels.shape == (4, 32, 32, 3)
    assert store.take(np.array([2]), CPU)[0, 5, 5].tolist() == [0, 0, 255]
    assert store.aspects.tolist() == [2.0] * 4
    assert store.chances.tolist() == pytest.approx([0.25] * 4)
    assert store.sources.tolist() == [0, 0, 0, 1]


def test_an_unreadable_picture_is_named_and_left_out(folder: Path, tmp_path: Path) -> None:
    (folder / "1.png").write_bytes(b"no picture")
    sentences: list[str] = []
    sources = [Source(find_photos(folder), 1.0)]
    for _ in range(2):  # decoded, and read again from the cache
        store = open_store(sources, tmp_path / "cache", CPU, sentences.append, 32)
        assert len(store) == 3
        assert store.chances.sum() == pytest.approx(1)
        assert len(store.pixels) == 4, "the file itself; a copy would have to fit into memory"
        assert store.take(np.array([1]), CPU)[0, 5, 5].tolist() == [0, 0, 255]
    assert len(sentences) == 1
    assert "1.png" in sentences[0]


def test_a_store_of_one_picture_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ActnetError, match="1 picture can be read"):
        open_store([Source(find_photos(folder)[:1], 1.0)], tmp_path / "cache", CPU, side_px=32)


def test_decoding_that_was_stopped_starts_again(folder: Path, tmp_path: Path) -> None:
    sources = [Source(find_photos(folder), 1.0)]
    open_store(sources, tmp_path / "cache", CPU, side_px=32)
    (pixels,) = (p for p in (tmp_path / "cache").iterdir() if "aspects" not in p.name)
    pixels.write_bytes(b"half a file")
    for aspects in (tmp_path / "cache").glob("*.aspects.npy"):
        aspects.unlink()
    store = open_store(sources, tmp_path / "cache", CPU, side_px=32)
    assert store.take(np.array([0]), CPU)[0, 5, 5].tolist() == [255, 0, 0]


def test_a_pack_is_a_small_folder_of_the_same_pictures(folder: Path, tmp_path: Path) -> None:
    photos = [
        Photo(photo.path, f"thing {photo.path.stem}", "train") for photo in find_photos(folder)
    ]
    assert write_pack(tmp_path / "p.zip", photos, side_px=100) == 4
    unpacked = find_photos(unpack(tmp_path / "p.zip", tmp_path / "out"))
    assert [photo.instance for photo in unpacked] == [photo.instance for photo in photos]
    with Image.open(unpacked[2].path) as picture:
        assert picture.size == (100, 50)


def test_packs_of_one_name_lie_side_by_side(folder: Path, tmp_path: Path) -> None:
    photos = find_photos(folder)
    packs = [tmp_path / name / "photos.zip" for name in ("one", "two")]
    for pack, some in zip(packs, (photos[:1], photos[1:]), strict=True):
        pack.parent.mkdir()
        write_pack(pack, some)
    folders = [unpack(pack, tmp_path / "out") for pack in packs]
    assert [len(find_photos(unpacked)) for unpacked in folders] == [1, 3]
    with pytest.raises(ActnetError, match="cannot be unpacked below"):
        unpack(tmp_path / "missing.zip", tmp_path / "out")


def test_a_pack_leaves_out_what_cannot_be_read(folder: Path, tmp_path: Path) -> None:
    (folder / "0.png").write_bytes(b"no picture")
    sentences: list[str] = []
    assert write_pack(tmp_path / "p.zip", find_photos(folder), sentences.append) == 3
    assert "0.png" in sentences[0]
    with zipfile.ZipFile(tmp_path / "p.zip") as pack:
        rows = list(csv.DictReader(pack.read("manifest.csv").decode().splitlines()))
    assert len(rows) == 3


def test_what_is_no_pack_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ActnetError, match=r"must end in \.zip"):
        write_pack(tmp_path / "p.tar", find_photos(folder))
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(ActnetError, match="is not a pack or is damaged"):
        unpack(tmp_path / "text.zip", tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as pack:
        pack.writestr("a.txt", "a")
    with pytest.raises(ActnetError, match="has no manifest.csv"):
        unpack(tmp_path / "other.zip", tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("manifest.csv", "path,instance,role\n" * 1000)
    with pytest.raises(ActnetError, match="its content is compressed"):
        unpack(tmp_path / "bomb.zip", tmp_path / "out")


class CountingTeacher:
    """Says the mean colour, and counts how often it is asked."""

    identity, dim, side_px = "counting", 3, 8

    def __init__(self) -> None:
        self.asked = 0

    def describe(self, images: Tensor) -> Tensor:
        self.asked += len(images)
        return images.mean((2, 3))


def test_a_cache_asks_for_each_view_once_also_in_the_next_run(tmp_path: Path) -> None:
    teacher, views = CountingTeacher(), torch.rand(4, 3, 8, 8)
    keys = [b"a", b"b", b"c", b"d"]
    for _ in range(2):
        cache = TargetCache(tmp_path / "deep" / "targets.sqlite")
        assert torch.allclose(
            cache.describe(teacher, keys[:2], views[:2]), views[:2].mean((2, 3)), atol=1e-3
        )
        assert torch.allclose(cache.describe(teacher, keys, views), views.mean((2, 3)), atol=1e-3)
        cache.close()
    assert teacher.asked == 4


def test_a_cache_that_is_no_sqlite_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "targets.sqlite").write_bytes(b"x" * 4096)
    with pytest.raises(ActnetError, match="move it away"):
        TargetCache(tmp_path / "targets.sqlite")


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    cache = TargetCache(tmp_path / "targets.sqlite")
    with sqlite3.connect(tmp_path / "targets.sqlite") as file:
        file.execute("DROP TABLE target")
        file.execute("CREATE VIEW target AS SELECT NULL AS key, NULL AS value")
    with pytest.raises(ActnetError, match="targets.sqlite cannot be written"):
        cache.describe(CountingTeacher(), [b"a"], torch.rand(1, 3, 8, 8))

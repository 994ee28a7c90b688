"""Building and updating galleries from folders, with a real artefact."""

import os
import shutil
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobile_actnet.errors import ActnetError, ConfigError, GalleryError, MissingPackageError
from mobile_actnet.gallery.indexing import outcomes
from mobile_actnet.gallery.indexing.index_options import KEEP, IndexOptions
from mobile_actnet.gallery.indexing.indexer import build, update
from mobile_actnet.gallery.sqlite import changes
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.storage import Storage, decode, encode
from mobile_actnet.native import engine
from mobile_actnet.pictures.preprocessing import load_image
from mobile_actnet.runtime.runtimes import open_artefact
from mobile_actnet.runtime.vocabulary import Format, Precision

ONE = IndexOptions(workers=1)
AGAIN = IndexOptions(labels=KEEP, workers=1)


def paths(gallery: Path) -> list[str]:
    with GalleryReader(gallery) as reader:
        return [picture.path for picture in reader.all_pictures()]


def labels(gallery: Path) -> dict[str, str | None]:
    with GalleryReader(gallery) as reader:
        return {picture.path: picture.label for picture in reader.all_pictures()}


@pytest.mark.parametrize("storage", Storage)
def test_descriptors_are_the_artefacts(
    storage: Storage, make_photos, artefact: Path, tmp_path: Path
) -> None:
    photos, gallery = make_photos(5), tmp_path / "g.sqlite"
    report = build(photos, artefact, gallery, replace(ONE, storage=storage))
    assert (report.pictures, report.changes.described, report.problems) == (5, 5, 0)
    pixels = np.stack([load_image(photos / f"{n:03}.jpg", 64, 64) for n in range(5)])
    expected = encode(open_artefact(artefact).describe(pixels), storage)
    with GalleryReader(gallery) as reader:
        ids, stored = reader.load()
        np.testing.assert_array_equal(stored.values, expected.values)
        np.testing.assert_array_equal(decode(stored), decode(expected))
        assert [reader.pictures([i])[i].path for i in ids] == [f"{n:03}.jpg" for n in range(5)]
        thumbnail = reader.thumbnail(1)
        assert reader.info.model_format == "onnx"
        assert reader.info.photos_path == "photos"
    assert thumbnail is not None
    assert thumbnail[:2] == b"\xff\xd8"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["g.sqlite", "photos"]


@pytest.mark.parametrize("kind", [Format.TFLITE])
def test_tflite_indexes(kind: Format, make_photos, small_artefact, tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="needs the extra tflite")
    artefact = small_artefact(kind, Precision.FP16).path
    assert build(make_photos(3), artefact, tmp_path / "g.sqlite", ONE).pictures == 3


def test_a_checkpoint_indexes(make_photos, tmp_path: Path) -> None:
    from mobile_actnet.network.config import DEFAULT_CHECKPOINT
    from mobile_actnet.runtime.vocabulary import ImageSize

    gallery = tmp_path / "g.sqlite"
    options = replace(ONE, size=ImageSize(64, 96), dim=32, thumbnail_side_px=0)
    build(make_photos(2), DEFAULT_CHECKPOINT, gallery, options)
    with GalleryReader(gallery) as reader:
        info = reader.info
        assert (info.model_format, info.height_px, info.width_px, info.dim) == (
            "checkpoint", 64, 96, 32,
        )  # fmt: skip
        assert reader.thumbnail(1) is None
    assert update(gallery, AGAIN).changes.unchanged == 2


@pytest.mark.parametrize("missing", ["onnxruntime", "engine"])
def test_a_missing_package_leaves_no_gallery_behind(
    missing: str, make_photos, artefact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos, gallery = make_photos(2), tmp_path / "g.sqlite"
    with monkeypatch.context() as patched:
        if missing == "engine":
            patched.setattr(engine, "LIBRARY", tmp_path / "none.so")
            engine._engine.cache_clear()
        else:
            patched.setitem(sys.modules, missing, None)
        for local_features in (None, False):
            with pytest.raises(MissingPackageError, match="pip install"):
                build(photos, artefact, gallery, replace(ONE, local_features=local_features))
    engine._engine.cache_clear()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["photos"]
    assert build(photos, artefact, gallery, ONE).pictures == 2


def test_an_unchanged_folder_touches_nothing(make_photos, artefact: Path, tmp_path: Path) -> None:
    photos, gallery = make_photos(), tmp_path / "g.sqlite"
    copies = shutil.copytree(artefact.parent, tmp_path / "models")
    build(photos, copies / artefact.name, gallery, replace(ONE, labels="folder"))
    before = gallery.read_bytes()
    # The model is not needed where nothing is to be described.
    shutil.rmtree(copies)
    assert update(gallery, AGAIN).changes.unchanged == 6
    assert gallery.read_bytes() == before
    update(gallery, AGAIN, model=artefact)
    assert gallery.read_bytes() != before, "the model's new place is noted"
    again = gallery.read_bytes(), gallery.stat().st_mtime_ns
    update(gallery, AGAIN)
    assert (gallery.read_bytes(), gallery.stat().st_mtime_ns) == again


def test_update_describes_what_is_new_alone(make_photos, artefact: Path, tmp_path: Path) -> None:
    photos, gallery = make_photos(), tmp_path / "g.sqlite"
    build(photos, artefact, gallery, ONE)
    with GalleryReader(gallery) as reader:
        before = dict(
            zip(*[reader.load()[0].tolist(), reader.load()[1].values.tolist()], strict=True)
        )
    (photos / "sub").mkdir()
    (photos / "000.jpg").rename(photos / "sub" / "moved.jpg")
    (photos / "001.jpg").unlink()
    Image.new("RGB", (50, 40), (200, 10, 90)).save(photos / "002.jpg")
    os.utime(photos / "003.jpg")
    Image.new("RGB", (50, 40), (10, 200, 90)).save(photos / "new.png")
    changes = update(gallery, AGAIN).changes
    assert (changes.moved, changes.deleted, changes.described, changes.renewed) == (1, 1, 2, 1)
    assert changes.unchanged == 2
    assert sorted(paths(gallery)) == [
        "002.jpg", "003.jpg", "004.jpg", "005.jpg", "new.png", "sub/moved.jpg",
    ]  # fmt: skip
    with GalleryReader(gallery) as reader:
        ids, stored = reader.load()
        after = dict(zip(ids.tolist(), stored.values.tolist(), strict=True))
    assert [n for n in before if n in after and after[n] == before[n]] == [1, 4, 5, 6]


def test_labels_from_folders_and_csv(make_photos, artefact: Path, tmp_path: Path) -> None:
    photos, gallery = make_photos(3), tmp_path / "g.sqlite"
    (photos / "tea").mkdir()
    (photos / "000.jpg").rename(photos / "tea" / "0.jpg")
    build(photos, artefact, gallery, replace(ONE, labels="folder"))
    assert labels(gallery) == {"001.jpg": None, "002.jpg": None, "tea/0.jpg": "tea"}
    csv = tmp_path / "labels.csv"
    csv.write_text("path,label\n001.jpg,milk\nnone.jpg,x\n")
    report = update(gallery, replace(AGAIN, labels=csv))
    assert (report.labels_without_photo, report.changes.described) == (1, 0)
    assert labels(gallery) == {"001.jpg": "milk", "002.jpg": None, "tea/0.jpg": None}
    csv.write_text("path,label\n001.jpg,oat milk\n")
    assert update(gallery, AGAIN).changes.relabelled == 1, "the CSV is remembered"
    assert update(gallery, replace(AGAIN, labels=None)).changes.relabelled == 1


def test_gallery_and_photos_can_be_moved_together(
    make_photos, artefact: Path, tmp_path: Path
) -> None:
    place = tmp_path / "here"
    place.mkdir()
    make_photos(3).rename(place / "photos")
    build(place / "photos", artefact, place / "g.sqlite", ONE)
    place.rename(tmp_path / "there")
    report = update(tmp_path / "there" / "g.sqlite", AGAIN)
    assert report.changes.unchanged == 3


def test_an_empty_folder_is_no_wish(make_photos, artefact: Path, tmp_path: Path) -> None:
    photos, gallery = make_photos(), tmp_path / "g.sqlite"
    build(photos, artefact, gallery, ONE)
    shutil.rmtree(photos)
    moved = f"{photos}, where the photos of .* were, is not a folder any more; say with --photos"
    with pytest.raises(ActnetError, match=moved):
        update(gallery, AGAIN)
    with pytest.raises(ActnetError, match="nowhere is not a folder; give a folder of pictures"):
        update(gallery, AGAIN, photos=tmp_path / "nowhere")
    photos.mkdir()
    with pytest.raises(ActnetError, match="holds no pictures; is its disk connected"):
        update(gallery, AGAIN)
    assert len(paths(gallery)) == 6


def test_another_model_is_refused_with_the_command(
    make_photos, artefact: Path, small_artefact, tmp_path: Path
) -> None:
    photos, gallery = make_photos(2), tmp_path / "g.sqlite"
    build(photos, artefact, gallery, ONE)
    shutil.copy(photos / "000.jpg", photos / "new.jpg")
    other = small_artefact(Format.ONNX, Precision.FP16).path
    command = f"actnet-index build {photos} --model {other} -o {gallery} --overwrite"
    with pytest.raises(GalleryError, match=f"rebuild it: {command}"):
        update(gallery, AGAIN, model=other)
    with pytest.raises(GalleryError, match="say with --model where it is now"):
        update(gallery, AGAIN, model=tmp_path / "none.onnx")


def test_options_out_of_range() -> None:
    with pytest.raises(ConfigError, match="--thumbnails is 5; give 0"):
        IndexOptions(thumbnail_side_px=5)
    with pytest.raises(ConfigError, match="--workers is 0"):
        IndexOptions(workers=0)


def test_a_worker_that_dies_costs_one_photo(
    make_photos, artefact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = make_photos(12)
    (photos / "005.jpg").write_bytes(b"kills")
    module = tmp_path / "deadly_work.py"
    module.write_text(
        "import os\n"
        "from mobile_actnet.gallery.indexing import picture_work\n"
        "def prepare(work):\n"
        "    do = picture_work.prepare(work)\n"
        "    def deadly(photos):\n"
        "        for photo in photos:\n"
        "            if (work.photos / photo.path).read_bytes() == b'kills':\n"
        "                os.kill(os.getpid(), 9)\n"
        "        return do(photos)\n"
        "    return deadly\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(outcomes, "prepare", __import__("deadly_work").prepare)
    gallery = tmp_path / "g.sqlite"
    report = build(photos, artefact, gallery, replace(ONE, workers=2))
    assert (report.pictures, report.problems) == (11, 1)
    with GalleryReader(gallery) as reader:
        ((path, reason),) = reader.problems()
    assert path == "005.jpg"
    assert reason.startswith("ends the process that decodes it")


@pytest.mark.parametrize("gone", ["disk/deep", "disk"])
def test_an_empty_or_missing_subfolder_may_be_a_disk_that_is_away(
    gone: str, make_photos, artefact: Path, tmp_path: Path
) -> None:
    photos, gallery = make_photos(6), tmp_path / "g.sqlite"
    disk = photos / "disk" / "deep"
    disk.mkdir(parents=True)
    names = sorted(path.name for path in photos.glob("*.*"))
    for name in names[:2]:
        (photos / name).rename(disk / name)
    build(photos, artefact, gallery, ONE)
    before = paths(gallery)
    shutil.move(photos / gone, tmp_path / "away")
    (photos / names[2]).unlink()
    report = update(gallery, ONE)
    assert (report.changes.deleted, report.problems) == (1, 1), "a single picture is deleted"
    assert paths(gallery) == [path for path in before if path != names[2]]
    with GalleryReader(gallery) as reader:
        ((path, reason),) = reader.problems()
    assert path == "disk"
    assert "is empty or gone" in reason
    # The disk comes back.
    shutil.move(tmp_path / "away", photos / gone)
    report = update(gallery, ONE)
    assert (report.changes.unchanged, report.problems) == (5, 0)
    shutil.rmtree(photos / gone)
    report = update(gallery, replace(ONE, prune=True))
    assert (report.changes.deleted, report.problems) == (2, 0)
    assert paths(gallery) == names[3:]


def test_a_folder_that_holds_other_photos_now_is_there(
    make_photos, artefact: Path, tmp_path: Path
) -> None:
    photos, gallery = make_photos(4), tmp_path / "g.sqlite"
    (photos / "a" / "b").mkdir(parents=True)
    first, second, *_ = sorted(photos.glob("*.*"))
    first.rename(photos / "a" / first.name)
    build(photos, artefact, gallery, ONE)
    (photos / "a" / first.name).unlink()
    second.rename(photos / "a" / "b" / second.name)
    report = update(gallery, ONE)
    assert (report.changes.deleted, report.changes.moved, report.problems) == (1, 1, 0)


def test_a_model_that_is_another_or_not_there_is_not_noted(
    make_photos, artefact: Path, tmp_path: Path
) -> None:
    gallery = tmp_path / "g.sqlite"
    build(make_photos(2), artefact, gallery, ONE)
    before = gallery.read_bytes()
    with pytest.raises(GalleryError, match=r"nowhere.onnx, which made .*, is not there"):
        update(gallery, ONE, model=tmp_path / "nowhere.onnx")
    assert gallery.read_bytes() == before


def test_another_folder_does_not_empty_a_gallery(
    make_photos, artefact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_FEW", 2)
    photos, gallery, other = make_photos(8), tmp_path / "g.sqlite", tmp_path / "other"
    build(photos, artefact, gallery, ONE)
    other.mkdir()
    shutil.copy(min(photos.glob("*.*")), other / "only.png")
    before = gallery.read_bytes()
    with pytest.raises(ActnetError, match=r"7 of the 8 pictures .* Give --prune"):
        update(gallery, ONE, photos=other)
    assert gallery.read_bytes() == before
    assert update(gallery, replace(ONE, prune=True), photos=other).pictures == 1


def test_labels_in_the_other_spelling_of_accents(
    make_photos, artefact: Path, tmp_path: Path
) -> None:
    photos, gallery = make_photos(2), tmp_path / "g.sqlite"
    first, second = sorted(photos.glob("*.*"))
    name = unicodedata.normalize("NFD", "Müller") + first.suffix
    first.rename(photos / name)
    (photos / "notes.txt").write_text("x")
    csv = tmp_path / "labels.csv"
    csv.write_text(f"path;label\nMüller{first.suffix};milk\nnowhere.jpg;tea\n", encoding="utf-8")
    report = build(photos, artefact, gallery, replace(ONE, labels=csv))
    assert labels(gallery) == {name: "milk", second.name: None}
    assert (report.labels_without_photo, report.unused_labels) == (1, ("nowhere.jpg",))
    assert report.left_out == {".txt": 1}


def test_links_elsewhere_are_followed_where_asked(
    make_photos, artefact: Path, tmp_path: Path
) -> None:
    photos, gallery, other = make_photos(2), tmp_path / "g.sqlite", tmp_path / "other"
    other.mkdir()
    max(photos.glob("*.*")).rename(other / "x.png")
    (photos / "link").symlink_to(other)
    assert build(photos, artefact, gallery, ONE).pictures == 1
    report = update(gallery, replace(ONE, follow_links=True))
    assert (report.pictures, report.problems) == (2, 0)
    assert update(gallery, ONE).pictures == 2, "what is behind a link is lost from sight, not gone"

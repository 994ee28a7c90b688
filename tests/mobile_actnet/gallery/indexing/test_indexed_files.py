"""The files of a gallery: names, replacing, locks and journals, a full disk."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mobile_actnet.errors import ActnetError, ConfigError, GalleryError
from mobile_actnet.gallery.indexing import indexer
from mobile_actnet.gallery.indexing.index_options import KEEP, IndexOptions
from mobile_actnet.gallery.indexing.indexer import build, update
from mobile_actnet.gallery.sqlite.lock import only_writer
from mobile_actnet.gallery.sqlite.reader import GalleryReader

ONE = IndexOptions(workers=1)
AGAIN = IndexOptions(labels=KEEP, workers=1)


def paths(gallery: Path) -> list[str]:
    with GalleryReader(gallery) as reader:
        return [picture.path for picture in reader.all_pictures()]


def test_overwrite(make_photos, artefact: Path, tmp_path: Path) -> None:
    photos, gallery = make_photos(3), tmp_path / "g.sqlite"
    build(photos, artefact, gallery, ONE)
    with pytest.raises(GalleryError, match="exists; bring it up to date with actnet-index update"):
        build(photos, artefact, gallery, ONE)
    (photos / "000.jpg").unlink()
    # What a killed build and a killed update leave.
    gallery.with_name("g.sqlite.new").write_bytes(gallery.read_bytes()[:4096])
    gallery.with_name("g.sqlite.new-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")
    gallery.with_name("g.sqlite-journal").write_bytes(bytes(512))
    report = build(photos, artefact, gallery, replace(ONE, overwrite=True))
    assert report.gallery == gallery
    assert paths(gallery) == ["001.jpg", "002.jpg"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["g.sqlite", "photos"]
    other = tmp_path / "holiday.db"
    other.write_bytes(b"x" * 1000)
    with pytest.raises(GalleryError, match="is not a gallery; --overwrite replaces only galleries"):
        build(photos, artefact, other, replace(ONE, overwrite=True))
    assert other.read_bytes() == b"x" * 1000


def test_a_failed_overwrite_leaves_the_old_gallery(
    make_photos, artefact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos, gallery = make_photos(3), tmp_path / "g.sqlite"
    build(photos, artefact, gallery, ONE)
    before = gallery.read_bytes()

    def full(*_: object) -> None:
        raise ActnetError("the disk is full")

    monkeypatch.setattr(indexer, "_describe", full)
    with pytest.raises(ActnetError, match="the disk is full"):
        build(photos, artefact, gallery, replace(ONE, overwrite=True))
    assert gallery.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": "none.csv"}, "is not a file; give a CSV"),
        ({"dim": 32}, "has its own size and dim"),
    ],
)
def test_nothing_is_written_where_a_build_cannot_start(
    change: dict, message: str, make_photos, artefact: Path, tmp_path: Path
) -> None:
    with pytest.raises(ActnetError, match=message):
        build(make_photos(1), artefact, tmp_path / "g.sqlite", replace(ONE, **change))
    assert [p.name for p in tmp_path.iterdir()] == ["photos"]


def test_the_second_writer_is_refused(make_photos, artefact: Path, tmp_path: Path) -> None:
    photos, gallery = make_photos(1), tmp_path / "g.sqlite"
    with only_writer(gallery), pytest.raises(GalleryError, match=f"process {os.getpid()} on"):
        build(photos, artefact, gallery, ONE)
    assert not gallery.exists()


def test_small_disk(make_photos, artefact: Path, tmp_path: Path) -> None:
    """A disk of 300 kB: the command says so, and the gallery holds what was committed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "none", disk], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs rights")
    try:
        photos = make_photos(150)
        gallery = disk / "g.sqlite"
        script = (
            "import sys; from mobile_actnet.cli import index; from mobile_actnet.gallery.indexing import indexer\n"
            "indexer._COMMIT_EVERY_S, indexer._PHOTOS_PER_TASK = 0.0, 2\n"
            "sys.exit(index.main(sys.argv[1:]))"
        )
        command = ["build", photos, "--model", artefact, "-o", gallery, "--workers", "1"]
        ran = subprocess.run(
            [sys.executable, "-c", script, *map(str, command)], capture_output=True, text=True
        )
        assert ran.returncode == 1
        assert "Traceback" not in ran.stderr
        assert "the disk is full. What was committed is safe" in ran.stderr
        kept = paths(gallery)
        assert 10 < len(kept) < 150
        bigger = shutil.copy(gallery, tmp_path / "copy.sqlite")
        report = update(Path(bigger), AGAIN, photos, artefact)
        assert report.changes.unchanged == len(kept)
        assert report.pictures == 150
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("name", ["g.json", "gallery", "g.safetensors"])
def test_a_gallery_has_a_gallerys_name(
    name: str, make_photos, artefact: Path, tmp_path: Path
) -> None:
    photos = make_photos(1)
    with pytest.raises(
        ConfigError, match="is not a name for a gallery; give one that ends in .sqlite"
    ):
        build(photos, artefact, tmp_path / name, ONE)
    with pytest.raises(ConfigError, match="nowhere does not exist; make it"):
        build(photos, artefact, tmp_path / "nowhere" / "g.sqlite", ONE)


@pytest.mark.parametrize("beside", ["g.sqlite.lock", "g.sqlite.new"])
@pytest.mark.parametrize("linked", [False, True])
def test_a_users_own_file_beside_a_gallery_is_left_alone(
    beside: str, linked: bool, make_photos, artefact: Path, tmp_path: Path
) -> None:
    photos, gallery = make_photos(1), tmp_path / "g.sqlite"
    build(photos, artefact, gallery, ONE)
    place = tmp_path / "precious" if linked else tmp_path / beside
    place.write_bytes(b"precious")
    if linked:
        (tmp_path / beside).symlink_to(place)
    with pytest.raises(GalleryError, match="move it away"):
        build(photos, artefact, gallery, replace(ONE, overwrite=True))
    assert place.read_bytes() == b"precious"
    assert (tmp_path / beside).exists()


def test_a_users_own_journal_is_left_alone(make_photos, artefact: Path, tmp_path: Path) -> None:
    gallery, journal = tmp_path / "g.sqlite", tmp_path / "g.sqlite-journal"
    journal.write_bytes(b"my diary")
    with pytest.raises(GalleryError, match="g.sqlite-journal must be free .* move it away"):
        build(make_photos(1), artefact, gallery, ONE)
    assert journal.read_bytes() == b"my diary"

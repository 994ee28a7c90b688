"""Builds and updates killed with SIGKILL at random moments.

ACTNET_KILLS=200 python -m pytest tests/mobile_actnet/gallery/indexing/test_killed_indexing.py kills that often; a normal
run does it a few times.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from older_galleries import as_version_1

from mobile_actnet.gallery.check import examine_gallery
from mobile_actnet.gallery.indexing.index_options import IndexOptions
from mobile_actnet.gallery.indexing.indexer import build
from mobile_actnet.gallery.sqlite.reader import GalleryReader

KILLS = int(os.environ.get("ACTNET_KILLS", "4"))
PHOTOS = 160
EMPTY_BYTES = 61_440

# Commits after every two photos, so that kills fall into all parts of a transaction.
COMMAND = (
    "import sys; from mobile_actnet.cli import index; from mobile_actnet.gallery.indexing import indexer\n"
    "indexer._COMMIT_EVERY_S, indexer._PHOTOS_PER_TASK = 0.0, 2\n"
    "print('ready', flush=True)\n"
    "sys.exit(index.main(sys.argv[1:]))"
)

Rows = dict[str, tuple]


def rows(gallery: Path) -> Rows:
    """All that a search sees, by path."""
    with GalleryReader(gallery) as reader:
        return {
            row[0]: row
            for row in reader.rows(
                "SELECT path, size_bytes, mtime_ns, sha256, width_px, height_px, label, scale, "
                "descriptor, jpeg FROM picture JOIN thumbnail ON picture_id = id"
            )
        }


def start(*arguments: object) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def children(process: int) -> list[int]:
    try:
        return [
            int(n) for n in Path(f"/proc/{process}/task/{process}/children").read_text().split()
        ]
    except OSError:
        return []


def kill(process: "subprocess.Popen[str]", after_s: float, gallery: Path) -> bool:
    """Kill a run some time after its first write, or as it starts; tell whether it was alive."""
    deadline, before = time.monotonic() + 120, written(gallery)
    while after_s >= 0 and written(gallery) in (before, 0) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    time.sleep(abs(after_s))
    workers = children(process.pid)
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline, "a worker outlived its parent"
        time.sleep(0.01)
    return alive


def written(gallery: Path) -> int:
    """When the gallery was written last; 0 where it is empty or not there."""
    try:
        status = gallery.stat()
    except OSError:
        return 0
    return status.st_mtime_ns if status.st_size > EMPTY_BYTES else 0


def test_killed_at_random_moments(make_photos, artefact: Path, tmp_path: Path) -> None:
    photos = make_photos(PHOTOS)
    started = time.monotonic()
    build(photos, artefact, tmp_path / "undisturbed.sqlite", IndexOptions(workers=1))
    whole_s = time.monotonic() - started
    expected = rows(tmp_path / "undisturbed.sqlite")
    assert len(expected) == PHOTOS
    rng, gallery = random.Random(os.environ.get("ACTNET_KILLS_SEED", "1")), tmp_path / "g.sqlite"
    held, alive, partial, finished = 0, 0, 0, 0
    for _ in range(KILLS):
        if gallery.exists():
            process = start("update", gallery, "--workers", "1")
        else:
            process = start("build", photos, "--model", artefact, "-o", gallery, "--workers", "1")
        as_it_starts = rng.random() < 0.2
        after_s = -rng.random() * whole_s if as_it_starts else rng.random() * whole_s / 8
        alive += kill(process, after_s, gallery)
        if not gallery.exists():
            continue
        findings = examine_gallery(gallery)
        assert all(finding.ok is not False for finding in findings), findings
        now = rows(gallery)
        assert now.items() <= expected.items()
        assert len(now) >= held, "what was committed is gone"
        partial += 0 < len(now) < PHOTOS
        held = len(now)
        if held > PHOTOS // 2:
            output = start("update", gallery, "--workers", "1").communicate()[0]
            assert f"{PHOTOS} pictures" in output
            assert rows(gallery) == expected
            finished += 1
            gallery.unlink()
            held = 0
    print(
        f"{KILLS} kills, {alive} of running processes, {partial} left a part, {finished} finished"
    )
    assert alive
    left = {path.name for path in tmp_path.iterdir()} - {"g.sqlite.lock", "g.sqlite"}
    assert {name for name in left if not name.startswith(".actnet-")} == {
        "photos", "undisturbed.sqlite",
    }  # fmt: skip


def all_rows(gallery: Path) -> list[tuple]:
    """Pictures with their local features, where the gallery has any."""
    with GalleryReader(gallery) as reader:
        if reader.version == 1:
            return reader.rows("SELECT * FROM picture ORDER BY id")
        return reader.rows(
            "SELECT picture.*, local_features.width_px, features FROM picture "
            "LEFT JOIN local_features ON picture_id = id ORDER BY id"
        )


def test_killed_while_version_1_becomes_2(make_photos, artefact: Path, tmp_path: Path) -> None:
    photos, gallery = make_photos(40, side=160), tmp_path / "g.sqlite"
    build(photos, artefact, gallery, IndexOptions(workers=1))
    expected = all_rows(gallery)
    as_version_1(gallery)
    old, before = gallery.read_bytes(), all_rows(gallery)
    process, started = start("update", gallery, "--workers", "1"), time.monotonic()
    process.communicate()
    whole_s = time.monotonic() - started
    assert all_rows(gallery) == expected
    rng, alive = random.Random(os.environ.get("ACTNET_KILLS_SEED", "1")), 0
    for _ in range(KILLS):
        gallery.write_bytes(old)
        process = start("update", gallery, "--workers", "1")
        time.sleep(rng.uniform(0, whole_s))
        alive += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        found = all_rows(gallery)
        assert [row[: len(before[0])] for row in found] == before, "what was there is gone"
        output = start("update", gallery, "--workers", "1").communicate()[0]
        assert "40 pictures" in output
        assert all_rows(gallery) == expected
        assert all(finding.ok is not False for finding in examine_gallery(gallery))
    assert alive

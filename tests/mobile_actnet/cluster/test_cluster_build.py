"""Datasets that a cluster of three nodes builds, beside galleries of one machine.

A node is killed with 60 generated photos. ACTNET_CLUSTER_PHOTOS=3000 gives it more,
ACTNET_CLUSTER_FOLDER=photos/ takes them from a folder, ACTNET_CLUSTER_MODEL=m.tflite another artefact.
"""

import os
import shutil
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests_of_cluster import items_csv, rows_of_dataset, rows_of_gallery, write_many

from mobile_actnet.cluster.building.cluster_build import build_dataset
from mobile_actnet.cluster.cluster_options import ClusterOptions
from mobile_actnet.cluster.lance_reader import LanceReader
from mobile_actnet.errors import ActnetError, ConfigError, GalleryError
from mobile_actnet.export import Gallery, IndexOptions
from mobile_actnet.pictures.photos import find_photos

SMALL = ClusterOptions(photos_per_fragment=4, commit_every_s=0)


def test_everything_is_that_of_one_machine_to_the_bit(both) -> None:
    expected = rows_of_gallery(both.gallery)
    assert len(expected) == 20
    assert all(row[6] and row[8] for row in expected), "nothing is compared"
    assert rows_of_dataset(both.dataset) == expected
    with Gallery.open(both.gallery) as gallery, LanceReader(str(both.dataset)) as reader:
        assert list(reader.problems()) == list(gallery._reader.problems())  # type: ignore[attr-defined]
        for number, *_ in expected:
            assert reader.item(number) == gallery._reader.item(number)
            page = gallery._reader.page_picture(number)  # type: ignore[attr-defined]
            assert reader.rows([number], ["page_picture"])["page_picture"][0].as_py() == page


def test_a_second_run_finds_nothing_to_do(both) -> None:
    items = both.photos.parent / "items.csv"
    version = LanceReader(str(both.dataset)).revision()
    options = IndexOptions(items=items, page_side_px=80)
    report = build_dataset(both.photos, both.model, both.dataset, options, SMALL)
    assert (report.described, report.pictures, report.problems) == (0, 20, 1)
    assert LanceReader(str(both.dataset)).revision() == version


def test_another_run_with_other_settings_is_refused(both) -> None:
    options = IndexOptions(items=both.photos.parent / "items.csv", page_side_px=80)
    other = replace(options, thumbnail_side_px=100)
    with pytest.raises(GalleryError, match="thumbnail_side_px 160, not 100"):
        build_dataset(both.photos, both.model, both.dataset, other)
    with pytest.raises(GalleryError, match="page_side_px"):
        build_dataset(both.photos, both.model, both.dataset, replace(options, page_side_px=90))


def test_a_killed_node_costs_no_picture_and_none_is_there_twice(
    nodes: Any, artefact: Path, tmp_path: Path
) -> None:
    photos, count = many_photos(tmp_path / "photos", 60)
    model, dataset = Path(os.environ.get("ACTNET_CLUSTER_MODEL", artefact)), tmp_path / "d.lance"
    Gallery.build(photos, model, tmp_path / "g.sqlite", IndexOptions(workers=2)).close()
    size = max(2, count // 200)
    killed: list[Any] = []
    written: list[int] = []

    # Once a quarter of the fragments is written, and not at a commit: a quick machine commits seldom.
    def kill_in_the_middle() -> None:
        while not done.wait(0.02):
            fragments = len(list((dataset / "data").glob("*.lance")))
            for node in nodes.worker_nodes if fragments >= count // size // 4 else ():
                raylet = node.all_processes["raylet"][0].process.pid
                actors = [pid for pid in children(raylet) if b"MapWorker" in command(pid)]
                if actors:
                    for pid in (*actors, raylet):
                        os.kill(pid, signal.SIGKILL)
                    killed.append(node)
                    written.extend((fragments, len(actors)))
                    return

    done = threading.Event()
    watcher = threading.Thread(target=kill_in_the_middle)
    watcher.start()
    try:
        # Two actors fit on a node, so that of three, one at least is not on the driver's.
        options = replace(SMALL, photos_per_fragment=size, workers=3)
        report = build_dataset(photos, model, dataset, IndexOptions(), options)
    finally:
        done.set()
        watcher.join()
        for node in killed:
            nodes.remove_node(node, allow_graceful=False)
            nodes.add_node(num_cpus=1, object_store_memory=80 << 20)
    assert killed, "no node had an actor"
    rows = rows_of_dataset(dataset)
    print(
        f"{count} photos, {size} a fragment: a node with {written[1]} actors was killed when "
        f"{written[0]} fragments were written; {len(rows)} pictures, "
        f"{len({row[1] for row in rows})} paths, {sum(bool(row[8]) for row in rows)} with local features"
    )
    assert report.described == len(rows) == count
    assert rows == rows_of_gallery(tmp_path / "g.sqlite")


def many_photos(folder: Path, usual: int) -> tuple[Path, int]:
    """Return photos, and how many: ACTNET_CLUSTER_PHOTOS of them, generated or of a folder."""
    count = int(os.environ.get("ACTNET_CLUSTER_PHOTOS", usual))
    source = os.environ.get("ACTNET_CLUSTER_FOLDER")
    if source is None:
        return write_many(folder, count), count
    found = find_photos(Path(source))
    for photo in [found[at * len(found) // count] for at in range(count)]:
        place = folder / photo.path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(photo.path.absolute())
    return folder, count


def children(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(folder.name))
    return found


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_new_photos_and_photos_that_failed_come_in_with_the_next_run(
    nodes: Any, artefact: Path, tmp_path: Path
) -> None:
    photos, dataset = write_many(tmp_path / "photos", 4), tmp_path / "d.lance"
    gone = photos / "b" / "link.jpg"
    gone.symlink_to(tmp_path / "away.jpg")
    report = build_dataset(photos, artefact, dataset, IndexOptions(), SMALL)
    assert (report.pictures, report.problems) == (4, 1)
    shutil.copy(photos / "a" / "000.jpg", tmp_path / "away.jpg")
    shutil.copy(photos / "b" / "001.jpg", photos / "a" / "001b.jpg")
    report = build_dataset(photos, artefact, dataset, IndexOptions(), SMALL)
    assert (report.described, report.pictures, report.problems) == (2, 6, 0)
    rows = rows_of_dataset(dataset)
    assert len({row[0] for row in rows}) == len({row[1] for row in rows}) == 6


def test_a_second_writer_is_refused(nodes: Any, artefact: Path, tmp_path: Path) -> None:
    photos, dataset = write_many(tmp_path / "photos", 8), tmp_path / "d.lance"
    told = []

    def again(_: int) -> None:
        with pytest.raises(GalleryError, match="is being written by process") as refusal:
            build_dataset(photos, artefact, dataset, IndexOptions(), SMALL)
        told.append(refusal)

    build_dataset(photos, artefact, dataset, IndexOptions(), replace(SMALL, on_commit=again))
    assert told


def test_overwrite_replaces_datasets_alone(both, tmp_path: Path, artefact: Path) -> None:
    other = tmp_path / "other.lance"
    other.mkdir()
    (other / "diary.txt").write_text("mine")
    with pytest.raises(GalleryError, match="is not a dataset"):
        build_dataset(both.photos, artefact, other, IndexOptions(overwrite=True))
    import lance
    import pyarrow as pa

    lance.write_dataset(pa.table({"a": [1]}), tmp_path / "table.lance")
    with pytest.raises(GalleryError, match="actnet-index did not make it"):
        build_dataset(both.photos, artefact, tmp_path / "table.lance", IndexOptions(overwrite=True))
    photos, dataset = write_many(tmp_path / "photos", 4), tmp_path / "d.lance"
    build_dataset(photos, artefact, dataset, IndexOptions(), SMALL)
    options = IndexOptions(thumbnail_side_px=32, overwrite=True)
    assert build_dataset(photos, artefact, dataset, options, SMALL).described == 4
    assert LanceReader(str(dataset)).info.thumbnail_side_px == 32


def test_an_overwrite_that_fails_keeps_the_old_dataset_and_goes_on(
    nodes: Any, artefact: Path, tmp_path: Path
) -> None:
    photos, dataset = write_many(tmp_path / "photos", 8), tmp_path / "d.lance"
    build_dataset(photos, artefact, dataset, IndexOptions(), SMALL)
    before = rows_of_dataset(dataset)
    options = IndexOptions(thumbnail_side_px=32, overwrite=True)

    def fail(described: int) -> None:
        raise ActnetError("the disk is full")

    with pytest.raises(ActnetError, match="the disk is full"):
        build_dataset(photos, artefact, dataset, options, replace(SMALL, on_commit=fail))
    assert rows_of_dataset(dataset) == before
    begun = LanceReader(str(tmp_path / "d.new.lance")).count()
    assert begun
    report = build_dataset(photos, artefact, dataset, options, SMALL)
    assert (report.described, report.pictures) == (8 - begun, 8)
    assert LanceReader(str(dataset)).info.thumbnail_side_px == 32
    assert sorted(each.name for each in tmp_path.glob("*.lance*")) == [
        "d.lance", "d.problems.lance"
    ]  # fmt: skip


def test_names_and_fields_that_cannot_be_used(both, tmp_path: Path, artefact: Path) -> None:
    with pytest.raises(ConfigError, match="ends in .lance"):
        build_dataset(both.photos, artefact, tmp_path / "d.sqlite")
    with pytest.raises(ConfigError, match="does not exist; make it"):
        build_dataset(both.photos, artefact, tmp_path / "no" / "d.lance")
    items = tmp_path / "items.csv"
    items.write_text("path,vector\na/000.jpg,9\n")
    with pytest.raises(ConfigError, match="a field vector, a name that the dataset uses itself"):
        build_dataset(both.photos, artefact, tmp_path / "d.lance", IndexOptions(items=items))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ActnetError, match="holds no pictures"):
        build_dataset(tmp_path / "empty", artefact, tmp_path / "d.lance")
    assert not (tmp_path / "d.lance").exists()
    assert items_csv(2).count("\n") == 3

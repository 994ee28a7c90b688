"""What can be described and where to: an S3 server, lists, and what a list says of its pictures."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests_of_cluster import rows_of_dataset, rows_of_gallery, write_many

from mobile_actnet.cluster.building.annotations import annotated
from mobile_actnet.cluster.building.cluster_build import build_dataset
from mobile_actnet.cluster.building.listing import list_source
from mobile_actnet.cluster.cluster_options import ClusterOptions
from mobile_actnet.cluster.dataset_photos import data_folders
from mobile_actnet.cluster.gallery_cut import cut_gallery
from mobile_actnet.cluster.lance_gallery import LanceGallery
from mobile_actnet.cluster.lance_reader import LanceReader
from mobile_actnet.errors import ActnetError
from mobile_actnet.export import Gallery, IndexOptions
from mobile_actnet.pictures.photos import find_photos

SMALL = ClusterOptions(photos_per_fragment=4, commit_every_s=0)


def put(store: Any, folder: Path, prefix: str) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            key = f"{prefix}/{file.relative_to(folder).as_posix()}"
            store.put_object(Bucket="bucket", Key=key, Body=file.read_bytes())


def test_an_object_store_as_source_and_target(
    nodes: Any, store: Any, artefact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = write_many(tmp_path / "photos", 12)
    (photos / "a" / "100 % blank.jpg").write_bytes((photos / "a" / "000.jpg").read_bytes())
    (photos / "b" / "broken.jpg").write_bytes(b"no picture")
    (photos / "b" / "notes.txt").write_text("no picture by its name")
    Gallery.build(photos, artefact, tmp_path / "g.sqlite", IndexOptions(workers=1)).close()
    put(store, photos, "in/photos")
    target = "s3://bucket/out/shop.lance"
    report = build_dataset("s3://bucket/in/photos", artefact, target, IndexOptions(), SMALL)
    assert (report.described, report.problems, report.left_out) == (13, 1, {".txt": 1})
    expected = rows_of_gallery(tmp_path / "g.sqlite")
    assert rows_of_dataset(target) == expected
    again = build_dataset("s3://bucket/in/photos", artefact, target, IndexOptions(), SMALL)
    assert (again.described, again.pictures) == (0, 13)
    with LanceGallery(target) as gallery:
        hits = gallery.search(photos / "a" / "002.jpg", 3)
    assert hits[0].path == "a/002.jpg"
    assert cut_gallery(target, tmp_path / "cut.sqlite").pictures == 13
    assert rows_of_gallery(tmp_path / "cut.sqlite") == expected
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (folder,) = data_folders([target])
    found = find_photos(folder)
    assert len(found) == 13
    assert found[0].path.read_bytes() == (photos / "a" / "000.jpg").read_bytes()


def test_a_parquet_list_brings_items_and_fields(
    nodes: Any, store: Any, artefact: Path, tmp_path: Path
) -> None:
    photos = write_many(tmp_path / "photos", 4)
    put(store, photos, "listed/photos")
    paths = [f"s3://bucket/listed/photos/{'ab'[n % 2]}/{n:03}.jpg" for n in range(4)]
    columns = {"path": [*paths, "s3://bucket/listed/photos/a/gone.jpg"]}
    columns |= {
        "title": [*(f"Thing {n}" for n in range(4)), "Gone"],
        "museum": ["X", "Y", "X", "Y", "X"],
    }
    pq.write_table(pa.table(columns), tmp_path / "list.parquet")
    dataset = tmp_path / "d.lance"
    report = build_dataset(tmp_path / "list.parquet", artefact, dataset, IndexOptions(), SMALL)
    assert (report.pictures, report.problems) == (4, 1)
    reader = LanceReader(str(dataset))
    assert reader.info.photos_path == "s3://bucket/listed/photos"
    assert dict(reader.problems()) == {"a/gone.jpg": "does not exist"}
    item = reader.item(1)
    assert item is not None
    assert item.fields == {"": {"title": "Thing 0", "museum": "X"}}
    report = cut_gallery(dataset, tmp_path / "cut.sqlite", "museum = 'X'")
    assert [row[1] for row in rows_of_gallery(report.gallery)] == ["a/000.jpg", "a/002.jpg"]
    assert [row[7] for row in rows_of_gallery(report.gallery)] == ["Thing 0", "Thing 2"]


def test_a_csv_list_of_this_machine(tmp_path: Path) -> None:
    photos = write_many(tmp_path / "photos", 4)
    lines = ["path;label", "photos/b/001.jpg;007", f"{photos}/a/000.jpg;zero"]
    (tmp_path / "list.csv").write_text("\n".join(lines) + "\n")
    listing = list_source(tmp_path / "list.csv")
    assert listing.root == str(photos)
    assert listing.photos.to_pylist() == [
        {"path": "a/000.jpg", "size_bytes": None, "mtime_ns": None, "label": "zero"},
        {"path": "b/001.jpg", "size_bytes": None, "mtime_ns": None, "label": "007"},
    ]


def test_two_pictures_of_an_item_keep_their_own_roles(tmp_path: Path) -> None:
    lines = ["path,item,title,role", "a.jpg,box,Box,database", "b.jpg,box,,query"]
    (tmp_path / "list.csv").write_text("\n".join(lines) + "\n")
    table, names = annotated(list_source(tmp_path / "list.csv"), None, None)
    assert names == ("title", "role")
    assert table.column("role").to_pylist() == ["database", "query"]
    assert table.column("title").to_pylist() == ["Box", "Box"]
    assert table.column("item").to_pylist() == ["box", "box"]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["file", "a.jpg"], "has no column path; it has file"),
        (["path", "a.jpg", "./a.jpg"], "twice; keep one line"),
        (["path", "s3://one/a.jpg", "s3://two/b.jpg"], "lie in two stores"),
        (["path", "s3://one/x/../a.jpg", "s3://one/b.jpg"], "leads out of its folder"),
        (["path,mtime_ns", "a.jpg,1"], "the dataset itself has a column mtime_ns"),
    ],
)
def test_lists_that_cannot_be_used(lines: list[str], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(ActnetError, match=sentence):
        list_source(tmp_path / "list.csv")

"""Datasets in use: search, cut, check, training's and evaluation's folders, and the commands."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests_of_cluster import rows_of_gallery

from mobile_actnet.benchmarks.tasks.dataset_search import measure_dataset_search, write_generated
from mobile_actnet.cli.main import main
from mobile_actnet.cluster import extra
from mobile_actnet.cluster.dataset_check import dataset_findings
from mobile_actnet.cluster.dataset_photos import data_folders
from mobile_actnet.cluster.gallery_cut import cut_gallery
from mobile_actnet.cluster.lance_gallery import LanceGallery
from mobile_actnet.cluster.vector_index import build_vector_index
from mobile_actnet.errors import ConfigError, GalleryError, MissingPackageError
from mobile_actnet.export import Gallery
from mobile_actnet.gallery.hits import SearchOptions
from mobile_actnet.pictures.photos import find_photos


def test_answers_are_those_of_a_gallery(both) -> None:
    queries = sorted((both.photos / "b").glob("0*.jpg"))[:3]
    for options in (SearchOptions(5), SearchOptions(5, group=0.9), SearchOptions(5, verify=False)):
        with Gallery.open(both.gallery) as gallery, LanceGallery(both.dataset) as dataset:
            expected = gallery.search_pictures(queries, options)
            assert dataset.search_pictures(queries, options) == expected
            assert all(expected)


def test_an_index_gives_the_same_similarities(tmp_path: Path) -> None:
    address = str(tmp_path / "d.lance")
    queries = write_generated(address, 5000, 20)
    with LanceGallery(address) as dataset:
        exact = dataset._rank(dataset._stored(queries), 1, SearchOptions(20))
        assert not dataset.uses_approximate_index()
    build_vector_index(address)
    with LanceGallery(address) as dataset:
        assert dataset.uses_approximate_index()
        found = dataset._rank(dataset._stored(queries), 1, SearchOptions(20))
        assert dataset.nearest(queries, SearchOptions(20, exact=True)) == [
            ids.tolist() for ids, _ in exact
        ]
    recalled = sum(len(np.intersect1d(a[0], b[0])) for a, b in zip(found, exact, strict=True))
    assert recalled / 400 >= 0.99
    for (ids, values), (all_ids, all_values) in zip(found, exact, strict=True):
        known = dict(zip(all_ids.tolist(), all_values.tolist(), strict=True))
        told = dict(zip(ids.tolist(), values.tolist(), strict=True))
        assert {number: told[number] for number in told.keys() & known.keys()} == {
            number: known[number] for number in told.keys() & known.keys()
        }


def test_a_cut_holds_the_bytes_of_a_gallery_that_was_made_directly(both, tmp_path: Path) -> None:
    report = cut_gallery(both.dataset, tmp_path / "x.sqlite", "museum = 'X'", limit=6)
    assert (report.pictures, report.chosen, report.items) == (6, 10, 6)
    expected = {row[1]: row[2:] for row in rows_of_gallery(both.gallery)}
    rows = rows_of_gallery(report.gallery)
    assert [row[1] for row in rows] == sorted(expected)[:5] + [row[1] for row in rows][5:]
    assert {row[1]: row[2:] for row in rows} == {row[1]: expected[row[1]] for row in rows}
    assert main(["index", "check", str(report.gallery)]) == 0
    with Gallery.open(both.gallery) as whole, Gallery.open(report.gallery) as cut:
        query = both.photos / rows[2][1]
        (hit,), (same,) = cut.search(query, 1), whole.search(query, 1)
        assert (hit.path, hit.similarity, hit.inliers, hit.item) == (
            same.path, same.similarity, same.inliers, same.item,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("where", "sentence"),
    [("colour = 'red'", "No field named colour.*fields of the items: title, museum"),
     ("museum = = 1", "cannot be used"), ("museum = 'Z'", "holds no picture with museum = 'Z'")],
)  # fmt: skip
def test_filters_that_cannot_be_used(where: str, sentence: str, both, tmp_path: Path) -> None:
    with pytest.raises((ConfigError, GalleryError), match=sentence):
        cut_gallery(both.dataset, tmp_path / "x.sqlite", where)
    assert not (tmp_path / "x.sqlite").exists()


def test_a_check_finds_what_is_wrong(both, tmp_path: Path) -> None:
    assert {finding.ok for finding in dataset_findings(both.dataset)} == {True, None}
    import lance

    address = str(tmp_path / "d.lance")
    write_generated(address, 100, 1)
    rows = lance.dataset(address).to_table()
    lance.write_dataset(rows.slice(3, 1), address, mode="append")
    told = [finding.text for finding in dataset_findings(address) if finding.ok is False]
    assert len(told) == 1
    assert "1 path appears more than once, such as things/000000003.jpg" in told[0]
    scales = np.ones(100)
    at = rows.schema.get_field_index("scale")
    import pyarrow as pa

    wrong = rows.set_column(at, rows.schema.field(at), pa.array(scales))
    lance.write_dataset(wrong, address, mode="overwrite", schema=rows.schema)
    told = [finding.text for finding in dataset_findings(address) if finding.ok is False]
    assert len(told) == 1
    assert "is not of length 1" in told[0]


def test_training_and_evaluation_get_a_folder(
    both, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (folder,) = data_folders([both.dataset])
    assert folder.name == both.dataset.name
    photos = find_photos(folder)
    assert {photo.path for photo in photos} == set(both.photos.rglob("0*.jpg"))
    assert all(photo.may_be_learned_from for photo in photos)
    (folder,) = data_folders([both.dataset], "both")
    assert all(photo.is_query and photo.is_searched for photo in find_photos(folder))
    assert data_folders([both.photos]) == [both.photos]


def test_commands(both, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = str(both.dataset)
    assert main(["index", "info", dataset, "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["pictures"], told["problems"], told["item_columns"]) == (
        20,
        1,
        ["title", "museum"],
    )
    assert main(["index", "check", dataset]) == 0
    assert "is sound" in capsys.readouterr().out
    page = tmp_path / "hits.html"
    query = str(both.photos / "a" / "002.jpg")
    assert main(["search", dataset, "--query", query, "--html", str(page)]) == 0
    assert "a/002.jpg" in capsys.readouterr().out
    assert "data:image/jpeg" in page.read_text()
    cut = ["index", "cut", dataset, "--where", "museum = 'X'", "-o", str(tmp_path / "x.sqlite")]
    assert main(cut) == 0
    assert "10 pictures and 10 items" in capsys.readouterr().out
    for words in (
        ["build", str(both.photos), "--model", "m", "-o", dataset],
        ["build", "s3://bucket/x", "--model", "m", "-o", "g.sqlite"],
    ):
        assert main(["index", *words]) == 1
        assert "needs --engine ray" in capsys.readouterr().err


def test_the_benchmark_measures_what_it_says(tmp_path: Path) -> None:
    report = measure_dataset_search(3000, tmp_path, ["IVF_FLAT"], [5], num_queries=5)
    (search,) = report.indices[0].searches
    assert search.recall == 1.0  # All of five partitions are looked into.
    assert search.peak_mb > 50
    assert report.cut_pictures == 300


def test_without_the_extra_a_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(extra.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match="pip install 'mobile-actnet\\[cluster\\]'"):
        extra.require(extra.BUILDING)
    for words in (
        ["index", "build", str(tmp_path), "--engine", "ray", "--model", "m", "-o", "d.lance"],
        ["index", "info", "d.lance"], ["index", "check", "d.lance"],
        ["index", "cut", "d.lance", "-o", "x.sqlite"], ["search", "d.lance", "--query", "x.jpg"],
        ["train", "--data", "d.lance", "-o", "c.safetensors"],
    ):  # fmt: skip
        assert main(words) == 1
        told = capsys.readouterr().err
        assert told.count("\n") == 1
        assert "mobile-actnet[cluster]" in told, words

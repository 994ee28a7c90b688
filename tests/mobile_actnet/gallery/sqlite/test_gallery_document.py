"""A reader written from docs/gallery.md alone, with nothing but sqlite3 and struct."""

import json
import math
import sqlite3
import struct
from pathlib import Path

import pytest

from mobile_actnet.errors import GalleryError
from mobile_actnet.gallery.exact_search import search_exact
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.schema import GalleryModel, check_model

FOLDER = Path(__file__).parents[3] / "golden" / "gallery"
INDEX = json.loads((FOLDER / "index.json").read_text())
GALLERIES = pytest.mark.parametrize("golden", INDEX["galleries"], ids=lambda g: g["storage"])
TOLERANCES = {"int8": 1e-12, "float16": 2e-6}
CODES = {"int8": "b", "float16": "e"}


def by_the_document(path: Path) -> tuple[str, list[tuple[int, str, float, tuple]]]:
    """Read storage, and id, path, scale and values of each picture."""
    header = path.read_bytes()[:100]
    assert header[:16] == b"SQLite format 3\0"
    assert struct.unpack(">I", header[68:72]) == (0x41435447,)
    assert struct.unpack(">I", header[60:64]) == (1,)
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    try:
        ((dim, storage),) = connection.execute("SELECT dim, storage FROM gallery")
        rows = connection.execute("SELECT id, path, scale, descriptor FROM picture ORDER BY id")
        form = f"<{dim}{CODES[storage]}"
        return storage, [(n, name, scale, struct.unpack(form, b)) for n, name, scale, b in rows]
    finally:
        connection.close()


def stored_query(query: list[float], storage: str) -> tuple[list[float], float]:
    """Bring a float descriptor into the storage."""
    if storage == "int8":
        factor = 127 / max(abs(x) for x in query)
        values = [float(round(x * factor)) for x in query]
    else:
        form = f"<{len(query)}e"
        values = list(struct.unpack(form, struct.pack(form, *query)))
    return values, 1 / math.sqrt(sum(v * v for v in values))


@GALLERIES
def test_a_reader_of_the_document_gets_the_golden_rankings(golden: dict) -> None:
    storage, pictures = by_the_document(FOLDER / golden["file"])
    assert storage == golden["storage"]
    for number, query in enumerate(INDEX["queries"]):
        values, scale = stored_query(query, storage)
        assert values == golden["query_values"][number]
        assert scale == pytest.approx(golden["query_scales"][number], rel=1e-14)
        found = sorted(
            (-(sum(a * b for a, b in zip(values, row, strict=True)) * scale * of_row), n, path)
            for n, path, of_row, row in pictures
        )
        expected = golden["rankings"][number]
        assert [hit["id"] for hit in expected] == [n for _, n, _ in found[: len(expected)]]
        assert [hit["path"] for hit in expected] == [p for _, _, p in found[: len(expected)]]
        told = [hit["similarity"] for hit in expected]
        assert told == pytest.approx([-s for s, _, _ in found[: len(told)]], abs=1e-12)


@GALLERIES
def test_the_scales_are_those_of_the_document(golden: dict) -> None:
    _, pictures = by_the_document(FOLDER / golden["file"])
    for _, _, scale, values in pictures:
        assert scale == pytest.approx(1 / math.sqrt(sum(v * v for v in values)), rel=1e-14)


@GALLERIES
def test_the_search_of_this_project_gets_the_golden_rankings(golden: dict) -> None:
    import numpy as np

    from mobile_actnet.gallery.sqlite.storage import encode

    with GalleryReader(FOLDER / golden["file"]) as reader:
        ids, database = reader.load()
        queries = encode(np.array(INDEX["queries"], np.float32), reader.info.storage)
    tolerance = TOLERANCES[golden["storage"]]
    for number, expected in enumerate(golden["rankings"]):
        one = slice(number, number + 1)
        query = type(queries)(queries.values[one], queries.scales[one])
        ranking = search_exact(database, query, len(expected))
        assert ids[ranking.positions[0]].tolist() == [hit["id"] for hit in expected]
        told = [hit["similarity"] for hit in expected]
        assert ranking.similarities[0].tolist() == pytest.approx(told, abs=tolerance)


def test_ties_stand_in_the_order_of_ids() -> None:
    for golden in INDEX["galleries"]:
        first = golden["rankings"][1][:3]
        assert [hit["id"] for hit in first] == [4, 8, 20]
        assert len({hit["similarity"] for hit in first}) == 1


RULES = {
    1: "is not a gallery: it is not an SQLite file",
    2: "but not a gallery",
    3: "of version 3",
    4: "is damaged",
    5: "is damaged",
    6: "was made by",
}


@pytest.mark.parametrize("refused", INDEX["refused"], ids=lambda refused: refused["file"])
def test_what_the_document_refuses(refused: dict) -> None:
    with (
        pytest.raises(GalleryError, match=RULES[refused["rule"]]),
        GalleryReader(FOLDER / "refused" / refused["file"]) as reader,
    ):
        check_and_load(reader)


def test_the_golden_galleries_are_of_the_golden_model() -> None:
    with GalleryReader(FOLDER / "int8.sqlite") as reader:
        check_and_load(reader)
    here = {path.name for path in (FOLDER / "refused").iterdir()}
    assert here == {refused["file"] for refused in INDEX["refused"]}


def check_and_load(reader: GalleryReader) -> None:
    check_model(reader.path, reader.info, GalleryModel(**INDEX["model"]))
    reader.load()


def test_the_galleries_are_single_files() -> None:
    names = {golden["file"] for golden in INDEX["galleries"]} | {"index.json"}
    assert {path.name for path in FOLDER.iterdir()} == names | {"refused"}
    for golden in INDEX["galleries"]:
        # Bytes 18 and 19: 1 means a rollback journal, 2 would mean WAL.
        assert (FOLDER / golden["file"]).read_bytes()[18:20] == b"\1\1"


def test_the_document_names_every_column() -> None:
    text = (Path(__file__).parents[4] / "docs" / "gallery.md").read_text()
    connection = sqlite3.connect(f"file:{FOLDER / 'int8.sqlite'}?immutable=1", uri=True)
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        assert f"`{table}`" in text
        for column in connection.execute(f"PRAGMA table_info({table})"):
            assert f"`{column[1]}`" in text, f"{table}.{column[1]}"
    connection.close()

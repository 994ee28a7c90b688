"""Ground truth in its three published forms, and what must not be read."""

import json
import os
import pickle
import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mobile_actnet.errors import ActnetError
from mobile_actnet.evaluation.protocols.ground_truth import (
    GroundTruth,
    read_ground_truth,
    read_text_ground_truth,
)

DATA = Path(os.environ.get("ACTNET_DATA", Path(__file__).parents[5] / "shared" / "data"))
LABELS = ("easy", "hard", "junk")


def small() -> dict[str, Any]:
    return {
        "imlist": ["a", "b", "c", "d"],
        "qimlist": ["q"],
        "gnd": [{"easy": [2], "hard": [], "junk": [0, 3], "bbx": [1.5, 2, 30, 40.25]}],
    }


def write_json(folder: Path, content: object) -> Path:
    path = folder / "gnd.json"
    path.write_text(json.dumps(content))
    return path


def write_pickle(folder: Path, content: object, protocol: int) -> Path:
    path = folder / f"gnd{protocol}.pkl"
    path.write_bytes(pickle.dumps(content, protocol))
    return path


def with_arrays(content: dict[str, Any], dtype: str = "<i8") -> dict[str, Any]:
    """Hold labels in arrays and boxes in NumPy numbers, as the published pickles may."""
    entries = [
        {
            **{label: np.array(entry[label], dtype) for label in LABELS},
            "bbx": [np.float64(edge) for edge in entry["bbx"]],
        }
        for entry in content["gnd"]
    ]
    return {**content, "gnd": entries}


def plain(truth: GroundTruth) -> object:
    queries = [
        (query.name, query.box, {label: list(query.labels[label]) for label in query.labels})
        for query in truth.queries
    ]
    return truth.images, queries


def test_json(tmp_path: Path) -> None:
    truth = read_ground_truth(write_json(tmp_path, small()), LABELS)
    assert plain(truth) == (
        ["a", "b", "c", "d"],
        [("q", (1.5, 2.0, 30.0, 40.25), {"easy": [2], "hard": [], "junk": [0, 3]})],
    )
    assert truth.queries[0].labels["hard"].dtype == np.int64


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("dtype", ["<i8", ">i4", "uint16"])
def test_a_pickle_of_arrays_equals_json(tmp_path: Path, protocol: int, dtype: str) -> None:
    expected = plain(read_ground_truth(write_json(tmp_path, small()), LABELS))
    path = write_pickle(tmp_path, with_arrays(small(), dtype), protocol)
    assert plain(read_ground_truth(path, LABELS)) == expected
    path.write_bytes(pickle.dumps(small(), protocol))
    assert plain(read_ground_truth(path, LABELS)) == expected


def test_a_pickle_from_numpy_1_equals_json(tmp_path: Path) -> None:
    content = pickle.dumps(with_arrays(small()), 2)
    path = tmp_path / "gnd.pkl"
    path.write_bytes(content.replace(b"numpy._core.", b"numpy.core."))
    assert b"numpy.core.multiarray" in path.read_bytes()
    expected = plain(read_ground_truth(write_json(tmp_path, small()), LABELS))
    assert plain(read_ground_truth(path, LABELS)) == expected


def test_a_pickle_from_python_2(tmp_path: Path) -> None:
    """Python 2 wrote names and the bytes of arrays as 8-bit strings; this is one by hand."""

    def text(value: bytes) -> bytes:
        return b"U" + bytes([len(value)]) + value

    array = (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + text(b"b") + b"\x87R"
        b"(K\x01K\x02\x85cnumpy\ndtype\n" + text(b"i8") + b"K\x00K\x01\x87R"
        b"(K\x03" + text(b"<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        + text(struct.pack("<2q", 1, 200)) + b"tb"
    )  # fmt: skip
    entry = (
        b"}(" + text(b"ok") + array + text(b"junk") + b"]"
        + text(b"bbx") + b"(K\x01K\x02K\x03K\x04tu"
    )  # fmt: skip
    images = b"](" + b"".join(text(b"p%d" % number) for number in range(201)) + b"e"
    path = tmp_path / "gnd.pkl"
    path.write_bytes(
        b"\x80\x02}(" + text(b"imlist") + images + text(b"qimlist") + b"](" + text(b"p7") + b"e"
        + text(b"gnd") + b"](" + entry + b"eu."
    )  # fmt: skip
    query = read_ground_truth(path, ("ok", "junk")).queries[0]
    assert (query.name, query.box) == ("p7", (1.0, 2.0, 3.0, 4.0))
    assert query.labels["ok"].tolist() == [1, 200]


@pytest.mark.parametrize("name", ["roxford5k", "rparis6k"])
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_the_published_ground_truth_as_a_pickle(tmp_path: Path, name: str, protocol: int) -> None:
    source = DATA / "gnd" / f"gnd_{name}.json"
    if not source.is_file():
        pytest.skip(f"{source} is not here; set ACTNET_DATA to the folder that holds gnd")
    content = json.loads(source.read_text())
    truth = read_ground_truth(source, LABELS)
    assert (len(truth.images), len(truth.queries)) == (len(content["imlist"]), 70)
    assert truth.queries[3].labels["junk"].tolist() == content["gnd"][3]["junk"]
    pickled = write_pickle(tmp_path, with_arrays(content), protocol)
    assert plain(read_ground_truth(pickled, LABELS)) == plain(truth)


class Calls:
    """Pickled as a call of a function."""

    def __init__(self, function: Any, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_runs_a_program_is_refused(tmp_path: Path, protocol: int) -> None:
    traces = [tmp_path / name for name in ("shell", "open", "array")]
    attacks = (
        Calls(os.system, f"touch '{traces[0]}'"),
        Calls(open, str(traces[1]), "w"),
        Calls(np.save, str(traces[2]), 1),
        Calls(eval, "1"),
        Calls(getattr, "text", "upper"),
        with_arrays(small()) | {"more": Calls(os.system, f"touch '{traces[0]}'")},
    )
    for attack in attacks:
        with pytest.raises(ActnetError, match="is refused: it wants to call .+; only lists"):
            read_ground_truth(write_pickle(tmp_path, attack, protocol), LABELS)
    assert not any(trace.exists() for trace in traces)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps(np.array([{}, []], object)), "holds an array of 'O8'"),
        (pickle.dumps(np.zeros(2, "c16")), "holds an array of 'c16'"),
        (pickle.dumps(np.zeros((2, 3), "i8"), 4), "array of shape (2, 3) for 6 numbers"),
        (b"cnumpy\nndarray\n}b.", "it changes a function"),
        (b"c_codecs\nencode\n(Va\nVrot13\ntR.", "it encodes text as 'rot13'"),
        (b"\x80\x04\x8c\x05numpy\x8c\x0dndarray.dumps\x93.", "call numpy.ndarray.dumps"),
        (b"cnumpy\nndarray\n)\x81.", "cannot be read as a pickle"),
        (pickle.dumps(small())[:-20], "cannot be read as a pickle"),
        (b"", "cannot be read as a pickle"),
    ],
)
def test_a_pickle_beyond_numbers(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "gnd.pkl"
    path.write_bytes(content)
    with pytest.raises(ActnetError) as caught:
        read_ground_truth(path, LABELS)
    assert message in str(caught.value)


def test_a_message_shows_the_beginning_of_a_foreign_value(tmp_path: Path) -> None:
    value: object = 0
    for _ in range(8):
        value = [value] * 6
    path = tmp_path / "gnd.json"
    many = {f"key{number:04}" * 10: 0 for number in range(1000)}
    for content in (value, small() | {"qimlist": [value]}, many):
        path.write_text(json.dumps(content))
        with pytest.raises(ActnetError) as caught:
            read_ground_truth(path, LABELS)
        assert len(str(caught.value)) < 500 + len(str(path))


def entry(**changes: object) -> dict[str, Any]:
    content = small()
    content["gnd"][0] |= changes
    return content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "holds []; it must hold named entries"),
        ({"imlist": ["a"], "gnd": []}, "has no qimlist (it has gnd, imlist)"),
        (small() | {"imlist": []}, "imlist must be a list of photo names with at least one"),
        (small() | {"qimlist": [5]}, "qimlist holds 5; photo names must be text"),
        (small() | {"imlist": ["a", "b", "c", "a"]}, "names a photo twice"),
        (small() | {"gnd": []}, "0 entries in gnd for 1 in qimlist"),
        (small() | {"gnd": 3}, "no list of entries in gnd for 1 in qimlist"),
        (small() | {"gnd": [{"ok": []}]}, "query q has no bbx (it has ok)"),
        (entry(easy=[4]), "query q, easy holds position 4; imlist allows 0 to 3"),
        (entry(easy=[-1]), "easy holds position -1"),
        (entry(easy=[1.0]), "easy holds 1.0; positions must be whole numbers"),
        (entry(easy=[True]), "easy holds True"),
        (entry(easy="2"), "easy is a str; it must be a list of numbers"),
        (entry(hard=[2]), "photo 2 is listed twice in easy, hard, junk"),
        (entry(junk=[0, 0]), "photo 0 is listed twice"),
        (entry(bbx=[1, 2, 3]), "the box is [1, 2, 3]; it must be four finite numbers"),
        (entry(bbx=[1, 2, 3, None]), "the box is [1, 2, 3, None]"),
        (entry(bbx=[1, 2, 3, float("nan")]), "the box is [1, 2, 3, nan]"),
        (entry(bbx=[1, 2, 3, 10**400]), "it must be four finite numbers"),
        (entry(bbx=[5, 2, 5, 9]), "the box [5.0, 2.0, 5.0, 9.0] is empty"),
    ],
)
def test_wrong_content(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(ActnetError) as caught:
        read_ground_truth(write_json(tmp_path, content), LABELS)
    assert message in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ActnetError, match=r"gnd.mat is neither .json nor .pkl"):
        read_ground_truth(tmp_path / "gnd.mat", LABELS)
    with pytest.raises(ActnetError, match="cannot be read: No such file"):
        read_ground_truth(tmp_path / "gnd.json", LABELS)
    (tmp_path / "gnd.json").write_bytes(b"\xff{")
    with pytest.raises(ActnetError, match="cannot be read as JSON"):
        read_ground_truth(tmp_path / "gnd.json", LABELS)


def text_files(folder: Path) -> Path:
    for name, content in {
        "hall_1_query.txt": "oxc1_hall_7 136.5 34.1 648.5 955.7\n",
        "hall_1_good.txt": "hall_7\nhall_3\n",
        "hall_1_ok.txt": "gate_1\nbad_1\n",
        "hall_1_junk.txt": "",
        "gate_1_query.txt": "gate_1 0 1 20 30",
        "gate_1_good.txt": "gate_1",
        "gate_1_ok.txt": "",
        "gate_1_junk.txt": "hall_3\r\n",
    }.items():
        (folder / name).write_text(content)
    return folder


IMAGES = ["gate_1", "hall_3", "hall_7"]


def test_text_files(tmp_path: Path) -> None:
    truth = read_text_ground_truth(text_files(tmp_path), IMAGES, frozenset(("bad_1",)))
    assert plain(truth) == (
        IMAGES,
        [
            ("gate_1", (0.0, 1.0, 20.0, 30.0), {"ok": [0], "junk": [1]}),
            ("hall_7", (136.5, 34.1, 648.5, 955.7), {"ok": [0, 1, 2], "junk": []}),
        ],
    )


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("hall_1_query.txt", "oxc1_hall_7 1 2 3", "holds 4 fields; it must be: NAME x1 y1 x2 y2"),
        ("hall_1_query.txt", "oxc1_hall_7 1 2 3 x", "could not convert string to float: 'x'"),
        ("hall_1_query.txt", "oxc1_hall_7 1 2 1 3", "is empty; x1 < x2 and y1 < y2"),
        ("hall_1_good.txt", None, "hall_1_good.txt cannot be read: No such file"),
        ("hall_1_good.txt", "x y x", "names 2 photos missing from the photo folder (first: x)"),
        ("hall_1_junk.txt", "hall_7", "photo 2 is listed twice in ok, junk"),
    ],
)
def test_wrong_text_files(tmp_path: Path, file: str, content: str | None, message: str) -> None:
    text_files(tmp_path)
    (tmp_path / file).unlink()
    if content is not None:
        (tmp_path / file).write_text(content)
    with pytest.raises(ActnetError) as caught:
        read_text_ground_truth(tmp_path, IMAGES, frozenset(("bad_1",)))
    assert message in str(caught.value)


def test_a_folder_without_queries(tmp_path: Path) -> None:
    with pytest.raises(ActnetError, match=r"holds no \*_query.txt; give the folder"):
        read_text_ground_truth(tmp_path, IMAGES)


def nested(depth: int) -> tuple:
    """A tuple of two of the same tuple, of two...: a few bytes that are 2 ** depth parts."""
    value: tuple = ()
    for _ in range(depth):
        value = (value, value)
    return value


@pytest.mark.parametrize(
    "content",
    [
        b"(i__main__\nx\n.",
        b"I1\np99999999999\n.",  # A place in a table of a hundred thousand million.
        pickle.dumps({"imlist": [nested(60)], "qimlist": ["q"], "gnd": [{}]}),
        pickle.dumps({"imlist": nested(60), "qimlist": nested(60), "gnd": nested(60)}),
        pickle.dumps({"imlist": ["a"], "qimlist": ["q"], "gnd": [{"bbx": nested(60)}]}),
        pickle.dumps({"imlist": ["a"], "qimlist": ["q"],
                      "gnd": [{"bbx": [1, 2, 3, 4], "easy": [nested(60)]}]}),
        # A dictionary with such a key, put together by hand: pickling it takes for ever.
        pickle.dumps((nested(60),))[:-1] + b"0}" + pickle.dumps(nested(60))[2:-1] + b"K\x01s.",
        b"\x80\x04\x8f(" + pickle.dumps(nested(60))[2:-1] + b"\x90.",  # A set of it.
    ],
)  # fmt: skip
def test_a_few_bytes_cannot_keep_us_for_ever(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "gnd.pkl"
    path.write_bytes(content)
    started = time.monotonic()
    with pytest.raises(ActnetError) as refused:
        read_ground_truth(path, ("easy",))
    assert time.monotonic() - started < 5
    assert len(str(refused.value)) < 1000

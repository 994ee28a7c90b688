"""Every way in which the C engine finds the nearest codes on this processor: what counting one by one gives."""

import ctypes
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

SOURCE = Path(__file__).parents[2] / "android_demo" / "native" / "actnet_matching.c"
CODE_BYTES, MARGIN, MARK = 16, 64, 0xA5
Codes = NDArray[np.uint8]


class Nearest(ctypes.Structure):
    _fields_ = [("column", ctypes.c_int32), ("nearest", ctypes.c_int), ("second", ctypes.c_int)]


class Way(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("arranged_bytes", ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_int32)),
        ("arrange", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p)),
        ("nearest", ctypes.CFUNCTYPE(Nearest, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32)),
    ]

    def found(self, codes: Codes, others: Codes, offset: int = 0) -> list[tuple[int, int, int]]:
        """Return column, nearest and second of each code; `offset` shifts the arranged codes in memory."""
        count = len(others)
        room = np.full(offset + self.arranged_bytes(count) + MARGIN, MARK, np.uint8)
        arranged = room.ctypes.data + offset
        self.arrange(others.ctypes.data, count, arranged)
        assert (room[:offset] == MARK).all()
        assert (room[-MARGIN:] == MARK).all()
        rows = [self.nearest(code.ctypes.data, arranged, count) for code in codes]
        return [(row.column, row.nearest, row.second) for row in rows]


def compiled(folder: Path, widest: int) -> Way:
    library = folder / f"libmatching{widest}.so"
    words = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    widest_word = f"-DACTNET_WIDEST={widest}"
    subprocess.run(["cc", *words, widest_word, SOURCE, "-o", library], check=True)
    c = ctypes.CDLL(str(library))
    c.actnet_matching.restype = ctypes.POINTER(Way)
    return c.actnet_matching().contents


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> list[Way]:
    """The ways of this processor: with vectors of 64 bytes, of 32, of 16, and with what every one has."""
    if shutil.which("cc") is None or sys.platform != "linux":
        pytest.skip("the C engine: needs Linux and a C compiler (Debian: apt install gcc)")
    folder = tmp_path_factory.mktemp("matching")
    return [compiled(folder, widest) for widest in (64, 32, 16, 8)]


def expected(codes: Codes, others: Codes) -> list[tuple[int, int, int]]:
    apart = np.bitwise_count(codes[:, None] ^ others[None]).sum(axis=2, dtype=int)
    two = np.sort(apart, axis=1)[:, :2]
    first = apart.argmin(axis=1)
    return [(int(k), int(near), int(next_)) for k, (near, next_) in zip(first, two, strict=True)]


def chance(rng: np.random.Generator, count: int) -> Codes:
    return rng.integers(0, 256, (count, CODE_BYTES)).astype(np.uint8)


def near(rng: np.random.Generator, code: Codes, count: int, most_bits: int) -> Codes:
    """Codes that differ from one in few bits: many are equally near."""
    flips = rng.random((count, 8 * CODE_BYTES)) < rng.integers(0, most_bits + 1) / 128
    return code ^ np.packbits(flips, axis=1)


COUNTS = [*range(2, 41), 63, 64, 65, 127, 128, 129, 1000]


def test_the_way_is_the_fastest_that_the_processor_has(ways: list[Way]) -> None:
    names = [way.name.decode() for way in ways]
    if platform.machine() != "x86_64":
        assert len(set(names)) == 1
        return
    flags = Path("/proc/cpuinfo").read_text().split()
    assert names[3] == "one by one"
    assert names[2] == ("popcnt" if "popcnt" in flags else names[3])
    assert names[1] == ("avx2" if "avx2" in flags else names[2])
    wide = {"avx2", "avx512f", "avx512bw", "avx512_bitalg"}.issubset(flags)
    assert names[0] == ("avx512" if wide else names[1])


@pytest.mark.parametrize("count", COUNTS)
def test_codes_of_chance_and_many_ties(ways: list[Way], count: int) -> None:
    rng = np.random.default_rng(count)
    asked = chance(rng, 5)
    sets = [
        chance(rng, count),
        near(rng, asked[0], count, 6),
        np.concatenate([chance(rng, count // 2), near(rng, asked[1], count - count // 2, 30)]),
        near(rng, asked[2], 2, 3)[rng.integers(0, 2, count)],
        np.repeat(asked[3:4], count, axis=0),
        np.repeat(~asked[4:5], count, axis=0),
    ]
    for others in sets:
        queries = np.concatenate([asked, others[[0, -1]], ~others[[0, count // 2]]])
        for way in ways:
            assert way.found(queries, others) == expected(queries, others), way.name


@pytest.mark.parametrize("count", [2, 33, 64, 100, 1000])
def test_the_two_nearest_anywhere(ways: list[Way], count: int) -> None:
    """Every order of the nearest and the second, in one lane, in two, in one block, in two."""
    rng = np.random.default_rng(count)
    code = chance(rng, 1)
    far = ~near(rng, code, count, 20)
    for one, other in rng.permuted(np.tile(np.arange(count), (60, 1)), axis=1)[:, :2].tolist():
        for first, second in ((one, other), (one, one % 64 + count // 64 // 2 * 64)):
            others = far.copy()
            others[second % count] = code ^ np.packbits(np.arange(128) < rng.integers(1, 4))
            others[first] = code ^ np.packbits(np.arange(128) < rng.integers(0, 4))
            for way in ways:
                assert way.found(code, others) == expected(code, others), (way.name, first, second)


@pytest.mark.parametrize("count", [16383, 16384, 16385, 16386, 40000, 65535])
def test_more_codes_than_a_byte_counts_blocks_of(ways: list[Way], count: int) -> None:
    rng = np.random.default_rng(count)
    others = chance(rng, count)
    others[-1] = others[0]
    queries = np.concatenate([chance(rng, 3), others[[0, 70, 16382, -2]], ~others[[5, -1]]])
    for way in ways:
        assert way.found(queries, others) == expected(queries, others), way.name


def test_codes_may_lie_anywhere(ways: list[Way]) -> None:
    rng = np.random.default_rng(5)
    queries, others = chance(rng, 4), chance(rng, 200)
    for offset in range(64):
        for way in ways:
            assert way.found(queries, others, offset) == expected(queries, others), way.name


def test_no_code_is_arranged_in_no_bytes(ways: list[Way]) -> None:
    for way in ways:
        assert way.arranged_bytes(0) == 0

"""The C engine as a library: where it is not there or does not load, and what it refuses."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.errors import MissingPackageError
from mobile_actnet.native import engine


@pytest.fixture
def another_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "libactnet.so"
    monkeypatch.setattr(engine, "LIBRARY", path)
    engine._engine.cache_clear()
    yield path
    engine._engine.cache_clear()


def grey(seed: int = 1, size: tuple[int, int] = (180, 240)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (size[0] // 6, size[1] // 6), dtype=np.uint8)
    return small.repeat(6, axis=0).repeat(6, axis=1)


def test_a_library_that_is_not_there_is_named(another_library: Path) -> None:
    with pytest.raises(MissingPackageError, match=r"libactnet\.so is not there; run: pip install"):
        engine.require_engine()


def test_a_library_that_does_not_load_is_named_with_the_reason(another_library: Path) -> None:
    another_library.write_bytes(b"no library")
    with pytest.raises(
        MissingPackageError, match=r"does not load: .*; run: pip install --no-deps --editable /"
    ):
        engine.extract_features(grey(), 10)


def test_a_library_of_other_c_is_named_with_what_it_lacks(another_library: Path) -> None:
    if shutil.which("cc") is None or sys.platform != "linux":
        pytest.skip("an older library: needs Linux and a C compiler (Debian: apt install gcc)")
    words = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", another_library]
    subprocess.run(words, input=b"void actnet_turn(void) {}", check=True)
    with pytest.raises(
        MissingPackageError, match=r"another version of the C code: it has no actnet_\w+; run"
    ):
        engine.require_engine()


def test_who_installed_a_wheel_is_told_another_command(
    another_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "__file__", str(another_library.parent / "a" / "b" / "engine.py"))
    with pytest.raises(MissingPackageError, match=r"run: pip install --force-reinstall"):
        engine.require_engine()


def test_features_are_those_of_the_points() -> None:
    picture = grey()
    blob = engine.extract_features(picture, 50)
    points, gradients = engine.detect_points(picture, 50)
    assert len(blob) == 50 * engine.FEATURE_BYTES
    assert gradients.shape == (50, engine.GRADIENTS)
    x = np.frombuffer(blob, "<u2", 50)
    np.testing.assert_array_equal(x, np.rint((points[:, 0] + 0.5) * 16))


def test_the_picture_is_not_written_into() -> None:
    picture = grey()
    before = picture.copy()
    engine.extract_features(picture, 10)
    engine.detect_points(picture, 10)
    np.testing.assert_array_equal(picture, before)
    # Nor does it matter how it lies in memory.
    assert engine.extract_features(np.asfortranarray(picture), 99) == engine.extract_features(
        picture, 99
    )


def test_what_cannot_be_is_refused() -> None:
    blob = engine.extract_features(grey(), 20)
    with pytest.raises(ValueError, match="a side is 1 to 4095"):
        engine.PreparedPhoto(5000, 10, blob)
    photo = engine.PreparedPhoto(240, 180, blob)
    with pytest.raises(ValueError, match="22 each are needed"):
        photo.compare(240, 180, blob[:-1])
    for size in ((0, 5), (5, 0), (5, 4096)):
        with pytest.raises(ValueError, match="a side is 1 to 4095"):
            engine.extract_features(np.zeros(size, np.uint8), 5)
        with pytest.raises(ValueError, match="a side is 1 to 4095"):
            engine.detect_points(np.zeros(size, np.uint8), 5)


def test_threads_share_a_photo() -> None:
    blobs = [engine.extract_features(grey(seed), 300) for seed in range(8)]
    photo = engine.PreparedPhoto(240, 180, blobs[0])
    expected = [photo.compare(240, 180, blob)[0] for blob in blobs]
    assert expected[0] > 20
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda blob: photo.compare(240, 180, blob)[0], blobs * 20)
        assert list(found) == expected * 20


def test_memory_is_given_back() -> None:
    import resource

    blob = engine.extract_features(grey(), 300)
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(2000):
            engine.PreparedPhoto(240, 180, blob * 4)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 5000  # kB; 2 000 photos have 50 MB

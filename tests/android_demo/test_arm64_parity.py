"""What is asked of the engine as ARM64 code: how near, and equal where a gallery keeps it."""

from collections.abc import Callable
from pathlib import Path

import arm64_parity
import numpy as np
import pytest
from kotlin import BuildError
from numpy.typing import NDArray

from mobile_actnet.benchmarks.arm64 import Arm64Tools

Compare = Callable[[float, bool], str]
PICTURES = 1 + arm64_parity.GENERATED

# Between two integers of a descriptor whose largest value, 0.8, is stored as 127.
EDGE = 95.5 / 127 * 0.8


@pytest.fixture
def emulated(monkeypatch: pytest.MonkeyPatch) -> list[NDArray[np.float32]]:
    """What the emulator gives for each picture; Python gives a value just below the edge."""
    in_python = np.tile(np.float32([0.8, EDGE - 1e-6]), (PICTURES, 1))

    class Runtime:
        def __init__(self, artefact: Path, num_threads: int) -> None:
            pass

        def describe(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
            assert pictures.shape == (PICTURES, 64, 64, 3)
            return in_python

    results = list(in_python.copy())
    left = iter(results)
    monkeypatch.setattr(arm64_parity, "TfliteRuntime", Runtime)
    monkeypatch.setattr(arm64_parity, "_emulated", lambda *_words: next(left))
    monkeypatch.setattr(
        arm64_parity, "load", lambda _path: {"preprocessing": {"height": 64, "width": 64}}
    )
    return results


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """Compare what `emulated` holds."""
    (tmp_path / ".ready").touch()
    tools = Arm64Tools(tmp_path)
    return lambda limit, same: arm64_parity.compare_arm64(tools, Path("m.tflite"), limit, same)


@pytest.mark.usefixtures("emulated")
def test_equal_descriptors_pass(compare: Compare) -> None:
    said = "largest difference from Python: 0.0e+00 in 9 pictures, 9 of them stored as the same integers"
    assert compare(0.0, True) == said


def test_another_stored_integer_is_refused_where_it_must_be_equal(
    compare: Compare, emulated: list[NDArray[np.float32]]
) -> None:
    emulated[4][1] = EDGE + 1e-6
    with pytest.raises(BuildError, match="1 of 9 descriptors are stored as other integers"):
        compare(1e-5, True)


def test_another_stored_integer_is_told_where_it_is_allowed(
    compare: Compare, emulated: list[NDArray[np.float32]]
) -> None:
    emulated[4][1] = EDGE + 1e-6
    assert compare(1e-5, False).endswith("8 of them stored as the same integers")


@pytest.mark.parametrize("value", [EDGE - 2e-5, float("nan")])
def test_what_is_further_apart_is_refused_before(
    value: float, compare: Compare, emulated: list[NDArray[np.float32]]
) -> None:
    emulated[0][1] = value
    with pytest.raises(BuildError, match="ARM64 gives another descriptor"):
        compare(1e-5, False)

"""What is asked of the engine as ARM64 code: how near, and equal before the head of an int8 artefact."""

from pathlib import Path

import arm64_parity
import numpy as np
import pytest
from arm64 import Arm64Tools
from kotlin import BuildError
from numpy.typing import NDArray

from mobile_actnet.cli.export import main
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.tflite.litert_runtime import TfliteRuntime

PICTURES = 1 + arm64_parity.GENERATED


class Emulated:
    """In place of the emulator: what Python gives, and something added to one picture."""

    def __init__(self) -> None:
        self.added, self.runs = 0.0, 0

    def __call__(self, _tools: Arm64Tools, artefact: Path, picture: Pixels) -> NDArray[np.float32]:
        self.runs += 1
        (found,) = TfliteRuntime(artefact, 1).describe(picture[None])
        found[7] += self.added if self.runs == 4 else 0.0
        return found


@pytest.fixture
def emulated(monkeypatch: pytest.MonkeyPatch) -> Emulated:
    fake = Emulated()
    monkeypatch.setattr(arm64_parity, "_emulated", fake)
    return fake


@pytest.fixture
def tools(tmp_path: Path) -> Arm64Tools:
    (tmp_path / ".ready").touch()
    return Arm64Tools(tmp_path)


@pytest.fixture(scope="module")
def int8_artefact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("int8")
    words = ["--format", "tflite", "--precision", "int8", "--image-size", "64", "-o", str(folder)]
    assert main(words) == 0
    return next(folder.glob("*.tflite"))


def test_equal_results_pass(tools: Arm64Tools, emulated: Emulated, int8_artefact: Path) -> None:
    said = arm64_parity.compare_arm64(tools, int8_artefact, 0.0)
    assert said == f"largest difference from Python: 0.0e+00 in {PICTURES} pictures"
    said = arm64_parity.compare_eight_bits(tools, int8_artefact)
    assert said == "the last feature maps (5120 values of 8 bits each) are equal"
    assert emulated.runs == 2 * PICTURES


@pytest.mark.parametrize("added", [2e-6, float("nan")])
def test_another_descriptor_is_refused(
    tools: Arm64Tools, emulated: Emulated, int8_artefact: Path, added: float
) -> None:
    emulated.added = added
    with pytest.raises(BuildError, match="ARM64 gives another descriptor"):
        arm64_parity.compare_arm64(tools, int8_artefact, 1e-6)


@pytest.mark.parametrize("added", [6 / 255, float("nan")])
def test_one_level_of_one_value_is_refused(
    tools: Arm64Tools, emulated: Emulated, int8_artefact: Path, added: float
) -> None:
    emulated.added = added
    with pytest.raises(BuildError, match="ARM64 gives another feature map"):
        arm64_parity.compare_eight_bits(tools, int8_artefact)


def test_the_head_is_cut_off(int8_artefact: Path, tmp_path: Path) -> None:
    backbone = tmp_path / "backbone.tflite"
    backbone.write_bytes(arm64_parity.ended_at_last_feature_map(int8_artefact.read_bytes()))
    pictures = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    maps = TfliteRuntime(backbone, 1).describe(pictures)
    assert maps.shape == (2, 2 * 2 * 1280)
    levels = maps / (6 / 255)
    assert float(np.abs(levels - levels.round()).max()) < 1e-3
    assert len(np.unique(levels.round())) > 30

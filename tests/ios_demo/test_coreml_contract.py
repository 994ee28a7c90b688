"""What the iOS app asks of a Core ML package, held to a real one."""

import re
from pathlib import Path

import pytest

pytest.importorskip("coremltools", reason="needs the extra coreml")

from mobile_actnet.runtime.artefact_file import inspect
from mobile_actnet.runtime.vocabulary import Format, Precision

SOURCES = Path(__file__).parents[2] / "ios_demo" / "Sources" / "ActnetCoreML"


@pytest.fixture(scope="module")
def asked() -> dict[str, str]:
    """The words of CoreMLContract.swift."""
    text = (SOURCES / "CoreMLContract.swift").read_text(encoding="utf-8")
    return dict(re.findall(r'static let (\w+) = "([^"]*)"', text))


def test_package_is_what_the_app_asks_for(asked: dict[str, str], small_artefact) -> None:
    result = small_artefact(Format.COREML, Precision.FP16)
    info, manifest = inspect(result.path), result.manifest
    assert (info.input.name, info.input.dtype) == (asked["inputName"], asked["inputKind"])
    assert tuple(info.input.shape) == (1, 3, 64, 64)
    assert (info.output.name, info.output.dtype) == (asked["outputName"], asked["outputKind"])
    assert tuple(info.output.shape) == (1, manifest["output"]["dim"])
    assert info.metadata[asked["checkpointKey"]] == manifest["checkpoint"]["sha256"]


def test_manifest_says_the_same(asked: dict[str, str], small_artefact) -> None:
    manifest = small_artefact(Format.COREML, Precision.FP16).manifest
    assert manifest["format"] == asked["format"]
    assert manifest["input"]["layout"] == asked["layout"]
    assert manifest["input"]["name"] == asked["inputName"]
    assert manifest["input"]["dtype"] == asked["inputKind"]
    assert list(manifest["input"]["shape"]) == [1, 3, 64, 64]
    assert manifest["output"]["name"] == asked["outputName"]
    assert list(manifest["output"]["shape"]) == [1, manifest["output"]["dim"]]


def test_describer_uses_these_words(asked: dict[str, str]) -> None:
    describer = (SOURCES / "CoreMLDescriber.swift").read_text(encoding="utf-8")
    for name in ("inputName", "outputName", "checkpointKey"):
        assert f"CoreMLContract.{name}" in describer
    assert set(asked) >= {"format", "inputKind", "layout", "outputKind"}

"""Artefacts are made once, under a name that holds what they were made of."""

from pathlib import Path

import pytest

from mobile_actnet.benchmarks.config import NetworkName, RuntimeKind
from mobile_actnet.benchmarks.latency import artefacts
from mobile_actnet.benchmarks.latency.artefacts import artefact_of
from mobile_actnet.benchmarks.latency.cases import Case
from mobile_actnet.errors import ConfigError
from mobile_actnet.runtime.vocabulary import ImageSize, Precision

CASE = Case(
    NetworkName.MOBILENET_V2, RuntimeKind.ONNXRUNTIME, Precision.FP32, ImageSize(64, 64)
)  # fmt: skip


def test_made_once_and_stale_ones_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxscript", reason="needs the extra onnx")
    mine = tmp_path / "mobilenet_v2_64x64_fp32.onnx"
    mine.write_text("the user's own")
    said: list[str] = []
    first = artefact_of(CASE, tmp_path, said.append)
    assert artefact_of(CASE, tmp_path, said.append) == first
    assert len(said) == 1
    assert first.size_bytes == first.path.stat().st_size

    monkeypatch.setattr(artefacts, "_code_key", lambda: "the code has changed")
    second = artefact_of(CASE, tmp_path, said.append)
    assert second.path != first.path
    assert sorted(tmp_path.iterdir()) == sorted([mine, second.path])


def test_a_failed_export_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        layouts = artefacts.exporter(artefacts.Format.ONNX).layouts
        default_lowering = artefacts.exporter(artefacts.Format.ONNX).default_lowering

        def convert(self, module, options, path, metadata) -> None:
            path.write_bytes(b"half")
            raise KeyboardInterrupt

    monkeypatch.setattr(artefacts, "exporter", lambda kind: Failing())
    with pytest.raises(KeyboardInterrupt):
        artefact_of(CASE, tmp_path)
    assert not list(tmp_path.iterdir())


def test_key_tells_cases_apart(tmp_path: Path) -> None:
    keys = {
        artefacts._key(case, artefacts.Format.ONNX)
        for case in (
            CASE,
            CASE.of(NetworkName.RESNEXT101),
            Case(CASE.network, CASE.runtime, Precision.FP16, CASE.size),
            Case(CASE.network, CASE.runtime, CASE.precision, ImageSize(64, 96)),
        )
    }
    assert len(keys) == 4


def test_pytorch_has_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="runs no artefact"):
        artefact_of(Case(CASE.network, RuntimeKind.PYTORCH, Precision.FP32), tmp_path)


@pytest.mark.parametrize("name", [NetworkName.MOBILE_ACTNET, NetworkName.MOBILENET_V2])
@pytest.mark.parametrize("precision", [Precision.INT8, Precision.INT8_WEIGHTS])
def test_8_bits_need_no_photos_for_timing(
    tmp_path: Path, name: NetworkName, precision: Precision
) -> None:
    pytest.importorskip("onnxscript", reason="needs the extra onnx")
    made = artefact_of(Case(name, CASE.runtime, precision, CASE.size), tmp_path)
    assert made.size_bytes < 4_400_000


def test_a_precision_that_a_format_has_not(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="onnx has no precision palettised-8"):
        artefact_of(Case(CASE.network, CASE.runtime, Precision.PALETTISED_8), tmp_path)

"""ONNX artefacts: layouts, batches, one file, metadata, and what a reader refuses."""

import uuid
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mobile_actnet.export import ExportRequest, export_artefacts
from mobile_actnet.export.checks.thresholds import ThresholdOverrides
from mobile_actnet.export.formats.exporter import Options
from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.describe import describe
from mobile_actnet.runtime.artefact_file import inspect
from mobile_actnet.runtime.errors import ArtefactError
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.runtimes import open_artefact
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Layout, Precision

pytest.importorskip("onnxruntime", reason="needs the extra onnx")

import onnx
import onnxruntime

from mobile_actnet.export.formats.onnx.onnx_exporter import EXPORTER

SMALL = ImageSize(64, 64)
FLOAT = (Precision.FP32, Precision.FP16)
OPTIONS = Options(SMALL, 384, Precision.FP32, Layout.NHWC)


@pytest.mark.parametrize("precision", EXPORTER.precisions)
def test_names_operators_and_metadata(small_artefact, precision: Precision) -> None:
    result = small_artefact(Format.ONNX, precision)
    info = inspect(result.path)
    assert (info.input.name, info.input.shape, info.input.dtype) == (
        "image",
        (1, 64, 64, 3),
        "uint8",
    )
    assert (info.output.name, info.output.shape, info.output.dtype) == (
        "descriptor", (1, 384), "float32",
    )  # fmt: skip
    assert not {"Pow", "Gather", "BatchNormalization"} & set(info.operators)
    assert info.operators["Transpose"] == 1  # the input's
    assert info.metadata["mobile_actnet.precision"] == precision.value
    assert info.notes["opset"] == 20


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.INT8])
def test_an_artefact_names_no_folder_of_its_maker(small_artefact, precision: Precision) -> None:
    held = small_artefact(Format.ONNX, precision).path.read_bytes()
    assert b".py" not in held
    assert str(Path(torch.__file__).parent).encode() not in held


def test_quantising_asks_for_no_address_of_this_computer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask() -> None:
        raise AssertionError("a name made of the network card's address opens a socket")

    monkeypatch.setattr(uuid, "uuid1", ask)
    settings = {"formats": (Format.ONNX,), "precision": Precision.INT8, "size": SMALL}
    loose = ThresholdOverrides(cosine_mean=0, cosine_min=0, top10_overlap=0)
    (result,) = export_artefacts(ExportRequest(**settings, output=tmp_path, thresholds=loose))
    assert result.path.exists()


def test_half_precision_halves_the_file(small_artefact) -> None:
    sizes = {p: small_artefact(Format.ONNX, p).path.stat().st_size for p in FLOAT}
    assert sizes[Precision.FP16] < 0.55 * sizes[Precision.FP32]


@pytest.mark.parametrize("layout", Layout)
def test_dynamic_batch_equals_pictures_one_by_one(
    tmp_path: Path, shipped_network: Actnet, layout: Layout
) -> None:
    path = tmp_path / "m.onnx"
    deployable = DeployableActnet(shipped_network, 384, layout)
    EXPORTER.convert(deployable, replace(OPTIONS, layout=layout, dynamic_batch=True), path, {})
    pictures = generated_pictures(5, SMALL)
    expected = describe(shipped_network, pictures)
    np.testing.assert_allclose(open_artefact(path).describe(pictures), expected, atol=1e-5)
    given = pictures if layout is Layout.NHWC else pictures.transpose(0, 3, 1, 2)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for batch in (1, 2, 5):
        (found,) = session.run(None, {"image": np.ascontiguousarray(given[:batch])})
        np.testing.assert_allclose(found, expected[:batch], atol=1e-5)
    assert inspect(path).input.shape[0] == "batch"


def test_channels_first_needs_no_transpose(tmp_path: Path, shipped_network: Actnet) -> None:
    path = tmp_path / "m.onnx"
    deployable = DeployableActnet(shipped_network, 384, Layout.NCHW)
    EXPORTER.convert(deployable, replace(OPTIONS, layout=Layout.NCHW), path, {})
    info = inspect(path)
    assert info.input.shape == (1, 3, 64, 64)
    assert "Transpose" not in info.operators


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_truncated_files_get_a_sentence(small_artefact, tmp_path: Path, share: float) -> None:
    content = small_artefact(Format.ONNX, Precision.FP32).path.read_bytes()
    path = tmp_path / "cut.onnx"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ArtefactError, match="not an ONNX file, or is damaged"):
        inspect(path)


def test_data_in_other_files_is_refused(small_artefact, tmp_path: Path) -> None:
    """A model that names other files can name any file of the machine (CVE-2026-27489)."""
    model = onnx.load(str(small_artefact(Format.ONNX, Precision.FP32).path))
    path = tmp_path / "external.onnx"
    onnx.save_model(model, str(path), save_as_external_data=True, location="weights.bin")
    with pytest.raises(ArtefactError, match="points at data in other files"):
        inspect(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="cannot be read: No such file"):
        inspect(tmp_path / "missing.onnx")

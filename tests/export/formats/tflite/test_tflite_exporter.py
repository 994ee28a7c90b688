"""TFLite artefacts: operators, names, alignment, metadata, and what a reader refuses."""

from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.runtime.artefact_file import inspect
from mobile_actnet.runtime.errors import ArtefactError
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.runtimes import open_artefact
from mobile_actnet.runtime.tflite.litert_runtime import TfliteRuntime
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Layout, Precision

pytest.importorskip("litert_torch", reason="needs the extra tflite")

from ai_edge_litert import schema_py_generated as schema

from mobile_actnet.export.formats.tflite.tflite_exporter import EXPORTER

SMALL = ImageSize(64, 64)
FLOAT = (Precision.FP32, Precision.FP16)


@pytest.mark.parametrize("precision", EXPORTER.precisions)
def test_one_xnnpack_partition_takes_all_but_the_cast(small_artefact, precision: Precision) -> None:
    path = small_artefact(Format.TFLITE, precision).path
    operators = inspect(path).operators
    assert "POW" not in operators
    assert "TRANSPOSE" not in operators
    assert operators["LOG"] == 5  # three feature maps, two powers
    runtime = open_artefact(path)
    assert isinstance(runtime, TfliteRuntime)
    assert runtime.undelegated() == {"CAST": 1, "DELEGATE": 1}


def test_undelegated_operators_are_seen(tmp_path: Path) -> None:
    """The counter itself: a network with POW falls apart into more partitions."""
    import litert_torch
    import torch

    class WithPow(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return ((x * 2.0 + 1.0) ** 1.5) * 3.0 + 1.0

    path = tmp_path / "pow.tflite"
    litert_torch.convert(WithPow().eval(), (torch.ones(1, 4, 4, 3),)).export(str(path))
    assert TfliteRuntime(path, 1).undelegated()["POW"] == 1


def test_names_shapes_and_metadata_are_in_the_artefact(small_artefact) -> None:
    result = small_artefact(Format.TFLITE, Precision.FP32)
    info = inspect(result.path)
    assert (info.input.name, info.input.shape, info.input.dtype) == (
        "image",
        (1, 64, 64, 3),
        "uint8",
    )
    assert (info.output.name, info.output.shape, info.output.dtype) == (
        "descriptor", (1, 384), "float32",
    )  # fmt: skip
    assert info.metadata["mobile_actnet.preprocessing"] == "pillow-bilinear/1"
    assert info.metadata["mobile_actnet.precision"] == "fp32"
    assert (
        info.metadata["mobile_actnet.checkpoint_sha256"] == result.manifest["checkpoint"]["sha256"]
    )
    runtime = open_artefact(result.path)
    signature = runtime._interpreter.get_signature_list()["serving_default"]
    assert signature == {"inputs": ["image"], "outputs": ["descriptor"]}


@pytest.mark.parametrize("precision", EXPORTER.precisions)
def test_weights_lie_aligned_and_inside_the_flatbuffer(
    small_artefact, precision: Precision
) -> None:
    content = small_artefact(Format.TFLITE, precision).path.read_bytes()
    model = schema.Model.GetRootAs(content, 0)
    large = 0
    for index in range(model.BuffersLength()):
        buffer = model.Buffers(index)
        assert buffer.Offset() == buffer.Size() == 0, (
            "old runtimes do not look behind the flatbuffer"
        )
        if buffer.DataLength() > 1000:
            large += 1
            assert buffer._tab.Vector(buffer._tab.Offset(4)) % 16 == 0
    assert large > 50


def test_half_precision_halves_the_file(small_artefact) -> None:
    sizes = {p: small_artefact(Format.TFLITE, p).path.stat().st_size for p in FLOAT}
    assert sizes[Precision.FP16] < 0.55 * sizes[Precision.FP32]


def test_half_precision_keeps_tiny_kernels_and_nearly_the_descriptor(
    small_artefact, shipped_network: Actnet
) -> None:
    """In half precision the first two kernels alone would cost 0.00004 of the cosine."""
    import torch

    pictures = generated_pictures(16, SMALL, seed=7)
    deployable = DeployableActnet(shipped_network, 384, Layout.NHWC)
    found = open_artefact(small_artefact(Format.TFLITE, Precision.FP16).path).describe(pictures)
    cosines = (found * deployable(torch.from_numpy(pictures)).numpy()).sum(axis=1)
    assert cosines.mean() > 0.99999


def test_runs_as_the_deployable_module(small_artefact, shipped_network: Actnet) -> None:
    import torch

    pictures = generated_pictures(3, SMALL, seed=7)
    deployable = DeployableActnet(shipped_network, 384, Layout.NHWC)
    found = open_artefact(small_artefact(Format.TFLITE, Precision.FP32).path).describe(pictures)
    np.testing.assert_allclose(found, deployable(torch.from_numpy(pictures)).numpy(), atol=2e-5)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_truncated_files_get_a_sentence(small_artefact, tmp_path: Path, share: float) -> None:
    content = small_artefact(Format.TFLITE, Precision.FP16).path.read_bytes()
    path = tmp_path / "cut.tflite"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ArtefactError, match="not a TFLite file|is damaged"):
        inspect(path)


def test_other_files_get_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="cannot be read"):
        inspect(tmp_path / "missing.tflite")
    path = tmp_path / "text.tflite"
    path.write_text("not a model, whatever its name says")
    with pytest.raises(ArtefactError, match="is not a TFLite file"):
        inspect(path)

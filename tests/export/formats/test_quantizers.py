"""8-bit artefacts of every format: what is in them, and that runs and threads agree."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from mobile_actnet.descriptors import cosine
from mobile_actnet.export.formats.exporter import Options, exporter
from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization.int8_file import load_recorded
from mobile_actnet.export.quantization.prepare import prepare
from mobile_actnet.files import sha256_of
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.runtime.artefact_file import inspect
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.runtimes import open_artefact
from mobile_actnet.runtime.tflite.litert_runtime import TfliteRuntime
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision

SMALL = ImageSize(64, 64)
PIXELS = generated_pictures(3, SMALL, seed=5)


def operators(small_artefact, kind: Format, precision: Precision) -> dict[str, int]:
    return inspect(small_artefact(kind, precision).path).operators


@pytest.mark.parametrize("precision", exporter(Format.TFLITE).precisions)
def test_no_operator_but_the_cast_is_left_to_plain_kernels(
    small_artefact, precision: Precision
) -> None:
    runtime = open_artefact(small_artefact(Format.TFLITE, precision).path)
    assert isinstance(runtime, TfliteRuntime)
    assert runtime.undelegated() == {"CAST": 1, "DELEGATE": 1}


def test_the_head_stays_in_float(small_artefact) -> None:
    """Between the last convolution and the projection: three maps to float, one vector back."""
    tflite = operators(small_artefact, Format.TFLITE, Precision.INT8)
    assert (tflite["QUANTIZE"], tflite["DEQUANTIZE"]) == (2, 4)
    mixed = operators(small_artefact, Format.TFLITE, Precision.MIXED)
    assert mixed["QUANTIZE"] == 1


def test_the_guard_before_the_logarithm_stays(small_artefact) -> None:
    """onnxruntime's quantiser takes it for an activation function if it is let."""
    for precision in (Precision.INT8, Precision.MIXED):
        model = onnx.load(str(small_artefact(Format.ONNX, precision).path))
        producers = {node.output[0]: node for node in model.graph.node}
        logs = [node for node in model.graph.node if node.op_type == "Log"]
        guards = [producers[node.input[0]].op_type for node in logs]
        assert sorted(guards) == ["Add", "Add", "Clip", "Clip", "Clip"]


@pytest.mark.parametrize("kind", Format)
def test_weight_only_precisions_compute_in_float(small_artefact, kind: Format) -> None:
    found = operators(small_artefact, kind, Precision.INT8_WEIGHTS)
    assert not {"QUANTIZE", "QuantizeLinear", "DynamicQuantizeLinear", "quantize"} & set(found)
    small = small_artefact(kind, Precision.INT8_WEIGHTS).manifest["artefact"]["size_bytes"]
    half = small_artefact(kind, Precision.FP16).manifest["artefact"]["size_bytes"]
    assert small < 0.66 * half


@pytest.mark.parametrize(("precision", "share"), [("palettised-8", 0.66), ("palettised-6", 0.57)])
def test_palettes(small_artefact, precision: str, share: float) -> None:
    palettised = small_artefact(Format.COREML, Precision(precision))
    found = operators(small_artefact, Format.COREML, Precision(precision))
    assert found["constexpr_lut_to_dense"] == 8  # the large kernels, and the projection
    half = small_artefact(Format.COREML, Precision.FP16).manifest["artefact"]["size_bytes"]
    assert palettised.manifest["artefact"]["size_bytes"] < share * half


def test_core_ml_in_8_bits_has_relu6_and_quantised_additions(small_artefact) -> None:
    """nn.ReLU6 becomes a clip, which no pattern of coremltools knows."""
    found = operators(small_artefact, Format.COREML, Precision.INT8)
    assert found["relu6"] >= 35
    assert found["quantize"] >= 52
    assert found["dequantize"] >= found["quantize"]
    assert found["constexpr_affine_dequantize"] >= 52


@pytest.mark.parametrize("kind", Format)
@pytest.mark.parametrize("precision", [Precision.INT8, Precision.MIXED])
def test_runs_and_thread_counts_agree_to_the_bit(
    small_artefact, kind: Format, precision: Precision
) -> None:
    path = small_artefact(kind, precision).path
    first = open_artefact(path, 1).describe(PIXELS)
    np.testing.assert_array_equal(first, open_artefact(path, 1).describe(PIXELS))
    np.testing.assert_array_equal(first, open_artefact(path, 4).describe(PIXELS))


def test_all_formats_hold_the_same_network(small_artefact) -> None:
    """The same kernels, biases and ranges: what is left is how the runtimes round."""
    found = [open_artefact(small_artefact(kind, Precision.INT8).path) for kind in Format]
    first, *others = (runtime.describe(PIXELS) for runtime in found)
    for other in others:
        assert cosine(first, other).min() > 0.98


@pytest.mark.parametrize("kind", Format)
def test_a_kept_convolution_is_not_quantised(
    small_artefact, shipped_network: Actnet, tmp_path: Path, kind: Format
) -> None:
    made, kept = exporter(kind), frozenset({"features.5.conv.1.0"})
    deployable = DeployableActnet(shipped_network, 384, made.layouts[0])
    found = load_recorded(sha256_of(DEFAULT_CHECKPOINT))
    plan = prepare(deployable, Precision.INT8, found, kept)
    path = tmp_path / f"kept{made.suffix}"
    options = Options(SMALL, 384, Precision.INT8, made.layouts[0], plan=plan)
    made.convert(deployable, options, path, {})
    after, before = inspect(path).operators, operators(small_artefact, kind, Precision.INT8)
    if kind is Format.ONNX:
        # Kernel and bias are plain float; its output keeps its levels for the next one.
        assert before["DequantizeLinear"] - after["DequantizeLinear"] == 2
    elif kind is Format.COREML:
        # As in ONNX; no quantize, as the next one reads levels all the same.
        stored = "constexpr_affine_dequantize"
        assert before[stored] - after[stored] == 1
    else:
        assert after["DEQUANTIZE"] - before["DEQUANTIZE"] == 1
        assert after["QUANTIZE"] - before["QUANTIZE"] == 1
    whole = open_artefact(small_artefact(kind, Precision.INT8).path).describe(PIXELS)
    assert cosine(whole, open_artefact(path).describe(PIXELS)).min() > 0.9


@pytest.mark.parametrize("precision", [Precision.INT8, Precision.MIXED])
def test_onnxruntime_leaves_a_kept_convolution_in_float(
    shipped_network: Actnet, tmp_path: Path, precision: Precision
) -> None:
    """Left alone behind a DequantizeLinear it is rounded to one scale when the model is loaded."""
    kept = frozenset({"features.0.0", "features.5.conv.1.0", "features.14.conv.2"})
    made = exporter(Format.ONNX)
    deployable = DeployableActnet(shipped_network, 384, made.layouts[0])
    plan = prepare(deployable, precision, load_recorded(sha256_of(DEFAULT_CHECKPOINT)), kept)
    path, optimised = tmp_path / "kept.onnx", tmp_path / "optimised.onnx"
    made.convert(deployable, Options(SMALL, 384, precision, made.layouts[0], plan=plan), path, {})
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath, options.log_severity_level = str(optimised), 4
    onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    loaded = [node.op_type for node in onnx.load(str(optimised)).graph.node]
    assert loaded.count("QLinearConv") == 52 - len(kept)

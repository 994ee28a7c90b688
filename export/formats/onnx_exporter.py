"""ONNX: exported by torch.onnx into one file, no data beside it."""

from collections import Counter
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn

from mobile_actnet.export.formats.onnx_quantizer import quantized
from mobile_actnet.export.graph.deployable import (
    INPUT_NAME,
    OUTPUT_NAME,
    Layout,
    example_input,
)
from mobile_actnet.export.graph.lowering import Lowering
from mobile_actnet.runtime.errors import ArtefactError
from mobile_actnet.runtime.formats import (
    ArtefactInfo,
    Options,
    Precision,
    TensorSpec,
)
from mobile_actnet.runtime.silence import silence

OPSET = 20
_BATCH = "batch"


class OnnxExporter:
    """Satisfies `formats.Exporter`."""

    suffix = ".onnx"
    layouts = (Layout.NHWC, Layout.NCHW)
    precisions = (
        Precision.FP32,
        Precision.FP16,
        Precision.INT8_WEIGHTS,
        Precision.INT8,
        Precision.MIXED,
    )
    default_precision = Precision.FP32
    default_lowering = Lowering.LOG_EXP

    def convert(
        self, deployable: nn.Module, options: Options, path: Path, metadata: dict[str, str]
    ) -> None:
        """Convert; at half precision and int8-weights only weights are stored shorter.

        Activations stay float32 there: onnxruntime's processor kernels have no half-precision
        convolution, and a graph of half-precision activations runs slower there.
        """
        # Two pictures in the example: torch takes a dimension of 1 for a constant.
        batch = 2 if options.dynamic_batch else 1
        dynamic = {"image": {0: torch.export.Dim(_BATCH, min=1)}} if options.dynamic_batch else None
        with silence(), torch.no_grad():
            program = torch.onnx.export(
                deployable,
                (example_input(options.size, options.layout, batch),),
                input_names=[INPUT_NAME],
                output_names=[OUTPUT_NAME],
                dynamic_shapes=dynamic,
                opset_version=OPSET,
                dynamo=True,
            )
        assert program is not None
        model: Any = program.model_proto
        model = quantized(model, options)
        onnx.helper.set_model_props(model, metadata)
        onnx.checker.check_model(model)
        onnx.save_model(model, str(path), save_as_external_data=False)

    def inspect(self, path: Path) -> ArtefactInfo:
        """Read tensors, operators and metadata from the graph, without running it."""
        model = _parse(path)
        return ArtefactInfo(
            input=_tensor_spec(model.graph.input[0]),
            output=_tensor_spec(model.graph.output[0]),
            operators=dict(Counter(node.op_type for node in model.graph.node)),
            metadata={entry.key: entry.value for entry in model.metadata_props},
            notes={"opset": model.opset_import[0].version},
        )


def _parse(path: Path) -> Any:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtefactError(f"{path} cannot be read: {error.strerror}") from error
    try:
        model = onnx.load_from_string(content)
        if any(tensor.external_data for tensor in model.graph.initializer):
            raise ArtefactError(
                f"{path} points at data in other files; export it again as one file"
            )
        if not (model.graph.input and model.graph.output):
            raise ValueError("it holds no graph")
        onnx.checker.check_model(model)
    except ArtefactError:
        raise
    # protobuf's and onnx's errors have no common base but this.
    except Exception as error:
        first_line = (str(error).strip().splitlines() or ["unreadable"])[0]
        raise ArtefactError(f"{path} is no ONNX file or damaged ({first_line})") from error
    return model


def _tensor_spec(value: Any) -> TensorSpec:
    kind = value.type.tensor_type
    shape = tuple(side.dim_param or int(side.dim_value) for side in kind.shape.dim)
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type).name
    return TensorSpec(value.name, shape, dtype)


EXPORTER = OnnxExporter()

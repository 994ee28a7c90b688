"""ONNX: exported by torch.onnx into one file, no data beside it."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn

from mobile_actnet.export.deployable import (
    INPUT_NAME,
    OUTPUT_NAME,
    Layout,
    example_input,
)
from mobile_actnet.export.errors import ArtefactError
from mobile_actnet.export.formats import (
    ArtefactInfo,
    Options,
    Precision,
    TensorSpec,
)
from mobile_actnet.export.silence import silence

OPSET = 20
_BATCH = "batch"


class OnnxExporter:
    """Satisfies `formats.Exporter`."""

    suffix = ".onnx"
    layouts = (Layout.NHWC, Layout.NCHW)
    default_precision = Precision.FP32

    def convert(
        self, deployable: nn.Module, options: Options, path: Path, metadata: dict[str, str]
    ) -> None:
        """Convert; at half precision weights are stored as half and cast where they are used.

        Activations stay float32: onnxruntime's processor kernels have no half-precision
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
        if options.precision is Precision.FP16:
            _store_weights_as_half(model)
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


def _store_weights_as_half(model: Any) -> None:
    """Replace every float32 kernel and matrix by a half-precision copy and a cast."""
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or len(tensor.dims) < 2:
            continue
        values, name = onnx.numpy_helper.to_array(tensor), tensor.name
        if values.size < 1024:
            continue
        stored = f"{name}_half"
        tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), stored))
        cast = onnx.helper.make_node(
            "Cast", [stored], [name], f"{name}_cast", to=onnx.TensorProto.FLOAT
        )
        model.graph.node.insert(0, cast)


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

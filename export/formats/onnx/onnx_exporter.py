"""ONNX: exported by torch.onnx into one file, no data beside it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn

from mobile_actnet.export.formats.exporter import COMMON_PRECISIONS, Options, Values
from mobile_actnet.export.formats.onnx.onnx_quantizer import quantized
from mobile_actnet.export.graph.deployable import example_input
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.silence import silence
from mobile_actnet.runtime.vocabulary import INPUT_NAME, OUTPUT_NAME, Layout, Lowering, Precision

OPSET = 20
_BATCH = "batch"


class OnnxExporter:
    """Satisfies `formats.Exporter`."""

    suffix = ".onnx"
    layouts = (Layout.NHWC, Layout.NCHW)
    precisions = COMMON_PRECISIONS
    default_precision = Precision.FP32
    default_lowering = Lowering.LOG_EXP
    forbidden_operators = frozenset({"Pow"})

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
        _forget_code(model.graph)
        model = quantized(model, options)
        onnx.helper.set_model_props(model, metadata)
        onnx.checker.check_model(model)
        onnx.save_model(model, str(path), save_as_external_data=False)

    def convolution_outputs(self, artefact: Path, pixels: Pixels) -> Iterator[Values]:
        """Yield what each convolution gives; see `Exporter`."""
        from mobile_actnet.export.formats.onnx.onnx_layers import convolution_outputs

        yield from convolution_outputs(artefact, pixels)


def _forget_code(graph: Any) -> None:
    """Remove the lines of Python that torch notes beside each node, with the folders of this computer."""
    for part in (graph.node, graph.value_info, graph.input, graph.output, graph.initializer):
        for entry in part:
            del entry.metadata_props[:]


EXPORTER = OnnxExporter()

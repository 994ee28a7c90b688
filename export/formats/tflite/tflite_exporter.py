"""TFLite: converted by litert-torch, brought to 16 and 8 bits by ai-edge-quantizer."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from torch import nn

from mobile_actnet.export.formats.exporter import COMMON_PRECISIONS, Options, Values
from mobile_actnet.export.formats.tflite.tflite_quantizer import quantized
from mobile_actnet.export.graph.deployable import example_input
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.silence import silence
from mobile_actnet.runtime.tflite.tflite_flatbuffer import pack, unpack
from mobile_actnet.runtime.vocabulary import INPUT_NAME, OUTPUT_NAME, Layout, Lowering, Precision


class TfliteExporter:
    """Satisfies `formats.Exporter`."""

    suffix = ".tflite"
    layouts = (Layout.NHWC,)
    precisions = COMMON_PRECISIONS
    default_precision = Precision.FP16
    default_lowering = Lowering.LOG_EXP_BARE
    forbidden_operators = frozenset({"POW", "TRANSPOSE", "CUSTOM"})

    def convert(
        self, deployable: nn.Module, options: Options, path: Path, metadata: dict[str, str]
    ) -> None:
        """Convert; half precision is that of the weights, runtimes compute in what they prefer."""
        model = quantized(_converted(deployable, options), options)
        path.write_bytes(_named_and_described(model, metadata))

    def convolution_outputs(self, artefact: Path, pixels: Pixels) -> Iterator[Values]:
        """Yield what each convolution gives; see `Exporter`."""
        from mobile_actnet.export.formats.tflite.tflite_layers import convolution_outputs

        yield from convolution_outputs(artefact, pixels)


def _converted(deployable: nn.Module, options: Options) -> bytes:
    sample = example_input(options.size, Layout.NHWC)
    with silence():
        import litert_torch

        return bytes(litert_torch.convert(deployable, (sample,)).model_content())


def _named_and_described(content: bytes, metadata: dict[str, str]) -> bytes:
    """Give input and output their names, and store the metadata as named buffers."""
    model = unpack(content)
    graph = model.subgraphs[0]
    for index, name in ((graph.inputs[0], INPUT_NAME), (graph.outputs[0], OUTPUT_NAME)):
        graph.tensors[index].name = name
    for signature in model.signatureDefs:
        signature.inputs[0].name, signature.outputs[0].name = INPUT_NAME, OUTPUT_NAME
    model.metadata = model.metadata or []
    for key, value in metadata.items():
        buffer, entry = schema.BufferT(), schema.MetadataT()
        buffer.data = np.frombuffer(value.encode(), np.uint8)
        entry.name, entry.buffer = key, len(model.buffers)
        model.buffers.append(buffer)
        model.metadata.append(entry)
    return pack(model)


EXPORTER = TfliteExporter()

"""Core ML: converted by coremltools to an ML Program, run by Core ML or by the evaluator."""

import copy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from mobile_actnet.export.formats.coreml.coreml_quantizer import passes, quantized
from mobile_actnet.export.formats.exporter import COMMON_PRECISIONS, Options, Values
from mobile_actnet.export.graph.deployable import example_input
from mobile_actnet.export.graph.lowering import LogGuard, UnitCap
from mobile_actnet.export.quantization.config import ROUNDED
from mobile_actnet.export.quantization.prepare import is_small
from mobile_actnet.export.quantization.weight_repair import rounded_to_half
from mobile_actnet.network.activations import FEATURE_MAP_MAX, WEIBULL_EPSILON
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.coreml.mil_package import settle
from mobile_actnet.runtime.silence import silence
from mobile_actnet.runtime.vocabulary import (
    INPUT_NAME,
    OUTPUT_NAME,
    CoremlInput,
    Layout,
    Lowering,
    Precision,
)


class CoremlExporter:
    """Satisfies `formats.Exporter`."""

    suffix = ".mlpackage"
    layouts = (Layout.NCHW,)
    precisions = (*COMMON_PRECISIONS, Precision.PALETTISED_8, Precision.PALETTISED_6)
    default_precision = Precision.FP16
    default_lowering = Lowering.LOG_EXP
    forbidden_operators = frozenset({"pow", "transpose"})

    def convert(
        self, deployable: nn.Module, options: Options, path: Path, metadata: dict[str, str]
    ) -> None:
        """Convert; below fp32 all arithmetic in float is in half precision, the output float32."""
        with silence(), torch.no_grad():
            import coremltools

            # Traced with floats: an ML Program takes no bytes but as an image.
            sample = example_input(options.size, Layout.NCHW).float()
            written = _as_coreml_writes_it(deployable)
            if options.precision is not Precision.FP32:
                _round_kernels_to_half(written, options)
            traced = torch.jit.trace(written, sample)
            model = coremltools.convert(
                traced,
                convert_to="mlprogram",
                inputs=[_input_type(coremltools, options)],
                outputs=[coremltools.TensorType(name=OUTPUT_NAME, dtype=np.float32)],
                compute_precision=(
                    coremltools.precision.FLOAT32
                    if options.precision is Precision.FP32
                    else coremltools.precision.FLOAT16
                ),
                minimum_deployment_target=(
                    coremltools.target.iOS16 if options.plan is None else coremltools.target.iOS17
                ),
                pass_pipeline=passes(),
                skip_model_load=True,
            )
            model = quantized(model, options)
            model.short_description = "Mobile-ACTNET: a picture in, its descriptor out"
            model.author = "Mobile-ACTNET"
            model.license = metadata.get("licence", "")
            model.user_defined_metadata.update(metadata)
            # coremltools keeps a copy in the system's temporary folder until the process ends.
            temporary = Path(model.package_path) if model.package_path else None
            model.save(str(path))
            if temporary is not None and temporary != path:
                shutil.rmtree(temporary, ignore_errors=True)
        settle(path)

    def convolution_outputs(self, artefact: Path, pixels: Pixels) -> Iterator[Values]:
        """Yield what each convolution gives; see `Exporter`."""
        from mobile_actnet.export.formats.coreml.coreml_layers import convolution_outputs

        yield from convolution_outputs(artefact, pixels)


def _input_type(coremltools: Any, options: Options) -> Any:
    shape = (1, 3, options.size.height, options.size.width)
    if options.coreml_input is CoremlInput.IMAGE:
        colours = coremltools.colorlayout.RGB
        return coremltools.ImageType(name=INPUT_NAME, shape=shape, color_layout=colours)
    return coremltools.TensorType(name=INPUT_NAME, shape=shape, dtype=np.float32)


class _FunctionalReLU6(nn.Module):
    """Traced as relu6; nn.ReLU6 becomes a clip, which loses far more when quantised to 8 bits."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.relu6(x)


class _BoundedLogGuard(nn.Module):
    """Traced as a clip with two bounds; with one, Core ML's other bound is infinite in half."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.clamp(WEIBULL_EPSILON, FEATURE_MAP_MAX)


class _BoundedUnitCap(nn.Module):
    """Traced as a clip with two bounds, as above."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.clamp(0.0, 1.0)


_REPLACEMENTS: dict[type[nn.Module], type[nn.Module]] = {
    nn.ReLU6: _FunctionalReLU6,
    UnitCap: _BoundedUnitCap,
    LogGuard: _BoundedLogGuard,
}


def _as_coreml_writes_it(module: nn.Module) -> nn.Module:
    """Copy a module with the same function in the operators that suit Core ML."""
    copied = copy.deepcopy(module)
    for parent in list(copied.modules()):
        for name, child in parent.named_children():
            if type(child) in _REPLACEMENTS:
                setattr(parent, name, _REPLACEMENTS[type(child)]())
    return copied.eval()


def _round_kernels_to_half(module: nn.Module, options: Options) -> None:
    """Round kernels, in place, better than the converter would; not those that have their levels."""
    in_8_bits = {x.name for x in options.plan.convolutions if not x.kept} if options.plan else set()
    for name, child in module.named_modules():
        if not isinstance(child, nn.Conv2d) or name.removeprefix("backbone.") in in_8_bits:
            continue
        by_weights_alone = options.plan is None and options.precision in ROUNDED
        if not by_weights_alone or is_small(child.weight.shape):
            child.weight.copy_(rounded_to_half(child.weight))


EXPORTER = CoremlExporter()

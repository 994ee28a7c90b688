"""Core ML: converted by coremltools to an ML Program, run by Core ML or by the evaluator."""

import copy
import platform
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mobile_actnet.export.formats.coreml_quantizer import passes, quantized
from mobile_actnet.export.graph.deployable import INPUT_NAME, OUTPUT_NAME, Layout, example_input
from mobile_actnet.export.graph.lowering import LogGuard, Lowering, UnitCap
from mobile_actnet.export.quantization.prepare import ROUNDED, is_small
from mobile_actnet.export.quantization.weight_repair import rounded_to_half
from mobile_actnet.network.activations import FEATURE_MAP_MAX, WEIBULL_EPSILON
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.errors import ArtefactError
from mobile_actnet.runtime.formats import ArtefactInfo, CoremlInput, Options, Precision, TensorSpec
from mobile_actnet.runtime.mil_evaluator import MilProgram, value_ranges
from mobile_actnet.runtime.mil_package import feature_shape, read_package, settle
from mobile_actnet.runtime.silence import silence

_DTYPES = {65568: "float32", 65552: "float16", 131104: "int32"}  # ArrayFeatureType.ArrayDataType
_SMALLEST_NORMAL_HALF = float(np.finfo(np.float16).tiny)


class CoremlExporter:
    """Satisfies `formats.Exporter`."""

    suffix = ".mlpackage"
    layouts = (Layout.NCHW,)
    precisions = (
        Precision.FP32,
        Precision.FP16,
        Precision.INT8_WEIGHTS,
        Precision.INT8,
        Precision.MIXED,
        Precision.PALETTISED_8,
        Precision.PALETTISED_6,
    )
    default_precision = Precision.FP16
    default_lowering = Lowering.LOG_EXP

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

    def inspect(self, path: Path) -> ArtefactInfo:
        """Read tensors, operators and metadata from the package, without running it.

        Raises:
            ArtefactError: missing, damaged or of another kind.
        """
        package = read_package(path)
        operators = Counter(message.type for message in package.operations)
        del operators["const"]
        notes: dict[str, str | int] = {
            "specification_version": package.specification_version,
            "opset": package.opset,
        }
        if flushed := _subnormal_constants(package.constants):
            notes["subnormal_constants"] = flushed
        return ArtefactInfo(
            input=_spec(package.description.input[0]),
            output=_spec(package.description.output[0]),
            operators=dict(operators),
            metadata=dict(package.description.metadata.userDefined),
            notes=notes,
        )


class MilRuntime:
    """A package in the evaluator: any system, the program's rounding, not a device's."""

    name = "mil-evaluator"

    def __init__(self, path: Path, num_threads: int) -> None:
        self.version = f"on torch {version('torch')}"
        self._num_threads = num_threads
        self._program = MilProgram(read_package(path))

    def describe(self, pixels: Pixels) -> NDArray[np.float32]:
        """Run as many pictures at a time as there are threads, each on one of them.

        Several threads for one picture would add in another order, and round differently.
        """
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with ThreadPoolExecutor(
                self._num_threads, initializer=torch.set_num_threads, initargs=(1,)
            ) as pool:
                return np.concatenate(list(pool.map(self._run, map(picture_inputs, pixels))))
        finally:
            torch.set_num_threads(before)

    def notes(self, pixels: Pixels) -> dict[str, str | int]:
        return {"largest_value": f"{self.largest_intermediate(pixels):.4g}"}

    def largest_intermediate(self, pixels: Pixels) -> float:
        """Return the largest magnitude of any value inside the program, over some pictures.

        Args:
            pixels: (N, H, W, 3) uint8.
        """
        ranges = value_ranges(self._program, (picture_inputs(picture) for picture in pixels))
        return max(max(abs(low), abs(high)) for low, high in ranges.values())

    def _run(self, inputs: dict[str, torch.Tensor]) -> NDArray[np.float32]:
        return self._program.run(inputs)[OUTPUT_NAME].numpy()


class CoremlRuntime:
    """A package in Core ML itself. macOS only: written to the documentation, not run elsewhere."""

    name = "coreml"

    def __init__(self, path: Path) -> None:
        with silence():
            import coremltools

            self._model = coremltools.models.MLModel(str(path))
        self.version = platform.mac_ver()[0]
        feature = self._model.get_spec().description.input[0]
        self._takes_image = feature.type.WhichOneof("Type") == "imageType"

    def describe(self, pixels: Pixels) -> NDArray[np.float32]:
        return np.concatenate([self._run(picture) for picture in pixels])

    def notes(self, pixels: Pixels) -> dict[str, str | int]:
        return {}

    def _run(self, picture: Pixels) -> NDArray[np.float32]:
        from PIL import Image

        given: Any = Image.fromarray(picture)
        if not self._takes_image:
            given = picture.transpose(2, 0, 1)[None].astype(np.float32)
        found = self._model.predict({INPUT_NAME: given})[OUTPUT_NAME]
        return np.asarray(found, np.float32).reshape(1, -1)


def open_mlpackage(path: Path, num_threads: int) -> MilRuntime | CoremlRuntime:
    """Load a package in Core ML on macOS, in the evaluator elsewhere."""
    return CoremlRuntime(path) if platform.system() == "Darwin" else MilRuntime(path, num_threads)


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


def _spec(feature: Any) -> TensorSpec:
    kind = feature.type.WhichOneof("Type")
    if kind == "imageType":
        colours = feature.type.imageType.ColorSpace.Name(feature.type.imageType.colorSpace)
        dtype = f"image:{colours.lower()}"
    elif kind == "multiArrayType":
        dtype = _DTYPES.get(feature.type.multiArrayType.dataType, "unknown")
    else:
        raise ArtefactError(f"the package's {feature.name} is a {kind}; it is of another kind")
    return TensorSpec(feature.name, feature_shape(feature), dtype)


def _subnormal_constants(constants: dict[str, NDArray[Any]]) -> str:
    """Name scalar constants that a device which flushes subnormal halves would take for zero."""
    small = [
        f"{name} {float(value):.1e}"
        for name, value in constants.items()
        if value.dtype == np.float16 and not value.ndim and 0 < abs(value) < _SMALLEST_NORMAL_HALF
    ]
    return ", ".join(sorted(small))


def picture_inputs(picture: Pixels) -> dict[str, torch.Tensor]:
    """Bring an (H, W, 3) uint8 picture to what the program takes."""
    turned = np.ascontiguousarray(picture.transpose(2, 0, 1))[None]
    return {INPUT_NAME: torch.from_numpy(turned).float()}


EXPORTER = CoremlExporter()

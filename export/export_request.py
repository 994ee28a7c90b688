"""What `actnet-export` is asked for, and what of it cannot work."""

from dataclasses import dataclass, field
from pathlib import Path

from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.export.checks.thresholds import ThresholdOverrides
from mobile_actnet.export.formats.exporter import check_precision, exporter
from mobile_actnet.export.quantization.config import (
    DEFAULT_IMAGES,
    MIN_IMAGES,
    RECOMMENDED_IMAGES,
    ROUNDED,
    STATIC,
    CalibrationMethod,
)
from mobile_actnet.files import staging_folder
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.pictures.photos import find_photos
from mobile_actnet.runtime import manifest as manifests
from mobile_actnet.runtime.packages import CONVERTING, require
from mobile_actnet.runtime.vocabulary import (
    CoremlInput,
    Format,
    ImageSize,
    Layout,
    Lowering,
    Precision,
)

DEFAULT_OUTPUT = Path("artefacts")


_FILE_SUFFIXES = (
    ".tflite", ".onnx", ".mlpackage", ".mlmodel", ".ort", ".pt", ".pth", ".safetensors", ".json",
    ".sqlite",
)  # fmt: skip


@dataclass(frozen=True)
class ExportRequest:
    """What to export.

    Attributes:
        formats: at least one.
        precision: of all artefacts; each format's default if None.
        checkpoint: file to start from.
        size: of the model's input.
        dim: length of the descriptor; the checkpoint's default if None.
        layout: order of the input's axes where a format leaves a choice.
        dynamic_batch: any number of pictures in a run (ONNX).
        coreml_input: what a Core ML artefact takes.
        verify: folder of photos for the comparison; generated pictures if None.
        output: folder, or the artefact's path if one format is asked for.
        overwrite: whether artefacts that exist are replaced.
        calibration: folder of photos for the ranges of activations; those recorded beside
            the checkpoint if None.
        calibration_images: how many of them are taken at most.
        calibration_method: how ranges are chosen.
        lowering: how the Weibull is written; if None, each format's default where the weights allow it.
        thresholds: what replaces the precision's thresholds.
        max_drop: points of mAP that may be lost on labelled photos of `verify`; the most sensitive
            layers stay in float until it holds.
    """

    formats: tuple[Format, ...]
    precision: Precision | None = None
    checkpoint: Path = DEFAULT_CHECKPOINT
    size: ImageSize = field(default_factory=ImageSize)
    dim: int | None = None
    layout: Layout | None = None
    dynamic_batch: bool = False
    coreml_input: CoremlInput = CoremlInput.IMAGE
    verify: Path | None = None
    output: Path = DEFAULT_OUTPUT
    overwrite: bool = False
    calibration: Path | None = None
    calibration_images: int = DEFAULT_IMAGES
    calibration_method: CalibrationMethod = CalibrationMethod.MSE
    lowering: Lowering | None = None
    thresholds: ThresholdOverrides = field(default_factory=ThresholdOverrides)
    max_drop: float | None = None


def artefact_path(request: ExportRequest, kind: Format) -> Path:
    """Return where an artefact goes: `output` itself if it has the format's suffix, else in it.

    In a folder it is named after its checkpoint.
    """
    converter = exporter(kind)
    if request.output.suffix == converter.suffix and len(request.formats) == 1:
        return request.output
    precision = precision_of(request, kind)
    name = f"{request.checkpoint.stem}_{request.size}_{precision.value}{converter.suffix}"
    return request.output / name


def planned(request: ExportRequest) -> list[tuple[Format, Path]]:
    """Return each format with its artefact's path.

    Raises:
        ActnetError: what is asked for cannot work; found out before any time is spent.
    """
    if not request.formats:
        raise ConfigError("no format is given; give at least one --format")
    for kind in request.formats:
        require(kind, CONVERTING)
        layouts = exporter(kind).layouts
        if request.layout is not None and request.layout not in layouts:
            allowed = " or ".join(layout.value for layout in layouts)
            raise ConfigError(f"{kind.value} has the layout {allowed}; got {request.layout.value}")
    _check_precisions(request)
    if request.verify is not None:
        find_photos(request.verify)
    if request.dynamic_batch and request.formats != (Format.ONNX,):
        raise ConfigError("--dynamic-batch is only for onnx; leave it out for the other formats")
    _check_output(request)
    plan = [(kind, artefact_path(request, kind)) for kind in dict.fromkeys(request.formats)]
    for _, final in plan:
        with staging_folder(final.parent):
            pass  # The folder can be written; half of a pair that a killed export left is gone.
        for path in (final, manifests.path_of(final)):
            if path.exists() and not request.overwrite:
                raise ActnetError(f"{path} exists; give --overwrite to replace it, or another -o")
    return plan


def precision_of(request: ExportRequest, kind: Format) -> Precision:
    """Return the precision asked for, or the format's default."""
    return request.precision or exporter(kind).default_precision


def _check_output(request: ExportRequest) -> None:
    """Refuse the name of a file of another kind: it would become a folder."""
    suffix = request.output.suffix.lower()
    if request.output.is_dir() or suffix not in _FILE_SUFFIXES:
        return
    if len(request.formats) > 1:
        raise ConfigError(f"{request.output} is one file; give a folder for several formats")
    kind = request.formats[0]
    if request.output.suffix != exporter(kind).suffix:
        raise ConfigError(
            f"{request.output} ends in {request.output.suffix}; {kind.value} artefacts end in "
            f"{exporter(kind).suffix}: give such a name, or a folder"
        )


def _check_precisions(request: ExportRequest) -> None:
    """Refuse a precision that a format has not, and options that would go unused."""
    precisions = [precision_of(request, kind) for kind in request.formats]
    for kind, precision in zip(request.formats, precisions, strict=True):
        check_precision(kind, precision)
    asked = sorted({precision.value for precision in precisions})
    if request.calibration is not None and not set(precisions) & ROUNDED:
        raise ConfigError(
            f"--calibration would go unused: {', '.join(asked)} needs no calibration images; "
            f"{_listed(ROUNDED)} do"
        )
    if request.calibration_images < MIN_IMAGES:
        raise ConfigError(
            f"--calibration-images is {request.calibration_images}; it must be {MIN_IMAGES} or more, "
            f"and {RECOMMENDED_IMAGES} or more are recommended"
        )
    if request.max_drop is not None and not set(precisions) & STATIC:
        raise ConfigError(
            f"--max-drop would go unused: {', '.join(asked)} has no layers in 8 bits to choose "
            f"among; {_listed(STATIC)} have"
        )


def _listed(precisions: frozenset[Precision]) -> str:
    return ", ".join(sorted(precision.value for precision in precisions))

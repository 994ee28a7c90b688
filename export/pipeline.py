"""From checkpoint to checked artefacts: wrap, convert, run, compare, write.

An artefact gets its name only after it has been compared with PyTorch; artefact and manifest then
appear together. One that fails is kept as NAME.rejected, with its report, for whoever wants to
know why.
"""

import contextlib
import errno
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from mobile_actnet.checkpoint import DEFAULT_CHECKPOINT, load_checkpoint
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.export import manifest as manifests
from mobile_actnet.export import parity
from mobile_actnet.export.deployable import DeployableActnet, ImageSize, Layout
from mobile_actnet.export.errors import ParityError
from mobile_actnet.export.formats import (
    CONVERTING,
    CoremlInput,
    Exporter,
    Format,
    Options,
    Precision,
    exporter,
    require,
)
from mobile_actnet.export.interrupts import keep_interrupt
from mobile_actnet.export.pictures import extreme_pictures, generated_pictures, golden_picture
from mobile_actnet.export.runtimes import Descriptors, Runtime, open_artefact
from mobile_actnet.files import put_in_place, reason, staging_folder
from mobile_actnet.network import Actnet, check_dim
from mobile_actnet.photos import Photo, find_photos, load_images
from mobile_actnet.preprocessing import NAME as PREPROCESSING_NAME
from mobile_actnet.preprocessing import VERSION as PREPROCESSING_VERSION
from mobile_actnet.preprocessing import Pixels
from mobile_actnet.retrieval import describe

GENERATED_PICTURES = 32
DEFAULT_OUTPUT = Path("artefacts")
_LITTLE_SPACE_BYTES = 4_000_000

Say = Callable[[str], None]


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


@dataclass(frozen=True)
class ExportResult:
    """An artefact that passed: its path and its manifest."""

    path: Path
    manifest: dict[str, Any]


@dataclass(frozen=True)
class _Reference:
    """What every artefact is compared with: pictures, and PyTorch's descriptors of them."""

    pixels: Pixels
    descriptors: Descriptors
    photos: list[Photo]
    source: str


def export_artefacts(
    request: ExportRequest, say: Say = lambda _: None, progress: bool = False
) -> list[ExportResult]:
    """Export a checkpoint to all formats asked for, each checked against PyTorch.

    Args:
        say: called with a line per step.
        progress: whether to show progress bars.

    Returns:
        one result per format.

    Raises:
        ActnetError: anything a user can mend; artefacts that were complete by then stay.
    """
    plan = _plan(request)
    with _step(say, f"loaded {request.checkpoint.name}"):
        network, card = load_checkpoint(request.checkpoint)
        source = manifests.Source(card, manifests.sha256(request.checkpoint))
    dim = network.config.descriptor_dim if request.dim is None else request.dim
    check_dim(dim, network.config)
    with _step(say, "described the pictures for the check with PyTorch"):
        reference = _reference(network, request, dim, say, progress)
    return [
        _export_one(network, source, kind, final, dim, reference, request, say, progress)
        for kind, final in plan
    ]


def artefact_path(request: ExportRequest, kind: Format) -> Path:
    """Return where an artefact goes: `output` itself if it has the format's suffix, else in it."""
    made = exporter(kind)
    if request.output.suffix == made.suffix and len(request.formats) == 1:
        return request.output
    precision = request.precision or made.default_precision
    return request.output / f"mobile_actnet_{request.size}_{precision.value}{made.suffix}"


def _plan(request: ExportRequest) -> list[tuple[Format, Path]]:
    """Find out what cannot work before any time is spent."""
    if not request.formats:
        raise ConfigError("no format asked for; give at least one")
    for kind in request.formats:
        require(kind, CONVERTING)
        layouts = exporter(kind).layouts
        if request.layout is not None and request.layout not in layouts:
            allowed = " or ".join(layout.value for layout in layouts)
            raise ConfigError(f"{kind.value} has the layout {allowed}; got {request.layout.value}")
    if request.dynamic_batch and request.formats != (Format.ONNX,):
        raise ConfigError("--dynamic-batch is for onnx alone; leave it out for the other formats")
    if len(request.formats) > 1 and request.output.suffix in (".tflite", ".onnx", ".mlpackage"):
        raise ConfigError(f"{request.output} is one file; give a folder for several formats")
    plan = [(kind, artefact_path(request, kind)) for kind in dict.fromkeys(request.formats)]
    for _, final in plan:
        for path in (final, manifests.path_of(final)):
            if path.exists() and not request.overwrite:
                raise ActnetError(f"{path} exists; give --overwrite to replace it, or another -o")
        with staging_folder(final.parent):
            pass  # The folder can be written.
    return plan


def _reference(
    network: Actnet, request: ExportRequest, dim: int, say: Say, progress: bool
) -> _Reference:
    size = request.size
    if request.verify is None:
        pixels = generated_pictures(GENERATED_PICTURES, size)
        return _Reference(pixels, describe(network, pixels, dim), [], "generated")
    photos = find_photos(request.verify)
    shown = tqdm(photos, desc="photos", unit="photo", disable=not progress, leave=False)
    pixels, readable, problems = load_images(shown, size.height, size.width)
    for problem in problems:
        say(f"  skipped: {problem}")
    if not readable:
        raise ActnetError(
            f"none of the {len(photos)} pictures in {request.verify} can be read; "
            "give a folder with readable photos"
        )
    return _Reference(pixels, describe(network, pixels, dim), readable, "photos")


def _export_one(
    network: Actnet, source: manifests.Source, kind: Format, final: Path, dim: int,
    reference: _Reference, request: ExportRequest, say: Say, progress: bool,
) -> ExportResult:  # fmt: skip
    made = exporter(kind)
    layout = made.layouts[0] if request.layout is None else request.layout
    precision = request.precision or made.default_precision
    options = Options(
        request.size, dim, precision, layout, request.dynamic_batch, request.coreml_input
    )
    with staging_folder(final.parent) as folder:
        staged = folder / final.name
        with _step(say, f"converted to {kind.value} {precision.value}"):
            deployable = DeployableActnet(network, dim, layout)
            _convert(made, deployable, options, staged, _embedded(source, options))
        with _step(say, f"compared with PyTorch on {len(reference.pixels)} pictures"):
            manifest, problem = _checked(
                staged, kind, options, network, source, reference, progress
            )
        staged_manifest = manifests.path_of(staged)
        staged_manifest.write_bytes(manifests.dump(manifest))
        if problem is not None:
            raise _reject(staged, final, problem)
        put_in_place([(staged, final), (staged_manifest, manifests.path_of(final))])
    say(_check_line(final, manifest))
    return ExportResult(final, manifest)


def _convert(
    made: Exporter, deployable: DeployableActnet, options: Options, path: Path,
    metadata: dict[str, str],
) -> None:  # fmt: skip
    try:
        with keep_interrupt():
            made.convert(deployable, options, path, metadata)
    except OSError as error:
        raise ActnetError(f"cannot write {path.name}: {reason(error)}") from error
    except Exception as error:
        # The converters' own writers do not say why they failed.
        if shutil.disk_usage(path.parent).free < _LITTLE_SPACE_BYTES:
            full = OSError(errno.ENOSPC, "No space left on device")
            raise ActnetError(f"cannot write {path.name}: {reason(full)}") from error
        raise


def _checked(
    staged: Path, kind: Format, options: Options, network: Actnet, source: manifests.Source,
    reference: _Reference, progress: bool,
) -> tuple[dict[str, Any], ParityError | None]:  # fmt: skip
    """Run the artefact; return its manifest, and what is wrong with it if anything is."""
    info = exporter(kind).inspect(staged)
    runtime = open_artefact(staged)
    found = _run(runtime, reference.pixels, progress)
    pictures = extreme_pictures(options.size)
    extremes = runtime.describe(pictures)
    report = parity.compare(
        reference.descriptors, found, parity.THRESHOLDS[options.precision],
        reference.source, reference.photos,
    )  # fmt: skip
    info.notes.update(runtime.notes(pictures))
    manifest = manifests.build(
        staged, kind, options, network, source, info, report,
        runtime.describe(golden_picture(options.size)[None])[0], _tools(runtime),
    )  # fmt: skip
    try:
        parity.check_extremes(extremes, options.precision)
        parity.check_parity(report)
        parity.check_operators(info.operators, kind)
    except ParityError as error:
        return manifest, error
    return manifest, None


def _run(runtime: Runtime, pixels: Pixels, progress: bool) -> Descriptors:
    shown = tqdm(pixels, desc="check", unit="photo", disable=not progress, leave=False)
    return np.concatenate([runtime.describe(picture[None]) for picture in shown])


def _reject(staged: Path, final: Path, problem: ParityError) -> ParityError:
    """Keep artefact and report under other names, and return the error to raise."""
    rejected = final.with_name(final.name + ".rejected")
    if rejected.is_dir():
        shutil.rmtree(rejected)
    put_in_place([(staged, rejected), (manifests.path_of(staged), manifests.path_of(rejected))])
    return ParityError(f"{problem}; kept as {rejected.name} with its report, not as {final.name}")


def _embedded(source: manifests.Source, options: Options) -> dict[str, str]:
    """What the artefact says about itself where no manifest is at hand."""
    return {
        "mobile_actnet.version": version("mobile-actnet"),
        "mobile_actnet.precision": options.precision.value,
        "mobile_actnet.preprocessing": f"{PREPROCESSING_NAME}/{PREPROCESSING_VERSION}",
        "mobile_actnet.image_size": str(options.size),
        "mobile_actnet.dim": str(options.dim),
        "mobile_actnet.checkpoint": source.card.name,
        "mobile_actnet.checkpoint_sha256": source.sha256,
        "licence": source.card.licence,
        "origin": source.card.origin,
    }


def _tools(runtime: Runtime) -> dict[str, str]:
    names = ("mobile-actnet", "torch", "torchvision", "pillow", "litert-torch", "litert-converter",
             "ai-edge-quantizer", "onnx", "onnxscript", "coremltools")  # fmt: skip
    tools = {"checked_with": f"{runtime.name} {runtime.version}"}
    for name in names:
        with contextlib.suppress(PackageNotFoundError):
            tools[name] = version(name)
    return tools


def _check_line(path: Path, manifest: dict[str, Any]) -> str:
    report, artefact = manifest["parity"], manifest["artefact"]
    pictures = "photos" if report["source"] == "photos" else "generated pictures"
    return (
        f"✓ {manifest['format']} {manifest['precision']}: cosine mean "
        f"{report['cosine_mean']:.6f}, worst {report['cosine_min']:.6f} of {report['pictures']} "
        f"{pictures}; {artefact['size_bytes'] / 1e6:.1f} MB; {path}"
    )


@contextlib.contextmanager
def _step(say: Say, done: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    say(f"{done}, {time.perf_counter() - start:.1f} s")

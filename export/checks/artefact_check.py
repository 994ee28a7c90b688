"""The check of an artefact before it gets its name: run it, compare it with PyTorch, write down what came."""

import contextlib
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from tqdm import tqdm

from mobile_actnet.descriptors import Descriptors
from mobile_actnet.errors import ActnetError
from mobile_actnet.export.checks import parity
from mobile_actnet.export.checks.layer_errors import PICTURES, LayerError, worst_layers
from mobile_actnet.export.checks.manifest_writer import Findings, Subject, write_manifest
from mobile_actnet.export.checks.portability import Result, try_runtimes
from mobile_actnet.export.checks.thresholds import ThresholdOverrides
from mobile_actnet.export.formats.exporter import Options
from mobile_actnet.export.quantization.backbone_points import BackbonePoints
from mobile_actnet.export.quantization.config import ROUNDED
from mobile_actnet.export.quantization.weight_repair import equalise_from_bytes
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.describe import describe
from mobile_actnet.pictures.photos import Photo, find_photos, load_images
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.artefact_file import inspect
from mobile_actnet.runtime.errors import ParityError
from mobile_actnet.runtime.generated_pictures import (
    extreme_pictures,
    generated_pictures,
    golden_picture,
)
from mobile_actnet.runtime.manifest import Manifest
from mobile_actnet.runtime.runtimes import Runtime, open_artefact
from mobile_actnet.runtime.vocabulary import Format, ImageSize

GENERATED_PICTURES = 32

Say = Callable[[str], None]


@dataclass(frozen=True)
class Reference:
    """What every artefact is compared with.

    Attributes:
        pixels: (N, H, W, 3) uint8. descriptors: PyTorch's, (N, dim). photos: N, or none if the
            pictures are generated. source: "photos" or "generated".
    """

    pixels: Pixels
    descriptors: Descriptors
    photos: list[Photo]
    source: str

    @property
    def labelled(self) -> bool:
        """Whether a difference in mAP can be measured."""
        return any(photo.is_query for photo in self.photos)


def make_reference(
    network: Actnet, verify: Path | None, size: ImageSize, dim: int, say: Say, progress: bool
) -> Reference:
    """Describe the pictures of the check with PyTorch.

    Raises:
        ActnetError: no photo can be read.
    """
    if verify is None:
        pixels = generated_pictures(GENERATED_PICTURES, size)
        return Reference(pixels, describe(network, pixels, dim), [], "generated")
    photos = find_photos(verify)
    shown = tqdm(photos, desc="photos", unit="photo", disable=not progress, leave=False)
    pixels, readable, problems = load_images(shown, size.height, size.width)
    for problem in problems:
        say(f"  skipped: {problem}")
    if not readable:
        raise ActnetError(
            f"none of the photos in {verify} can be read; give a folder with readable photos"
        )
    return Reference(pixels, describe(network, pixels, dim), readable, "photos")


def check_artefact(
    staged: Path, kind: Format, options: Options, subject: Subject, reference: Reference,
    thresholds: ThresholdOverrides, progress: bool,
) -> tuple[Manifest, ParityError | None]:  # fmt: skip
    """Run an artefact; return its manifest, and what is wrong with it if anything is."""
    info = inspect(staged)
    runtime = open_artefact(staged)
    descriptors = _run(runtime, reference.pixels, progress)
    pictures = extreme_pictures(options.size)
    extremes = runtime.describe(pictures)
    report = parity.compare(
        reference.descriptors, descriptors, thresholds.over(parity.THRESHOLDS[options.precision]),
        reference.source, reference.photos,
    )  # fmt: skip
    if options.precision in ROUNDED:
        report = replace(
            report, worst_layers=_worst_layers(staged, kind, options, subject, reference)
        )
    info.notes.update(runtime.notes(pictures))
    golden = runtime.describe(golden_picture(options.size)[None])
    findings = Findings(
        info,
        report,
        golden_descriptor=golden[0],
        tools=_tools(runtime),
        runs=try_runtimes(
            staged, kind, runtime, reference.pixels[:PICTURES], reference.descriptors[:PICTURES]
        ),
    )
    manifest = write_manifest(staged, kind, options, subject, findings)
    try:
        parity.check_extremes(np.concatenate([extremes, golden]), options.precision)
        parity.check_parity(report)
        parity.check_operators(info.operators, kind)
    except ParityError as error:
        return manifest, error
    return manifest, None


def check_line(path: Path, manifest: Manifest) -> str:
    """Say what an artefact that passed has reached."""
    report = manifest.parity
    pictures = "photos" if report.source == "photos" else "generated pictures"
    change = report.mean_ap_difference
    ranking = "" if change is None else f", mAP {change:+.2f}"
    return (
        f"✓ {manifest.format} {manifest.precision}: cosine mean "
        f"{report.cosine_mean:.6f}, worst {report.cosine_min:.6f} of {report.pictures} "
        f"{pictures}{ranking}; {(manifest.artefact.size_bytes or 0) / 1e6:.1f} MB; {path}"
    )


def portability_lines(manifest: Manifest) -> Iterator[str]:
    """Say where an artefact must not be used, or alone; what was not tried is in the manifest."""
    for run in manifest.runs_on or ():
        place = f"{run.runtime} {run.version}"
        if run.result == Result.WRONG:
            yield f"  not portable: {place} runs it without an error, with wrong results"
        elif run.result == Result.REFUSED:
            yield f"  not portable: {place} refuses it: {run.problem}"
        elif run.result == Result.ROUNDS_DIFFERENTLY:
            yield f"  {place} rounds differently: search a gallery with the runtime that made it"


def _worst_layers(
    staged: Path, kind: Format, options: Options, subject: Subject, reference: Reference
) -> tuple[LayerError, ...]:
    whole = copy.deepcopy(subject.deployable)
    if subject.ranges is not None and options.plan is not None:
        equalise_from_bytes(BackbonePoints(whole), subject.ranges.scales)
    return tuple(worst_layers(staged, kind, whole, reference.pixels[:PICTURES]))


def _run(runtime: Runtime, pixels: Pixels, progress: bool) -> Descriptors:
    shown = tqdm(pixels, desc="check", unit="photo", disable=not progress, leave=False)
    return np.concatenate([runtime.describe(picture[None]) for picture in shown])


def _tools(runtime: Runtime) -> dict[str, str]:
    names = ("mobile-actnet", "torch", "torchvision", "pillow", "litert-torch", "litert-converter",
             "ai-edge-quantizer", "onnx", "onnxscript", "onnxruntime", "coremltools")  # fmt: skip
    tools = {"checked_with": f"{runtime.name} {runtime.version}"}
    for name in names:
        with contextlib.suppress(PackageNotFoundError):
            tools[name] = version(name)
    return tools

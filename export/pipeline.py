"""From checkpoint to checked artefacts: wrap, convert, run, compare, write.

An artefact gets its name only after it has been compared with PyTorch; artefact and manifest then
appear together. One that fails is kept as NAME.rejected, with its report, for whoever wants to
know why.
"""

import contextlib
import copy
import errno
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mobile_actnet.commands import counted
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.export.checks.artefact_check import (
    Reference,
    Say,
    check_artefact,
    check_line,
    make_reference,
    portability_lines,
)
from mobile_actnet.export.checks.manifest_writer import Source, Subject
from mobile_actnet.export.checks.thresholds import ThresholdOverrides
from mobile_actnet.export.export_request import ExportRequest, planned, precision_of
from mobile_actnet.export.formats.exporter import Exporter, Options, exporter
from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.graph.lowering import automatic_lowering
from mobile_actnet.export.quantization.calibration import (
    ActivationRanges,
    check_apart,
    load_calibration_images,
    measure_ranges,
)
from mobile_actnet.export.quantization.config import RECOMMENDED_IMAGES, ROUNDED, STATIC
from mobile_actnet.export.quantization.int8_file import recorded_for
from mobile_actnet.export.quantization.plan import QuantizationPlan
from mobile_actnet.export.quantization.prepare import prepare
from mobile_actnet.export.quantization.sensitivity import KEPT_COUNTS, most_sensitive
from mobile_actnet.files import put_in_place, reason, sha256_of, staging_folder
from mobile_actnet.network.actnet import Actnet, check_dim
from mobile_actnet.network.checkpoint import load_checkpoint
from mobile_actnet.pictures.preprocessing import NAME as PREPROCESSING_NAME
from mobile_actnet.pictures.preprocessing import VERSION as PREPROCESSING_VERSION
from mobile_actnet.runtime import manifest as manifests
from mobile_actnet.runtime.errors import ParityError
from mobile_actnet.runtime.interrupts import keep_interrupt
from mobile_actnet.runtime.silence import silence
from mobile_actnet.runtime.vocabulary import Format, Layout

_LITTLE_SPACE_BYTES = 4_000_000
_LARGE_FILE_BYTES = 64_000_000


@dataclass(frozen=True)
class ExportResult:
    """An artefact that passed: its path and its manifest."""

    path: Path
    manifest: manifests.Manifest


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
    plan = planned(request)
    with _step(say, f"loaded {request.checkpoint.name}"):
        network, card = load_checkpoint(request.checkpoint)
        source = Source(card, sha256_of(request.checkpoint))
    dim = network.config.descriptor_dim if request.dim is None else request.dim
    check_dim(dim, network.config)
    with _step(say, "described the pictures for the check with PyTorch"):
        reference = make_reference(network, request.verify, request.size, dim, say, progress)
    if request.max_drop is not None and not reference.labelled:
        raise ConfigError(
            "--max-drop is in points of mAP and needs --verify DIR with a manifest.csv that says "
            "which photos are queries (path,instance,role)"
        )
    ranges = _calibrated(network, source, dim, reference, request, say, progress)
    start = _Start(network, source, dim, ranges, reference)
    return [_export_one(start, kind, final, request, say, progress) for kind, final in plan]


@dataclass(frozen=True)
class _Start:
    """What all formats of an export begin with.

    Attributes:
        network, source: the checkpoint. dim: length of the descriptor. ranges: of activations,
            where some precision uses them. reference: what each artefact is compared with.
    """

    network: Actnet
    source: Source
    dim: int
    ranges: ActivationRanges | None
    reference: Reference


def _calibrated(
    network: Actnet, source: Source, dim: int, reference: Reference,
    request: ExportRequest, say: Say, progress: bool,
) -> ActivationRanges | None:  # fmt: skip
    """Return what is known of the activations: from photos, recorded, or nothing.

    Raises:
        ConfigError: a precision needs to know and cannot.
    """
    precisions = {precision_of(request, kind) for kind in request.formats}
    if not precisions & ROUNDED:
        return None
    if request.calibration is None:
        needing = precisions & STATIC
        try:
            ranges = recorded_for(request.checkpoint, source.sha256)
        except ConfigError as error:
            if needing:
                raise
            say(f"  warning: {error}")
            return None
        if ranges is None and needing:
            raise ConfigError(
                f"{min(needing).value} needs --calibration DIR (got none): a folder of photos like "
                "those that the app will see, 100 or more; or tune with actnet quantize"
            )
        if ranges is not None and ranges.size != str(request.size):
            say(
                f"  warning: the activation ranges were recorded at {ranges.size}, not at {request.size}; "
                "--calibration DIR measures them again"
            )
        return ranges
    with _step(say, "measured activations on the calibration images"):
        images = load_calibration_images(
            [request.calibration], request.size, request.calibration_images, progress
        )
        check_apart(images, reference.photos)
        deployable = DeployableActnet(network, dim, Layout.NHWC)
        ranges = measure_ranges(deployable, images, request.calibration_method)
    for problem in images.problems:
        say(f"  skipped: {problem}")
    if ranges.images < RECOMMENDED_IMAGES:
        say(
            f"  warning: only {counted(ranges.images, 'calibration image')}; "
            f"{RECOMMENDED_IMAGES} or more are recommended"
        )
    return ranges


def _export_one(
    start: _Start, kind: Format, final: Path, request: ExportRequest, say: Say, progress: bool
) -> ExportResult:
    converter, precision = exporter(kind), precision_of(request, kind)
    layout = converter.layouts[0] if request.layout is None else request.layout
    lowering = request.lowering or automatic_lowering(
        start.network.head, converter.default_lowering
    )
    whole = DeployableActnet(start.network, start.dim, layout, lowering)
    ranges = start.ranges if precision in ROUNDED else None
    problem: ParityError | None = None
    for kept in _attempts(whole, ranges, start.reference, request):
        deployable = copy.deepcopy(whole)
        plan = prepare(deployable, precision, ranges, kept)
        options = Options(
            request.size, start.dim, precision, layout, request.dynamic_batch, request.coreml_input,
            plan, lowering,
        )  # fmt: skip
        calibration = _calibration_entry(ranges, plan)
        subject = Subject(start.network, start.source, whole, ranges, calibration)
        with staging_folder(final.parent) as folder:
            staged = folder / final.name
            in_float = f", in float {', '.join(sorted(kept))}" if kept else ""
            with _step(say, f"converted to {kind.value} {precision.value}{in_float}"):
                _convert(converter, deployable, options, staged, _embedded(start.source, options))
            with _step(say, f"compared with PyTorch on {len(start.reference.pixels)} pictures"):
                manifest, problem = check_artefact(
                    staged, kind, options, subject, start.reference, _thresholds(request), progress
                )
            staged_manifest = manifests.path_of(staged)
            staged_manifest.write_bytes(manifests.dump(manifest))
            if problem is None:
                put_in_place([(staged, final), (staged_manifest, manifests.path_of(final))])
                if kept:
                    _discard(_rejected(final))
                say(check_line(final, manifest))
                for line in portability_lines(manifest):
                    say(line)
                return ExportResult(final, manifest)
            if request.max_drop is not None:
                say(f"  {problem}")
            problem = _reject(staged, final, problem)
    assert problem is not None
    raise problem


def _attempts(
    whole: DeployableActnet, ranges: ActivationRanges | None, reference: Reference,
    request: ExportRequest,
) -> Iterator[frozenset[str]]:  # fmt: skip
    """Yield sets of convolutions to keep in float: none, then ever more of the worst."""
    yield frozenset()
    if request.max_drop is None or ranges is None:
        return
    ranking = most_sensitive(whole, ranges, reference.pixels)
    yield from (frozenset(ranking[:count]) for count in KEPT_COUNTS)


def _thresholds(request: ExportRequest) -> ThresholdOverrides:
    if request.max_drop is None:
        return request.thresholds
    return replace(request.thresholds, mean_ap_loss=request.max_drop)


def _calibration_entry(
    ranges: ActivationRanges | None, plan: QuantizationPlan | None
) -> dict[str, Any] | None:
    """What the manifest says of calibration; None where nothing of it was used."""
    if ranges is None:
        return None
    return {
        "source": ranges.source,
        "images": ranges.images,
        "sha256": ranges.sha256,
        "size": ranges.size,
        "method": ranges.method.value if plan is not None else None,
        "used_for": ["bias correction"] + ["equalisation", "ranges"] * (plan is not None),
        "tuned": (
            {"sha256": ranges.tuned.sha256, **ranges.tuned.about}
            if ranges.tuned is not None and plan is not None
            else None
        ),
        "kept_in_float": [x.name for x in plan.convolutions if x.kept] if plan else [],
    }


def _convert(
    converter: Exporter, deployable: DeployableActnet, options: Options, path: Path,
    metadata: dict[str, str],
) -> None:  # fmt: skip
    try:
        with keep_interrupt():
            converter.convert(deployable, options, path, metadata)
    except Exception as error:
        # The converters' own writers do not say why they failed.
        refusal = error if isinstance(error, OSError) else _refusal(path.parent)
        if refusal is None:
            raise
        with silence():
            # Their temporary files are closed here, where the same refusal would be printed once more.
            error.__traceback__ = None
        raise ActnetError(f"cannot write {path.name}: {reason(refusal)}") from error


def _refusal(folder: Path) -> OSError | None:
    """Return what the system says of another file as large as an artefact; None where it takes it."""
    if shutil.disk_usage(folder).free < _LITTLE_SPACE_BYTES:
        return OSError(errno.ENOSPC, "No space left on device")
    try:
        with (folder / "probe").open("wb") as probe:
            probe.truncate(_LARGE_FILE_BYTES)  # Takes no space, and meets a limit for files.
    except OSError as error:
        return error
    return None


def _reject(staged: Path, final: Path, problem: ParityError) -> ParityError:
    """Keep artefact and report under other names, and return the error to raise."""
    rejected = _rejected(final)
    _discard(rejected)
    put_in_place([(staged, rejected), (manifests.path_of(staged), manifests.path_of(rejected))])
    return ParityError(f"{problem}; kept as {rejected.name} with its report, not as {final.name}")


def _rejected(final: Path) -> Path:
    return final.with_name(final.name + ".rejected")


def _discard(rejected: Path) -> None:
    """Remove an earlier artefact that failed, a file or a folder, and its report."""
    if rejected.is_dir():
        shutil.rmtree(rejected)
    rejected.unlink(missing_ok=True)
    manifests.path_of(rejected).unlink(missing_ok=True)


def _embedded(source: Source, options: Options) -> dict[str, str]:
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


@contextlib.contextmanager
def _step(say: Say, done: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    say(f"{done}, {time.perf_counter() - start:.1f} s")

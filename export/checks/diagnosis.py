"""What is installed, what works, and whether an artefact is what its manifest says."""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mobile_actnet.errors import ActnetError, ConfigError, MissingPackageError
from mobile_actnet.export.formats.exporter import exporter
from mobile_actnet.extras import missing_package
from mobile_actnet.files import sha256_of
from mobile_actnet.native.engine import require_engine
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.runtime import manifest as manifests
from mobile_actnet.runtime.artefact_file import inspect
from mobile_actnet.runtime.finding import Finding
from mobile_actnet.runtime.generated_pictures import GOLDEN_NAME, golden_picture
from mobile_actnet.runtime.packages import CONVERTING, RUNNING, format_of, install_command, require
from mobile_actnet.runtime.runtimes import open_artefact
from mobile_actnet.runtime.tflite.other_interpreters import WITNESSES, Witness, is_installed
from mobile_actnet.runtime.vocabulary import Format

_PACKAGES = ("mobile-actnet", "torch", "torchvision", "numpy", "pillow", "safetensors",
             "litert-torch", "ai-edge-litert", "ai-edge-quantizer", "onnx", "onnxscript",
             "onnxruntime", "coremltools")  # fmt: skip


def examine_installation() -> list[Finding]:
    """Report versions, the engine, the shipped weights, and what each format can do or needs."""
    return [
        Finding(None, ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)),
        _attempt(_engine_check),
        _attempt(_shipped_weights, optional=True),
        *(_attempt(_running_check(kind), optional=True) for kind in Format),
        *(_attempt(_export_check(kind), optional=True) for kind in Format),
        *(_witness(witness) for witness in WITNESSES),
        _attempt(_recorded_ranges, optional=True),
    ]


def next_step() -> str:
    """Return the command that makes sense next, by what is installed."""
    if _can(Format.TFLITE, CONVERTING):
        return "actnet-export --format tflite"
    if _can(Format.TFLITE, RUNNING):
        return "actnet-index build photos/ --model model.tflite -o photos.sqlite"
    return install_command(Format.TFLITE, RUNNING)


def examine_artefact(path: Path) -> list[Finding]:
    """Check an artefact: manifest and hash, borders, operators, the golden picture.

    Raises:
        ConfigError: the path has no artefact's suffix.
    """
    format_of(path)
    findings = [_attempt(lambda: _manifest_check(path))]
    # A file that is not the one that was checked is not run.
    if findings[0].ok:
        findings += [_attempt(lambda: _border_check(path)), _attempt(lambda: _golden_check(path))]
        findings += _facts(path)
        operators = inspect(path).operators
        listed = ", ".join(f"{name} {count}" for name, count in sorted(operators.items()))
        findings.append(Finding(None, f"operators: {listed}"))
    return findings


def _witness(witness: Witness) -> Finding:
    if is_installed(witness, witness.default_folder()):
        return Finding(True, f"{witness.label}: TFLite artefacts are tried on it too")
    return Finding(None, f"{witness.label} is not installed; run: actnet-doctor {witness.option}")


def _engine_check() -> str:
    require_engine()
    return "the C engine: ready"


def _shipped_weights() -> str:
    from mobile_actnet.network.checkpoint import load_checkpoint

    return f"shipped weights: {load_checkpoint(DEFAULT_CHECKPOINT)[1].name}"


def _recorded_ranges() -> str:
    from mobile_actnet.export.quantization.int8_file import load_recorded

    if load_recorded(sha256_of(DEFAULT_CHECKPOINT)) is None:
        raise ActnetError(
            "the shipped weights have no activation ranges; int8 needs --calibration DIR"
        )
    return "activation ranges of the shipped weights: int8 needs no photos"


def _manifest_check(path: Path) -> str:
    manifest = manifests.load(path)
    parity = manifest.parity
    return (
        f"manifest and hash: {manifest.format} {manifest.precision}, from "
        f"{manifest.checkpoint.name}, cosine with PyTorch "
        f"{parity.cosine_mean or 0:.6f} (worst {parity.cosine_min or 0:.6f})"
    )


def _facts(path: Path) -> list[Finding]:
    """Tell calibration and runtimes, as far as the manifest knows of them."""
    manifest = manifests.load(path)
    findings = []
    if calibration := manifest.calibration:
        kept = calibration.kept_in_float or ()
        findings.append(
            Finding(
                None,
                f"calibrated on {calibration.images} images ({calibration.source}), "
                f"{len(kept)} layers kept in float",
            )
        )
    for run in manifest.runs_on or ():
        wrong = run.result in ("wrong", "refused")
        findings.append(
            Finding(
                None,
                f"{run.runtime} {run.version} at the export: {run.result}"
                + (" - do not ship it for that runtime" if wrong else ""),
            )
        )
    return findings


def _border_check(path: Path) -> str:
    manifest, info = manifests.load(path), inspect(path)
    sides = (("input", info.input, manifest.input), ("output", info.output, manifest.output))
    for side, actual, declared in sides:
        if (declared.name, declared.shape) != (actual.name, actual.shape):
            raise ConfigError(
                f"the artefact's {side} is {actual.name} {actual.shape}; "
                f"the manifest says {declared.name} {declared.shape}"
            )
    return (
        f"input {info.input.name} {info.input.shape}, output {info.output.name} {info.output.shape}"
    )


def _golden_check(path: Path) -> str:
    manifest, runtime = manifests.load(path), open_artefact(path)
    golden = manifest.golden
    if golden.picture != GOLDEN_NAME:
        raise ConfigError(f"the manifest's golden picture is unknown; known is {GOLDEN_NAME}")
    picture = golden_picture(manifest.size)
    cosine = golden.cosine(runtime.describe(picture[None])[0])
    if cosine < golden.least_cosine:
        raise ActnetError(
            f"golden picture: cosine {cosine:.6f} in {runtime.name} {runtime.version}; at least "
            f"{golden.least_cosine} is needed: this runtime computes other values; do not use the artefact with it"
        )
    return f"golden picture: cosine {cosine:.6f} in {runtime.name} {runtime.version}"


def _running_check(kind: Format) -> Callable[[], str]:
    def check() -> str:
        require(kind, RUNNING)
        return f"running {kind.value}: ready"

    return check


def _export_check(kind: Format) -> Callable[[], str]:
    def check() -> str:
        require(kind, CONVERTING)
        exporter(kind)
        return f"exporting {kind.value}: ready"

    return check


def _can(kind: Format, packages: dict[Format, tuple[str, ...]]) -> bool:
    try:
        require(kind, packages)
    except MissingPackageError:
        return False
    return True


def _attempt(check: Callable[[], str], optional: bool = False) -> Finding:
    try:
        return Finding(True, check())
    except ModuleNotFoundError as error:
        missing = missing_package(error)
        if missing is None:
            raise
        return Finding(None if optional else False, str(missing))
    except MissingPackageError as error:
        return Finding(None if optional else False, str(error))
    except ActnetError as error:
        return Finding(False, str(error))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"

"""Artefacts made for timing, kept by what they were made of.

The name holds a key of everything that could change the file: weights, code, converters, size,
precision. A file with that name is the right one, and one with another key is stale.
"""

import functools
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from torch import nn

import mobile_actnet.export
import mobile_actnet.network
import mobile_actnet.pictures
import mobile_actnet.runtime
from mobile_actnet.benchmarks.latency.cases import FORMAT_OF, Case
from mobile_actnet.benchmarks.latency.networks import DIM, NETWORKS, weights_key
from mobile_actnet.errors import ConfigError
from mobile_actnet.export.formats.exporter import Options, check_precision, exporter
from mobile_actnet.export.graph.deployable import DeployableActnet, HeadlessBackbone
from mobile_actnet.export.quantization.calibration import CalibrationImages, measure_ranges
from mobile_actnet.export.quantization.config import MIN_IMAGES, ROUNDED, CalibrationMethod
from mobile_actnet.export.quantization.plan import QuantizationPlan
from mobile_actnet.export.quantization.prepare import prepare
from mobile_actnet.files import put_in_place, sha256_of, staging_folder
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.interrupts import keep_interrupt
from mobile_actnet.runtime.packages import CONVERTING, require
from mobile_actnet.runtime.vocabulary import Format, ImageSize

_KEY_DIGITS = 12

Say = Callable[[str], None]


@dataclass(frozen=True)
class Artefact:
    """A file for timing.

    Attributes:
        path: where it is.
        sha256, size_bytes: of the file.
        weights: where they are from.
    """

    path: Path
    sha256: str
    size_bytes: int
    weights: str


def artefact_of(case: Case, folder: Path, say: Say = lambda _: None) -> Artefact:
    """Return the artefact of a case, made now if it is not there.

    Raises:
        ConfigError: the runtime reads no artefact.
        MissingPackageError: a package for converting is not installed.
        ActnetError: the folder cannot be written, or the disk is full.
    """
    kind = FORMAT_OF[case.runtime]
    if kind is None:
        raise ConfigError(f"{case.runtime.value} runs no artefact")
    stem = f"{case.network.value}_{case.size}_{case.precision.value}"
    path = folder / f"{stem}-{_key(case, kind)}.{kind.value}"
    if not path.exists():
        require(kind, CONVERTING)
        say(f"exporting {NETWORKS[case.network].title}, {kind.value} {case.precision.value}")
        _make(case, kind, path)
        for stale in folder.glob(f"{stem}-{'?' * _KEY_DIGITS}.{kind.value}"):
            if stale != path:
                stale.unlink(missing_ok=True)
    return Artefact(path, sha256_of(path), path.stat().st_size, NETWORKS[case.network].weights)


def _make(case: Case, kind: Format, path: Path) -> None:
    converter = exporter(kind)
    check_precision(kind, case.precision)
    layout = converter.layouts[0]
    network = NETWORKS[case.network].build(layout, converter.default_lowering)
    plan = _quantised(network, case)
    options = Options(case.size, DIM, case.precision, layout, plan=plan)
    with staging_folder(path.parent) as staging, keep_interrupt():
        staged = staging / path.name
        converter.convert(network, options, staged, {})
        put_in_place([(staged, path)])


def _quantised(network: nn.Module, case: Case) -> QuantizationPlan | None:
    """Prepare a network for 8 bits; ranges of generated pictures do for timing, not for ranking."""
    if case.precision not in ROUNDED:
        return None
    whole = network.deployable if isinstance(network, HeadlessBackbone) else network
    assert isinstance(whole, DeployableActnet)
    pixels = generated_pictures(MIN_IMAGES, ImageSize(128, 128))
    ranges = measure_ranges(whole, CalibrationImages(pixels, ()), CalibrationMethod.MIN_MAX)
    # Measuring has equalised it already.
    return prepare(whole, case.precision, replace(ranges, scales={}))


def _key(case: Case, kind: Format) -> str:
    ingredients = {
        "weights": weights_key(case.network),
        "network": case.network.value,
        "format": kind.value,
        "precision": case.precision.value,
        "size": str(case.size),
        "code": _code_key(),
        "tools": {name: _version(name) for name in CONVERTING[kind]},
    }
    text = json.dumps(ingredients, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_DIGITS]


@functools.cache
def _code_key() -> str:
    """Hash the modules that networks and exporters are made of, and the networks for timing."""
    rooms = (
        mobile_actnet.pictures,
        mobile_actnet.network,
        mobile_actnet.runtime,
        mobile_actnet.export,
    )
    folders = [Path(room.__file__ or "").parent for room in rooms]
    files = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    files.append(Path(__file__).with_name("networks.py"))
    return hashlib.sha256("".join(sha256_of(path) for path in files).encode()).hexdigest()


def _version(module: str) -> str:
    try:
        return version(module.replace("_", "-"))
    except PackageNotFoundError:
        return ""

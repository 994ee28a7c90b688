"""The manifest: the JSON beside an artefact that says all that an app must know.

docs/manifest.md is its document. An app, and `actnet-doctor`, refuse an artefact whose manifest is
missing, of another version, or does not hold the artefact's hash.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError

from mobile_actnet.descriptors import cosine
from mobile_actnet.files import read_regular, reason, sha256_of
from mobile_actnet.runtime.errors import ManifestError
from mobile_actnet.runtime.vocabulary import ImageSize

SCHEMA = 1
_DESCRIPTOR_DIGITS = 7

GOLDEN_COSINE = 0.999
"""Least cosine with the golden descriptor: runtimes round differently."""


# What a reader relies on; anything else may be missing.
_REQUIRED = {
    "schema": int,
    "name": str,
    "format": str,
    "precision": str,
    "artefact": dict,
    "checkpoint": dict,
    "input": dict,
    "preprocessing": dict,
    "output": dict,
    "parity": dict,
    "operators": dict,
    "golden": dict,
}


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is not a number of JSON")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < _LARGEST_NUMBER


def _is_side(value: Any) -> bool:
    return type(value) is int and 0 < value <= _LONGEST_SIDE


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and all(type(side) in (int, str) for side in value)


def _is_descriptor(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_number, value))


def _are_dicts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _or_none(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or fits(value)


_LARGEST_NUMBER = 1e12
_LONGEST_SIDE = 65536
_NESTED: dict[str, Callable[[Any], bool]] = {
    "artefact.sha256": _is_text,
    "artefact.size_bytes": _or_none(_is_number),
    "checkpoint.name": _or_none(_is_text),
    "input.name": _or_none(_is_text),
    "input.shape": _or_none(_is_shape),
    "output.name": _or_none(_is_text),
    "output.shape": _or_none(_is_shape),
    "output.dim": _is_side,
    "preprocessing.name": _is_text,
    "preprocessing.version": _is_number,
    "preprocessing.height": _is_side,
    "preprocessing.width": _is_side,
    "parity.cosine_mean": _or_none(_is_number),
    "parity.cosine_min": _or_none(_is_number),
    "golden.picture": _or_none(_is_text),
    "golden.descriptor": _is_descriptor,
    "golden.cosine_min": _or_none(_is_number),
    "calibration": _or_none(lambda value: isinstance(value, dict)),
    "calibration.kept_in_float": _or_none(lambda value: isinstance(value, list)),
    "runs_on": _or_none(_are_dicts),
}
"""What a reader takes from the parts of a manifest, and what it must be like."""


class _Part(BaseModel):
    """A part of a manifest; fields that this release does not know are kept."""

    model_config = ConfigDict(frozen=True, extra="allow", protected_namespaces=())


class ArtefactPart(_Part):
    """The file itself."""

    file: str = ""
    sha256: str = ""
    size_bytes: int | None = None


class CheckpointPart(_Part):
    """The weights that it was made from."""

    name: str | None = None
    sha256: str = ""
    licence: str = ""
    origin: str = ""


class TensorPart(_Part):
    """A tensor at the artefact's border; `dim` is the descriptor's."""

    name: str | None = None
    shape: tuple[int | str, ...] | None = None
    dtype: str = ""
    layout: str = ""
    dim: int | None = None


class PreprocessingPart(_Part):
    """What a picture is brought to, and how."""

    name: str | None = None
    version: int | None = None
    height: int | None = None
    width: int | None = None


class LayerPart(_Part):
    """A convolution's signal-to-noise ratio."""

    layer: str
    snr_db: float


class ParityPart(_Part):
    """How the artefact compares with PyTorch."""

    pictures: int = 0
    source: str = ""
    cosine_mean: float | None = None
    cosine_min: float | None = None
    max_abs_difference: float | None = None
    top10_overlap: float | None = None
    mean_ap_difference: float | None = None
    worst_layers: tuple[LayerPart, ...] = ()


class RunPart(_Part):
    """The artefact in one runtime."""

    runtime: str | None = None
    version: str | None = None
    result: str | None = None
    problem: str | None = None


class CalibrationPart(_Part):
    """What the ranges of activations were measured on."""

    source: str | None = None
    images: int | None = None
    kept_in_float: tuple[str, ...] | None = None


class GoldenPart(_Part):
    """The self-test that every app makes."""

    picture: str | None = None
    cosine_min: float | None = None
    descriptor: tuple[float, ...] = ()

    @property
    def least_cosine(self) -> float:
        """What a self-test asks for; older manifests do not say."""
        return GOLDEN_COSINE if self.cosine_min is None else self.cosine_min

    def cosine(self, descriptor: NDArray[np.float32]) -> float:
        """Return the cosine of a descriptor, (dim,), with the golden one.

        Raises:
            ManifestError: the golden descriptor is missing, or of another length.
        """
        golden = np.array(self.descriptor, np.float32)
        if golden.shape != descriptor.shape:
            raise ManifestError(
                f"the manifest's golden descriptor has {golden.size} values; "
                f"the artefact gives {descriptor.size}"
            )
        return float(cosine(golden[None], descriptor[None])[0])


class Manifest(_Part):
    """A manifest. Its parts are attributes; `manifest["parity"]` gives the JSON as it was read."""

    schema_: int
    name: str
    format: str
    precision: str
    artefact: ArtefactPart
    checkpoint: CheckpointPart
    input: TensorPart
    preprocessing: PreprocessingPart
    output: TensorPart
    parity: ParityPart
    operators: dict[str, int]
    golden: GoldenPart
    calibration: CalibrationPart | None = None
    runs_on: tuple[RunPart, ...] | None = None
    _values: dict[str, Any] = PrivateAttr(default_factory=dict)

    @classmethod
    def of(cls, values: dict[str, Any]) -> "Manifest":
        """Make a manifest of JSON values, which it keeps.

        Raises:
            pydantic.ValidationError: a part is missing or malformed.
        """
        known = {key: value for key, value in values.items() if key != "schema"}
        manifest = cls(schema_=values["schema"], **known)
        manifest._values = values
        return manifest

    @property
    def size(self) -> ImageSize:
        """Of the input.

        Raises:
            ManifestError: it does not say.
        """
        height, width = self.preprocessing.height, self.preprocessing.width
        if height is None or width is None:
            raise ManifestError(f"the manifest of {self.name} has no size; export again")
        return ImageSize(height, width)

    @property
    def dim(self) -> int:
        """Length of the descriptor.

        Raises:
            ManifestError: it does not say.
        """
        if self.output.dim is None:
            raise ManifestError(f"the manifest of {self.name} has no output.dim; export again")
        return self.output.dim

    @property
    def values(self) -> dict[str, Any]:
        """The JSON values, fields that this release does not know included."""
        return self._values

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def keys(self) -> Iterable[str]:
        """The names of the JSON's fields."""
        return self._values.keys()


def path_of(artefact: Path) -> Path:
    """Return where the manifest of an artefact lies: the same name with .json behind it."""
    return artefact.with_name(artefact.name + ".json")


def dump(manifest: Manifest) -> bytes:
    """Return the bytes of a manifest file."""
    return (
        json.dumps(manifest.values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    ).encode()


def load(artefact: Path) -> Manifest:
    """Read the manifest beside an artefact and hold the artefact's hash against it.

    Raises:
        ManifestError: missing, damaged, of another version, or of another artefact.
    """
    if not artefact.name:
        raise ManifestError(f"{artefact} is a folder; give an artefact: actnet export makes one")
    path = path_of(artefact)
    try:
        values = json.loads(read_regular(path), parse_constant=_no_number)
    except FileNotFoundError as error:
        if not artefact.exists():
            raise ManifestError(f"{artefact} does not exist; actnet export makes one") from error
        raise ManifestError(
            f"{artefact} has no manifest ({path.name} is missing); copy that file from where the model was "
            "exported, or export the model again"
        ) from error
    except OSError as error:
        raise ManifestError(f"{path} cannot be read: {reason(error)}; export again") from error
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{path} cannot be read: {error}; export again") from error
    _check_keys(values, path)
    manifest = _typed(values, path)
    if not artefact.exists():
        raise ManifestError(f"{artefact} does not exist, only its manifest does; export it again")
    digest, expected = sha256(artefact), manifest.artefact.sha256
    if digest != expected:
        raise ManifestError(
            f"{artefact} is not the file that {path.name} describes: its hash is {digest[:12]}…, "
            f"the manifest's {expected[:12]}…; export it again"
        )
    return manifest


def sha256(path: Path) -> str:
    """Return the SHA-256 of an artefact; see `files.sha256_of`.

    Raises:
        ManifestError: a folder with a link in it, or no regular file.
    """
    if not path.is_dir() and path.exists() and not path.is_file():
        raise ManifestError(f"{path} is not a regular file; export it again")
    # What a link leads to could be another file tomorrow, and another folder is not walked into.
    links = [child for child in path.rglob("*") if child.is_symlink()] if path.is_dir() else []
    if links:
        raise ManifestError(
            f"{path} holds the link {links[0].name}; copy it with the files themselves"
        )
    return sha256_of(path)


def _typed(values: dict[str, Any], path: Path) -> Manifest:
    try:
        return Manifest.of(values)
    except ValidationError as error:
        place = ".".join(str(step) for step in error.errors()[0]["loc"])
        raise ManifestError(
            f"{path} is not a manifest: {place} is missing or malformed; export again"
        ) from error


def _check_keys(manifest: Any, path: Path) -> None:
    if not isinstance(manifest, dict):
        raise ManifestError(f"{path} is not a manifest: it is not a JSON object; export again")
    if manifest.get("schema") != SCHEMA:
        raise ManifestError(
            f"{path} has schema {manifest.get('schema')!r}; this release reads {SCHEMA}: "
            "export again, or install the release that wrote it"
        )
    for key, kind in _REQUIRED.items():
        if not isinstance(manifest.get(key), kind):
            raise ManifestError(
                f"{path} is not a manifest: {key!r} is missing or malformed; export again"
            )
    for place, fits in _NESTED.items():
        value: Any = manifest
        for key in place.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if not fits(value):
            raise ManifestError(
                f"{path} is not a manifest: {place} is missing or malformed ({repr(value)[:40]}); "
                "export again"
            )

"""The manifest: the JSON beside an artefact that says all that an app must know.

docs/manifest.md is its document. An app, and `actnet-doctor`, refuse an artefact whose manifest is
missing, of another version, or does not hold the artefact's hash.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.descriptors import cosine
from mobile_actnet.files import sha256_of
from mobile_actnet.runtime.errors import ManifestError

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
    raise ValueError(f"{word} is no number of JSON")


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


def path_of(artefact: Path) -> Path:
    """Return where the manifest of an artefact lies: the same name with .json behind it."""
    return artefact.with_name(artefact.name + ".json")


def dump(manifest: dict[str, Any]) -> bytes:
    """Return the bytes of a manifest file."""
    return (json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def load(artefact: Path) -> dict[str, Any]:
    """Read the manifest beside an artefact and hold the artefact's hash against it.

    Raises:
        ManifestError: missing, damaged, of another version, or of another artefact.
    """
    path = path_of(artefact)
    try:
        manifest = json.loads(path.read_bytes(), parse_constant=_no_number)
    except FileNotFoundError as error:
        if not artefact.exists():
            raise ManifestError(f"{artefact} does not exist; actnet export makes one") from error
        raise ManifestError(
            f"{artefact} has no manifest ({path.name} is missing); export it again"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ManifestError(f"{path} cannot be read: {error}; export again") from error
    _check_keys(manifest, path)
    if not artefact.exists():
        raise ManifestError(f"{artefact} does not exist, only its manifest does; export it again")
    found, expected = sha256(artefact), manifest["artefact"].get("sha256")
    if found != expected:
        raise ManifestError(
            f"{artefact} is not the file that {path.name} describes: its hash is {found[:12]}…, "
            f"the manifest's {str(expected)[:12]}…; export it again"
        )
    return manifest


def sha256(path: Path) -> str:
    """Return the SHA-256 of an artefact; see `files.sha256_of`.

    Raises:
        ManifestError: a folder with a link in it, or no regular file.
    """
    if not path.is_dir() and path.exists() and not path.is_file():
        raise ManifestError(f"{path} is no regular file; export it again")
    # What a link leads to could be another file tomorrow, and another folder is not walked into.
    links = [child for child in path.rglob("*") if child.is_symlink()] if path.is_dir() else []
    if links:
        raise ManifestError(
            f"{path} holds the link {links[0].name}; copy it with the files themselves"
        )
    return sha256_of(path)


def golden_cosine(manifest: dict[str, Any], descriptor: NDArray[np.float32]) -> float:
    """Return the cosine of a descriptor with the manifest's golden one.

    Raises:
        ManifestError: the golden descriptor is missing, or of another length.
    """
    golden = np.array(manifest["golden"].get("descriptor", ()), np.float32)
    if golden.shape != descriptor.shape:
        raise ManifestError(
            f"the manifest's golden descriptor has {golden.size} values; "
            f"the artefact gives {descriptor.size}"
        )
    return float(cosine(golden[None], descriptor[None])[0])


def _check_keys(manifest: Any, path: Path) -> None:
    if not isinstance(manifest, dict):
        raise ManifestError(f"{path} is no manifest: it is not a JSON object; export again")
    if manifest.get("schema") != SCHEMA:
        raise ManifestError(
            f"{path} has schema {manifest.get('schema')!r}; this release reads {SCHEMA}: "
            "export again, or install the release that wrote it"
        )
    for key, kind in _REQUIRED.items():
        if not isinstance(manifest.get(key), kind):
            raise ManifestError(f"{path} is no manifest: {key!r} is missing or malformed")
    for place, fits in _NESTED.items():
        value: Any = manifest
        for key in place.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if not fits(value):
            raise ManifestError(
                f"{path} is no manifest: {place} is missing or malformed ({repr(value)[:40]}); "
                "export again"
            )

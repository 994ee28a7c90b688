"""The manifest: the JSON beside an artefact that says all that an app must know.

docs/manifest.md is its document. An app, and `actnet-doctor`, refuse an artefact whose manifest is
missing, of another version, or does not hold the artefact's hash.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.descriptors import cosine
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
        manifest = json.loads(path.read_bytes())
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
    """Return the SHA-256 of a file, or of a folder's files.

    A folder's is that of one text: for each file in the order of their relative paths, the line
    "SHA-256 of the file, two spaces, relative path with slashes".
    """
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    files = sorted(
        child.relative_to(path).as_posix() for child in path.rglob("*") if child.is_file()
    )
    lines = "".join(f"{sha256(path / name)}  {name}\n" for name in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def size_bytes(path: Path) -> int:
    """Return the size of a file, or of a folder's files together."""
    if not path.is_dir():
        return path.stat().st_size
    return sum(child.stat().st_size for child in path.rglob("*") if child.is_file())


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

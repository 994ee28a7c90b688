"""Decode the golden pictures for JUnit: a computer's Java lacks decoders that phones have.

The Kotlin test holds each file against the golden `decoded_sha256` before it uses it, so that
nothing rests on Python's word.
"""

import json
from pathlib import Path

import numpy as np

from mobile_actnet.pictures.preprocessing import decode


def decode_golden(golden: Path, folder: Path) -> None:
    """Write `NAME.rgb` for each golden source: upright RGB bytes, row by row."""
    folder.mkdir(parents=True, exist_ok=True)
    for case in json.loads((golden / "index.json").read_text())["cases"]:
        source = golden / case["source"]
        pixels = np.asarray(decode(source))
        (folder / f"{source.name}.rgb").write_bytes(pixels.tobytes())

"""tflite-runtime 2.14, the runtime of older phones, in an environment of its own.

It needs numpy below 2 and cannot live beside the rest, so it runs in another Python. This file is
also what runs there: `python old_runtime.py MODEL PIXELS.npy DESCRIPTORS.npy NODES.json`. It
imports nothing of this project, and nothing but the standard library before that.
"""

import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSION = "2.14.0"
REQUIREMENTS = (f"tflite-runtime=={VERSION}", "numpy<2")
VARIABLE = "ACTNET_OLD_RUNTIME"
_INSTALL_TIMEOUT_S, _RUN_TIMEOUT_S = 600, 300


@dataclass(frozen=True)
class OldRun:
    """What running an artefact there gave.

    Attributes:
        descriptors: (N, dim) as lists; None where it was refused or the runtime broke down.
        nodes: operators as the interpreter lists them. problem: the runtime's last words.
    """

    descriptors: list[list[float]] | None
    nodes: list[dict[str, Any]]
    problem: str


def default_folder() -> Path:
    """Return where the environment lies: what ACTNET_OLD_RUNTIME says, or the user's cache."""
    if told := os.environ.get(VARIABLE):
        return Path(told)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "mobile-actnet" / f"tflite-runtime-{VERSION}"


def is_installed(folder: Path) -> bool:
    """Whether an environment holds the runtime in the right version."""
    return _python(folder).exists() and _answers(folder)


def install(folder: Path) -> str:
    """Make the environment; return what went wrong, or nothing."""
    try:
        venv.create(folder, with_pip=True)
        command = [str(_python(folder)), "-m", "pip", "install", "--quiet", *REQUIREMENTS]
        made = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_TIMEOUT_S)
    # venv tells a file in its way by a ValueError.
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return str(error)
    if made.returncode:
        return _last_line(made.stderr) or f"pip ended with {made.returncode}"
    return ""


def run(folder: Path, model: Path, pixels: Path, results: Path) -> OldRun:
    """Run pictures through a model there.

    Args:
        pixels: .npy with (N, H, W, 3) uint8. results: folder for what comes back.
    """
    nodes, descriptors = results / "nodes.json", results / "descriptors.json"
    command = [str(_python(folder)), __file__, *map(str, (model, pixels, descriptors, nodes))]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_RUN_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return OldRun(None, [], f"no answer within {_RUN_TIMEOUT_S} s")
    if done.returncode < 0:
        return OldRun(None, [], f"the runtime crashed (signal {-done.returncode})")
    if done.returncode:
        return OldRun(None, [], _last_line(done.stderr) or f"exit code {done.returncode}")
    return OldRun(json.loads(descriptors.read_text()), json.loads(nodes.read_text()), "")


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _answers(folder: Path) -> bool:
    question = "import tflite_runtime; print(tflite_runtime.__version__)"
    try:
        told = subprocess.run(
            [str(_python(folder)), "-c", question], capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return told.stdout.strip() == VERSION


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def _main(model: str, pixels: str, descriptors: str, nodes: str) -> None:
    """Run in the other environment."""
    import numpy as np
    from tflite_runtime.interpreter import Interpreter  # type: ignore[import-not-found]

    interpreter = Interpreter(model, num_threads=1)
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]["index"]
    wanted = interpreter.get_output_details()[0]["index"]
    found = []
    for picture in np.load(pixels):
        interpreter.set_tensor(given, picture[None])
        interpreter.invoke()
        found.append(interpreter.get_tensor(wanted)[0].tolist())
    listed = [
        {
            "index": int(node["index"]),
            "op_name": node["op_name"],
            "inputs": [int(x) for x in node["inputs"]],
            "outputs": [int(x) for x in node["outputs"]],
        }
        for node in interpreter._get_ops_details()
    ]
    Path(descriptors).write_text(json.dumps(found))
    Path(nodes).write_text(json.dumps(listed))


if __name__ == "__main__":
    _main(*sys.argv[1:])

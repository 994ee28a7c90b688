"""Witnesses: other interpreters of TFLite artefacts, each in an environment of its own.

tflite-runtime 2.14 is what older phones carry, and needs NumPy 1. TensorFlow is what many check a
file with, and brings 1.5 GB that nothing else here needs. So they run in another Python. This file
is also what runs there: `python witnesses.py INTERPRETER MODEL PIXELS.npy DESCRIPTORS.json
NODES.json`. It imports nothing of this project, and nothing but the standard library before that.
"""

import json
import os
import platform
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

_INSTALL_TIMEOUT_S, _RUN_TIMEOUT_S = 1800, 300


@dataclass(frozen=True)
class Witness:
    """An interpreter that artefacts are tried on where its environment was made.

    Attributes:
        name: the manifest's word for it. remark: what to know before it is installed.
        package: what pip calls it, in this version. beside: further requirements.
        interpreter: where its Interpreter is, as `module:object`.
        pythons: which it can be installed in.
        option: of actnet-doctor, to install it. variable: tells where an environment lies.
        on_phones: whether apps run it; one that they do not run may stay untried.
    """

    name: str
    remark: str
    package: str
    version: str
    interpreter: str
    pythons: str
    option: str
    variable: str
    on_phones: bool
    beside: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return f"{self.name} {self.version}"

    def default_folder(self) -> Path:
        """Return where the environment lies: what the variable says, or the user's cache."""
        if folder := os.environ.get(self.variable):
            return Path(folder)
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return cache / "mobile-actnet" / f"{self.name}-{self.version}"


TFLITE_RUNTIME = Witness(
    name="tflite-runtime",
    remark="as on older phones",
    package="tflite-runtime",
    version="2.14.0",
    interpreter="tflite_runtime.interpreter:Interpreter",
    pythons="3.11 or older",
    option="--install-old-runtime",
    variable="ACTNET_OLD_RUNTIME",
    on_phones=True,
    beside=("numpy<2",),
)
TENSORFLOW = Witness(
    name="tensorflow",
    remark="takes 1.5 GB",
    # The build without CUDA has half the size; other processors have one build alone.
    package="tensorflow-cpu" if platform.machine() == "x86_64" else "tensorflow",
    version="2.21.0",
    interpreter="tensorflow:lite.Interpreter",
    pythons="3.10 to 3.13",
    option="--install-tensorflow",
    variable="ACTNET_TENSORFLOW",
    on_phones=False,
)
WITNESSES = (TFLITE_RUNTIME, TENSORFLOW)


@dataclass(frozen=True)
class WitnessRun:
    """What running an artefact there gave.

    Attributes:
        descriptors: (N, dim) as lists; None where it was refused or the runtime broke down.
        nodes: operators as the interpreter lists them. problem: the runtime's last words.
    """

    descriptors: list[list[float]] | None
    nodes: list[dict[str, Any]]
    problem: str


def is_installed(witness: Witness, folder: Path) -> bool:
    """Whether an environment holds the witness in the right version."""
    # Its metadata: importing TensorFlow takes seconds.
    question = f"from importlib.metadata import version; print(version('{witness.package}'))"
    try:
        answer = subprocess.run(
            [str(_python(folder)), "-c", question], capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return answer.stdout.strip() == witness.version


def install(witness: Witness, folder: Path) -> str:
    """Make the environment; return what went wrong, or nothing."""
    wanted = (f"{witness.package}=={witness.version}", *witness.beside)
    try:
        venv.create(folder, with_pip=True)
        command = [str(_python(folder)), "-m", "pip", "install", "--quiet", *wanted]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_TIMEOUT_S)
    # venv tells a file in its way by a ValueError.
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return str(error)
    if done.returncode:
        return _last_line(done.stderr) or f"pip ended with {done.returncode}"
    return ""


def run(witness: Witness, folder: Path, model: Path, pixels: Path, results: Path) -> WitnessRun:
    """Run pictures through a model there.

    Args:
        pixels: .npy with (N, H, W, 3) uint8. results: folder for what comes back.
    """
    nodes, descriptors = results / "nodes.json", results / "descriptors.json"
    words = (witness.interpreter, *map(str, (model, pixels, descriptors, nodes)))
    # This file's neighbours must not stand for modules of the same names there.
    surroundings = {**os.environ, "PYTHONSAFEPATH": "1"}
    try:
        done = subprocess.run(
            [str(_python(folder)), __file__, *words],
            capture_output=True, text=True, timeout=_RUN_TIMEOUT_S, env=surroundings,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return WitnessRun(None, [], f"no answer within {_RUN_TIMEOUT_S} s")
    if done.returncode < 0:
        return WitnessRun(None, [], f"the runtime crashed (signal {-done.returncode})")
    if done.returncode:
        return WitnessRun(None, [], _last_line(done.stderr) or f"exit code {done.returncode}")
    return WitnessRun(json.loads(descriptors.read_text()), json.loads(nodes.read_text()), "")


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def _main(interpreter_name: str, model: str, pixels: str, descriptors: str, nodes: str) -> None:
    """Run in the other environment."""
    import numpy as np

    interpreter = resolve_name(interpreter_name)(model, num_threads=1)
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]["index"]
    wanted = interpreter.get_output_details()[0]["index"]
    results = []
    for picture in np.load(pixels):
        interpreter.set_tensor(given, picture[None])
        interpreter.invoke()
        results.append(interpreter.get_tensor(wanted)[0].tolist())
    listed = [
        {
            "index": int(node["index"]),
            "op_name": node["op_name"],
            "inputs": [int(x) for x in node["inputs"]],
            "outputs": [int(x) for x in node["outputs"]],
        }
        for node in interpreter._get_ops_details()
    ]
    Path(descriptors).write_text(json.dumps(results))
    Path(nodes).write_text(json.dumps(listed))


if __name__ == "__main__":
    _main(*sys.argv[1:])

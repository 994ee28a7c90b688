"""What `make arm64` makes: the C programs as ARM64 code, with their emulator."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# LiteRT's kernels need the atomic instructions of ARMv8.1.
PROCESSOR = "cortex-a76"

ONE_RUN = (
    "--num_threads=1", "--num_runs=1", "--warmup_runs=0", "--min_secs=0", "--max_secs=1000000000",
)  # fmt: skip
"""Options of `actnet_bench`: one run of the model, however long it takes."""


@dataclass(frozen=True)
class Arm64Tools:
    """The folder that `make arm64` fills."""

    folder: Path

    def path(self, name: str) -> Path:
        """Return where something in the folder is, absolute: the tools run elsewhere."""
        return (self.folder / name).resolve()

    def command(
        self, program: str, *options: object, plugin: str | None = None
    ) -> list[str | Path]:
        """Return the words that run a program, and count its instructions with a plug-in."""
        counted = [] if plugin is None else ["-plugin", plugin]
        return [
            self.path("bin/qemu-aarch64"), *counted, "-cpu", PROCESSOR, "-L", self.path("sysroot"),
            self.path(program), *(str(option) for option in options),
        ]  # fmt: skip


def descriptor(result: Path) -> NDArray[np.float32]:
    """Return the descriptor of a result that `actnet_bench` wrote, shape (D,)."""
    return np.array(json.loads(result.read_text())["descriptor"], np.float32)

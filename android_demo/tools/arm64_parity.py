"""The engine as ARM64 code, under emulation, beside Python with the same artefact."""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
from debian import ToolchainError
from kotlin import BuildError, run
from numpy.typing import NDArray
from toolchain import ANDROID_DEMO

from mobile_actnet.benchmarks.arm64 import Arm64Tools
from mobile_actnet.benchmarks.latency import RunPlan
from mobile_actnet.benchmarks.native import program_options, read_result
from mobile_actnet.descriptor_storage import Storage, encode
from mobile_actnet.export.deployable import ImageSize
from mobile_actnet.export.manifest import load
from mobile_actnet.export.pictures import generated_pictures, golden_picture
from mobile_actnet.export.runtimes import TfliteRuntime
from mobile_actnet.preprocessing import Pixels

REPOSITORY = ANDROID_DEMO.parent
GENERATED = 8

# LiteRT's kernels need the atomic instructions of ARMv8.1.
_PROCESSOR = "cortex-a76"


def fetch_arm64() -> Arm64Tools:
    """Return what `make arm64` makes.

    Raises:
        ToolchainError: it cannot be made here.
    """
    made = subprocess.run(["make", "--no-print-directory", "arm64"], cwd=REPOSITORY,
                          capture_output=True, text=True)  # fmt: skip
    if made.returncode:
        said = made.stderr.strip().splitlines() or ["no message"]
        raise ToolchainError(f"make arm64: {said[-1]}")
    return Arm64Tools(REPOSITORY / ".arm64")


def compare_arm64(tools: Arm64Tools, artefact: Path, limit: float, same_stored: bool) -> str:
    """Describe the golden picture and some generated ones on both; say how far they are apart.

    Args:
        limit: of the difference of any value.
        same_stored: whether what a gallery keeps of each descriptor, all that a search sees, must
            be the same integers.

    Raises:
        BuildError: they are further apart, or the program failed.
    """
    size = load(artefact)["preprocessing"]
    shape = ImageSize(size["height"], size["width"])
    pictures = np.stack([golden_picture(shape), *generated_pictures(GENERATED, shape)])
    expected = TfliteRuntime(artefact, 1).describe(pictures)
    found = np.stack([_emulated(tools, artefact, picture) for picture in pictures])
    worst = float(np.abs(found - expected).max())
    if not worst <= limit:
        raise BuildError(f"ARM64 gives another descriptor: difference {worst:.2e}")
    stored = [encode(descriptors, Storage.INT8).values for descriptors in (expected, found)]
    same = int((stored[0] == stored[1]).all(axis=1).sum())
    if same_stored and same < len(pictures):
        raise BuildError(
            f"ARM64: {len(pictures) - same} of {len(pictures)} descriptors are stored as other "
            f"integers than in Python; largest difference before rounding: {worst:.2e}"
        )
    return (
        f"largest difference from Python: {worst:.1e} in {len(pictures)} pictures, "
        f"{same} of them stored as the same integers"
    )


def _emulated(tools: Arm64Tools, artefact: Path, picture: Pixels) -> NDArray[np.float32]:
    with tempfile.TemporaryDirectory(prefix="actnet-arm64-") as name:
        folder = Path(name)
        (folder / "picture.rgb").write_bytes(picture.tobytes())
        command = [
            tools.path("bin/qemu-aarch64"), "-cpu", _PROCESSOR, "-L", tools.path("sysroot"),
            tools.path("actnet_bench"), f"--graph={artefact.resolve()}", "--input=picture.rgb",
            "--output=result.json", *program_options(1, RunPlan(1, 0.0, 1e9, 0)),
        ]  # fmt: skip
        run(command, folder)
        return read_result((folder / "result.json").read_bytes()).descriptor

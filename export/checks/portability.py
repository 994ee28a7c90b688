"""Where an artefact runs: every runtime at hand is tried, and none is vouched for untried.

A file that one runtime runs may be refused by an older one, which an app notices, or run there
with wrong results, which nobody notices. Phones carry runtimes of many years.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np

from mobile_actnet.descriptors import Descriptors, cosine
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.runtimes import Runtime
from mobile_actnet.runtime.tflite import other_interpreters
from mobile_actnet.runtime.tflite.litert_runtime import TfliteRuntime, undelegated_operators
from mobile_actnet.runtime.tflite.other_interpreters import WITNESSES, Witness
from mobile_actnet.runtime.vocabulary import Format

SAME_COSINE = 0.999
"""With the first runtime's result, of the worst picture: float kernels round differently."""

ROUNDING_LOSS = 0.02
"""How much less a runtime's worst cosine with PyTorch may be than the first runtime's.

A static int8 network passes a difference of one level on to all that follows: two runtimes that
round halves differently disagree by about as much as either does with PyTorch (0.9945 was seen
where both had 0.989), and neither is wrong. Wrong files are far off (-0.05 was seen).
"""


class Result(StrEnum):
    """What came of running an artefact in a runtime."""

    SAME = "same"
    ROUNDS_DIFFERENTLY = "rounds differently"
    WRONG = "wrong"
    REFUSED = "refused"
    NOT_TRIED = "not tried"


@dataclass(frozen=True)
class RuntimeRun:
    """An artefact in a runtime.

    Attributes:
        runtime, version: which. result: what came.
        cosine_min: of the worst picture with the result of ai-edge-litert, computed by the kernels
            that the runtime has: with XNNPACK, or without where it takes only a part; None
            without a result.
        torch_cosine_min: of the worst picture with PyTorch.
        undelegated: what XNNPACK left over, by operator, its partitions as DELEGATE; None where
            that does not apply.
        problem: why it was refused or not tried.
    """

    runtime: str
    version: str
    result: Result
    cosine_min: float | None = None
    torch_cosine_min: float | None = None
    undelegated: dict[str, int] | None = None
    problem: str = ""


@dataclass(frozen=True)
class Trial:
    """What a runtime is judged by.

    Attributes:
        pixels: (N, H, W, 3) uint8; a few are enough. torch: PyTorch's descriptors, (N, dim).
        first: the descriptors of the runtime that the artefact was checked with.
        plain: those of ai-edge-litert's own kernels, where there are such.
    """

    pixels: Pixels
    torch: Descriptors
    first: Descriptors
    plain: Descriptors | None = None


def try_runtimes(
    artefact: Path, kind: Format, runtime: Runtime, pixels: Pixels, reference: Descriptors,
    environments: Mapping[str, Path] | None = None,
) -> list[RuntimeRun]:  # fmt: skip
    """Run an artefact in every runtime of its format that is at hand.

    Args:
        runtime: the one that the artefact was checked with; the others are compared with it.
        pixels: (N, H, W, 3) uint8. reference: (N, dim), PyTorch's descriptors of them.
        environments: folders by witness; of those not named, where they usually lie.
    """
    first = runtime.describe(pixels)
    left = runtime.undelegated() if isinstance(runtime, TfliteRuntime) else None
    worst = _worst(first, reference)
    runs = [RuntimeRun(runtime.name, runtime.version, Result.SAME, 1.0, worst, left)]
    if kind is Format.TFLITE:
        own = TfliteRuntime(artefact, 1, delegate=False)
        plain = own.describe(pixels)
        trial = Trial(pixels, reference, first)
        runs.append(judge(f"{own.name} without XNNPACK", own.version, plain, trial))
        trial = Trial(pixels, reference, first, plain)
        places = environments or {}
        for witness in WITNESSES:
            place = places.get(witness.name) or witness.default_folder()
            runs.append(_by_witness(witness, artefact, trial, place))
    return runs


def is_portable(runs: list[RuntimeRun]) -> bool | None:
    """Whether an artefact may be called portable.

    Returns:
        False if it is wrong or refused somewhere; None if a runtime that apps run could not be
        tried.
    """
    if {run.result for run in runs} & {Result.WRONG, Result.REFUSED}:
        return False
    dispensable = {witness.name for witness in WITNESSES if not witness.on_phones}
    needed = [run for run in runs if run.runtime not in dispensable]
    return None if any(run.result is Result.NOT_TRIED for run in needed) else True


def judge(name: str, version: str, descriptors: Descriptors | None, trial: Trial) -> RuntimeRun:
    """Compare a runtime's descriptors with what they should be; None stands for refused."""
    if descriptors is None:
        return RuntimeRun(name, version, Result.REFUSED)
    if descriptors.shape != trial.first.shape:
        return RuntimeRun(name, version, Result.WRONG, problem=f"it gives {descriptors.shape}")
    same, with_torch = _worst(descriptors, trial.first), _worst(descriptors, trial.torch)
    if same >= SAME_COSINE:
        return RuntimeRun(name, version, Result.SAME, same, with_torch)
    # An older runtime must agree with the new one's own kernels; those have nobody to agree with.
    plain = same if trial.plain is None else _worst(descriptors, trial.plain)
    sound = with_torch >= _worst(trial.first, trial.torch) - ROUNDING_LOSS
    if sound and (trial.plain is None or plain >= SAME_COSINE):
        return RuntimeRun(name, version, Result.ROUNDS_DIFFERENTLY, plain, with_torch)
    return RuntimeRun(name, version, Result.WRONG, max(same, plain), with_torch)


def _worst(descriptors: Descriptors, expected: Descriptors) -> float:
    return float(cosine(expected, descriptors).min())


def _by_witness(witness: Witness, artefact: Path, trial: Trial, place: Path) -> RuntimeRun:
    if not other_interpreters.is_installed(witness, place):
        return RuntimeRun(
            witness.name, witness.version, Result.NOT_TRIED,
            problem=f"not installed; actnet-doctor {witness.option} makes its environment",
        )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="actnet-") as temporary:
        given = Path(temporary) / "pixels.npy"
        np.save(given, trial.pixels)
        run = other_interpreters.run(witness, place, artefact, given, Path(temporary))
    descriptors = None if run.descriptors is None else np.array(run.descriptors, np.float32)
    left = undelegated_operators(run.nodes) if run.nodes else None
    judged = judge(witness.name, witness.version, descriptors, trial)
    return replace(judged, undelegated=left, problem=run.problem or judged.problem)

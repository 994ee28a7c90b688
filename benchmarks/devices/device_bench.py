"""The benchmark on a phone: ours and the reference in turn, round by round, over adb.

The phone gets the C program, LiteRT and the C library that both were linked with, in one folder;
nothing is installed. Raw samples come back in the program's result file. Where Google's
`benchmark_model` is given, it runs instead; it tells averages only, so that a sample is the average
of a round.
"""

import re
import shlex
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from mobile_actnet.benchmarks.config import NetworkName, RunPlan
from mobile_actnet.benchmarks.devices.adb import DEFAULT_FOLDER, Adb, device_folder
from mobile_actnet.benchmarks.devices.arm64 import Arm64Tools
from mobile_actnet.benchmarks.devices.native import NativeResult, program_options, read_result
from mobile_actnet.benchmarks.devices.phone import Heat, cool_down
from mobile_actnet.benchmarks.latency.artefacts import Artefact, Say
from mobile_actnet.benchmarks.latency.cases import Case
from mobile_actnet.benchmarks.latency.networks import NETWORKS
from mobile_actnet.benchmarks.latency.noise import Noise, spread_warnings
from mobile_actnet.benchmarks.latency.process_runner import Probe
from mobile_actnet.benchmarks.latency.ratios import Samples, ratio_of_medians, summarise
from mobile_actnet.benchmarks.reports.report import Comparison, Measurement
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.runtime.generated_pictures import golden_picture
from mobile_actnet.runtime.tflite.litert_runtime import TfliteRuntime

ROUNDS = 4

Rounds = list[NativeResult]
"""What the rounds of one network have brought."""

_PROGRAM, _LOADER, _RUNTIME = "actnet_bench", "ld-linux-aarch64.so.1", "libLiteRt.so"
_FOREIGN = "benchmark_model"
_MARGIN_BYTES = 2_000_000
_RUN_MARGIN_SECONDS = 120.0
_ABI = "arm64-v8a"
# Kernels of other processors round 8 bits otherwise.
_MIN_COSINE = 0.99


@dataclass(frozen=True)
class DeviceSetup:
    """How a phone is measured.

    Attributes:
        adb: the phone.
        plan: runs and seconds of each network, over all rounds.
        tools: where program, LiteRT and C library are.
        cores: to run on, such as (4, 5); where Android likes if empty.
        cool_down_s: longest wait for a cool phone before each round.
        folder: on the phone; programs must be allowed to run there.
        benchmark_model: Google's program, to run in place of ours.
    """

    adb: Adb
    plan: RunPlan
    tools: Path
    cores: tuple[int, ...] = ()
    cool_down_s: float = 120.0
    folder: PurePosixPath = DEFAULT_FOLDER
    benchmark_model: Path | None = None


def compare_on_device(
    case: Case,
    reference: NetworkName,
    artefacts: tuple[Artefact, Artefact],
    setup: DeviceSetup,
    min_speedup: float | None = None,
    say: Say = lambda _: None,
) -> Comparison:
    """Run ours and the reference in turn on a phone.

    Args:
        artefacts: TFLite files of the case and of the reference.

    Raises:
        DeviceLostError: the cable was pulled; the phone cleans up by itself.
        DeviceError: the phone is full, or the program does not run there.
        ConfigError: the tools are missing, or the phone is no 64-bit ARM.
        ActnetError: the phone computes other values than this machine.
    """
    copied = list(dict.fromkeys([*program_files(setup), *(each.path for each in artefacts)]))
    _check_device(setup, copied)
    with device_folder(setup.adb, setup.folder) as folder:
        say(f"copying to {setup.adb.serial}")
        for path in copied:
            setup.adb.push(path, folder / path.name)
        _push_picture(case, setup, folder)
        rounds, heats = _rounds(case, [a.path.name for a in artefacts], setup, folder, say)
    if setup.benchmark_model is None:
        for artefact, results in zip(artefacts, rounds, strict=True):
            _check_descriptor(artefact, case, results[-1])
    share = min(len(result.samples_ms) for each in rounds for result in each)
    samples = [_paired(each, share) for each in rounds]
    cases = (case, case.of(reference))
    ours, theirs = (
        _measurement(each, artefact, results, values, setup)
        for each, artefact, results, values in zip(cases, artefacts, rounds, samples, strict=True)
    )
    noise = _noise(cases, samples, heats)
    speedup = ratio_of_medians(samples[1], samples[0])
    return Comparison(ours, theirs, speedup, min_speedup, noise, list(setup.cores))


def _check_descriptor(artefact: Artefact, case: Case, result: NativeResult) -> None:
    """Refuse times of a phone that computes other values than this machine."""
    expected = TfliteRuntime(artefact.path, 1).describe(golden_picture(case.size)[None])[0]
    agreement = float(expected @ result.descriptor)
    # Not above: a descriptor that is not finite.
    if not agreement >= _MIN_COSINE:
        raise ActnetError(
            f"{artefact.path.name} gives another descriptor on the device than here: cosine "
            f"{agreement:.4f}, at least {_MIN_COSINE} is allowed; its times would mean nothing"
        )


def program_files(setup: DeviceSetup) -> list[Path]:
    """Return what is copied beside the models.

    Raises:
        ConfigError: the tools are not there, or not whole.
    """
    if setup.benchmark_model is not None:
        files = [setup.benchmark_model]
    else:
        tools = Arm64Tools(setup.tools)
        files = [tools.path(_PROGRAM), *sorted(tools.path("phone").iterdir())]
        names = {path.name for path in files}
        if missing := {_PROGRAM, _LOADER, _RUNTIME} - names:
            raise ConfigError(
                f"{setup.tools} holds no {', '.join(sorted(missing))}; run: make clean-arm64 arm64"
            )
    for path in files:
        if not path.is_file():
            raise ConfigError(f"{path} does not exist; give the path of the program to run")
    return files


def _check_device(setup: DeviceSetup, files: list[Path]) -> None:
    abi = setup.adb.shell("getprop ro.product.cpu.abi").strip()
    if abi != _ABI:
        raise ConfigError(f"the device is {abi or 'of an unknown kind'}; the program is for {_ABI}")
    needed = sum(path.stat().st_size for path in files) + _MARGIN_BYTES
    free = setup.adb.free_bytes(setup.folder)
    if free is not None and free < needed:
        raise ActnetError(
            f"the device is full: {free / 1e6:.0f} MB are free in {setup.folder}, "
            f"{needed / 1e6:.0f} MB are needed; free some space and run again"
        )


def _push_picture(case: Case, setup: DeviceSetup, folder: PurePosixPath) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(golden_picture(case.size).tobytes())
        file.flush()
        setup.adb.push(Path(file.name), folder / "picture.rgb")


def _rounds(
    case: Case, names: list[str], setup: DeviceSetup, folder: PurePosixPath, say: Say
) -> tuple[list[Rounds], list[Heat]]:
    """Run both in turn, in the opposite order every other round."""
    plan = setup.plan.share_of(ROUNDS)
    run = _foreign_round if setup.benchmark_model else _round
    rounds: list[Rounds] = [[], []]
    heats: list[Heat] = []
    order = [0, 1]
    for number in range(ROUNDS):
        heats.append(cool_down(setup.adb, setup.cool_down_s, say))
        say(f"round {number + 1} of {ROUNDS}: {heats[-1]}")
        for which in order:
            rounds[which].append(run(names[which], case, plan, setup, folder))
        order.reverse()
    return rounds, heats


def _round(
    name: str, case: Case, plan: RunPlan, setup: DeviceSetup, folder: PurePosixPath
) -> NativeResult:
    words = [
        f"./{_LOADER}", "--library-path", ".", f"./{_PROGRAM}", f"--graph={name}",
        "--input=picture.rgb", "--output=result.json", *program_options(case.num_threads, plan),
    ]  # fmt: skip
    if setup.cores:
        words.append(f"--cpus={','.join(str(core) for core in setup.cores)}")
    _run(words, [_LOADER, _PROGRAM], plan, setup, folder)
    return read_result(setup.adb.read(folder / "result.json"))


def _foreign_round(
    name: str, case: Case, plan: RunPlan, setup: DeviceSetup, folder: PurePosixPath
) -> NativeResult:
    assert setup.benchmark_model is not None
    program = setup.benchmark_model.name
    words = [f"./{program}", f"--graph={name}", *program_options(case.num_threads, plan)]
    if setup.cores:
        mask = sum(1 << core for core in setup.cores)
        words = ["taskset", f"{mask:x}", *words]
    return read_benchmark_model(_run(words, [program], plan, setup, folder))


def _run(
    words: list[str], programs: list[str], plan: RunPlan, setup: DeviceSetup,
    folder: PurePosixPath,
) -> str:  # fmt: skip
    """Run a program in the device's folder; its process is noted for the guard."""
    command = " ".join(shlex.quote(word) for word in words)
    marked = " ".join(shlex.quote(name) for name in programs)
    script = f"cd {shlex.quote(str(folder))} && chmod 755 {marked} && echo $$ >pid && exec {command} 2>&1"
    return setup.adb.shell(script, plan.max_seconds * 2 + _RUN_MARGIN_SECONDS)


def read_benchmark_model(text: str) -> NativeResult:
    """Read what LiteRT's `benchmark_model` prints: microseconds of init, first run and average.

    Raises:
        ActnetError: it printed something else.
    """
    line = re.search(
        r"Inference timings in us: Init: ([\d.e+]+), First inference: ([\d.e+]+), "
        r"Warmup \(avg\): [\d.e+]+, Inference \(avg\): ([\d.e+]+)", text,
    )  # fmt: skip
    if line is None:
        said = (text.strip().splitlines() or ["it said nothing"])[-1]
        raise ActnetError(f"benchmark_model printed no timings: {said}")
    peak = re.search(r"overall=([\d.]+)", text)
    load_us, first_us, average_us = (float(value) for value in line.groups())
    return NativeResult(
        load_us / 1e3, first_us / 1e3, int(float(peak[1]) * 1e6) if peak else 0,
        np.array([average_us / 1e3]), np.zeros(0, np.float32),
    )  # fmt: skip


def _paired(results: Rounds, share: int) -> Samples:
    """Take `share` samples of each round, so that they stand beside the other's of that round."""
    return np.concatenate([result.samples_ms[:share] for result in results])


def _measurement(
    case: Case, artefact: Artefact, results: Rounds, samples: Samples, setup: DeviceSetup
) -> Measurement:
    first = results[0]
    return Measurement(
        network=case.network.value,
        runtime=_FOREIGN if setup.benchmark_model else "litert",
        runtime_version="",
        precision=case.precision.value,
        size=str(case.size),
        num_threads=case.num_threads,
        weights=artefact.weights,
        artefact_sha256=artefact.sha256,
        artefact_bytes=artefact.size_bytes,
        samples_ms=[round(float(value), 6) for value in samples],
        summary=summarise(samples),
        probe=Probe(first.load_ms, first.first_run_ms, 0, first.peak_bytes),
    )


def _noise(cases: tuple[Case, Case], samples: list[Samples], heats: list[Heat]) -> Noise:
    """Warn where samples vary, and where the phone was warm or throttled."""
    titles = [NETWORKS[case.network].title for case in cases]
    warnings = spread_warnings(
        {title: summarise(values).spread for title, values in zip(titles, samples, strict=True)}
    )
    warnings += [f"round {i}: {heat}" for i, heat in enumerate(heats, 1) if not heat.cool]
    return Noise(None, None, warnings)

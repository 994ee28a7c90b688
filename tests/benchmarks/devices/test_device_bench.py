"""The adb path against the real adbd: the way through, and every way out of it."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from conftest import TOOLS
from fake_phone import SERIAL, STORAGE, FakePhone

from mobile_actnet.benchmarks.config import NetworkName, RunPlan, RuntimeKind
from mobile_actnet.benchmarks.devices import adb as adb_module
from mobile_actnet.benchmarks.devices import device_bench
from mobile_actnet.benchmarks.devices.adb import Adb, DeviceError, DeviceLostError, device_folder
from mobile_actnet.benchmarks.devices.device_bench import (
    DeviceSetup,
    compare_on_device,
    program_files,
    read_benchmark_model,
)
from mobile_actnet.benchmarks.devices.native import NativeResult, read_result
from mobile_actnet.benchmarks.latency.artefacts import Artefact
from mobile_actnet.benchmarks.latency.cases import Case
from mobile_actnet.benchmarks.reports.report import Comparison
from mobile_actnet.cli.bench.command import main
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.runtime.vocabulary import ImageSize, Precision

CASE = Case(NetworkName.MOBILE_ACTNET, RuntimeKind.LITERT, Precision.FP32, ImageSize(64, 64))
QUICK = RunPlan(2, 0.0, 60.0, 0)
LONG = RunPlan(10_000, 0.0, 10_000.0, 0)


@pytest.fixture
def setup(fake_phone: FakePhone, monkeypatch: pytest.MonkeyPatch) -> DeviceSetup:
    monkeypatch.setattr(device_bench, "ROUNDS", 1)
    fake_phone.shell("true")
    adb = Adb(SERIAL, str(fake_phone.adb))
    return DeviceSetup(adb, QUICK, TOOLS, (0,), 0.0, PurePosixPath(STORAGE))


@pytest.fixture
def artefacts(small_tflite: Artefact) -> tuple[Artefact, Artefact]:
    return small_tflite, small_tflite


def compared(setup: DeviceSetup, artefacts: tuple[Artefact, Artefact]) -> Comparison:
    return compare_on_device(CASE, NetworkName.MOBILENET_V2, artefacts, setup)


def when_running(phone: FakePhone, action) -> threading.Thread:
    """Do something once the program runs on the phone."""

    def wait() -> None:
        for _ in range(200):
            found = subprocess.run(
                [phone.adb, "-s", SERIAL, "shell", f"cat {STORAGE}/*/pid"],
                capture_output=True, check=False,
            )  # fmt: skip
            if found.stdout.strip():
                break
            time.sleep(0.05)
        time.sleep(0.3)
        action()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_from_push_to_report(
    setup: DeviceSetup, artefacts, fake_phone: FakePhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_bench, "ROUNDS", 2)
    found = compared(setup, artefacts)
    for taken in (found.ours, found.reference):
        assert len(taken.samples_ms) == 2
        assert min(taken.samples_ms) > 0
        assert taken.probe is not None
        assert taken.probe.load_ms > 0
        assert taken.probe.peak_bytes > 1 << 20
    assert found.pinned_cores == [0]
    assert fake_phone.left_behind() == ""


def test_a_phone_that_computes_something_else_is_reported(
    setup: DeviceSetup, artefacts, fake_phone: FakePhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(content: bytes) -> NativeResult:
        found = read_result(content)
        return replace(found, descriptor=found.descriptor[::-1])

    monkeypatch.setattr(device_bench, "read_result", wrong)
    with pytest.raises(ActnetError, match="gives another descriptor on the device"):
        compared(setup, artefacts)
    assert fake_phone.left_behind() == ""


def test_files_that_cannot_be_read_are_reported(
    setup: DeviceSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = PurePosixPath(STORAGE) / "missing"
    # adb does not hand on what became of the remote command: the result's reader finds out.
    with pytest.raises(ActnetError, match="result"):
        read_result(setup.adb.read(missing))
    monkeypatch.setattr(adb_module, "_SHORT_SECONDS", 1e-6)
    with pytest.raises(DeviceLostError, match="did not answer"):
        setup.adb.read(missing)


def test_a_pulled_cable_is_reported_and_the_phone_cleans_up(
    setup: DeviceSetup, artefacts, fake_phone: FakePhone
) -> None:
    pull = when_running(fake_phone, lambda: fake_phone.run("disconnect", SERIAL))
    with pytest.raises(DeviceLostError, match="was lost while it worked; plug it in"):
        compared(replace(setup, plan=LONG), artefacts)
    pull.join()
    assert fake_phone.left_behind() == ""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopped_by_the_user_or_killed(
    how: signal.Signals, setup: DeviceSetup, artefacts, fake_phone: FakePhone
) -> None:
    # The folder of what this file imports besides the package.
    shared = str(Path(__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, __file__, str(fake_phone.adb), str(artefacts[0].path)],
        env={**os.environ, "PYTHONPATH": shared}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    when_running(fake_phone, lambda: process.send_signal(how)).join()
    _, told = process.communicate(timeout=60)
    assert process.returncode == (130 if how is signal.SIGINT else -signal.SIGKILL)
    if how is signal.SIGINT:
        assert told.splitlines()[-1] == "stopped: nothing half-written is left"
    assert fake_phone.left_behind() == ""


def test_a_full_phone_is_reported_before_anything_is_copied(
    setup: DeviceSetup, artefacts, fake_phone: FakePhone
) -> None:
    fake_phone.shell(f"head -c 45000000 /dev/zero >{STORAGE}/photos")
    try:
        with pytest.raises(
            ActnetError, match=r"the device is full: \d+ MB are free in /mnt, 2\d MB are needed"
        ):
            compared(setup, artefacts)
        assert fake_phone.shell(f"ls {STORAGE}") == "photos\n"
    finally:
        fake_phone.shell(f"rm {STORAGE}/photos")


def test_a_phone_that_fills_up_meanwhile(
    setup: DeviceSetup, artefacts, fake_phone: FakePhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_bench, "_check_device", lambda *words: None)
    fake_phone.shell(f"head -c 55000000 /dev/zero >{STORAGE}/photos")
    try:
        with pytest.raises(DeviceError, match="cannot be copied to the device: no space left"):
            compared(setup, artefacts)
    finally:
        fake_phone.shell(f"rm {STORAGE}/photos")
    assert fake_phone.left_behind() == ""


def test_a_missing_runtime_is_reported_here_and_there(
    setup: DeviceSetup, artefacts, fake_phone: FakePhone, tmp_path: Path, monkeypatch
) -> None:
    tools = tmp_path / "tools"
    (tools / "phone").mkdir(parents=True)
    for name in (".ready", "actnet_bench", "phone/ld-linux-aarch64.so.1", "phone/libc.so.6"):
        (tools / name).write_bytes((TOOLS / name).read_bytes())
    broken = replace(setup, tools=tools)
    with pytest.raises(ConfigError, match="holds no libLiteRt.so"):
        compared(broken, artefacts)
    files = [path for path in program_files(setup) if path.name != "libLiteRt.so"]
    monkeypatch.setattr(device_bench, "program_files", lambda setup: files)
    with pytest.raises(DeviceError, match="libLiteRt.so: cannot open shared object file"):
        compared(setup, artefacts)
    assert fake_phone.left_behind() == ""


def test_a_model_that_the_program_refuses(
    setup: DeviceSetup, artefacts, fake_phone: FakePhone, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(DeviceError, match="actnet_bench: damaged.tflite is no TFLite file"):
        compared(setup, (replace(artefacts[0], path=damaged), artefacts[1]))
    assert fake_phone.left_behind() == ""


def test_another_processor_is_refused(setup: DeviceSetup, artefacts, fake_phone: FakePhone) -> None:
    properties = fake_phone.state / "properties"
    before = properties.read_text()
    properties.write_text(before.replace("arm64-v8a", "armeabi-v7a"))
    try:
        with pytest.raises(ConfigError, match="armeabi-v7a; the program is for arm64-v8a"):
            compared(setup, artefacts)
    finally:
        properties.write_text(before)


def test_a_warm_phone_is_reported(setup: DeviceSetup, artefacts, fake_phone: FakePhone) -> None:
    fake_phone.says(dumpsys_thermalservice="Thermal Status: 3\n")
    try:
        found = compared(setup, artefacts)
    finally:
        fake_phone.says(dumpsys_thermalservice="Thermal Status: 0\n")
    assert "round 1: 30.1 °C, throttling severe" in found.noise.warnings


def test_googles_program_in_place_of_ours(
    setup: DeviceSetup, artefacts, fake_phone: FakePhone, tmp_path: Path
) -> None:
    program = tmp_path / "benchmark_model"
    program.write_text(f"#!/bin/sh\ntest -e ${{1#--graph=}} || exit 3\necho '{BENCHMARK_MODEL}'\n")
    found = compared(replace(setup, benchmark_model=program), artefacts)
    assert found.ours.runtime == "benchmark_model"
    assert found.ours.samples_ms == [14.5752]
    assert found.speedup.ratio == 1


BENCHMARK_MODEL = """INFO: count=50 first=14457 curr=14418 min=14271 max=15002 avg=14575.2 std=120
INFO: Inference timings in us: Init: 5685, First inference: 18535, Warmup (avg): 14462.3, Inference (avg): 14575.2
INFO: Memory footprint delta from the start of the tool (MB): init=6 overall=12.5"""


def test_what_benchmark_model_prints() -> None:
    found = read_benchmark_model(BENCHMARK_MODEL)
    assert (found.load_ms, found.first_run_ms) == (5.685, 18.535)
    assert list(found.samples_ms) == [14.5752]
    assert found.peak_bytes == 12_500_000
    with pytest.raises(ActnetError, match="printed no timings: Segmentation fault"):
        read_benchmark_model("loading\nSegmentation fault\n")


def test_the_command(setup: DeviceSetup, artefacts, fake_phone: FakePhone, monkeypatch, capsys):
    monkeypatch.setattr("mobile_actnet.cli.bench.device.artefact_of", lambda *words: artefacts[0])
    words = ["--adb", str(fake_phone.adb), "--arm64-tools", str(TOOLS), "--device-folder", STORAGE,
             "--image-size", "64", "--num-runs", "2", "--min-seconds", "0", "--warmup-runs", "0",
             "--cool-down", "0"]  # fmt: skip
    # The artefact stands beside itself: the claim of five times must fail.
    assert main(["--device", SERIAL, "--check", *words]) == 1
    told = capsys.readouterr().out
    assert "Nobody Stand-in (qemu) (arm64-v8a" in told
    assert "FAIL (at least 5)" in told
    assert main(["--device", "nobody:1", *words]) == 1
    assert f"device nobody:1 is not ready; adb lists: {SERIAL} device" in capsys.readouterr().err
    assert main(["--device", SERIAL, *words, "--cpus", "fast"]) == 1
    assert "give a list such as 4,5" in capsys.readouterr().err


def test_without_adb(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not installed; install Android's platform tools"):
        Adb("x", str(tmp_path / "adb")).check()


def test_the_guard_removes_only_its_folder(setup: DeviceSetup, fake_phone: FakePhone) -> None:
    fake_phone.shell(f"touch {STORAGE}/mine")
    try:
        with device_folder(setup.adb, setup.folder) as folder:
            assert folder.name in fake_phone.shell(f"ls {STORAGE}")
        assert fake_phone.shell(f"ls {STORAGE}") == "mine\n"
    finally:
        fake_phone.shell(f"rm {STORAGE}/mine")


def test_samples_stand_beside_those_of_the_same_round() -> None:
    rounds = [
        device_bench.NativeResult(1, 1, 0, np.array(samples, np.float64), np.zeros(0))
        for samples in ([1, 2, 3], [4, 5])
    ]
    assert list(device_bench._paired(rounds, 2)) == [1, 2, 4, 5]


if __name__ == "__main__":
    # The part of test_stopped_by_the_user_or_killed that is stopped.
    from mobile_actnet.commands import run

    signal.signal(signal.SIGINT, signal.default_int_handler)
    model = Path(sys.argv[2])
    made = Artefact(model, "ab", model.stat().st_size, "shipped")
    place = PurePosixPath(STORAGE)
    stopped = DeviceSetup(Adb(SERIAL, sys.argv[1]), LONG, TOOLS, (0,), 0.0, place)
    raise SystemExit(run(lambda: len(compared(stopped, (made, made)).ours.samples_ms)))

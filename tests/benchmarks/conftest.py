"""What tests of ARM64 and of phones share: the tools of `make arm64`, a stand-in phone."""

import platform
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_phone import FakePhone

from mobile_actnet.benchmarks.devices.arm64 import Arm64Tools
from mobile_actnet.benchmarks.latency.artefacts import Artefact
from mobile_actnet.runtime.vocabulary import Format, Precision

TOOLS = Path(__file__).parents[2] / ".arm64"
_MEGABYTES = 60
_STARTING_SECONDS = 20


@pytest.fixture(scope="session")
def arm64_tools() -> Arm64Tools:
    if not (TOOLS / ".ready").exists():
        pytest.skip("ARM64 under emulation: the tools are missing; run: make arm64")
    return Arm64Tools(TOOLS)


@pytest.fixture(scope="session")
def small_tflite(small_artefact) -> Artefact:
    pytest.importorskip("litert_torch", reason="needs the extra tflite")
    path = small_artefact(Format.TFLITE, Precision.FP32).path
    return Artefact(path, "ab", path.stat().st_size, "shipped")


@pytest.fixture(scope="session")
def fake_phone(
    arm64_tools: Arm64Tools, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FakePhone]:
    state = tmp_path_factory.mktemp("phone")
    phone = FakePhone(state / "adb", state)
    phone.says(
        properties="ro.product.cpu.abi=arm64-v8a\nro.product.model=Stand-in\n"
        "ro.product.manufacturer=Nobody\nro.soc.model=qemu\n"
        "ro.build.version.release=14\nro.build.version.sdk=34\n",
        dumpsys_battery="  level: 80\n  temperature: 301\n",
        dumpsys_thermalservice="IsStatusOverride: false\nThermal Status: 0\n",
    )
    log = (state / "log").open("w+")
    script = Path(__file__).with_name("fake_phone.sh")
    process = subprocess.Popen(
        [script, arm64_tools.folder, state, str(_MEGABYTES)],
        stdin=subprocess.PIPE, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + _STARTING_SECONDS
        while not (state / "ready").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                said = log.read().strip().splitlines()
                pytest.skip(
                    f"adb: this {platform.system()} lets no stand-in phone start: {said[-1:]}"
                )
            time.sleep(0.1)
        yield phone
    finally:
        process.communicate(timeout=_STARTING_SECONDS)
        log.close()

"""What a phone tells about itself: model, chip, Android, big cores, heat."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from mobile_actnet.benchmarks.devices.adb import Adb, DeviceError
from mobile_actnet.benchmarks.latency.artefacts import Say
from mobile_actnet.benchmarks.reports.machine import Machine

COOL_CELSIUS = 36.0
"""Above it a phone is not cool: batteries rest near 30 degrees in a room."""

_PROPERTIES = {
    "manufacturer": "ro.product.manufacturer",
    "model": "ro.product.model",
    "chip": "ro.soc.model",
    "board": "ro.board.platform",
    "android": "ro.build.version.release",
    "sdk": "ro.build.version.sdk",
    "abi": "ro.product.cpu.abi",
}
_THROTTLING = ("none", "light", "moderate", "severe", "critical", "emergency", "shutdown")
_WAIT_SECONDS = 5.0

# One line for each core: its number and its largest clock rate in kHz, 0 where the phone does not say.
_CORES_COMMAND = (
    "for c in /sys/devices/system/cpu/cpu[0-9]*; do "
    "echo ${c##*cpu} $(cat $c/cpufreq/cpuinfo_max_freq 2>/dev/null || echo 0); done"
)


@dataclass(frozen=True)
class Heat:
    """How warm a phone is.

    Attributes:
        celsius: of the battery; None where the phone does not say.
        throttling: Android's word, from "none" to "shutdown"; "unknown" where the phone does not say.
    """

    celsius: float | None
    throttling: str

    @property
    def cool(self) -> bool:
        """Whether a measurement may begin."""
        return self.throttling in ("none", "unknown") and (self.celsius or 0) <= COOL_CELSIUS

    def __str__(self) -> str:
        temperature = "unknown temperature" if self.celsius is None else f"{self.celsius:.1f} °C"
        return f"{temperature}, throttling {self.throttling}"


def describe_phone(adb: Adb) -> Machine:
    """Read a phone's description, in the shape of a report's machine."""
    facts = {name: adb.shell(f"getprop {key}").strip() for name, key in _PROPERTIES.items()}
    rates = core_rates(adb)
    facts["big cores"] = ",".join(str(core) for core in big_cores(rates))
    facts["heat at the start"] = str(read_heat(adb))
    memory = re.search(r"MemTotal:\s+(\d+)", adb.shell("cat /proc/meminfo"))
    chip = facts["chip"] or facts["board"] or "chip unknown"
    return Machine(
        kind="android",
        name=f"{facts['manufacturer']} {facts['model']} ({chip})".strip(),
        architecture=facts["abi"],
        system=f"Android {facts['android']} (API {facts['sdk']})",
        cores=len(rates),
        memory_bytes=int(memory[1]) * 1024 if memory else 0,
        flags=[],
        virtual=False,
        governor="",
        packages={},
        facts=facts,
    )


def core_rates(adb: Adb) -> dict[int, int]:
    """Return each core's largest clock rate in kHz; 0 where the phone does not say."""
    pairs = re.findall(r"^(\d+) (\d+)$", adb.shell(_CORES_COMMAND), re.MULTILINE)
    return {int(core): int(rate) for core, rate in pairs}


def big_cores(rates: dict[int, int]) -> list[int]:
    """Return the cores of every cluster but the slowest; all of them if there is one cluster."""
    slowest = min(rates.values(), default=0)
    return [core for core, rate in rates.items() if rate > slowest] or list(rates)


def read_heat(adb: Adb) -> Heat:
    """Ask Android for temperature and throttling; not every version tells."""
    battery = re.search(r"temperature:\s*(\d+)", _dumpsys(adb, "battery"))
    status = re.search(r"Thermal Status:\s*(\d+)", _dumpsys(adb, "thermalservice"))
    known = status is not None and int(status[1]) < len(_THROTTLING)
    return Heat(
        int(battery[1]) / 10 if battery else None,
        _THROTTLING[int(status[1])] if status and known else "unknown",
    )


def cool_down(
    adb: Adb,
    most_seconds: float,
    say: Say,
    sleep: Callable[[float], None] = time.sleep,
) -> Heat:
    """Wait until the phone is cool, but not longer than asked; return how it is then."""
    waited, heat = 0.0, read_heat(adb)
    while not heat.cool and waited < most_seconds:
        say(f"cooling down: {heat}")
        sleep(_WAIT_SECONDS)
        waited += _WAIT_SECONDS
        heat = read_heat(adb)
    return heat


def _dumpsys(adb: Adb, service: str) -> str:
    try:
        return adb.shell(f"dumpsys {service}")
    except DeviceError:
        return ""

"""The machine that a report was measured on: a fingerprint without names of people or hosts."""

import hashlib
import os
import platform
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic.dataclasses import dataclass

_PACKAGES = (
    "mobile-actnet", "torch", "onnxruntime", "ai-edge-litert", "ai-edge-quantizer",
    "litert-torch", "numpy", "pillow",
)  # fmt: skip

# Instructions that int8 and half precision are fast with, as /proc/cpuinfo names them.
_TELLING_FLAGS = frozenset(
    ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "amx_int8", "amx_bf16", "fma",
     "asimddp", "asimdhp", "i8mm", "sve", "sve2", "bf16", "hypervisor")
)  # fmt: skip


@dataclass(frozen=True)
class Machine:
    """Where a report was measured.

    Attributes:
        kind: "host", "arm64-emulated", "android" or "ios".
        name: of the processor, or of the phone's model and its chip.
        architecture: x86_64, aarch64, ...
        system: operating system and its version.
        cores: that this process may use.
        memory_bytes: of the machine; 0 where unknown.
        flags: of the processor, those that matter to latency.
        virtual: whether a hypervisor is under it.
        governor: of the clock rate; empty where unknown.
        packages: versions.
        facts: anything else, such as a phone's temperature at the start.
    """

    kind: str
    name: str
    architecture: str
    system: str
    cores: int
    memory_bytes: int
    flags: list[str]
    virtual: bool
    governor: str
    packages: dict[str, str]
    facts: dict[str, str]

    @property
    def fingerprint(self) -> str:
        """12 hex digits; equal for reports whose milliseconds may be compared."""
        traits = (self.kind, self.name, self.architecture, self.cores, sorted(self.flags))
        return hashlib.sha256(repr(traits).encode()).hexdigest()[:12]


def this_machine(cpuinfo: Path = Path("/proc/cpuinfo")) -> Machine:
    """Describe the machine that this process runs on."""
    text = _read(cpuinfo)
    flags = set(re.findall(r"^(?:flags|Features)\s*:\s*(.*)$", text, re.MULTILINE)[:1] or [""])
    telling = sorted(_TELLING_FLAGS & set(" ".join(flags).split()))
    governor = _read(Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")).strip()
    return Machine(
        kind="host",
        name=processor_name(text),
        architecture=platform.machine(),
        system=f"{platform.system()} {platform.release()}",
        cores=len(allowed_cores()),
        memory_bytes=_memory_bytes(),
        flags=[flag for flag in telling if flag != "hypervisor"],
        virtual="hypervisor" in telling,
        governor=governor,
        packages=_versions(_PACKAGES),
        facts={"python": platform.python_version()},
    )


def processor_name(cpuinfo: str) -> str:
    """Name the kind of processor; Linux tells it in /proc/cpuinfo alone."""
    names = re.findall(r"^model name\s*:\s*(.*)$", cpuinfo, re.MULTILINE)
    return str(names[0]) if names else platform.processor() or platform.machine()


def allowed_cores() -> list[int]:
    """List the cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0


def _versions(names: Iterable[str]) -> dict[str, str]:
    versions = {}
    for name in names:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""

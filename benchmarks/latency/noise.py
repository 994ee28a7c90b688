"""Noise: what else the machine did while it was measured, and a core to be measured on."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic.dataclasses import dataclass

from mobile_actnet.benchmarks.reports.machine import allowed_cores

_PROC_STAT = Path("/proc/stat")
_IDLE_FIELDS = (3, 4)  # idle, iowait
_STEAL_FIELD = 7
_COUNTED_FIELDS = 8  # guest time is inside user time

STEAL_LIMIT = 0.01
OTHER_LOAD_LIMIT = 0.10
SPREAD_LIMIT = 0.25
_PROBE_SECONDS = 0.2


@dataclass(frozen=True)
class Noise:
    """What went on beside the measurement.

    Attributes:
        other_load: cores that other processes kept busy, on average; None where unknown.
        steal: share of time that the hypervisor gave to other machines; None where unknown.
        warnings: sentences for the reader.
    """

    other_load: float | None
    steal: float | None
    warnings: list[str]


class NoiseMonitor:
    """Counts what other processes do between start and `finish`.

    Args:
        stat: Linux's /proc/stat, or a file like it; a missing one means unknown.
        own_seconds: processor time of this process and its children so far.
        clock_s: monotonic seconds.
    """

    def __init__(
        self,
        stat: Path = _PROC_STAT,
        own_seconds: Callable[[], float] = lambda: sum(os.times()[:4]),
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stat, self._own_seconds, self._clock_s = stat, own_seconds, clock_s
        self._start = self._now()

    def finish(self, spreads: dict[str, float]) -> Noise:
        """Say what was noticed.

        Args:
            spreads: (p90 - p50) / p50 of what was measured meanwhile, by its name.
        """
        load, steal = self._between(self._start, self._now())
        warnings = spread_warnings(spreads)
        if load is not None and load > OTHER_LOAD_LIMIT:
            warnings.append(f"other processes kept {load:.2f} cores busy")
        if steal is not None and steal > STEAL_LIMIT:
            warnings.append(f"the hypervisor took {100 * steal:.1f} % of the time away")
        return Noise(load, steal, warnings)

    def _now(self) -> tuple[dict[str, list[int]], float, float]:
        return read_stat(self._stat), self._own_seconds(), self._clock_s()

    def _between(
        self,
        start: tuple[dict[str, list[int]], float, float],
        end: tuple[dict[str, list[int]], float, float],
    ) -> tuple[float | None, float | None]:
        seconds = end[2] - start[2]
        if "cpu" not in start[0] or "cpu" not in end[0] or seconds <= 0:
            return None, None
        spent = [b - a for a, b in zip(start[0]["cpu"], end[0]["cpu"], strict=True)]
        total, steal = sum(spent), spent[_STEAL_FIELD]
        busy = total - steal - sum(spent[field] for field in _IDLE_FIELDS)
        busy_seconds = busy / os.sysconf("SC_CLK_TCK")
        others = max(0.0, busy_seconds - (end[1] - start[1])) / seconds
        return others, steal / total if total else 0.0


def spread_warnings(spreads: dict[str, float]) -> list[str]:
    """Name what varies too much to be believed, by its (p90 - p50) / p50."""
    return [
        f"{name} varies: its p90 is {100 * spread:.0f} % above its p50"
        for name, spread in spreads.items()
        if spread > SPREAD_LIMIT
    ]


def read_stat(path: Path = _PROC_STAT) -> dict[str, list[int]]:
    """Read Linux's processor times: clock ticks by state, for "cpu" and "cpu0", "cpu1", ..."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    fields = [line.split() for line in lines if line.startswith("cpu")]
    return {name: [int(value) for value in values[:_COUNTED_FIELDS]] for name, *values in fields}


@contextmanager
def pinned(num_threads: int, wanted: bool = True) -> Iterator[list[int]]:
    """Keep this process on the idlest cores, one for each thread, where the system lets us.

    Yields:
        the cores; empty where it was not wanted, not allowed, or there are too few.
    """
    before = allowed_cores()
    cores = idlest_cores(before, num_threads) if wanted and num_threads < len(before) else []
    try:
        if cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, cores)
        else:
            cores = []
    except OSError:
        cores = []  # Some containers forbid it; the report says that nothing was pinned.
    try:
        yield cores
    finally:
        if cores:
            os.sched_setaffinity(0, before)


def idlest_cores(
    allowed: list[int],
    count: int,
    stat: Callable[[], dict[str, list[int]]] = read_stat,
    sleep: Callable[[float], None] = time.sleep,
) -> list[int]:
    """Return the `count` cores that did least while we looked on."""
    before = stat()
    sleep(_PROBE_SECONDS)
    after = stat()

    def busy(core: int) -> int:
        name = f"cpu{core}"
        if name not in before or name not in after:
            return 0
        spent = [b - a for a, b in zip(before[name], after[name], strict=True)]
        return sum(spent) - sum(spent[field] for field in _IDLE_FIELDS)

    return sorted(sorted(allowed, key=lambda core: (busy(core), -core))[:count])

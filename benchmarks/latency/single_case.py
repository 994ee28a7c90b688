"""One case measured alone: for sweeps and for minutes without pause."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from mobile_actnet.benchmarks.latency.artefacts import Artefact, Say
from mobile_actnet.benchmarks.latency.cases import Case
from mobile_actnet.benchmarks.latency.comparison import (
    Setup,
    artefact_for,
    measurement_of,
    opened,
    probe_for,
)
from mobile_actnet.benchmarks.latency.noise import pinned
from mobile_actnet.benchmarks.latency.ratios import Samples
from mobile_actnet.benchmarks.latency.runners import Runner
from mobile_actnet.benchmarks.latency.timing import ClockNs, Timed, steady_latencies_ms
from mobile_actnet.benchmarks.reports.report import Measurement, Sustained, Window

_CLOCK_RATE = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq")
_SENSORS = Path("/sys/class/thermal")
_ENDS_SHARE = 10

Sensors = Callable[[], tuple[float | None, float | None]]
"""Tells the clock rate in MHz and the hottest temperature in Celsius, where the system does."""


def measure_alone(case: Case, setup: Setup, say: Say) -> Measurement:
    """Measure a case with nothing in turn.

    Raises:
        ActnetError: a runtime is not installed, or cannot run the artefact.
    """
    artefact = artefact_for(case, setup, say)
    probed = probe_for(case, artefact, setup)
    with ready(case, artefact, setup) as runner:
        say(f"timing {case.network.value}, {case.setting}")
        samples = steady_latencies_ms(runner.run_ns, setup.plan, setup.runners.clock_ns)
        return measurement_of(case, artefact, runner, samples, probed)


def sustain_case(case: Case, setup: Setup, minutes: float, window_s: float, say: Say) -> Sustained:
    """Run a case without pause, and report the latency window by window.

    Raises:
        ActnetError: a runtime is not installed, or cannot run the artefact.
    """
    artefact = artefact_for(case, setup, say)
    with ready(case, artefact, setup) as runner:
        say(f"running {case.network.value}, {case.setting}, for {minutes:g} minutes")
        first, windows = sustained_windows(
            runner.run_ns, 60 * minutes, window_s, setup.runners.clock_ns, read_sensors, say
        )
        measured = measurement_of(case, artefact, runner, first, None)
    return Sustained(measured, windows, slowdown(windows))


def sustained_windows(
    run: Timed,
    seconds: float,
    window_s: float,
    clock_ns: ClockNs,
    sensors: Sensors,
    say: Say = lambda _: None,
) -> tuple[Samples, list[Window]]:
    """Run again and again; every window has at least one run.

    Returns:
        the samples of the first window, milliseconds, and all windows.
    """
    start = clock_ns()
    first: Samples = np.zeros(0)
    windows: list[Window] = []
    while not windows or (clock_ns() - start) / 1e9 < seconds:
        opens = clock_ns()
        samples: list[float] = []
        while not samples or clock_ns() - opens < window_s * 1e9:
            samples.append(run() / 1e6)
        window_ms = np.array(samples)
        middle_s = (opens + clock_ns() - 2 * start) / 2e9
        p50, p90 = np.percentile(window_ms, (50, 90))
        windows.append(Window(middle_s, float(p50), float(p90), len(window_ms), *sensors()))
        say(f"{middle_s / 60:5.1f} min  p50 {p50:8.2f} ms  p90 {p90:8.2f} ms")
        first = window_ms if len(windows) == 1 else first
    return first, windows


def slowdown(windows: list[Window]) -> float:
    """Return the median of the last tenth of the windows over that of the first tenth."""
    count = max(1, len(windows) // _ENDS_SHARE)
    p50 = [window.p50_ms for window in windows]
    return float(np.median(p50[-count:]) / np.median(p50[:count]))


def read_sensors(
    clock_rate: Path = _CLOCK_RATE, sensors: Path = _SENSORS
) -> tuple[float | None, float | None]:
    """Read clock rate and temperature from Linux's /sys; None where it does not tell."""
    rate = _number(clock_rate)
    heat = [_number(path) for path in sensors.glob("thermal_zone*/temp")]
    known = [value / 1000 for value in heat if value is not None]
    return (None if rate is None else rate / 1000), max(known, default=None)


def _number(path: Path) -> float | None:
    try:
        return float(path.read_text())
    except (OSError, ValueError):
        return None


@contextlib.contextmanager
def ready(case: Case, artefact: Artefact | None, setup: Setup) -> Iterator[Runner]:
    with (
        pinned(case.num_threads, setup.pin),
        contextlib.closing(opened(case, artefact, setup)) as runner,
    ):
        yield runner

"""What the machine did meanwhile, told from a /proc/stat of our own."""

import os
from pathlib import Path

import pytest

from mobile_actnet.benchmarks.latency.noise import NoiseMonitor, idlest_cores, pinned

TICKS = os.sysconf("SC_CLK_TCK")


def stat(user: float, idle: float, steal: float = 0) -> str:
    """Processor seconds as Linux writes them."""
    fields = [int(x * TICKS) for x in (user, 0, 0, idle, 0, 0, 0, steal, 0, 0)]
    return "cpu  " + " ".join(str(x) for x in fields) + "\nctxt 1\n"


class Machine:
    """Ten seconds on two cores."""

    def __init__(self, folder: Path) -> None:
        self.file, self.now, self.own = folder / "stat", 0.0, 0.0
        self.file.write_text(stat(100, 100))
        self.monitor = NoiseMonitor(self.file, lambda: self.own, lambda: self.now)

    def after(self, user: float, idle: float, steal: float, own: float) -> None:
        self.now, self.own = 10.0, own
        self.file.write_text(stat(100 + user, 100 + idle, steal))


def test_quiet_machine(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.after(user=10.2, idle=9.8, steal=0, own=10)
    noise = machine.monitor.finish({"ours": 0.05})
    assert noise.other_load == pytest.approx(0.02)
    assert (noise.steal, noise.warnings) == (0, [])


def test_every_kind_of_noise_is_reported(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.after(user=16, idle=3, steal=1, own=10)
    noise = machine.monitor.finish({"ours": 0.05, "theirs": 0.4})
    assert noise.other_load == pytest.approx(0.6)
    assert noise.steal == pytest.approx(0.05)
    assert noise.warnings == [
        "theirs varies: its p90 is 40 % above its p50",
        "other processes kept 0.60 cores busy",
        "the hypervisor took 5.0 % of the time away",
    ]


def test_systems_without_proc_say_unknown(tmp_path: Path) -> None:
    noise = NoiseMonitor(tmp_path / "missing").finish({})
    assert (noise.other_load, noise.steal, noise.warnings) == (None, None, [])


def test_idlest_cores() -> None:
    idle, busy = [0, 0, 0, 20, 0, 0, 0, 0], [20, 0, 0, 0, 0, 0, 0, 0]
    readings = iter(({f"cpu{i}": [0] * 8 for i in range(3)},
                     {"cpu0": busy, "cpu1": idle, "cpu2": idle}))  # fmt: skip
    assert idlest_cores([0, 1, 2], 2, lambda: next(readings), lambda _: None) == [1, 2]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins nothing")
def test_pinning_ends_with_the_block() -> None:
    before = os.sched_getaffinity(0)
    with pinned(1) as cores:
        assert os.sched_getaffinity(0) == (set(cores) or before)
        assert len(cores) == (1 if len(before) > 1 else 0)
    assert os.sched_getaffinity(0) == before
    with pinned(1, wanted=False) as cores:
        assert cores == []

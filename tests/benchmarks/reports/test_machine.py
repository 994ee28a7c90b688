"""The fingerprint: the same for the same machine, another for another one."""

from dataclasses import replace
from pathlib import Path

from mobile_actnet.benchmarks.reports.machine import this_machine

CPUINFO = """processor\t: 0
model name\t: Some Processor 9000
flags\t\t: fpu sse avx2 avx512_vnni hypervisor
"""


def test_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(CPUINFO)
    machine = this_machine(tmp_path / "cpuinfo")
    assert machine.name == "Some Processor 9000"
    assert machine.flags == ["avx2", "avx512_vnni"]
    assert machine.virtual
    assert machine.cores >= 1
    assert machine.packages["torch"]


def test_fingerprint_follows_what_milliseconds_depend_on() -> None:
    machine = this_machine()
    assert machine.fingerprint == this_machine().fingerprint
    assert replace(machine, system="another kernel").fingerprint == machine.fingerprint
    assert replace(machine, name="another processor").fingerprint != machine.fingerprint
    assert replace(machine, cores=machine.cores + 1).fingerprint != machine.fingerprint


def test_arm_names_itself_less_clearly(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nFeatures\t: fp asimd asimddp i8mm\n")
    machine = this_machine(tmp_path / "cpuinfo")
    assert machine.flags == ["asimddp", "i8mm"]
    assert machine.name
    assert not machine.virtual

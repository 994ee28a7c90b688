"""A stand-in phone as tests see it: the real adbd of fake_phone.sh."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

SERIAL = "127.0.0.1:5599"
STORAGE = "/mnt"


@dataclass
class FakePhone:
    """The real adbd in namespaces of its own.

    Attributes:
        adb: the command that speaks to it.
        state: its folder; getprop and dumpsys read `properties` and `dumpsys.NAME` in it.
    """

    adb: Path
    state: Path

    def shell(self, command: str) -> str:
        self.run("connect", SERIAL)  # A test may have pulled the cable.
        return self.run("-s", SERIAL, "shell", command)

    def run(self, *words: str) -> str:
        return subprocess.run(
            [self.adb, *words], capture_output=True, text=True, check=True, timeout=30
        ).stdout

    def left_behind(self) -> str:
        """List what is on its storage once it has had the time to clean up."""
        for _ in range(100):
            if not (found := self.shell(f"ls {STORAGE}")):
                break
            time.sleep(0.1)
        return found

    def says(self, **files: str) -> None:
        for name, text in files.items():
            (self.state / name.replace("_", ".")).write_text(text)

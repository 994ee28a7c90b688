"""A phone behind adb: commands, files, and a folder that vanishes whatever happens.

The folder on the phone is guarded by a shell that waits for the end of its input. We hold the other
end: when we are done, stopped with Ctrl-C, killed, or when the cable is pulled, that input ends, and
the phone itself stops what runs and removes the folder.
"""

import contextlib
import re
import secrets
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mobile_actnet.errors import ActnetError, ConfigError

DEFAULT_FOLDER = PurePosixPath("/data/local/tmp")
_SHORT_SECONDS = 30
_PUSH_SECONDS = 600


class DeviceError(ActnetError):
    """A command failed on the device."""


class DeviceLostError(ActnetError):
    """The device does not answer any more."""


@dataclass(frozen=True)
class Adb:
    """One device.

    Attributes:
        serial: as `adb devices` lists it.
        program: the adb command.
    """

    serial: str
    program: str = "adb"

    def check(self) -> None:
        """Make sure that the device is there and lets us in.

        Raises:
            ConfigError: no adb, or the device is not there, offline or does not trust us.
        """
        state = self._call(["get-state"], _SHORT_SECONDS)
        if state.returncode == 0 and state.stdout.strip() == "device":
            return
        listed = self._call(["devices"], _SHORT_SECONDS, any_device=True).stdout.splitlines()[1:]
        known = ", ".join(line.replace("\t", " ") for line in listed if line.strip()) or "none"
        advice = "plug it in and turn on USB debugging"
        if "unauthorized" in state.stderr:
            advice = "confirm the question on its screen"
        raise ConfigError(f"device {self.serial} is not ready; adb lists: {known}; {advice}")

    def shell(self, command: str, seconds: float = _SHORT_SECONDS) -> str:
        """Run a command on the device and return its standard output.

        Raises:
            DeviceError: it failed; the message is its last words.
            DeviceLostError: the device does not answer.
        """
        done = self._call(["shell", command], seconds)
        if done.returncode:
            self._fail(f"`{command}` failed on the device, exit code {done.returncode}", done)
        return done.stdout

    def push(self, local: Path, remote: PurePosixPath) -> None:
        """Copy a file to the device.

        Raises:
            DeviceError: the device is full, or will not have it.
            DeviceLostError: the device does not answer.
        """
        done = self._call(["push", str(local), str(remote)], _PUSH_SECONDS)
        if done.returncode:
            # What adb says last depends on which side noticed first; the device knows.
            free = self.free_bytes(remote.parent)
            full = free is not None and free < local.stat().st_size
            why = ": no space left on the device" if full else ""
            self._fail(f"{local.name} cannot be copied to the device{why}", done)

    def free_bytes(self, folder: PurePosixPath) -> int | None:
        """Return what is free where a folder is; None where the device does not tell."""
        listed = self._call(["shell", f"df -k {shlex.quote(str(folder))}"], _SHORT_SECONDS).stdout
        numbers = re.findall(r"\s(\d+)(?=\s)", (listed.splitlines() or [""])[-1])
        return int(numbers[2]) * 1024 if len(numbers) >= 3 else None

    def read(self, remote: PurePosixPath) -> bytes:
        """Return the bytes of a file on the device; of a missing one, what the device says to that.

        Raises:
            DeviceLostError: the device does not answer.
        """
        command = self._command(["exec-out", f"cat {shlex.quote(str(remote))}"])
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=_SHORT_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise DeviceLostError(self._silent(_SHORT_SECONDS)) from error
        if done.returncode:
            raise DeviceLostError(self._lost())
        return done.stdout

    def guard(self, folder: PurePosixPath) -> "subprocess.Popen[bytes]":
        """Start the shell that removes `folder` when its input ends."""
        quoted = shlex.quote(str(folder))
        # adbd hangs up on its shells when the cable goes; this one has work to do then.
        script = (
            f"trap '' HUP; cat >/dev/null; kill $(cat {quoted}/pid) 2>/dev/null; rm -rf {quoted}"
        )
        return subprocess.Popen(
            self._command(["shell", script]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us: the guard must outlive it.
        )  # fmt: skip

    def _fail(self, what: str, done: "subprocess.CompletedProcess[str]") -> None:
        words = [*done.stderr.strip().splitlines(), *done.stdout.strip().splitlines()]
        said = words[-1] if words else "it said nothing"
        if self._call(["get-state"], _SHORT_SECONDS).returncode:
            raise DeviceLostError(self._lost())
        raise DeviceError(f"{what}: {said}")

    def _lost(self) -> str:
        return (
            f"device {self.serial} was lost while it worked; plug it in and run again "
            "(the device removes what was copied to it by itself)"
        )

    def _silent(self, seconds: float) -> str:
        return f"device {self.serial} did not answer within {seconds:g} s"

    def _call(
        self, words: list[str], seconds: float, any_device: bool = False
    ) -> "subprocess.CompletedProcess[str]":
        command = [self.program, *words] if any_device else self._command(words)
        try:
            return subprocess.run(
                command, capture_output=True, text=True, errors="replace", check=False,
                stdin=subprocess.DEVNULL, timeout=seconds,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise ConfigError(
                f"{self.program} is not installed; install Android's platform tools "
                "(Debian: apt install adb), or give its path with --adb"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise DeviceLostError(self._silent(seconds)) from error

    def _command(self, words: list[str]) -> list[str]:
        return [self.program, "-s", self.serial, *words]


@contextlib.contextmanager
def device_folder(adb: Adb, parent: PurePosixPath = DEFAULT_FOLDER) -> Iterator[PurePosixPath]:
    """Make a folder on the device, and have it removed on every way out.

    Raises:
        DeviceError: the device will not have it.
    """
    folder = parent / f"actnet-bench-{secrets.token_hex(4)}"
    guard = adb.guard(folder)
    try:
        adb.shell(f"mkdir -p {shlex.quote(str(folder))}")
        yield folder
    finally:
        with contextlib.suppress(BrokenPipeError, subprocess.TimeoutExpired):
            guard.communicate(timeout=_SHORT_SECONDS)
        guard.kill()
        guard.wait()

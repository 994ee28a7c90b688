"""Debian packages without root: apt folders of our own, download, unpack; nothing is installed.

    python android_demo/tools/debian.py bookworm FOLDER qemu-user gcc-aarch64-linux-gnu

What the build of the app needs is named package by package: the machine has a C library, and a
closed list shows what the build depends on. The command fetches what packages need, too, for
programs that run with their own C library. apt checks Debian's signatures.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR = os.environ.get("ACTNET_DEBIAN_MIRROR", "http://deb.debian.org/debian")

_CONFIGURATION = """\
Dir "{root}";
Dir::State::status "{root}/var/lib/dpkg/status";
APT::Architecture "amd64";
APT::Architectures {{ "amd64"; }};
APT::Sandbox::User "";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "20";
"""


class ToolchainError(Exception):
    """A tool that cannot be had; the message says which, and what to do."""


def fetch_packages(
    suite: str, names: tuple[str, ...], folder: Path, with_needed: bool = False
) -> Path:
    """Download and unpack packages below `folder`, once; return the folder.

    Args:
        suite: Debian's release, such as bookworm.
        names: of packages.
        folder: new, empty, or of an earlier call, whose packages are replaced.
        with_needed: whether all that they need is fetched, too.

    Raises:
        ToolchainError: no apt, no keyring, no network, no such package any more, or a folder that
            holds something else.
    """
    # apt is run from elsewhere; it takes the system's folders where it does not find its configuration.
    folder = folder.resolve()
    wanted = f"{suite} {' '.join(names)}{' with all they need' if with_needed else ''}\n"
    listing = folder / "packages.txt"
    if listing.exists() and listing.read_text() == wanted:
        return folder
    _check_folder(folder, listing)
    _check_machine(names)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as name:
        _fetch(suite, names, with_needed, Path(name))
        unpacked = Path(name) / "unpacked"
        (unpacked / listing.name).write_text(wanted)
        # The folder is there whole or not at all, so that it can be told from others.
        shutil.rmtree(folder, ignore_errors=True)
        unpacked.rename(folder)
    return folder


def _fetch(suite: str, names: tuple[str, ...], with_needed: bool, downloads: Path) -> None:
    """Fetch packages into a folder and unpack them below `unpacked` there."""
    environment = _apt_root(suite, downloads)
    _run(["apt-get", "-qq", "update"], downloads, environment)
    fetch = (
        ["install", "--yes", "--download-only", "--no-install-recommends"]
        if with_needed
        else ["download"]
    )
    _run(["apt-get", "-qq", *fetch, *names], downloads, environment)
    archives = sorted(downloads.rglob("*.deb"))
    if not archives:
        raise ToolchainError(
            f"{', '.join(names)}: apt-get fetched no package from {MIRROR}; try again, or name "
            "another mirror in ACTNET_DEBIAN_MIRROR"
        )
    unpacked = downloads / "unpacked"
    for archive in archives:
        _run(["dpkg-deb", "-x", str(archive), str(unpacked)], downloads, environment)


def _check_folder(folder: Path, listing: Path) -> None:
    of_packages = listing.is_file() and (folder / "usr").is_dir()
    if folder.exists() and not of_packages and (folder.is_file() or any(folder.iterdir())):
        raise ToolchainError(
            f"{folder} holds something that was not unpacked by this program, and would be removed; "
            "give a new or an empty folder, or remove it"
        )


def _check_machine(names: tuple[str, ...]) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise ToolchainError(f"{', '.join(names)}: needs apt-get and dpkg-deb (Debian, Ubuntu)")
    if not KEYRING.exists():
        raise ToolchainError(f"{', '.join(names)}: needs {KEYRING} (debian-archive-keyring)")


def _apt_root(suite: str, root: Path) -> dict[str, str]:
    for folder in ("etc/apt/apt.conf.d", "etc/apt/preferences.d", "var/lib/apt/lists/partial",
                   "var/lib/dpkg", "var/cache/apt/archives/partial"):  # fmt: skip
        (root / folder).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    (root / "etc/apt/sources.list").write_text(f"deb [signed-by={KEYRING}] {MIRROR} {suite} main\n")
    configuration = root / "apt.conf"
    configuration.write_text(_CONFIGURATION.format(root=root))
    return {"APT_CONFIG": str(configuration), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no message"]
        raise ToolchainError(f"{' '.join(command[:4])}: {said[-1]}")


def main() -> int:
    """Fetch packages of the command line with all that they need."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite", help="Debian's release, such as bookworm")
    parser.add_argument("folder", type=Path, help="what they are unpacked in")
    parser.add_argument("packages", nargs="+")
    options = parser.parse_args()
    try:
        fetch_packages(options.suite, tuple(options.packages), options.folder, with_needed=True)
    except (ToolchainError, OSError) as error:
        print(f"debian: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

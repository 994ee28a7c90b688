"""The main commands run where there is no network at all."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNSHARE = ["unshare", "--map-root-user", "--net"]


@pytest.fixture(scope="module")
def alone() -> list[str]:
    """What runs a command in a network namespace without interfaces that are up."""
    if shutil.which(UNSHARE[0]) is None:
        pytest.skip("needs the program unshare (util-linux)")
    if subprocess.run([*UNSHARE, "true"], capture_output=True).returncode:
        pytest.skip("this system permits no network namespaces: unshare --net fails")
    return UNSHARE


def test_commands_need_no_network(alone: list[str], make_photos, artefact, tmp_path: Path) -> None:
    photos, gallery = make_photos(3), tmp_path / "g.sqlite"
    probe = "import socket; socket.create_connection(('192.0.2.1', 80), 2)"
    cut_off = subprocess.run([*alone, sys.executable, "-c", probe], capture_output=True, text=True)
    assert "Network is unreachable" in cut_off.stderr, "the namespace must have no network"
    for words in (
        ["index", "build", photos, "--model", artefact, "-o", gallery, "--workers", "2"],
        ["index", "update", gallery],
        ["index", "info", gallery, "--count"],
        ["index", "check", gallery],
        ["search", gallery, "--query", photos / "000.jpg", "--html", tmp_path / "hits.html"],
        ["doctor", "--model", artefact],
    ):
        command = [*alone, sys.executable, "-m", "mobile_actnet", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, (words, done.stderr)

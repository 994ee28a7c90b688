"""The C targets of the Swift package: links to android_demo/native, of which none may be missing."""

import shutil
import subprocess
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "ios_demo" / "Sources"
# What each may include beside its own headers, as Package.swift says.
TARGETS = {"CActnetVerification": (), "CActnetEngine": ("CActnetVerification",)}


@pytest.mark.parametrize("target", TARGETS)
def test_what_a_target_includes_is_linked(target: str) -> None:
    if shutil.which("cc") is None:
        pytest.skip("the C engine: needs a C compiler (Debian: apt install gcc)")
    sources = sorted((SOURCES / target).glob("*.c"))
    assert sources
    # Compilers look beside the link, not beside the file that it leads to.
    folders = [f"-I{SOURCES / name / 'include'}" for name in (target, *TARGETS[target])]
    words = ["cc", "-std=gnu11", "-fsyntax-only", *folders]
    for source in sources:
        subprocess.run([*words, source], check=True)


def test_every_link_leads_to_a_file() -> None:
    links = [path for path in SOURCES.glob("C*/**/*") if path.is_symlink()]
    assert len(links) > 8
    assert [path for path in links if not path.exists()] == []

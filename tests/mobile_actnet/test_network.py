"""Nothing is sent anywhere: the main commands open no socket to another machine, and need none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mobile_actnet.runtime.vocabulary import Format, Precision

pytest.importorskip("onnx", reason="needs the extra onnx")


@pytest.fixture
def commands(make_photos, small_artefact, tmp_path: Path) -> list[list[str]]:
    """The commands of a day, as words behind `actnet`."""
    artefact = str(small_artefact(Format.ONNX, Precision.FP32).path)
    photos, gallery = make_photos(4), str(tmp_path / "g.sqlite")
    lines = [f"{path.name},x,both" for path in sorted(photos.glob("*.jpg"))]
    (photos / "manifest.csv").write_text("\n".join(["path,instance,role", *lines, ""]))
    return [
        ["index", "build", str(photos), "--model", artefact, "-o", gallery, "--workers", "1"],
        ["index", "update", gallery, "--workers", "1"],
        ["index", "check", gallery],
        ["search", gallery, "--query", str(photos / "000.jpg"), "--html", str(tmp_path / "h.html")],
        ["evaluate", "--data", str(photos), "--model", artefact],
        ["doctor", "--model", artefact],
    ]


def run(words: list[str], *before: str) -> None:
    code = "import sys; from mobile_actnet.cli.main import main; sys.exit(main())"
    left_out = ("ORT_DISABLE_TELEMETRY", "CI")
    inherited = {name: value for name, value in os.environ.items() if name not in left_out}
    done = subprocess.run(
        [*before, sys.executable, "-c", code, *words],
        env={**inherited, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (words, done.stdout[-1000:], done.stderr[-2000:])


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs the program strace")
def test_no_socket_to_another_machine(commands: list[list[str]], tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    before = ("strace", "-f", "-qq", "-e", "trace=socket,connect,sendto", "-o", str(trace))
    # Otherwise an empty trace would say nothing.
    code = "import socket; socket.socket().close()"
    subprocess.run([*before, sys.executable, "-c", code], check=True)
    if "AF_INET" not in trace.read_text():
        pytest.skip("strace cannot trace here")
    for words in commands:
        run(words, *before)
        sockets = [line for line in trace.read_text().splitlines() if "AF_INET" in line]
        assert not sockets, (words, sockets)


def test_without_any_network(commands: list[list[str]]) -> None:
    before = ("unshare", "--map-root-user", "--net")
    if shutil.which("unshare") is None or subprocess.run([*before, "true"], check=False).returncode:
        pytest.skip("needs unshare and user namespaces")
    for words in commands:
        run(words, *before)

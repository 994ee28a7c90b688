"""No command opens a socket that leads out of this computer: watched with strace, system call by system call."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.checkpoint import Card, save_checkpoint
from tests.conftest import write_photos
from tests.disturbed.conftest import SMALL, Forks
from tests.mobile_actnet.training.distillation.tiny_teacher import write_teacher

LOCAL = ("AF_UNIX", "AF_LOCAL")
SOCKET = re.compile(r"\b(?:socket|socketpair|connect|bind|sendto|sendmsg)\(.*")
FAMILY = re.compile(r"\b(?:AF|PF)_[A-Z0-9_]+")


class Watched:
    """Commands in forks under strace, and what they did with sockets."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "strace.log"
        under = ["strace", "-f", "-e", "trace=network", "-o", str(self._log)]
        self.forks, self.seen = Forks(folder, under), 0

    def calls(self) -> list[str]:
        """Return the system calls about sockets since the last time."""
        lines = self._log.read_text(errors="replace").splitlines()
        new, self.seen = lines[self.seen :], len(lines)
        return [line for line in new if SOCKET.search(line)]


def leads_out(call: str) -> bool:
    families = FAMILY.findall(call)
    return any(family not in LOCAL for family in families)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    for package in ("litert_torch", "coremltools", "onnxruntime"):
        pytest.importorskip(package, reason="needs the extras of all formats")
    if shutil.which("strace") is None:
        pytest.skip("needs the program strace (Debian's package of that name)")
    if subprocess.run(["strace", "-f", "true"], capture_output=True).returncode:
        pytest.skip("this system does not let strace watch a process")
    traced = Watched(tmp_path_factory.mktemp("watched"))
    yield traced
    traced.forks.close()


def test_strace_sees_a_socket_that_leads_out(tmp_path: Path, watched: Watched) -> None:
    probe = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('192.0.2.1', 9))"
    log = tmp_path / "log"
    command = ["strace", "-f", "-e", "trace=network", "-o", str(log), "python3", "-c", probe]
    subprocess.run(command, capture_output=True)
    assert any(leads_out(line) for line in log.read_text().splitlines())


def test_no_command_opens_a_socket_that_leads_out(
    artefact: Path, tmp_path: Path, watched: Watched
) -> None:
    photos = write_photos(tmp_path / "photos", 16)
    roles = "".join(f"{n:03}.jpg,{n % 4},{'query' if n < 4 else 'database'}\n" for n in range(8))
    labelled = write_photos(tmp_path / "labelled", 8)
    (labelled / "manifest.csv").write_text("path,instance,role\n" + roles)
    torch.manual_seed(1)
    small = tmp_path / "small.safetensors"
    save_checkpoint(Actnet(SMALL), small, Card("small"))
    write_teacher(tmp_path / "teacher.onnx")
    gallery, model = tmp_path / "g.sqlite", tmp_path / "out" / "small_64x64_fp16.tflite"
    exporting = f"export --checkpoint {small} --image-size 64 --min-overlap 0 -o {tmp_path}/out"
    training = (
        f"train --data {photos} --steps 3 --device cpu --set batch_size=4 --set image_sizes=64"
    )
    eights = [
        (kind, precision)
        for kind in ("tflite", "onnx", "coreml")
        for precision in ("int8-weights", "int8")
    ]
    # Ranges of so small a network say nothing of what 8 bits cost; that is not tested here.
    loose = "--min-cosine 0"
    briefly = "--num-runs 5 --min-seconds 0 --warmup-runs 1"
    assert not [call for call in watched.calls() if leads_out(call)], "while it is imported"
    for text in (
        f"{exporting} --format tflite", f"{exporting} --format coreml", f"{exporting} --format onnx",
        "doctor", f"doctor --model {model}",
        f"index build {photos} --model {artefact} -o {gallery} --workers 2",
        f"index update {gallery} --rehash", f"index info {gallery} --count", f"index check {gallery}",
        f"index export {gallery} -o {tmp_path}/dump",
        f"index calibrate {gallery} -o {tmp_path}/thresholds.json",
        f"index rehearse {gallery} --html {tmp_path}/rehearsal.html --captures 1",
        f"search {gallery} --query {photos}/000.jpg --html {tmp_path}/hits.html",
        f"evaluate --data {labelled} --model {artefact}",
        f"evaluate --data {labelled} --model {artefact} --answers",
        f"{training} --workers 1 --checkpoint {small} --set teacher_sides_px=64 -o {tmp_path}/t.safetensors",
        f"{training} --preview {tmp_path}/preview.png",
        f"train --teacher {tmp_path}/teacher.onnx --teacher-size 32 --data {photos} --steps 2 --device cpu "
        f"--set batch_size=4 --set view_side_px=64 --set early_side_px=64 --set late_side_px=64 --set views_per_picture=2 -o {tmp_path}/taught.safetensors",
        f"quantize ranges {photos} -o {tmp_path}/ranges.safetensors",
        f"quantize --data {photos} --checkpoint {small} --steps 2 --image-size 64 --workers 1",
        *(f"{exporting} --format {kind} --precision {precision} {loose} --calibration {photos}" for kind, precision in eights),
        *(f"bench {mode} --image-size 64 --artefacts {tmp_path}/cache {briefly}" for mode in ("stages", "roofline")),
        f"bench minutes 0.01 --image-size 64 --artefacts {tmp_path}/cache",
        f"bench indexing {photos} --model {artefact} --workers 1",
        "bench search --pictures 1000 --queries 2",
        f"index build {photos} --model {model} -o {tmp_path}/t.sqlite --workers 1",
        f"web {tmp_path}/t.sqlite -o {tmp_path}/site",
    ):  # fmt: skip
        answer = watched.forks.run(text.split())
        assert answer.code == 0, (text, answer.err)
        out = [call for call in watched.calls() if leads_out(call)]
        assert not out, (text, out)

"""What the disturbed commands work on, and the process that they are forked from."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from mobile_actnet.gallery.indexing.index_options import IndexOptions
from mobile_actnet.gallery.indexing.indexer import build
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.checkpoint import Card, save_checkpoint
from mobile_actnet.network.config import BackboneKind, NetworkConfig, StreamConfig
from tests.conftest import write_photos
from tests.disturbed import subjects
from tests.disturbed.subjects import Subject

SMALL = NetworkConfig(BackboneKind.MOBILENET_V2, (StreamConfig(("features.2",)),), 8, 4)
PHOTOS = 12


@dataclass(frozen=True)
class Answer:
    """How a command ended: its exit code or minus a signal, its steps, what it printed."""

    code: int
    seconds: float
    steps: int
    out: str
    err: str


class Forks:
    """The process that has imported everything, which runs commands in forks of itself.

    Args:
        folder: what commands do to files below it is counted.
        under: the words of a program that runs it, such as strace.
    """

    def __init__(self, folder: Path, under: Sequence[str] = ()) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [*under, sys.executable, "-m", "tests.disturbed.forked", str(folder)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[2], env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        assert self._line() == "ready"

    def run(self, words: list[str], **how: int | float | None) -> Answer:
        """Run a command: `kill_at` a step, `kill_after_s`, or with a `largest_file`."""
        assert self._process.stdin is not None
        print(json.dumps({"words": words, **how}), file=self._process.stdin, flush=True)
        return Answer(**json.loads(self._line()))

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process that forks has ended"
        return line.rstrip("\n")

    def close(self) -> None:
        self._process.communicate("")


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    for package in ("litert_torch", "coremltools", "onnxruntime"):
        pytest.importorskip(package, reason="needs the extras of all formats")
    server = Forks(tmp_path_factory.mktemp("disturbed"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def trials(forks: Forks, artefact: Path) -> dict[str, Subject]:
    """Give each command under trial by its name."""
    base = forks.folder
    photos = write_photos(base / "photos", PHOTOS)
    checkpoints = [base / "new.safetensors", base / "old.safetensors"]
    # With other seeds the tiny network gives lengths that an export refuses.
    for seed, path in enumerate(checkpoints, 1):
        torch.manual_seed(seed)
        save_checkpoint(Actnet(SMALL), path, Card("small"))
    # As deep as the trials' folder: photos and model are found from where a gallery lies.
    whole, part = base / "whole" / "g.sqlite", base / "part" / "g.sqlite"
    for path in (whole, part):
        path.parent.mkdir()
    build(photos, artefact, whole, IndexOptions(workers=1))
    half = write_photos(base / "half", PHOTOS // 2)
    build(half, artefact, part, IndexOptions(workers=1))
    made = [_old(forks, base, *checkpoints), _old_results(forks, base, whole, part)]
    all_of_them = [
        *made[0], *made[1],
        subjects.training(photos, checkpoints[0], old=False),
        subjects.training(photos, checkpoints[0], old=True),
        subjects.building(photos, artefact, None), subjects.building(photos, artefact, part),
    ]  # fmt: skip
    # The half is in the gallery, the rest is beside it now.
    for path in photos.iterdir():
        if not (half / path.name).exists():
            shutil.copy(path, half / path.name)
    all_of_them.append(subjects.updating(part))
    return {subject.name: subject for subject in all_of_them}


def _old(forks: Forks, base: Path, new: Path, old: Path) -> list[Subject]:
    """Exports, over nothing and over an artefact of another checkpoint."""
    made = []
    for kind, suffix in (("tflite", ".tflite"), ("onnx", ".onnx"), ("coreml", ".mlpackage")):
        folder = base / f"old-{kind}"
        folder.mkdir()
        words = subjects.exporting(kind, suffix, old, None).lay_out(folder)
        answer = forks.run(words)
        assert answer.code == 0, answer.err
        made += [
            subjects.exporting(kind, suffix, new, before)
            for before in (None, folder / f"model{suffix}")
        ]
    return made


def _old_results(forks: Forks, base: Path, whole: Path, part: Path) -> list[Subject]:
    """Dumps and calibrations, over nothing and over those of another gallery."""
    dumped, thresholds = base / "dumped", base / "thresholds.json"
    for words in (
        ["index", "export", str(part), "-o", str(dumped)],
        ["index", "calibrate", str(part), "-o", str(thresholds)],
    ):
        answer = forks.run(words)
        assert answer.code == 0, answer.err
    return [
        *(subjects.dumping(whole, old) for old in (None, dumped)),
        *(subjects.calibrating(whole, old) for old in (None, thresholds)),
    ]


@pytest.fixture
def lay_out(forks: Forks) -> Iterator[Callable[[Subject], tuple[Path, list[str]]]]:
    """Give a function that lays a command's folder out anew, with a user's file in it."""
    place = forks.folder / "place"

    def anew(subject: Subject) -> tuple[Path, list[str]]:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        (place / subjects.FOREIGN).write_text("precious")
        return place, subject.lay_out(place)

    yield anew
    shutil.rmtree(place, ignore_errors=True)


def agrees(now: Any, before: Any, after: Any, grows: bool) -> bool:
    """Tell whether a file is as it was, or as it is in the end; a gallery may be between them."""
    if now in (before, after):
        return True
    if not grows or not isinstance(now, dict):
        return False
    held = {} if before is None else {path: row for path, row in before.items() if path}
    return (
        held.items() <= now.items() and {p: r for p, r in now.items() if p}.items() <= after.items()
    )

"""Commands on a disk that is full, on one that may not be written, and under a limit for files.

Each ends with one sentence, and leaves what was there as it was. ACTNET_DISKS=1 tries every size from nothing to
what is enough, in steps of a page; a normal run tries a few.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.disturbed.conftest import Answer, Forks, agrees
from tests.disturbed.subjects import State, Subject, state

PAGE = 4096
ALL_SIZES = os.environ.get("ACTNET_DISKS") == "1"
NAMES = (
    "export of tflite over an old one", "export of onnx over an old one", "export of coreml over an old one",
    "index export over an old one", "train over an old one", "calibrate over an old one", "index build over an old one", "index update",
)  # fmt: skip
SPACES = (
    "export of tflite",
    "export of onnx",
    "export of coreml",
    "index export",
    "train",
    "calibrate",
    "index build",
)
"""What else is tried where all sizes are."""

LayOut = Callable[[Subject], tuple[Path, list[str]]]


@pytest.fixture
def disk(forks: Forks) -> Iterator[Path]:
    """A small disk where the commands write."""
    place = forks.folder / "place"
    place.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        place.rmdir()
        pytest.skip("no right to mount a small disk here")
    yield place
    subprocess.run(["umount", str(place)], check=True)
    place.rmdir()


def empty(place: Path) -> None:
    for path in place.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def sizes() -> Iterator[int]:
    """Yield numbers of pages, from none on."""
    size = 0
    while size < 1 << 13:
        yield size
        size += 1 if ALL_SIZES else 1 + size


def fill(place: Path, pages: int) -> Path:
    """Fill a disk but for so many pages."""
    filler = place / ".actnet-filler"
    free = os.statvfs(place)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_bsize - pages * PAGE)
    return filler


def check_sentence(answer: Answer) -> None:
    told = [line for line in answer.err.splitlines() if line.startswith("error: ")]
    assert answer.code == 1, answer
    assert len(told) == 1, answer.err
    assert len(told[0]) > 20
    assert "Traceback" not in answer.err


def check_whole(place: Path, subject: Subject, before: State, after: State) -> None:
    """What was there is there, and what is new is whole."""
    now = state(place, subject)
    for name in before | now:
        assert agrees(now.get(name), before.get(name), after.get(name), subject.grows), name
    for check in subject.checks:
        check(place)


@pytest.mark.parametrize("name", NAMES + (SPACES if ALL_SIZES else ()))
def test_a_full_disk(name: str, trials: dict[str, Subject], forks: Forks, disk: Path) -> None:
    subject = trials[name]
    words = subject.lay_out(disk)
    before = state(disk, subject)
    assert forks.run(words).code == 0
    after = state(disk, subject)
    refused = 0
    for pages in sizes():
        empty(disk)
        words = subject.lay_out(disk)
        filler = fill(disk, pages)
        answer = forks.run(words)
        filler.unlink()
        if answer.code == 0:
            assert state(disk, subject) == after
            break
        check_sentence(answer)
        check_whole(disk, subject, before, after)
        refused += 1
        answer = forks.run(subject.again(disk) or words)
        assert answer.code == 0, answer.err
        assert state(disk, subject) == after
    print(f"{name}: {refused} sizes of a full disk, then enough")
    assert refused


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_for_files(
    name: str, trials: dict[str, Subject], forks: Forks, lay_out: LayOut
) -> None:
    subject = trials[name]
    place, words = lay_out(subject)
    before = state(place, subject)
    assert forks.run(words).code == 0
    after = state(place, subject)
    refused = 0
    for pages in sizes():
        place, words = lay_out(subject)
        answer = forks.run(words, largest_file=pages * PAGE)
        if answer.code == 0:
            assert state(place, subject) == after
            break
        check_sentence(answer)
        check_whole(place, subject, before, after)
        refused += 1
    print(f"{name}: {refused} limits for files, then enough")
    assert refused


@pytest.mark.parametrize("name", NAMES)
def test_a_disk_that_may_not_be_written(
    name: str, trials: dict[str, Subject], forks: Forks, disk: Path
) -> None:
    subject = trials[name]
    words = subject.lay_out(disk)
    before = state(disk, subject)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    answer = forks.run(words)
    check_sentence(answer)
    assert state(disk, subject) == before
    assert not list(disk.glob(".actnet-*"))

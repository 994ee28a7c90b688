"""A process killed between two renames: none of them was made, for whoever comes next."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mobile_actnet.files import staging_folder

# Renames a model and its manifest, and is killed before the rename with the number given.
CODE = """
import os, sys
from pathlib import Path
from mobile_actnet.files import put_in_place, staging_folder

folder, left, replace = Path(sys.argv[1]), int(sys.argv[2]), os.replace

def counted(source, target):
    global left
    if left == 0:
        os.kill(os.getpid(), 9)
    left -= 1
    replace(source, target)

os.replace = counted
with staging_folder(folder) as staged:
    (staged / "model").mkdir()
    (staged / "model" / "new").write_text("new")
    (staged / "manifest").write_text("new")
    put_in_place([(staged / name, folder / name) for name in ("model", "manifest")])
"""


def killed(folder: Path, before_rename: int) -> None:
    done = subprocess.run([sys.executable, "-c", CODE, str(folder), str(before_rename)])
    assert done.returncode == -9


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("before_rename", [0, 1])
def test_new_files_are_taken_back(tmp_path: Path, before_rename: int) -> None:
    (tmp_path / "mine").write_text("mine")
    killed(tmp_path, before_rename)
    assert (tmp_path / "model").exists() == (before_rename > 0)
    with staging_folder(tmp_path):
        pass
    assert contents(tmp_path) == {"mine": "mine"}


@pytest.mark.parametrize("before_rename", [0, 1, 2])
def test_replaced_files_come_back(tmp_path: Path, before_rename: int) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old").write_text("old")
    (tmp_path / "manifest").write_text("old")
    killed(tmp_path, before_rename)  # The old folder is moved away by a rename, too.
    with staging_folder(tmp_path):
        pass
    assert contents(tmp_path) == {"model/old": "old", "manifest": "old"}


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    killed(tmp_path, 1)
    (tmp_path / "model").rename(tmp_path / "kept")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine").write_text("mine")
    with staging_folder(tmp_path):
        pass
    assert contents(tmp_path) == {"model/mine": "mine", "kept/new": "new"}


@pytest.mark.parametrize("note", ["", "{", "[1]", '[["a","b",1]]', '[["a","b","c","d"]]', "null"])
def test_a_note_that_is_not_ours(tmp_path: Path, note: str) -> None:
    left = tmp_path / ".actnet-x"
    left.mkdir()
    (left / ".moves.json").write_text(note)
    (tmp_path / "b").write_text("mine")
    with staging_folder(tmp_path):
        pass
    assert contents(tmp_path) == {"b": "mine"}
    assert not left.exists()


def test_a_note_leads_out_of_no_folder(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.write_text("mine")
    left = folder / ".actnet-x"
    left.mkdir(parents=True)
    inode = outside.lstat()
    note = f'[["half", "x", 0, 0], ["y", "../outside", {inode.st_dev}, {inode.st_ino}]]'
    (left / ".moves.json").write_text(note)
    (left / "half").write_text("half")
    with staging_folder(folder):
        pass
    assert outside.read_text() == "mine"
    assert os.listdir(folder) == []

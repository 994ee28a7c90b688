"""A crash leaves the old state or the new one, never a half."""

import errno
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mobile_actnet import files
from mobile_actnet.benchmarks.reports.report_files import load_report
from mobile_actnet.errors import ActnetError
from mobile_actnet.export.quantization.int8_file import load_recorded
from mobile_actnet.files import put_in_place, refuse_existing, staging_folder, write_atomically
from mobile_actnet.gallery.answers.thresholds_file import read_thresholds
from mobile_actnet.network.checkpoint import load_checkpoint, read_tensors
from mobile_actnet.pictures.tables import column_names
from mobile_actnet.runtime import manifest as manifests
from mobile_actnet.runtime.onnx import onnx_file
from mobile_actnet.runtime.tflite import tflite_file
from mobile_actnet.training.distillation.picture_pack import unpack


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_write_and_replace(tmp_path: Path) -> None:
    target = tmp_path / "new" / "file"
    write_atomically(target, b"one")
    write_atomically(target, b"two")
    assert target.read_bytes() == b"two"
    assert names(target.parent) == ["file"]


def test_staging_folder_goes_whatever_happens(tmp_path: Path) -> None:
    def interrupted() -> None:
        with staging_folder(tmp_path) as folder:
            (folder / "half").write_bytes(b"x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert names(tmp_path) == []


def test_full_disk_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ActnetError, match="No space left on device"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_a_folder_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    with pytest.raises(ActnetError, match="is a folder; give the name of a file"):
        write_atomically(tmp_path / "target", b"x")


def test_a_file_where_a_folder_must_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(ActnetError, match="cannot write to"), staging_folder(tmp_path / "file"):
        pass


def test_several_are_replaced_all_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second rename fails: the first file and the folder are back as they were."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old").write_bytes(b"1")
    (tmp_path / "manifest").write_bytes(b"old")
    with staging_folder(tmp_path) as staged:
        (staged / "model").mkdir()
        (staged / "model" / "new").write_bytes(b"2")
        (staged / "manifest").write_bytes(b"new")
        replace = os.replace

        def fail(source: Path, target: Path) -> None:
            if target == tmp_path / "manifest" and source == staged / "manifest":
                raise OSError(errno.EIO, "Input/output error")
            replace(source, target)

        monkeypatch.setattr(os, "replace", fail)
        moves = [(staged / name, tmp_path / name) for name in ("model", "manifest")]
        with pytest.raises(ActnetError, match="Input/output error"):
            put_in_place(moves)
    assert names(tmp_path) == ["manifest", "model"]
    assert names(tmp_path / "model") == ["old"]
    assert (tmp_path / "manifest").read_bytes() == b"old"


def test_folders_replace_folders(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "old").write_bytes(b"1")
    with staging_folder(tmp_path) as staged:
        (staged / "package").mkdir()
        (staged / "package" / "new").write_bytes(b"2")
        put_in_place([(staged / "package", tmp_path / "package")])
    assert names(tmp_path) == ["package"]
    assert names(tmp_path / "package") == ["new"]


def test_what_a_killed_process_left_is_removed_and_what_it_moved_away_given_back(
    tmp_path: Path,
) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from mobile_actnet.files import staging_folder\n"
        "with staging_folder(Path(sys.argv[1])) as folder:\n"
        "    (folder / '.replaced-1').mkdir(); (folder / '.replaced-1' / 'old').mkdir()\n"
        "    (folder / '.replaced-1' / 'new').mkdir(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path], check=False)
    (tmp_path / "new").mkdir()
    (left,) = tmp_path.glob(".actnet-*")
    (empty := tmp_path / ".actnet-empty").mkdir()
    with staging_folder(tmp_path):
        assert not left.exists()
        assert not empty.exists()
    with staging_folder(tmp_path) as held, staging_folder(tmp_path):
        assert held.exists(), "it is locked"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old"]


def test_another_process_may_take_a_folder_away_before_it_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, lost = [], 2

    def make_and_lose(prefix: str, dir: Path) -> str:
        made.append(folder := mkdtemp(prefix=prefix, dir=dir))
        if len(made) <= lost:
            files.remove_stale(dir)
            assert not Path(folder).exists()
        return folder

    mkdtemp = tempfile.mkdtemp
    monkeypatch.setattr(files.tempfile, "mkdtemp", make_and_lose)
    with staging_folder(tmp_path) as folder:
        files.remove_stale(tmp_path)
        assert folder.exists()
    assert len(made) == lost + 1
    assert names(tmp_path) == []


def test_a_link_named_as_a_staging_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / ".actnet-x").symlink_to(tmp_path / "precious")
    os.utime(tmp_path / "a" / ".actnet-x", (1, 1), follow_symlinks=False)
    with staging_folder(tmp_path / "a"):
        pass
    assert (tmp_path / "precious").is_dir()


def test_a_pipe_or_device_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for write in (
        lambda: write_atomically(tmp_path / "pipe", b"x"),
        lambda: refuse_existing(tmp_path / "pipe", overwrite=True),
        lambda: refuse_existing(Path("/dev/null"), overwrite=True),
    ):
        with pytest.raises(ActnetError, match="is a device, a pipe or a socket"):
            write()
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_pipe_in_the_place_of_a_file_is_refused_at_once(tmp_path: Path) -> None:
    """Each of these would wait for a writer."""
    artefact, pipe = tmp_path / "m.onnx", tmp_path / "pipe.json"
    artefact.touch()
    for path in (manifests.path_of(artefact), pipe):
        os.mkfifo(path)
    for read in (
        lambda: manifests.load(artefact),
        lambda: load_checkpoint(pipe),
        lambda: read_thresholds(pipe),
        lambda: column_names(pipe),
        lambda: load_report(pipe),
        lambda: read_tensors(pipe),
        lambda: load_recorded("", pipe),
        lambda: unpack(pipe, tmp_path),
        lambda: tflite_file.inspect(pipe),
        lambda: onnx_file.inspect(pipe),
    ):
        with pytest.raises(ActnetError, match="it is not a regular file"):
            read()

"""Exit codes and sentences that all commands share."""

import errno
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mobile_actnet.cli import main
from mobile_actnet.commands import command_line, run
from mobile_actnet.errors import ConfigError


def raising(error: BaseException) -> int:
    def command() -> int:
        raise error

    return run(command)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ConfigError("size is 3"), 1, "error: size is 3\n"),
        (OSError(errno.ENOSPC, "full"), 1, "error: the disk is full; free some space"),
        (
            PermissionError(errno.EACCES, "Permission denied", "a/b"),
            1,
            "error: a/b: Permission denied; ",
        ),
        (
            OSError(errno.EROFS, "Read-only file system", b"c"),
            1,
            "error: c: Read-only file system; ",
        ),
        (
            OSError(errno.EIO, "Input/output error", "d.jpg"),
            1,
            "error: d.jpg: Input/output error\n",
        ),
        (OSError(errno.ESTALE, "Stale file handle"), 1, "error: the system refused: Stale file"),
        (
            OSError(errno.ENAMETOOLONG, "File name too long", "e" * 9),
            1,
            "error: eeeeeeeee: File na",
        ),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "f"), 1, "error: f: No such"),
        (MemoryError("Unable to allocate 8 EiB"), 1, "error: there is not enough memory; close"),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"),
            1,
            "error: there is not enough memory",
        ),
        (
            ImportError("libtorch_cpu.so: failed to map segment from shared object"),
            1,
            "error: there is not enough memory",
        ),
        (
            type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory."),
            1,
            "error: there is not enough memory",
        ),
        (KeyboardInterrupt(), 130, "stopped: nothing half-written is left\n"),
    ],
)
def test_one_line_and_an_exit_code(
    error: BaseException, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert raising(error) == code
    printed = capsys.readouterr().err
    assert printed.startswith(message)
    assert printed.count("\n") == 1


def test_bugs_keep_their_traceback() -> None:
    for error in (KeyError("bug"), TypeError("bug"), AssertionError(), RuntimeError("bug")):
        with pytest.raises(type(error)):
            raising(error)


def test_control_characters_are_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> int:
        print("photo\x1b[2J\x07 \x9b31m of Zoë\t✓\n")
        raise ConfigError("a name\n✓ all is well\x1b[A")

    assert run(command) == 1
    printed = capsys.readouterr()
    assert printed.out == "photo\\x1b[2J\\x07 \\x9b31m of Zoë\t✓\n\n"
    assert printed.err == "error: a name\\n✓ all is well\\x1b[A\n"


def test_a_printed_command_can_be_pasted() -> None:
    line = command_line("actnet-search", Path("my photos & co.sqlite"), "--query", "PHOTO")
    assert shlex.split(line) == ["actnet-search", "my photos & co.sqlite", "--query", "PHOTO"]


PROGRAM = """
import os, sys
from mobile_actnet.commands import run

def command():
    with open(sys.argv[1], "w") as file:
        print("for the user")
        os.write(2, b"for whoever looks")
        file.write("the file")
    return 0

raise SystemExit(run(command))
"""


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"])
def test_closed_streams_do_not_end_in_the_next_file(closed: str, tmp_path: Path) -> None:
    result = tmp_path / "file"
    line = f"{command_line(sys.executable, '-c', PROGRAM, result)} {closed}"
    assert subprocess.run(["sh", "-c", line], check=False).returncode == 0
    assert result.read_text() == "the file"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux's /dev/full")
def test_output_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, tmp_path / "file"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.endswith("error: the disk is full; free some space and run again\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux's /dev/full")
def test_a_version_that_cannot_be_written_is_a_sentence() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-u", "-m", "mobile_actnet", "--version"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "error: the disk is full; free some space and run again\n"


def test_ctrl_c_while_modules_are_imported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("importlib.import_module", interrupted)
    assert main.main(["index", "info", "x.sqlite"]) == 130
    monkeypatch.setattr(sys, "argv", ["/bin/actnet-index", "info", "x.sqlite"])
    assert main.alias() == 130
    assert capsys.readouterr().err == 2 * "stopped; nothing was done\n"


def test_an_alias_is_its_verb(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["/bin/actnet-index", "info", "x.sqlite"])
    assert main.alias() == 1
    assert "x.sqlite does not exist" in capsys.readouterr().err


def test_success() -> None:
    assert run(lambda: 0) == 0


def test_a_missing_package_gets_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(ModuleNotFoundError("No module named 'torch'", name="torch.nn")) == 1
    assert "run: pip install 'mobile-actnet[train]'" in capsys.readouterr().err
    with pytest.raises(ModuleNotFoundError):
        raising(ModuleNotFoundError("No module named 'tarch'", name="tarch"))


def test_sigterm_cleans_up_as_ctrl_c_does(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from mobile_actnet.commands import run\n"
        "from mobile_actnet.files import staging_folder\n"
        "def command():\n"
        "    with staging_folder(Path(sys.argv[1])): print('there', flush=True); time.sleep(60)\n"
        "raise SystemExit(run(command))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        assert len(list(tmp_path.iterdir())) == 1
        process.terminate()
        assert process.wait() == 143
        assert process.stderr is not None
        assert process.stderr.read() == "stopped: nothing half-written is left\n"
    assert not list(tmp_path.iterdir())

"""Exit codes and sentences that all commands share."""

import errno

import pytest

from mobile_actnet.commands import run
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
    for error in (KeyError("bug"), OSError(errno.EIO, "broken disk")):
        with pytest.raises(type(error)):
            raising(error)


def test_success() -> None:
    assert run(lambda: 0) == 0


def test_a_missing_package_gets_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(ModuleNotFoundError("No module named 'torch'", name="torch.nn")) == 1
    assert "run: pip install 'mobile-actnet[train]'" in capsys.readouterr().err
    with pytest.raises(ModuleNotFoundError):
        raising(ModuleNotFoundError("No module named 'tarch'", name="tarch"))

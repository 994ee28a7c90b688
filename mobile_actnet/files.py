"""Writing files so that a crash, a full disk or Ctrl-C leaves the old state or the new one."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mobile_actnet.errors import ActnetError


@contextlib.contextmanager
def staging_folder(parent: Path) -> Iterator[Path]:
    """Yield an empty hidden folder on the same disk as `parent`, removed on the way out.

    Raises:
        ActnetError: `parent` cannot be created or written.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".actnet-", dir=parent))
    except OSError as error:
        raise ActnetError(f"cannot write to {parent}: {reason(error)}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put_in_place(moves: list[tuple[Path, Path]]) -> None:
    """Rename finished files or folders to their names, after their bytes have reached the disk.

    Args:
        moves: (staged, final) pairs on one disk; an existing final is replaced.

    Raises:
        ActnetError: the disk is full or not writable; finals that were there before stay.
    """
    try:
        for staged, _ in moves:
            _sync(staged)
        backups = [(final, _set_aside(final, staged.parent)) for staged, final in moves]
        try:
            for staged, final in moves:
                os.replace(staged, final)
        except BaseException:
            _restore(backups)
            raise
        for folder in {final.parent for _, final in moves}:
            _sync_path(folder)
    except OSError as error:
        raise ActnetError(f"cannot write {moves[0][1]}: {reason(error)}") from error


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all.

    Raises:
        ActnetError: the folder cannot be written, or the disk is full.
    """
    with staging_folder(path.parent) as folder:
        staged = folder / path.name
        try:
            staged.write_bytes(data)
        except OSError as error:
            raise ActnetError(f"cannot write {path}: {reason(error)}") from error
        put_in_place([(staged, path)])


def reason(error: OSError) -> str:
    """Return what the system says of an error, without number and path."""
    return error.strerror or str(error)


def _set_aside(final: Path, folder: Path) -> Path | None:
    """Move a folder out of the way of its successor; a file is replaced by the rename itself."""
    if not final.is_dir():
        return None
    backup = folder / f"{final.name}.replaced"
    os.replace(final, backup)
    return backup


def _restore(backups: list[tuple[Path, Path | None]]) -> None:
    for final, backup in backups:
        if backup is not None and not final.exists():
            os.replace(backup, final)


def _sync(path: Path) -> None:
    if path.is_dir():
        for child in path.rglob("*"):
            _sync_path(child)
    _sync_path(path)


def _sync_path(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

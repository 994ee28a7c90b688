"""Writing files so that a crash, a full disk or Ctrl-C leaves the old state or the new one."""

import contextlib
import hashlib
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
        moves: (staged, final) pairs on one disk; an existing final is replaced, all or none.

    Raises:
        ActnetError: the disk is full or not writable, or a file would replace a folder; finals
            that were there before stay.
    """
    try:
        for staged, final in moves:
            if final.is_dir() and not staged.is_dir():
                raise ActnetError(f"{final} is a folder; give the name of a file")
            _sync(staged)
        backups: list[tuple[Path, Path | None]] = []
        try:
            for staged, final in moves:
                backups.append((final, _back_up(final, staged.parent, len(moves) > 1)))
                os.replace(staged, final)
        except BaseException:
            _restore(backups, remove_new=len(moves) > 1)
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


def refuse_existing(path: Path, overwrite: bool) -> None:
    """Look before hours of work whether a result would replace a file.

    Raises:
        ActnetError: it would and must not, or a folder has its name.
    """
    if path.is_dir():
        raise ActnetError(f"{path} is a folder; give the name of a file")
    if path.exists() and not overwrite:
        raise ActnetError(f"{path} exists; give --overwrite to replace it, or another -o")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reason(error: OSError) -> str:
    """Return what the system says of an error, without number and path."""
    return error.strerror or str(error)


def _back_up(final: Path, folder: Path, of_several: bool) -> Path | None:
    """Keep what stands at `final`; None where nothing does, or where the rename is safe alone."""
    if not final.exists() or not (of_several or final.is_dir()):
        return None
    backup = Path(tempfile.mkdtemp(prefix=".replaced-", dir=folder)) / final.name
    if final.is_dir():
        os.replace(final, backup)  # A rename cannot replace a folder that holds something.
        return backup
    try:
        os.link(final, backup)
    except OSError:
        shutil.copy2(final, backup)  # Memory cards know no links.
    return backup


def _restore(backups: list[tuple[Path, Path | None]], remove_new: bool) -> None:
    for final, backup in backups:
        if backup is None and not remove_new:
            continue
        if final.is_dir():
            shutil.rmtree(final)
        if backup is not None:
            os.replace(backup, final)
        elif final.exists():
            final.unlink()


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

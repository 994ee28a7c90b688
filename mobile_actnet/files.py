"""Writing files so that a crash, a full disk or Ctrl-C leaves the old state or the new one."""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from mobile_actnet.errors import ActnetError

_STAGING = ".actnet-"
_REPLACED = ".replaced-"
_MOVES = ".moves.json"


def refuse_unwritable(folder: Path) -> None:
    """Say before minutes of work that their result could not be written; a missing folder is made.

    Raises:
        ActnetError: `folder` cannot be created or written.
    """
    with staging_folder(folder):
        pass


@contextlib.contextmanager
def staging_folder(parent: Path) -> Iterator[Path]:
    """Yield an empty hidden folder on the same disk as `parent`, removed on the way out.

    What killed processes left there is removed too: their folders are locked by nobody. Of several files that
    one of them was renaming, none was renamed afterwards.

    Raises:
        ActnetError: `parent` cannot be created or written.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        remove_stale(parent)
        folder, lock = _own_folder(parent)
    except OSError as error:
        raise ActnetError(f"cannot write to {parent}: {reason(error)}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


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
            refuse_special(final)
            _sync(staged)
        if len(moves) > 1:
            _note_moves(moves)
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
    remove_stale(path.parent)  # Of a process that was killed when the file was there already.
    if path.is_dir():
        raise ActnetError(f"{path} is a folder; give the name of a file")
    refuse_special(path)
    if path.exists() and not overwrite:
        raise ActnetError(f"{path} exists; give --overwrite to replace it, or another -o")


def refuse_special(path: Path) -> None:
    """Refuse to replace a device, a pipe or a socket: as root that would work."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise ActnetError(f"{path} is a device, a pipe or a socket; give the name of a file")


def open_regular(path: Path) -> BufferedReader:
    """Open a file of others for reading; a pipe or a device in its place would hang or never end.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    # Otherwise the opening itself waits for a pipe's writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return open(descriptor, "rb")


def read_regular(path: Path) -> bytes:
    """Return what is in a regular file; see `open_regular`."""
    with open_regular(path) as file:
        return file.read()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files.

    A folder's is that of one text: for each file in the order of their relative paths, the line
    "SHA-256 of the file, two spaces, relative path with slashes".
    """
    if not path.is_dir():
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    files = sorted(
        child.relative_to(path).as_posix() for child in path.rglob("*") if child.is_file()
    )
    lines = "".join(f"{sha256_of(path / name)}  {name}\n" for name in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def size_bytes(path: Path) -> int:
    """Return the size of a file, or of a folder's files together."""
    if not path.is_dir():
        return path.stat().st_size
    return sum(child.stat().st_size for child in path.rglob("*") if child.is_file())


def reason(error: OSError) -> str:
    """Return what the system says of an error, without number and path."""
    return error.strerror or str(error)


def _own_folder(parent: Path) -> tuple[Path, int | None]:
    """Make a staging folder and hold it; without a lock where the disk knows none."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_STAGING, dir=parent))
        # Before it is locked, another process may take it for one of a killed process.
        with contextlib.suppress(BlockingIOError, FileNotFoundError):
            lock = _locked(folder)
            if folder.exists():
                return folder, lock
            if lock is not None:
                os.close(lock)


def _locked(folder: Path) -> int | None:
    """Hold a folder for as long as this process lives; None where the disk knows no locks.

    Raises:
        BlockingIOError: another process holds it. OSError: it is no folder, or cannot be opened.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def remove_stale(parent: Path) -> None:
    """Remove our own staging folders whose processes have ended without doing so.

    `staging_folder` does so too; this is for commands that need none.
    """
    for folder in parent.glob(f"{_STAGING}*"):
        with contextlib.suppress(OSError):
            status = folder.lstat()
            if status.st_uid != os.geteuid():
                continue
            # An error for a link or a file too.
            lock = _locked(folder)
            if lock is not None:
                _undo_moves(folder)
                _restore_replaced(folder)
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _note_moves(moves: list[tuple[Path, Path]]) -> None:
    """Write down what is to be renamed, for `_undo_moves` of another process."""
    note = moves[0][0].parent / _MOVES
    note.write_text(
        json.dumps([[staged.name, final.name, *_inode(staged)] for staged, final in moves])
    )
    _sync(note)


def _undo_moves(folder: Path) -> None:
    """Take back the renames of a killed process that had done some of them and not all."""
    try:
        moves = [(folder / Path(a).name, folder.parent / Path(b).name, [dev, ino])
                 for a, b, dev, ino in json.loads((folder / _MOVES).read_bytes())]  # fmt: skip
    except (OSError, ValueError, TypeError):  # It came to no rename, or the note is not ours.
        return
    if any(os.path.lexists(staged) for staged, _, _ in moves):
        for staged, final, inode in moves:
            # Somebody may have put another file there meanwhile.
            if not os.path.lexists(staged) and os.path.lexists(final) and _inode(final) == inode:
                os.replace(final, staged)


def _inode(path: Path) -> list[int]:
    status = path.lstat()
    return [status.st_dev, status.st_ino]


def _restore_replaced(folder: Path) -> None:
    """Give back what a killed process had moved away and not yet replaced."""
    for backup in folder.glob(f"{_REPLACED}*/*"):
        final = folder.parent / backup.name
        if not os.path.lexists(final):
            os.replace(backup, final)


def _back_up(final: Path, folder: Path, of_several: bool) -> Path | None:
    """Keep what stands at `final`; None where nothing does, or where the rename is safe alone."""
    if not final.exists() or not (of_several or final.is_dir()):
        return None
    backup = Path(tempfile.mkdtemp(prefix=_REPLACED, dir=folder)) / final.name
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

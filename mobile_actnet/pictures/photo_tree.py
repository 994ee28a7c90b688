"""All pictures below a folder, with size and time, one at a time.

Links are followed, to files and to folders, and a folder that was seen is not entered again: loops
end. What cannot be looked at is reported and never stops the walk.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mobile_actnet.errors import ActnetError
from mobile_actnet.files import reason
from mobile_actnet.pictures.photos import PICTURE_SUFFIXES


@dataclass(frozen=True)
class FoundPhoto:
    """A picture file.

    Attributes:
        path: relative to the folder, with slashes.
        size_bytes, mtime_ns: of the file that a link leads to.
    """

    path: str
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True)
class LostPath:
    """A picture or folder that cannot be looked at.

    Attributes:
        path: relative to the folder, with slashes; bytes that are no UTF-8 are written as \\xNN.
        reason: what the system says.
        folder: whether pictures may lie below it.
    """

    path: str
    reason: str
    folder: bool


def walk_photos(folder: Path) -> Iterator[FoundPhoto | LostPath]:
    """Yield what lies below a folder in the order of names; hidden files are left out.

    Raises:
        ActnetError: no such folder, or it cannot be read.
    """
    if not folder.is_dir():
        raise ActnetError(f"{folder} is not a folder; give a folder of pictures")
    try:
        status = folder.stat()
        os.scandir(folder).close()
    except OSError as error:
        raise ActnetError(f"{folder} cannot be read: {reason(error)}") from error
    seen = {(status.st_dev, status.st_ino)}
    # A stack rather than recursion: paths may be two thousand folders deep.
    stack = [_entries(folder, "")]
    while stack:
        entry = next(stack[-1], None)
        if entry is None:
            stack.pop()
        elif isinstance(entry, FoundPhoto | LostPath):
            yield entry
        elif entry.identity not in seen:
            seen.add(entry.identity)
            stack.append(_entries(folder, entry.path))


@dataclass(frozen=True)
class _Folder:
    path: str
    identity: tuple[int, int]


def _entries(top: Path, path: str) -> Iterator[FoundPhoto | LostPath | _Folder]:
    """Yield what lies directly in a folder, in the order of names."""
    place = os.path.join(top, path)
    try:
        with os.scandir(place) as found:
            names = sorted(entry.name for entry in found if not entry.name.startswith("."))
    except OSError as error:
        yield LostPath(_text(path), reason(error), folder=True)
        return
    for name in names:
        entry = _look(os.path.join(place, name), f"{path}/{name}" if path else name)
        if entry is not None:
            yield entry


def _look(full: str, path: str) -> FoundPhoto | LostPath | _Folder | None:
    is_picture = os.path.splitext(path)[1].lower() in PICTURE_SUFFIXES
    try:
        status = os.stat(full)
    except OSError as error:
        # A link that leads nowhere may stand for a folder on a disk that is not there now.
        return LostPath(_text(path), reason(error), folder=not is_picture)
    if stat.S_ISDIR(status.st_mode):
        return _Folder(path, (status.st_dev, status.st_ino))
    return _photo(path, status) if is_picture else None


def _photo(path: str, status: os.stat_result) -> FoundPhoto | LostPath:
    if not stat.S_ISREG(status.st_mode):
        return LostPath(_text(path), "is not a regular file", folder=False)
    if _text(path) != path:
        return LostPath(_text(path), "has a name that is not UTF-8; rename it", folder=False)
    return FoundPhoto(path, status.st_size, status.st_mtime_ns)


def _text(path: str) -> str:
    """Return a path as text that can be stored and printed."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")

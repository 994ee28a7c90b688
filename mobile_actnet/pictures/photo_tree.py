"""All pictures below a folder, with size and time, one at a time: the one walk over photos.

A picture is a regular file with a picture's suffix, or without any suffix and with a picture's
content; pipes and devices are reported and never opened. Links to files are followed, and links to
folders inside the folder; a link to a folder elsewhere is reported, and followed only where asked:
one `loop -> ..` would bring in all the neighbours. A folder that was seen is not entered again.
What cannot be looked at is reported and never stops the walk.
"""

import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mobile_actnet.errors import ActnetError
from mobile_actnet.files import reason
from mobile_actnet.pictures.formats import HEAD_BYTES, PICTURE_SUFFIXES, format_of

NO_SUFFIX = "no suffix"
_LARGEST_NS = 2**63 - 1


@dataclass(frozen=True)
class FoundPhoto:
    """A picture file.

    Attributes:
        path: relative to the folder, with slashes.
        size_bytes, mtime_ns: of the file that a link leads to; the time within 64 bits.
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


@dataclass(frozen=True)
class WalkOptions:
    """How a folder is walked.

    Attributes:
        follow_links: enter folders outside that a link leads to.
        any_name: also yield pictures whose names are not UTF-8, which no gallery can store.
    """

    follow_links: bool = False
    any_name: bool = False


def walk_photos(
    folder: Path, options: WalkOptions | None = None, left_out: Counter[str] | None = None
) -> Iterator[FoundPhoto | LostPath]:
    """Yield what lies below a folder in the order of names; hidden files are left out.

    Args:
        left_out: counts the files that are no pictures, by suffix in lower case.

    Raises:
        ActnetError: no such folder, or it cannot be read.
    """
    if not folder.is_dir():
        raise ActnetError(f"{folder} is not a folder; give a folder of pictures")
    try:
        status = folder.stat()
        os.scandir(folder).close()
        walk = _Walk(
            os.fspath(folder), os.path.realpath(folder), options or WalkOptions(),
            Counter() if left_out is None else left_out,
        )  # fmt: skip
    except OSError as error:
        raise ActnetError(f"{folder} cannot be read: {reason(error)}") from error
    seen = {(status.st_dev, status.st_ino)}
    # A stack rather than recursion: paths may be two thousand folders deep.
    stack = [walk.entries("")]
    while stack:
        entry = next(stack[-1], None)
        if entry is None:
            stack.pop()
        elif isinstance(entry, FoundPhoto | LostPath):
            yield entry
        elif entry.identity not in seen:
            seen.add(entry.identity)
            stack.append(walk.entries(entry.path))


@dataclass(frozen=True)
class _Folder:
    path: str
    identity: tuple[int, int]


@dataclass(frozen=True)
class _Walk:
    top: str
    real_top: str
    options: WalkOptions
    left_out: Counter[str]

    def entries(self, path: str) -> Iterator[FoundPhoto | LostPath | _Folder]:
        """Yield what lies directly in a folder, in the order of names."""
        place = os.path.join(self.top, path)
        try:
            with os.scandir(place) as scanned:
                names = sorted(entry.name for entry in scanned if not entry.name.startswith("."))
        except OSError as error:
            yield LostPath(_text(path), reason(error), folder=True)
            return
        for name in names:
            entry = self._look(os.path.join(place, name), f"{path}/{name}" if path else name)
            if entry is not None:
                yield entry

    def _look(self, full: str, path: str) -> FoundPhoto | LostPath | _Folder | None:
        suffix = os.path.splitext(path)[1].lower()
        try:
            status = os.stat(full)
        except OSError as error:
            # A link that leads nowhere may stand for a folder on a disk that is not there now.
            return LostPath(_text(path), reason(error), folder=suffix not in PICTURE_SUFFIXES)
        if stat.S_ISDIR(status.st_mode):
            return self._folder(full, path, status)
        if suffix in PICTURE_SUFFIXES or (not suffix and _is_picture(full, status)):
            return self._photo(path, status)
        self.left_out[_text(suffix) or NO_SUFFIX] += 1
        return None

    def _folder(self, full: str, path: str, status: os.stat_result) -> LostPath | _Folder:
        if not self.options.follow_links and os.path.islink(full):
            real = os.path.realpath(full)
            if os.path.commonpath((real, self.real_top)) != self.real_top:
                problem = f"is a link out of the folder, to {_text(real)}, and is not followed"
                return LostPath(_text(path), problem, folder=True)
        return _Folder(path, (status.st_dev, status.st_ino))

    def _photo(self, path: str, status: os.stat_result) -> FoundPhoto | LostPath:
        if not stat.S_ISREG(status.st_mode):
            return LostPath(_text(path), "is not a regular file", folder=False)
        if _text(path) != path and not self.options.any_name:
            problem = "has a name that is not UTF-8; rename it"
            return LostPath(_text(path), problem, folder=False)
        # Galleries store 64 bits; a camera without a battery sets years like 2300.
        mtime_ns = max(-_LARGEST_NS - 1, min(status.st_mtime_ns, _LARGEST_NS))
        return FoundPhoto(path, status.st_size, mtime_ns)


def _is_picture(full: str, status: os.stat_result) -> bool:
    """Look into a file whose name does not tell what it is."""
    if not stat.S_ISREG(status.st_mode):
        return False
    try:
        with open(full, "rb") as file:
            return format_of(file.read(HEAD_BYTES)) is not None
    except OSError:
        return False


def _text(path: str) -> str:
    """Return a path as text that can be stored and printed."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")

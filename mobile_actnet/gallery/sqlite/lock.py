"""One writer for each gallery: the second learns who holds it.

The lock is the system's (`flock`) on a file beside the gallery, so that it ends with its holder,
however that ends. The file says who holds it and is removed by the holder. A link, or a file that
says something else, is not ours and is left as it is.
"""

import contextlib
import errno
import fcntl
import os
import re
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from mobile_actnet.errors import GalleryError
from mobile_actnet.files import reason

_HOLDER = re.compile(rb"process \d+ on [^\n]* since [-\d: ]*")
_MEND = "the gallery's lock needs this name; move it away"
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


@contextlib.contextmanager
def only_writer(gallery: Path) -> Iterator[None]:
    """Hold the right to write a gallery.

    Raises:
        GalleryError: another process holds it, the folder cannot be written, or a file with the
            lock's name is something else.
    """
    path = gallery.with_name(gallery.name + ".lock")
    descriptor = _acquire(path, gallery)
    try:
        yield
    finally:
        # Unlinked while it is held: whoever waits for this very file notices and opens anew.
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(descriptor)


def _acquire(path: Path, gallery: Path) -> int:
    try:
        while True:
            descriptor = os.open(path, _FLAGS, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _check_ours(path, descriptor)
                if _is(path, descriptor):
                    os.ftruncate(descriptor, 0)
                    os.write(descriptor, _holder().encode())
                    return descriptor
            except GalleryError:
                os.close(descriptor)
                raise
            except BlockingIOError as error:
                holder = os.pread(descriptor, 1000, 0).decode(errors="replace") or "another process"
                os.close(descriptor)
                raise GalleryError(
                    f"{gallery} is being written by {holder}; wait for it, or stop it"
                ) from error
            os.close(descriptor)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise GalleryError(f"{path} is a link; {_MEND}") from error
        raise GalleryError(f"{path} cannot be written: {reason(error)}") from error


def _check_ours(path: Path, descriptor: int) -> None:
    """Refuse what is no lock, rather than write into it and remove it."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise GalleryError(f"{path} is not a regular file; {_MEND}")
    content = os.pread(descriptor, 1000, 0)
    if content and not _HOLDER.fullmatch(content):
        raise GalleryError(f"{path} does not hold a lock; {_MEND}")


def _is(path: Path, descriptor: int) -> bool:
    """Tell whether the open file still has its name."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _holder() -> str:
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime())
    return f"process {os.getpid()} on {socket.gethostname()} since {since}"

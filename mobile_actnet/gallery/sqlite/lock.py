"""One writer for each gallery: the second is told who holds it.

The lock is the system's (`flock`) on a file beside the gallery, so that it ends with its holder,
however that ends. The file says who holds it and is removed by the holder.
"""

import contextlib
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from mobile_actnet.errors import GalleryError
from mobile_actnet.files import reason


@contextlib.contextmanager
def only_writer(gallery: Path) -> Iterator[None]:
    """Hold the right to write a gallery.

    Raises:
        GalleryError: another process holds it, or the folder cannot be written.
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
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is(path, descriptor):
                    os.ftruncate(descriptor, 0)
                    os.write(descriptor, _holder().encode())
                    return descriptor
            except BlockingIOError as error:
                told = os.pread(descriptor, 1000, 0).decode(errors="replace") or "another process"
                os.close(descriptor)
                raise GalleryError(
                    f"{gallery} is being written by {told}; wait for it, or stop it"
                ) from error
            os.close(descriptor)
    except OSError as error:
        raise GalleryError(f"{path} cannot be written: {reason(error)}") from error


def _is(path: Path, descriptor: int) -> bool:
    """Tell whether the open file still has its name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _holder() -> str:
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime())
    return f"process {os.getpid()} on {socket.gethostname()} since {since}"

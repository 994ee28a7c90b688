"""Copying a picture from an object store to a disk of this machine."""

import time
from pathlib import Path

from mobile_actnet.cluster.places import filesystem_of, inside, store_errors

_TRIES, _FIRST_PAUSE_S = 4, 0.5


def fetch(root: str, path: str, target: Path) -> int:
    """Copy what lies at a path below a prefix; networks get a few tries.

    Args:
        target: is there whole or not at all; its folder is made.

    Returns:
        the size in bytes.

    Raises:
        FileNotFoundError: there is nothing.
        OSError: the store does not answer, or the disk is full.
    """
    system, place = filesystem_of(inside(root, path))
    pause_s = _FIRST_PAUSE_S
    for attempt in range(_TRIES):
        try:
            with system.open_input_stream(place) as stream:
                content = stream.read()
            break
        except FileNotFoundError:
            raise
        except store_errors() as error:
            if attempt + 1 == _TRIES:
                raise OSError(str(error)) from error
            time.sleep(pause_s)
            pause_s *= 2
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = target.with_name(f".{target.name[-200:]}.part")
    staged.write_bytes(content)
    staged.replace(target)
    return len(content)

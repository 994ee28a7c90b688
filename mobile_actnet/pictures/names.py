"""Names of files: two spellings of an accented letter are one name.

A Mac spells "ü" as two characters (NFD), everything else as one (NFC); a list written on one and
photos copied from the other must still meet.
"""

import functools
import os
import unicodedata


def composed(name: str) -> str:
    """Return a name in the spelling that is compared (NFC)."""
    return unicodedata.normalize("NFC", name)


def find_spelling(folder: str, path: str) -> str:
    """Return a path below a folder as the disk spells it; as it is where nothing fits.

    Args:
        path: relative to the folder, or absolute.
    """
    if path.isascii() or os.path.exists(os.path.join(folder, path)):
        return path
    spelled, place = [], folder
    for part in path.split("/"):
        if not os.path.lexists(os.path.join(place, part)):
            part = _by_composed_name(place).get(composed(part), part)
        spelled.append(part)
        place = os.path.join(place, part)
    return "/".join(spelled)


@functools.lru_cache(maxsize=64)
def _by_composed_name(folder: str) -> dict[str, str]:
    try:
        return {composed(name): name for name in os.listdir(folder) if not name.isascii()}
    except OSError:
        return {}

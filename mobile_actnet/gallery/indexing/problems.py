"""What of a folder could not be read, in lines for people; all of it is in the gallery's table."""

from itertools import islice
from pathlib import Path

from mobile_actnet.commands import command_line, one_line
from mobile_actnet.errors import ActnetError
from mobile_actnet.gallery.sqlite.reader import GalleryReader

_SHOWN = 20


def problem_lines(gallery: Path) -> list[str]:
    """Return a line for each of the first photos and folders that could not be read, and one for the rest."""
    with GalleryReader(gallery) as reader:
        problems = list(reader.problems())
    lines = [f"skipped: {one_line(path)}: {one_line(reason)}" for path, reason in problems[:_SHOWN]]
    if more := problems[_SHOWN:]:
        command = command_line("actnet-index", "info", gallery)
        lines.append(f"skipped: {len(more)} more; list all: {command}")
    return lines


def nothing_read(gallery: Path, photos: Path) -> ActnetError:
    """Return the error of a folder in which no picture at all can be read."""
    with GalleryReader(gallery) as reader:
        first = [f": {path}: {reason}" for path, reason in islice(reader.problems(), 1)]
    return ActnetError(f"none of the pictures in {photos} can be read; the first{''.join(first)}")

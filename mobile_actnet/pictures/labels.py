"""Labels of photos: from a CSV file, or from the folders they lie in."""

import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path

from mobile_actnet.errors import ActnetError
from mobile_actnet.pictures.tables import column_names, read_table

FOLDER = "folder"


def labels_from_csv(file: Path) -> Iterator[tuple[str, str]]:
    """Yield path and label from a CSV with the columns `path` and `label` (or `instance`).

    Paths are relative to the folder of photos, with slashes.

    Raises:
        ActnetError: missing, not such a CSV, or a field is empty.
    """
    if not file.is_file():
        raise ActnetError(f"{file} is not a file; give a CSV with path,label, or the word {FOLDER}")
    names = column_names(file)
    column = "instance" if "instance" in names and "label" not in names else "label"
    for _, row in read_table(file, "path", column):
        yield posixpath.normpath(row["path"]), row[column]


def labels_from_folders(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield path and name of the folder for each photo that lies in one."""
    for path in paths:
        folder = posixpath.basename(posixpath.dirname(path))
        if folder:
            yield path, folder

"""Where a build writes: a dataset that is new, was begun, or replaces another.

On a disk a dataset that replaces another is built beside it (shop.new.lance), and gets its name once
it is finished; a build that was killed goes on there. An object store renames nothing: there the old
dataset goes at the start.
"""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from mobile_actnet.cluster.dataset_format import (
    DatasetSettings,
    find_table,
    lance_reason,
    problem_schema,
    problems_of,
    read_settings,
)
from mobile_actnet.cluster.places import beside, is_remote
from mobile_actnet.errors import ActnetError, GalleryError

if TYPE_CHECKING:
    import lance


def begun(
    address: str, settings: DatasetSettings, overwrite: bool
) -> tuple[str, "lance.LanceDataset"]:
    """Open a dataset that was begun, or begin one.

    Args:
        overwrite: whether one that stands there is to be replaced.

    Returns:
        the address that is written, which is another one where a dataset is replaced; its table.

    Raises:
        GalleryError: something else stands there, or a dataset that was made with other settings.
        ActnetError: it cannot be written.
    """
    table = find_table(address)
    if table is None:
        _refuse_other(address)
    elif not overwrite:
        other = settings.difference(read_settings(address, table))
        if other is not None:
            raise GalleryError(
                f"{address} exists, and was made with {other}; give the same again, or build it "
                "again with --overwrite"
            )
        return address, table
    else:
        read_settings(address, table)  # Another program's table is not overwritten.
    if not overwrite or is_remote(address):
        return address, _empty(address, settings)
    place = beside(address, "new")
    staged = find_table(place)
    if staged is not None and settings.difference(read_settings(place, staged)) is None:
        return place, staged
    if table is None:
        return address, _empty(address, settings)
    return place, _empty(place, settings)


def finished(address: str, written: str) -> None:
    """Give a dataset that replaces another its name, and remove the other.

    Raises:
        ActnetError: it cannot be renamed.
    """
    if written == address:
        return
    try:
        for name, new in ((address, written), (problems_of(address), problems_of(written))):
            old = beside(name, "old")
            shutil.rmtree(old, ignore_errors=True)
            if Path(name).exists():
                os.rename(name, old)
            os.rename(new, name)
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise ActnetError(
            f"{written} cannot be renamed to {address}: {error.strerror}; run the same command again"
        ) from error


def _empty(address: str, settings: DatasetSettings) -> "lance.LanceDataset":
    import lance

    empty = problem_schema()
    try:
        lance.write_dataset(
            empty.empty_table(), problems_of(address), schema=empty, mode="overwrite"
        )
        schema = settings.schema()
        return lance.write_dataset(schema.empty_table(), address, schema=schema, mode="overwrite")
    except (OSError, ValueError) as error:
        raise ActnetError(f"{address} cannot be written: {lance_reason(error)}") from error


def _refuse_other(address: str) -> None:
    path = Path(address)
    if not is_remote(address) and path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise GalleryError(f"{address} is not a dataset; give another -o")

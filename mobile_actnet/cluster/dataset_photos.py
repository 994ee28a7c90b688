"""A dataset as a folder of photos, for training and evaluation.

The folder lies in the user's cache and holds a manifest.csv. Pictures of a disk stay where they are;
those of an object store are copied beside it once.
"""

import csv
import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mobile_actnet.cluster.extra import SEARCHING, require
from mobile_actnet.cluster.fetching import fetch
from mobile_actnet.cluster.lance_reader import LanceReader
from mobile_actnet.cluster.places import check_dataset_name, is_dataset, is_remote
from mobile_actnet.errors import ActnetError
from mobile_actnet.files import write_atomically
from mobile_actnet.pictures.photos import MANIFEST_NAME

_FETCHES_AT_ONCE = 16
_ROLE = "role"


def data_folders(addresses: list[Path | str], role: str = "", progress: bool = False) -> list[Path]:
    """Return a folder of photos for each source: folders as they are, datasets through the cache.

    Args:
        role: of pictures whose items have no field `role`.

    Raises:
        ActnetError: an address is neither, or a picture cannot be fetched.
    """
    return [
        _folder_of(address, role, progress) if is_dataset(address) else _own(address)
        for address in addresses
    ]


def _own(address: Path | str) -> Path:
    if is_remote(address):
        raise ActnetError(
            f"{address} is not a dataset; make one with actnet-index build --engine ray, or give a folder"
        )
    return Path(address)


def _folder_of(address: Path | str, role: str, progress: bool) -> Path:
    require(SEARCHING)
    reader = LanceReader(check_dataset_name(address))
    columns = ["path", "label", "item", "size_bytes"]
    has_roles = _ROLE in reader.settings.item_columns
    table = reader.table.to_table(columns=[*columns, _ROLE] if has_roles else columns)
    rows = table.sort_by("path").to_pylist()
    root, name = reader.info.photos_path, Path(str(address)).name
    folder = _cache() / reader.info.uuid / name
    if is_remote(root):
        _fetch_all(root, rows, folder, progress)
        places = [row["path"] for row in rows]
    else:
        places = [os.path.join(root, row["path"]) for row in rows]
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(("path", "instance", "role"))
    for row, place in zip(rows, places, strict=True):
        shown = row["item"] or row["label"] or row["path"]
        writer.writerow((place, shown, (row[_ROLE] if has_roles else None) or role))
    write_atomically(folder / MANIFEST_NAME, lines.getvalue().encode())
    return folder


def _fetch_all(root: str, rows: list[dict[str, Any]], folder: Path, progress: bool) -> None:
    def bring(row: dict[str, Any]) -> None:
        target = folder / row["path"]
        if not target.is_file() or target.stat().st_size != row["size_bytes"]:
            fetch(root, row["path"], target)

    with ThreadPoolExecutor(_FETCHES_AT_ONCE) as pool:
        waiting = pool.map(bring, rows)
        bar = tqdm(waiting, total=len(rows), unit="photo", disable=not progress, leave=False)
        try:
            for _ in bar:
                pass
        except OSError as error:
            raise ActnetError(f"a picture of {root} cannot be fetched: {error}") from error


def _cache() -> Path:
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "mobile-actnet"

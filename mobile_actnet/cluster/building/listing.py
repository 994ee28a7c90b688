"""What is to be described: a folder, a prefix of an object store, or a list of addresses.

Whatever the source is, it becomes a root and paths below it, in the order of their bytes: the order
in which an embedded gallery numbers its pictures.
"""

import os
import posixpath
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobile_actnet.cluster.places import (
    filesystem_of,
    inside,
    is_remote,
    store_errors,
    store_reason,
    time_ns,
)
from mobile_actnet.errors import ActnetError
from mobile_actnet.gallery.sqlite.writer import BrokenPhoto
from mobile_actnet.pictures.formats import PICTURE_SUFFIXES
from mobile_actnet.pictures.photo_tree import NO_SUFFIX, LostPath, WalkOptions, walk_photos
from mobile_actnet.pictures.photos import tell_left_out

if TYPE_CHECKING:
    import pyarrow as pa

LIST_SUFFIXES = (".csv", ".parquet")
_DELIMITERS = ",;\t"
_UNSTORABLE = "has a name that leads out of its folder; rename it"


@dataclass(frozen=True)
class Listing:
    """What a source holds.

    Attributes:
        root: folder or prefix that all paths are relative to.
        photos: (N rows) path, size_bytes and mtime_ns, which are null where nobody has looked yet;
            a list's other columns behind them. In the order of paths.
        lost: what cannot be described, with the reason.
        left_out: how many files were taken for no pictures, by suffix.
    """

    root: str
    photos: "pa.Table"
    lost: list[BrokenPhoto] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def columns(self) -> list[str]:
        """Return the names of a list's other columns."""
        return [name for name in self.photos.column_names if name not in _OWN]


_OWN = ("path", "size_bytes", "mtime_ns")


def list_source(source: str | Path, follow_links: bool = False) -> Listing:
    """List the pictures of a source.

    Args:
        source: a folder; an address such as s3://bucket/photos; or a .csv or .parquet file of either
            kind with a column `path`.

    Raises:
        ActnetError: it is not there, cannot be read, or holds no picture.
    """
    if str(source).lower().endswith(LIST_SUFFIXES):
        listing = _from_list(str(source))
    elif is_remote(source):
        listing = _from_prefix(str(source))
    else:
        listing = _from_folder(Path(source), follow_links)
    if not listing.photos.num_rows:
        addition = f"; skipped: {tell_left_out(listing.left_out)}" if listing.left_out else ""
        raise ActnetError(
            f"{source} holds no pictures ({', '.join(sorted(PICTURE_SUFFIXES))}){addition}"
        )
    return listing


def _from_folder(folder: Path, follow_links: bool) -> Listing:
    left_out, lost = Counter[str](), []
    rows = []
    for entry in walk_photos(folder, WalkOptions(follow_links), left_out):
        if isinstance(entry, LostPath):
            lost.append(BrokenPhoto(entry.path, entry.reason))
        else:
            rows.append((entry.path, entry.size_bytes, entry.mtime_ns))
    return Listing(os.fspath(folder.absolute()), _table(rows), lost, dict(left_out))


def _from_prefix(prefix: str) -> Listing:
    from pyarrow import fs

    system, top = filesystem_of(prefix)
    left_out, lost = Counter[str](), []
    rows = []
    try:
        entries = system.get_file_info(fs.FileSelector(top, recursive=True))
    except store_errors() as error:
        raise ActnetError(f"{prefix} cannot be read: {store_reason(prefix, error)}") from error
    for info in entries:
        path = info.path[len(top) :].lstrip("/")
        if info.type is not fs.FileType.File or _hidden(path):
            continue
        suffix = posixpath.splitext(path)[1].lower()
        if suffix not in PICTURE_SUFFIXES:
            left_out[suffix or NO_SUFFIX] += 1
        elif not _storable(path):
            lost.append(BrokenPhoto(path, _UNSTORABLE))
        else:
            rows.append((path, info.size, time_ns(info.mtime)))
    return Listing(prefix, _table(rows), lost, dict(left_out))


def _from_list(file: str) -> Listing:
    import pyarrow as pa

    table = _read_list(file)
    if "path" not in table.column_names:
        raise ActnetError(f"{file} has no column path; it has {', '.join(table.column_names)}")
    own = sorted(set(_OWN[1:]) & set(table.column_names))
    if own:
        raise ActnetError(f"{file}: the dataset itself has a column {own[0]}; rename that one")
    names = table.column("path").cast(pa.string()).to_pylist()
    if not all(names):
        raise ActnetError(f"{file}: a path is empty; fill it in")
    addresses = [_absolute(name, file) for name in names]
    twice = [address for address, count in Counter(addresses).items() if count > 1]
    if twice:
        raise ActnetError(f"{file} lists {twice[0]} twice; keep one line for each picture")
    root = _common(file, addresses)
    paths = [address[len(root) :].lstrip("/") for address in addresses]
    empty = pa.nulls(len(paths), pa.int64())
    columns = {"path": pa.array(paths, pa.string()), "size_bytes": empty, "mtime_ns": empty}
    columns |= {
        name: table.column(name).cast(pa.string()) for name in table.column_names if name != "path"
    }
    photos = pa.table(columns).sort_by("path")
    wrong = [path for path in paths if not _storable(path)]
    if wrong:
        raise ActnetError(f"{file}: {wrong[0]!r} leads out of its folder; mend or remove the line")
    return Listing(root, photos)


def _read_list(file: str) -> "pa.Table":
    import pyarrow as pa
    from pyarrow import csv, parquet

    system, path = filesystem_of(file)
    try:
        if file.lower().endswith(".parquet"):
            return parquet.read_table(path, filesystem=system)
        with system.open_input_stream(path) as stream:
            names = _first_line(stream)
        delimiter = max(_DELIMITERS, key=names.count)
        with system.open_input_stream(path) as stream:
            return csv.read_csv(
                stream,
                parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
                convert_options=csv.ConvertOptions(
                    column_types={
                        name.strip().strip('"'): pa.string() for name in names.split(delimiter)
                    },
                    strings_can_be_null=False,
                ),
            )
    except store_errors() as error:
        sentence = f"{file} cannot be read as a list: {store_reason(file, error)}"
        raise ActnetError(sentence) from error


def _first_line(stream: Any) -> str:
    head = bytes(stream.read(65536)).partition(b"\n")[0]
    return head.decode("utf-8-sig").strip()


def _absolute(name: str, file: str) -> str:
    if is_remote(name):
        return name
    if is_remote(file):
        return inside(posixpath.dirname(file), name)
    return os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(file)), name))


def _common(file: str, addresses: list[str]) -> str:
    """Return the longest folder or prefix that all addresses lie in."""
    first, last = min(addresses), max(addresses)
    shared = posixpath.dirname(first)
    while shared and not (last + "/").startswith(shared.rstrip("/") + "/"):
        above = posixpath.dirname(shared)
        if above == shared or above.endswith(":"):
            raise ActnetError(
                f"{file} lists {first} and {last}, which lie in two stores; give one list for each store"
            )
        shared = above
    return shared or "/"


def _table(rows: list[tuple[str, int, int]]) -> "pa.Table":
    import pyarrow as pa

    rows.sort()
    paths, sizes, times = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table(
        {
            "path": pa.array(paths, pa.string()),
            "size_bytes": pa.array(sizes, pa.int64()),
            "mtime_ns": pa.array(times, pa.int64()),
        }
    )


def _hidden(path: str) -> bool:
    return any(part.startswith(".") and part not in (".", "..") for part in path.split("/"))


def _storable(path: str) -> bool:
    return "\0" not in path and not {"", ".", ".."} & set(path.split("/"))

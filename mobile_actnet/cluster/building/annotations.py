"""What is known of pictures beside their pixels: labels, items and their fields, as columns."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from mobile_actnet.cluster.building.listing import Listing
from mobile_actnet.errors import ConfigError
from mobile_actnet.gallery.sqlite.writer import as_spelled
from mobile_actnet.pictures.items import Catalogue, Fields, Item, read_items
from mobile_actnet.pictures.labels import FOLDER, labels_from_csv, labels_from_folders

if TYPE_CHECKING:
    import pyarrow as pa

_OF_LISTS = ("label", "item")
COLUMNS = ("label", "item", "item_fields")


def annotated(
    listing: Listing, labels: str | Path | None, items: str | Path | None
) -> tuple["pa.Table", tuple[str, ...]]:
    """Put labels and items beside the paths of a listing.

    Args:
        labels: a CSV with path,label; `folder` for the folders' names; None for none.
        items: a CSV with items; None for none. A list brings its own in its columns.

    Returns:
        path, size_bytes, mtime_ns, label, item, item_fields (JSON, all languages), and a column for
        each field of the items; the names of the latter.

    Raises:
        ActnetError: a file cannot be used, or both the list and a CSV say what is shown.
    """
    import pyarrow as pa

    photos, paths = listing.photos, listing.photos.column("path").to_pylist()
    catalogue = _of_list(listing, paths)
    if items is not None:
        if catalogue.pictures:
            raise ConfigError("the list has columns for items already; leave out --items")
        known = read_items(Path(items))
        catalogue = Catalogue(known.items, as_spelled(known.pictures, set(paths)))
    label_of = dict(catalogue.labels())
    if "label" in listing.columns():
        if labels is not None:
            raise ConfigError("the list has a column label already; leave out --labels")
        label_of = {
            path: label
            for path, label in zip(paths, photos.column("label").to_pylist(), strict=True)
            if label
        }
    elif labels is not None:
        pairs = labels_from_folders(paths) if labels == FOLDER else labels_from_csv(Path(labels))
        label_of = as_spelled(dict(pairs), set(paths))
    names = tuple(dict.fromkeys(name for item in catalogue.items.values() for name in _names(item)))
    shown = [catalogue.items.get(catalogue.pictures.get(path, "")) for path in paths]
    columns: dict[str, list[str | None]] = {
        "label": [label_of.get(path) for path in paths],
        "item": [item.name if item else None for item in shown],
        "item_fields": [
            json.dumps(item.fields, ensure_ascii=False) if item else None for item in shown
        ],
    }
    for name in names:
        own = photos.column(name).to_pylist() if name in listing.columns() else [None] * len(paths)
        # A line of a list tells of its own picture first: two pictures of an item differ in role.
        columns[name] = [
            value or (first_value(item.fields, name) if item else None)
            for value, item in zip(own, shown, strict=True)
        ]
    table = photos.select(["path", "size_bytes", "mtime_ns"])
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values, pa.string()))
    return table, names


def first_value(fields: Fields, name: str) -> str | None:
    """Return a field in the first language that has it."""
    return next((values[name] for values in fields.values() if values.get(name)), None)


def _names(item: Item) -> list[str]:
    return [name for values in item.fields.values() for name in values]


def _of_list(listing: Listing, paths: list[str]) -> Catalogue:
    """Read the items that the other columns of a list tell of, in one language without a name."""
    names = [name for name in listing.columns() if name not in _OF_LISTS]
    has_items = "item" in listing.columns()
    if not names and not has_items:
        return Catalogue({}, {})
    columns = {name: listing.photos.column(name).to_pylist() for name in names}
    which = listing.photos.column("item").to_pylist() if has_items else paths
    items: dict[str, Item] = {}
    pictures: dict[str, str] = {}
    for row, path in enumerate(paths):
        name = which[row] or path
        pictures[path] = name
        known = items.setdefault(name, Item(name)).fields.setdefault("", {})
        for column in names:
            if columns[column][row]:
                known.setdefault(column, columns[column][row])
    return Catalogue(items, pictures)

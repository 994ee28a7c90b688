"""A gallery for phones, cut from a dataset: the same bytes as one that was made directly."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mobile_actnet.cluster.dataset_format import bound_model, lance_reason
from mobile_actnet.cluster.extra import SEARCHING, require
from mobile_actnet.cluster.lance_reader import LanceReader, item_of
from mobile_actnet.cluster.picture_rows import GALLERY_COLUMNS, described_rows
from mobile_actnet.cluster.places import check_dataset_name, is_remote
from mobile_actnet.errors import ConfigError, GalleryError
from mobile_actnet.files import put_in_place, refuse_existing, staging_folder
from mobile_actnet.gallery.indexing.indexer import check_gallery_name
from mobile_actnet.gallery.sqlite.changes import list_labels, list_photos
from mobile_actnet.gallery.sqlite.lock import only_writer
from mobile_actnet.gallery.sqlite.schema import looks_like_gallery, remove_journal
from mobile_actnet.gallery.sqlite.writer import GallerySettings, GalleryWriter, create
from mobile_actnet.pictures.items import Catalogue, Item

_ROWS_AT_ONCE = 512
_COLUMNS = [*GALLERY_COLUMNS, "label", "item", "item_fields"]


@dataclass(frozen=True)
class CutReport:
    """What a cut did: pictures and items in the gallery, and pictures that the filter chose."""

    gallery: Path
    pictures: int
    items: int
    chosen: int


def cut_gallery(
    dataset: str | Path, output: Path, where: str | None = None, limit: int | None = None,
    overwrite: bool = False, progress: bool = False,
) -> CutReport:  # fmt: skip
    """Write the pictures that a filter chooses into a gallery for apps.

    Args:
        where: SQL on the dataset's columns, such as "museum = 'X'"; None for all.
        limit: pictures at most, the first in the order of their numbers.

    Raises:
        ActnetError: the filter cannot be used or chooses nothing, or the gallery cannot be written.
    """
    require(SEARCHING)
    if limit is not None and limit < 1:
        raise ConfigError(f"--limit is {limit}; it must be 1 or more")
    output = Path(os.path.realpath(output))
    check_gallery_name(output)
    refuse_existing(output, overwrite)
    if output.exists() and not looks_like_gallery(output):
        raise GalleryError(f"{output} is not a gallery; --overwrite replaces only galleries")
    with LanceReader(check_dataset_name(dataset)) as reader:
        ids = chosen_ids(reader, where)
        if not ids:
            raise GalleryError(f"{dataset} holds no picture" + (f" with {where}" if where else ""))
        cut = ids[:limit]
        with only_writer(output), staging_folder(output.parent) as staging:
            staged = staging / output.name
            items = _write(reader, cut, staged, output, progress)
            remove_journal(output)
            put_in_place([(staged, output)])
    return CutReport(output, len(cut), items, len(ids))


def chosen_ids(reader: LanceReader, where: str | None) -> list[int]:
    """Return the numbers of the pictures that a filter chooses, in rising order.

    Raises:
        ConfigError: the filter is no SQL on the dataset's columns.
    """
    try:
        rows = reader.table.to_table(columns=["id"], filter=where)
    except ValueError as error:
        names = ", ".join(reader.settings.item_columns) or "none"
        raise ConfigError(
            f"--where {where!r} cannot be used: {lance_reason(error)[:200]}; fields of the items: {names}"
        ) from error
    return sorted(rows.column("id").to_pylist())


def _write(reader: LanceReader, ids: list[int], staged: Path, output: Path, progress: bool) -> int:
    info, contents = reader.info, reader.kept
    settings = GallerySettings(
        info.storage, info.thumbnail_side_px, _seen_from(output, info.photos_path),
        _seen_from(output, info.model_path), "", contents.local_features, contents.page_side_px,
    )  # fmt: skip
    create(staged, bound_model(info), settings, f"mobile-actnet {version('mobile-actnet')}")
    catalogue = Catalogue({}, {})
    with GalleryWriter(staged) as writer, _bar(len(ids), progress) as bar:
        list_photos(writer, ())
        list_labels(writer, _labels(reader, ids))
        for table in _tables(reader, ids, _COLUMNS):
            with writer.transaction():
                for photo in described_rows(table, reader.settings):
                    writer.store(photo)
                writer.advance()
            _note_items(table.select(["path", "item", "item_fields"]).to_pylist(), catalogue)
            bar.update(table.num_rows)
        writer.store_items(catalogue)
        if contents.verified_from != writer.kept.verified_from:
            writer.note_verified_from(contents.verified_from)
    return len(catalogue.items)


def _tables(reader: LanceReader, ids: list[int], columns: list[str]) -> Iterator[Any]:
    for at in range(0, len(ids), _ROWS_AT_ONCE):
        yield reader.rows(ids[at : at + _ROWS_AT_ONCE], columns)


def _labels(reader: LanceReader, ids: list[int]) -> Iterator[tuple[str, str]]:
    for table in _tables(reader, ids, ["path", "label"]):
        for row in table.to_pylist():
            if row["label"]:
                yield row["path"], row["label"]


def _note_items(rows: list[dict[str, Any]], catalogue: Catalogue) -> None:
    for row in rows:
        item = item_of(row)
        if item is not None:
            catalogue.items.setdefault(item.name, Item(item.name, item.fields))
            catalogue.pictures[row["path"]] = item.name


def _seen_from(gallery: Path, address: str) -> str:
    """Return a path as a gallery notes it; an address of an object store as it is."""
    if is_remote(address):
        return address
    return Path(os.path.relpath(os.path.realpath(address), gallery.parent)).as_posix()


def _bar(total: int, progress: bool) -> "tqdm[Any]":
    return tqdm(total=total, unit="photo", disable=not progress, leave=False)

"""Reading a dataset as a search does: pictures by their numbers, descriptors block by block."""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.cluster.dataset_format import (
    lance_reason,
    open_table,
    problems_of,
    read_settings,
)
from mobile_actnet.cluster.picture_rows import features_of, stored_rows
from mobile_actnet.errors import GalleryError
from mobile_actnet.gallery.sqlite.kept import Kept
from mobile_actnet.gallery.sqlite.schema import Picture
from mobile_actnet.gallery.sqlite.storage import StoredDescriptors
from mobile_actnet.pictures.items import Item
from mobile_actnet.pictures.local_features import LocalFeatures

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_AT_ONCE = 65536
_FEATURES = ("local_features", "features_width_px", "features_height_px")


class LanceReader:
    """An open dataset, as it was when it was opened.

    Attributes:
        address: of it. path: the same, for messages.
        settings: what it was made by and keeps. table: Lance's own.
    """

    def __init__(self, address: str) -> None:
        """Open a dataset.

        Raises:
            GalleryError: missing, another table, damaged, or of another version.
        """
        self.address, self.path = address, Path(address)
        self.table = open_table(address)
        self.settings = read_settings(address, self.table)
        self.info = self.settings.info

    @property
    def kept(self) -> Kept:
        """What the dataset keeps beside descriptors."""
        return self.settings.kept

    def __enter__(self) -> "LanceReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is held open."""

    def revision(self) -> int:
        """Return Lance's version of the table."""
        return int(self.table.version)

    def count(self) -> int:
        """Return the number of pictures."""
        return int(self.table.count_rows())

    def load(self) -> tuple[NDArray[np.int64], StoredDescriptors]:
        """Read all ids, in rising order, and descriptors into memory."""
        parts = list(self.blocks())
        dtype, dim = self.info.storage.dtype, self.info.dim
        ids = np.concatenate([ids for ids, _ in parts] or [np.zeros(0, np.int64)])
        values = np.concatenate([part.values for _, part in parts] or [np.zeros((0, dim), dtype)])
        scales = np.concatenate([part.scales for _, part in parts] or [np.zeros(0)])
        order = np.argsort(ids)
        return ids[order], StoredDescriptors(values[order], scales[order])

    def blocks(self) -> Iterator[tuple[NDArray[np.int64], StoredDescriptors]]:
        """Yield ids and descriptors, in the order in which they lie there.

        Raises:
            GalleryError: a descriptor has no length.
        """
        columns = ["id", "scale", "descriptor"]
        for batch in self.table.to_batches(columns=columns, batch_size=_ROWS_AT_ONCE):
            if batch.num_rows:
                yield batch.column("id").to_numpy(), self.checked(batch)

    def checked(self, rows: "pa.Table | pa.RecordBatch") -> StoredDescriptors:
        """Return the descriptors of rows that hold them.

        Raises:
            GalleryError: one has no length.
        """
        stored = stored_rows(rows, self.info.storage, self.info.dim)
        if not ((stored.scales > 0) & (stored.scales < math.inf)).all():
            raise GalleryError(f"{self.address} is damaged: a descriptor has no length")
        return stored

    def stored(self, ids: Sequence[int]) -> tuple[NDArray[np.int64], StoredDescriptors]:
        """Read some descriptors in the order of `ids`; those that have gone are left out."""
        rows = self.rows(ids, ["scale", "descriptor"])
        return rows.column("id").to_numpy(), self.checked(rows)

    def pictures(self, ids: Sequence[int]) -> dict[int, Picture]:
        """Look pictures up by id; one that has gone is left out."""
        names = ["path", "label", "width_px", "height_px"]
        rows = self.rows(ids, names).to_pylist()
        return {row["id"]: Picture(row["id"], *(row[name] for name in names)) for row in rows}

    def thumbnail(self, picture_id: int) -> bytes | None:
        """Return a picture's thumbnail, a JPEG; None where there is none."""
        return self._value(picture_id, ["thumbnail"]).get("thumbnail")

    def local_features(self, picture_id: int) -> LocalFeatures | None:
        """Return a picture's local features; None where there are none.

        Raises:
            GalleryError: they are damaged.
        """
        row = self._value(picture_id, list(_FEATURES))
        if not row:
            return None
        try:
            return features_of(row)
        except ValueError as error:
            raise GalleryError(
                f"{self.address} is damaged: local features of picture {picture_id}: {error}"
            ) from error

    def item(self, picture_id: int) -> Item | None:
        """Return the item that a picture shows, with its fields; None where nothing is known."""
        row = self._value(picture_id, ["item", "item_fields"])
        return item_of(row) if row else None

    def items(self, picture_ids: Sequence[int]) -> dict[int, Item]:
        """Return the items that pictures show; those of which nothing is known are left out."""
        items = {int(number): self.item(number) for number in picture_ids}
        return {number: item for number, item in items.items() if item is not None}

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield path and reason of each picture that could not be read."""
        rows = open_table(problems_of(self.address)).to_table(columns=["path", "reason"])
        for row in rows.sort_by("path").to_pylist():
            yield row["path"], row["reason"]

    def rows(self, ids: Sequence[int], columns: list[str]) -> "pa.Table":
        """Return the rows of some ids, in their order, with `id` in front.

        Raises:
            GalleryError: they cannot be read.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        wanted = ", ".join(str(int(number)) for number in ids) or "NULL"
        try:
            rows = self.table.to_table(columns=["id", *columns], filter=f"id IN ({wanted})")
        except (ValueError, OSError) as error:
            raise GalleryError(f"{self.address} cannot be read: {lance_reason(error)}") from error
        order = pc.index_in(pa.array(ids, pa.int64()), rows.column("id").combine_chunks())
        return rows.take(order.drop_null())

    def _value(self, picture_id: int, columns: list[str]) -> dict[str, Any]:
        rows = self.rows([picture_id], columns).to_pylist()
        return rows[0] if rows else {}


def item_of(row: dict[str, Any]) -> Item | None:
    """Return the item of a row with `item` and `item_fields`; None where it has none."""
    if row["item"] is None:
        return None
    return Item(row["item"], json.loads(row["item_fields"] or "{}"))

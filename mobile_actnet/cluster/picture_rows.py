"""Described pictures as rows of a dataset, and rows as a gallery takes them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mobile_actnet.cluster.dataset_format import DatasetSettings
from mobile_actnet.gallery.sqlite.storage import Storage, StoredDescriptors, decode
from mobile_actnet.gallery.sqlite.writer import DescribedPhoto, PictureDetails
from mobile_actnet.pictures.local_features import LocalFeatures

if TYPE_CHECKING:
    import pyarrow as pa

TAKEN_OVER = ("id", "label", "item", "item_fields")
"""Columns of the listing that rows keep, beside the fields of items."""

GALLERY_COLUMNS = (
    "path", "size_bytes", "mtime_ns", "sha256", "width_px", "height_px", "scale", "descriptor",
    "features_width_px", "features_height_px", "local_features", "thumbnail", "page_picture",
)  # fmt: skip
"""What a `DescribedPhoto` is made of."""


def picture_table(
    listing: "pa.Table", described: Sequence[DescribedPhoto], settings: DatasetSettings
) -> "pa.Table":
    """Return the rows of some described pictures, in their order.

    Args:
        listing: with a row for each of them, and maybe for more.
    """
    import pyarrow as pa

    schema = settings.schema()
    places = {path: row for row, path in enumerate(listing.column("path").to_pylist())}
    rows = pa.array([places[photo.path] for photo in described], pa.int64())
    known = listing.take(rows)
    stored = stored_of(
        [photo.values for photo in described], [photo.scale for photo in described], settings
    )
    features = [photo.details.features for photo in described]
    columns: dict[str, Any] = {
        "path": [photo.path for photo in described],
        "size_bytes": [photo.size_bytes for photo in described],
        "mtime_ns": [photo.mtime_ns for photo in described],
        "sha256": [photo.sha256 for photo in described],
        "width_px": [photo.width_px for photo in described],
        "height_px": [photo.height_px for photo in described],
        "scale": stored.scales,
        "descriptor": fixed_rows(stored.values),
        "vector": fixed_rows(decode(stored).astype(np.float16)),
        "features_width_px": [one.width_px if one else None for one in features],
        "features_height_px": [one.height_px if one else None for one in features],
        "local_features": [one.to_bytes() if one else None for one in features],
        "thumbnail": [photo.thumbnail for photo in described],
        "page_picture": [photo.details.page for photo in described],
    }
    for name in (*TAKEN_OVER, *settings.item_columns):
        columns[name] = known.column(name).combine_chunks()
    return pa.table(
        [
            value if isinstance(value, pa.Array) else pa.array(value, field.type)
            for field in schema
            for value in [columns[field.name]]
        ],
        schema=schema,
    )


def stored_of(
    blobs: Sequence[bytes], scales: Sequence[float], settings: DatasetSettings
) -> StoredDescriptors:
    """Return descriptors from their bytes."""
    info = settings.info
    values = np.frombuffer(b"".join(blobs), info.storage.dtype).reshape(len(blobs), info.dim)
    return StoredDescriptors(values, np.array(scales, np.float64))


def stored_rows(
    table: "pa.Table | pa.RecordBatch", storage: Storage, dim: int
) -> StoredDescriptors:
    """Return the descriptors of some rows with the columns `descriptor` and `scale`."""
    import pyarrow as pa

    column = table.column("descriptor")
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    values = column.flatten().to_numpy(zero_copy_only=False)
    scales = np.asarray(table.column("scale").to_numpy(), np.float64)
    return StoredDescriptors(values.astype(storage.dtype, copy=False).reshape(-1, dim), scales)


def described_rows(table: "pa.Table", settings: DatasetSettings) -> list[DescribedPhoto]:
    """Return rows with `GALLERY_COLUMNS` as a gallery stores them: the same bytes."""
    stored = stored_rows(table, settings.info.storage, settings.info.dim)
    columns = {
        name: table.column(name).to_pylist()
        for name in GALLERY_COLUMNS
        if name not in ("descriptor", "scale")
    }
    photos = []
    for row in range(table.num_rows):
        one = {name: values[row] for name, values in columns.items()}
        photos.append(
            DescribedPhoto(
                one["path"], one["size_bytes"], one["mtime_ns"], one["sha256"], one["width_px"],
                one["height_px"], float(stored.scales[row]), stored.values[row].tobytes(),
                one["thumbnail"], PictureDetails(features_of(one), one["page_picture"]),
            )
        )  # fmt: skip
    return photos


def features_of(row: dict[str, Any]) -> LocalFeatures | None:
    """Return the local features of a row; None where it has none.

    Raises:
        ValueError: they are damaged.
    """
    if row["local_features"] is None:
        return None
    return LocalFeatures.from_bytes(
        row["local_features"], row["features_width_px"], row["features_height_px"]
    )


def fixed_rows(values: "np.ndarray[Any, Any]") -> "pa.Array":
    """Return (N, D) numbers as a column of N lists of D."""
    import pyarrow as pa

    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])

"""The format of a dataset: a Lance table of pictures, and one of problems beside it.

docs/scale.md is its document. What a gallery keeps in its table `gallery` stands in the schema's
metadata. A picture is a row with everything that a gallery keeps of it; fields of items are columns
of their own, so that `museum = 'X'` filters on them.
"""

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from mobile_actnet.cluster.places import beside
from mobile_actnet.errors import ConfigError, GalleryError
from mobile_actnet.gallery.sqlite.kept import Kept
from mobile_actnet.gallery.sqlite.schema import GalleryInfo, GalleryModel
from mobile_actnet.gallery.sqlite.storage import Storage

if TYPE_CHECKING:
    import lance
    import pyarrow as pa

VERSION = 1
_KEY = b"actnet"
_READ_AGAIN = "made_by", "uuid", "revision", "model_path", "model_file"


@dataclass(frozen=True)
class DatasetSettings:
    """What a dataset was made by and keeps.

    Attributes:
        info: as in a gallery. `photos_path` is the folder or prefix of the pictures, and
            `model_path` the model, both as absolute addresses.
        kept: beside descriptors. item_columns: fields of items that are columns.
    """

    info: GalleryInfo
    kept: Kept
    item_columns: tuple[str, ...] = ()

    @property
    def vector_column(self) -> str:
        """The column that a vector index is built on: Lance indexes no whole numbers."""
        return "vector" if self.info.storage is Storage.INT8 else "descriptor"

    def schema(self) -> "pa.Schema":
        """Return the schema of the pictures.

        Raises:
            ConfigError: a field of the items has a name that the dataset needs.
        """
        import pyarrow as pa

        dim = self.info.dim
        int8 = self.info.storage is Storage.INT8
        columns = [
            ("id", pa.int64()), ("path", pa.string()), ("size_bytes", pa.int64()),
            ("mtime_ns", pa.int64()), ("sha256", pa.binary(32)), ("width_px", pa.int32()),
            ("height_px", pa.int32()), ("label", pa.string()), ("item", pa.string()),
            ("item_fields", pa.string()), ("scale", pa.float64()),
            ("descriptor", pa.list_(pa.int8() if int8 else pa.float16(), dim)),
            *([("vector", pa.list_(pa.float16(), dim))] if int8 else []),
            ("features_width_px", pa.int32()), ("features_height_px", pa.int32()),
            ("local_features", pa.binary()), ("thumbnail", pa.binary()),
            ("page_picture", pa.binary()),
        ]  # fmt: skip
        taken = sorted({name for name, _ in columns} & set(self.item_columns))
        if taken:
            raise ConfigError(
                f"the items have a field {taken[0]}, a name that the dataset uses itself; rename it"
            )
        columns += [(name, pa.string()) for name in self.item_columns]
        return pa.schema(columns, metadata={_KEY: json.dumps(self._told()).encode()})

    def _told(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "info": asdict(self.info),
            "kept": asdict(self.kept),
            "item_columns": list(self.item_columns),
        }

    def difference(self, other: "DatasetSettings") -> str | None:
        """Say what another dataset has that this one has not; None where they are the same work."""
        for field in fields(GalleryInfo):
            ours, theirs = getattr(self.info, field.name), getattr(other.info, field.name)
            if field.name not in _READ_AGAIN and ours != theirs:
                return f"{field.name} {theirs}, not {ours}"
        for name in ("local_features", "page_side_px"):
            if getattr(self.kept, name) != getattr(other.kept, name):
                return f"{name} {getattr(other.kept, name)}, not {getattr(self.kept, name)}"
        if self.item_columns != other.item_columns:
            return f"items with the fields {', '.join(other.item_columns) or 'none'}"
        return None


def problem_schema() -> "pa.Schema":
    """Return the schema of the problems; a null size is one that the next run tries again."""
    import pyarrow as pa

    return pa.schema(
        [("path", pa.string()), ("reason", pa.string()), ("size_bytes", pa.int64()),
         ("mtime_ns", pa.int64())]
    )  # fmt: skip


def problems_of(address: str) -> str:
    """Return the address of the problems that belong to a dataset."""
    return beside(address, "problems")


def open_table(address: str) -> "lance.LanceDataset":
    """Open a Lance table.

    Raises:
        GalleryError: there is none, or it cannot be read.
    """
    table = find_table(address)
    if table is None:
        raise GalleryError(
            f"{address} does not exist; make it with actnet-index build --engine ray"
        )
    return table


def find_table(address: str) -> "lance.LanceDataset | None":
    """Open a Lance table; return None where there is none.

    Raises:
        GalleryError: it cannot be read.
    """
    import lance

    try:
        return lance.dataset(address)
    except (ValueError, OSError) as error:
        if "not found" in str(error).lower():
            return None
        raise GalleryError(f"{address} cannot be read: {lance_reason(error)}") from error


def read_settings(address: str, table: "lance.LanceDataset") -> DatasetSettings:
    """Read what a dataset says of itself.

    Raises:
        GalleryError: it is another table, damaged, or of another version.
    """
    metadata = (table.schema.metadata or {}).get(_KEY)
    if metadata is None:
        raise GalleryError(
            f"{address} is a Lance table, but actnet-index did not make it; give another"
        )
    try:
        values = json.loads(metadata)
        version = values["version"]
        if version != VERSION:
            raise GalleryError(
                f"{address} has version {version}; this release reads {VERSION}: build it again with --overwrite"
            )
        info = GalleryInfo(**{**values["info"], "storage": Storage(values["info"]["storage"])})
        return DatasetSettings(
            replace(info, revision=table.version),
            Kept(**values["kept"]),
            tuple(values["item_columns"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise GalleryError(f"{address} is damaged: it does not name its model") from error


def lance_reason(error: BaseException) -> str:
    """Return what Lance says, without the places in its source."""
    first = str(error).partition(", /")[0].splitlines() or [type(error).__name__]
    return first[0].removeprefix("Invalid user input: ")


def bound_model(info: GalleryInfo) -> GalleryModel:
    """Return the part of the settings that binds descriptors to a model."""
    return GalleryModel(**{field.name: getattr(info, field.name) for field in fields(GalleryModel)})

"""Reading a gallery: descriptors as one matrix, pictures and thumbnails one by one."""

import contextlib
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.errors import GalleryError
from mobile_actnet.gallery.sqlite.kept import Kept, read_kept
from mobile_actnet.gallery.sqlite.schema import (
    Picture,
    connect,
    read_info,
    read_version,
    readable_errors,
)
from mobile_actnet.gallery.sqlite.storage import StoredDescriptors
from mobile_actnet.pictures.items import Item
from mobile_actnet.pictures.local_features import LocalFeatures

_ROWS_AT_ONCE = 4096
_IDS_AT_ONCE = 500
"""SQLite takes 999 values a statement, newer ones more."""
_INSTRUCTIONS_PER_BEAT = 1_000_000
_BEFORE_ALL = -(1 << 63)


class GalleryReader:
    """An open gallery; close it, or use it in a `with` block.

    Attributes:
        path: of the file.
        info: what it was made by.
    """

    def __init__(self, path: Path) -> None:
        """Open a gallery.

        Raises:
            GalleryError: missing, no gallery, damaged, or of another version.
        """
        self.path = Path(path)
        self._connection = connect(self.path)
        try:
            self.info = read_info(self.path, self._connection)
            self._kept_at: tuple[int, int, Kept] | None = None
            self._look_again()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "GalleryReader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @property
    def version(self) -> int:
        """Of the schema, 1 or 2; an update may have changed it."""
        return self._look_again()[1]

    @property
    def kept(self) -> Kept:
        """What the gallery keeps beside descriptors; an update may have changed it."""
        return self._look_again()[2]

    def _look_again(self) -> tuple[int, int, Kept]:
        """Read version and settings where another connection has committed since."""
        with readable_errors(self.path):
            (now,) = self._connection.execute("PRAGMA data_version").fetchone()
            if self._kept_at is None or self._kept_at[0] != now:
                version = read_version(self._connection)
                self._kept_at = now, version, read_kept(self.path, self._connection)
        return self._kept_at

    def revision(self) -> int:
        """Return the present revision; another process may have updated the gallery."""
        rows = self.rows("SELECT revision FROM gallery")
        self._check("revision", rows[:1] or [()], (int,))
        return int(rows[0][0])

    def count(self) -> int:
        """Return the number of pictures."""
        return int(self.rows("SELECT count(*) FROM picture")[0][0])

    def load(self) -> tuple[NDArray[np.int64], StoredDescriptors]:
        """Read all descriptors into one matrix.

        Returns:
            ids: (N,) in rising order. stored: the N descriptors.

        Raises:
            GalleryError: a descriptor has another length than the gallery says, or it counts other
                pictures than it has.
        """
        with self.one_moment():
            count, dtype = self.count(), self.info.storage.dtype
            ids, scales = np.empty(count, np.int64), np.empty(count, np.float64)
            values = np.empty((count, self.info.dim), dtype)
            start = 0
            for numbers, stored in self.blocks():
                stop = start + len(stored)
                if stop > count:
                    raise self._damaged(f"it says that it has {count} pictures, and has more")
                ids[start:stop], scales[start:stop] = numbers, stored.scales
                values[start:stop] = stored.values
                start = stop
            if start != count:
                raise self._damaged(f"it says that it has {count} pictures, and has {start}")
        return ids, StoredDescriptors(values, scales)

    @contextlib.contextmanager
    def one_moment(self) -> Iterator[None]:
        """See the gallery as it is now in all of the block, whatever a writer does meanwhile."""
        with readable_errors(self.path):
            self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")

    def blocks(self) -> Iterator[tuple[NDArray[np.int64], StoredDescriptors]]:
        """Yield ids and descriptors in rising order of ids, a few thousand at once.

        Raises:
            GalleryError: a descriptor has another length than the gallery says, or ids do not rise, as in a
                damaged file, which would be read for ever.
        """
        query = (
            "SELECT id, scale, descriptor FROM picture WHERE id > ? ORDER BY id "
            f"LIMIT {_ROWS_AT_ONCE}"
        )
        last = _BEFORE_ALL
        while rows := self.rows(query, last):
            ids, scales, blobs = zip(*rows, strict=True)
            if any(type(number) is not int for number in ids) or not _rise((last, *ids)):
                raise self._damaged("the numbers of its pictures are not in order")
            yield np.array(ids, np.int64), self._stored(scales, blobs)
            last = ids[-1]

    def stored(self, ids: Sequence[int]) -> tuple[NDArray[np.int64], StoredDescriptors]:
        """Read some descriptors; those that have gone are left out."""
        found = [
            row
            for number in ids
            for row in self.rows(
                "SELECT id, scale, descriptor FROM picture WHERE id = ?", int(number)
            )
        ]
        numbers, scales, blobs = zip(*found, strict=True) if found else ((), (), ())
        return np.array(numbers, np.int64), self._stored(scales, blobs)

    def pictures(self, ids: Sequence[int]) -> dict[int, Picture]:
        """Look pictures up by id; one that has gone is left out."""
        rows = self._rows_of(
            "SELECT id, path, label, width_px, height_px FROM picture WHERE id IN ({})", ids
        )
        pictures = {row[0]: self._picture(row) for row in rows}
        return {number: pictures[number] for number in map(int, ids) if number in pictures}

    def thumbnail(self, picture_id: int) -> bytes | None:
        """Return a picture's thumbnail, a JPEG; None where there is none."""
        rows = self.rows("SELECT jpeg FROM thumbnail WHERE picture_id = ?", int(picture_id))
        self._check("thumbnail", rows, (bytes,))
        return rows[0][0] if rows else None

    def local_features(self, picture_id: int) -> LocalFeatures | None:
        """Return a picture's local features; None where there are none.

        Raises:
            GalleryError: they are damaged.
        """
        if not self.kept.local_features:
            return None
        for _, features in self._features("WHERE picture_id = ?", int(picture_id)):
            return features
        return None

    def all_local_features(self) -> Iterator[tuple[int, LocalFeatures]]:
        """Yield id and local features of each picture that has some.

        Raises:
            GalleryError: they are damaged.
        """
        yield from self._features("")

    def _features(self, which: str, *values: object) -> Iterator[tuple[int, LocalFeatures]]:
        query = f"SELECT picture_id, features, width_px, height_px FROM local_features {which}"
        with readable_errors(self.path):
            for row in self._connection.execute(query, values):
                self._check("table of local features", [row], (int,), (bytes,), (int,), (int,))
                number, subject = row[0], f"local features of picture {row[0]}"
                if min(row[2:]) < 1:
                    raise self._damaged(f"{subject} belong to a picture without a size")
                try:
                    features = LocalFeatures.from_bytes(*row[1:])
                except ValueError as error:
                    raise self._damaged(f"{subject}: {error}") from error
                yield number, features

    def item(self, picture_id: int) -> Item | None:
        """Return the item that a picture shows, with its fields; None where nothing is known."""
        return self.items([picture_id]).get(int(picture_id))

    def items(self, picture_ids: Sequence[int]) -> dict[int, Item]:
        """Return the items that pictures show, by the pictures' ids; those of which nothing is known are left out."""
        if self.version == 1:
            return {}
        rows = self._rows_of(
            "SELECT picture_id, item.id, item.name FROM item JOIN item_picture ON item.id = item_id "
            "WHERE picture_id IN ({})", picture_ids,
        )  # fmt: skip
        self._check("item", rows, (int,), (int,), (str,))
        items = {item_id: Item(name) for _, item_id, name in rows}
        fields = self._rows_of(
            "SELECT item_id, language, name, value FROM item_field WHERE item_id IN ({}) "
            "ORDER BY 1, 2, 3", list(items),
        )  # fmt: skip
        self._check("item's field", fields, (int,), (str,), (str,), (str,))
        for item_id, language, name, value in fields:
            items[item_id].fields.setdefault(language, {})[name] = value
        return {picture_id: items[item_id] for picture_id, item_id, _ in rows}

    def page_picture(self, picture_id: int) -> bytes | None:
        """Return a picture large enough for a page, a JPEG; None where there is none."""
        if not self.kept.page_side_px:
            return None
        rows = self.rows("SELECT jpeg FROM page_picture WHERE picture_id = ?", int(picture_id))
        self._check("picture for a page", rows, (bytes,))
        return rows[0][0] if rows else None

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield path and reason of each photo that could not be read."""
        with readable_errors(self.path):
            for row in self._connection.execute("SELECT path, reason FROM problem ORDER BY path"):
                self._check("problem", [row], (str,), (str,))
                yield row

    def all_pictures(self) -> Iterator[Picture]:
        """Yield every picture in the order of ids."""
        with readable_errors(self.path):
            for row in self._connection.execute(
                "SELECT id, path, label, width_px, height_px FROM picture ORDER BY id"
            ):
                yield self._picture(row)

    def tallies(self) -> dict[str, int]:
        """Count pictures, items and problems, in small tables and indices alone."""
        items = self.rows("SELECT count(*) FROM item") if self.version > 1 else [(0,)]
        problems = self.rows("SELECT count(*) FROM problem")
        return {"pictures": self.count(), "item": items[0][0], "problems": problems[0][0]}

    def languages(self) -> list[str]:
        """List the languages of the items' fields, where they name one."""
        if self.version < 2:
            return []
        rows = self.rows("SELECT DISTINCT language FROM item_field WHERE language != '' ORDER BY 1")
        return [str(language) for (language,) in rows]

    def numbers(self) -> dict[str, int]:
        """Count pictures, labels, distinct contents, thumbnails, problems, and what version 2 adds.

        All of the file is read for it: half a minute for a million pictures.
        """
        names = ("pictures", "labelled", "labels", "contents", "thumbnails", "problems")
        (row,) = self.rows(
            "SELECT count(*), count(label), count(DISTINCT label), count(DISTINCT sha256), "
            "(SELECT count(*) FROM thumbnail), (SELECT count(*) FROM problem) FROM picture"
        )
        numbers = dict(zip(names, row, strict=True))
        tables = ("local_features", "page_picture", "item")
        for table in tables:
            known = self.version > 1
            numbers[table] = self.rows(f"SELECT count(*) FROM {table}")[0][0] if known else 0
        return numbers

    @contextlib.contextmanager
    def beating(self, beat: Callable[[], object]) -> Iterator[None]:
        """Call `beat` now and then while the file is read: some statements take minutes."""

        def go_on() -> int:
            beat()
            return 0

        self._connection.set_progress_handler(go_on, _INSTRUCTIONS_PER_BEAT)
        try:
            yield
        finally:
            self._connection.set_progress_handler(None, 0)

    def approximate(self) -> tuple[int, str] | None:
        """Return revision and SHA-256 of the approximate index beside it; None without one."""
        rows = self.rows("SELECT revision, sha256 FROM approximate_index")
        self._check("note of the approximate index", rows, (int,), (str,))
        return (rows[0][0], rows[0][1]) if rows else None

    def rows(self, query: str, *values: object) -> list[tuple]:
        """Run a query that only reads."""
        with readable_errors(self.path):
            return self._connection.execute(query, values).fetchall()

    def _rows_of(self, query: str, ids: Sequence[int]) -> list[tuple]:
        """Run a query for some ids, whose places are marked by {}."""
        rows = []
        for start in range(0, len(ids), _IDS_AT_ONCE):
            some = [int(number) for number in ids[start : start + _IDS_AT_ONCE]]
            rows += self.rows(query.format(", ".join("?" * len(some))), *some)
        return rows

    def _picture(self, row: tuple) -> Picture:
        """Return a picture; a path out of the folder of photos would show what it should not."""
        self._check("picture", [row], (int,), (str,), (str, type(None)), (int,), (int,))
        path = row[1]
        if path.startswith("/") or "\0" in path or {"", ".", ".."} & set(path.split("/")):
            raise self._damaged(f"the path {path!r} of picture {row[0]} leads out of its folder")
        return Picture(*row)

    def _check(self, what: str, rows: list[tuple], *kinds: tuple[type, ...]) -> None:
        """Hold values against the kinds of their columns: SQLite stores anything anywhere."""
        for row in rows:
            if [True] * len(kinds) != [
                type(v) in kind for v, kind in zip(row, kinds, strict=False)
            ]:
                raise self._damaged(f"the {what} holds a value of the wrong kind")

    def _stored(self, scales: tuple[float, ...], blobs: tuple[bytes, ...]) -> StoredDescriptors:
        dtype, dim = self.info.storage.dtype, self.info.dim
        if any(type(blob) is not bytes or len(blob) != dim * dtype.itemsize for blob in blobs):
            raise self._damaged(f"a descriptor does not have {dim} values")
        if not all(type(scale) is float and 0 < scale < math.inf for scale in scales):
            raise self._damaged("a descriptor has no length")
        wide = np.array(scales, np.float64)
        values = np.frombuffer(b"".join(blobs), dtype).reshape(len(blobs), dim)
        return StoredDescriptors(values, wide)

    def _damaged(self, what: str) -> GalleryError:
        return GalleryError(
            f"{self.path} is damaged: {what}; build it again with actnet-index build --overwrite"
        )


def _rise(numbers: Sequence[int]) -> bool:
    return all(one < next_one for one, next_one in itertools.pairwise(numbers))

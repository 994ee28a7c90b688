"""Writing a gallery: every commit leaves a whole gallery, whatever happens in between.

SQLite's rollback journal (not WAL) is used, so that between commits a gallery is one file with
nothing beside it, readable from a read-only folder on a phone.
"""

import contextlib
import sqlite3
import uuid
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType

from mobile_actnet.files import write_atomically
from mobile_actnet.gallery.sqlite.kept import Kept, read_kept
from mobile_actnet.gallery.sqlite.lock import only_writer
from mobile_actnet.gallery.sqlite.schema import (
    ADDED_BY_VERSION_2,
    VERSION,
    GalleryModel,
    connect,
    read_info,
    read_version,
    readable_errors,
    schema,
)
from mobile_actnet.gallery.sqlite.storage import Storage
from mobile_actnet.pictures.items import Catalogue
from mobile_actnet.pictures.local_features import LocalFeatures
from mobile_actnet.pictures.names import composed

_ITEM_FIELDS = (
    "SELECT item.name, language, item_field.name, value FROM item_field JOIN item ON id = item_id "
    "ORDER BY 1, 2, 3, 4"
)
_ITEM_PICTURES = (
    "SELECT picture.path, item.name FROM item_picture JOIN item ON item.id = item_id "
    "JOIN picture ON picture.id = picture_id ORDER BY 1, 2"
)


@dataclass(frozen=True)
class PictureDetails:
    """What a gallery keeps of a picture beside its descriptor.

    Attributes:
        features: local features; None where the gallery keeps none.
        page: a JPEG large enough for a page; None where the gallery keeps none.
    """

    features: LocalFeatures | None = None
    page: bytes | None = None


@dataclass(frozen=True)
class DescribedPhoto:
    """A photo ready to be stored.

    Attributes:
        path: relative to the folder of photos, with slashes.
        size_bytes, mtime_ns, sha256: of the file.
        width_px, height_px: upright.
        scale, values: the stored descriptor, little-endian bytes.
        thumbnail: a JPEG, or None.
        details: local features and the picture of a page.
    """

    path: str
    size_bytes: int
    mtime_ns: int
    sha256: bytes
    width_px: int
    height_px: int
    scale: float
    values: bytes
    thumbnail: bytes | None
    details: PictureDetails = PictureDetails()


@dataclass(frozen=True)
class BrokenPhoto:
    """A photo that cannot be stored.

    Attributes:
        path: relative to the folder of photos, with slashes.
        reason: why.
        size_bytes, mtime_ns: of the file, so that it is not tried again until it changes; None
            where the next update should try again.
    """

    path: str
    reason: str
    size_bytes: int | None = None
    mtime_ns: int | None = None


@dataclass(frozen=True)
class GallerySettings:
    """What a new gallery keeps, besides its model.

    Attributes:
        storage: of the descriptors.
        thumbnail_side_px: longest side; 0 for none.
        photos_path, model_path, labels: as in `GalleryInfo`.
        local_features: whether local features are kept.
        page_side_px: longest side of the pictures for pages; 0 for none.
    """

    storage: Storage
    thumbnail_side_px: int
    photos_path: str
    model_path: str
    labels: str
    local_features: bool = False
    page_side_px: int = 0


def create(
    path: Path, model: GalleryModel, settings: GallerySettings, made_by: str, version: int = VERSION
) -> None:
    """Put an empty gallery in place, or nothing.

    Args:
        version: of the schema; 1 is for tests of what earlier releases wrote.

    Raises:
        ActnetError: the folder cannot be written, or the disk is full.
    """
    row = {**asdict(model), **asdict(settings), "uuid": str(uuid.uuid4()), "revision": 0,
           "made_by": made_by}  # fmt: skip
    kept = Kept(row.pop("local_features"), row.pop("page_side_px"))
    with readable_errors(path), contextlib.closing(sqlite3.connect(":memory:")) as memory:
        memory.executescript(schema(model, settings.storage, version))
        places = ", ".join(f":{name}" for name in row)
        memory.execute(f"INSERT INTO gallery (id, {', '.join(row)}) VALUES (1, {places})", row)
        if version > 1:
            memory.executemany("INSERT INTO setting VALUES (?, ?)", kept.rows())
        memory.commit()
        content = memory.serialize()
    write_atomically(path, content)


def settle_journal(path: Path) -> None:
    """Play back or remove what a killed writer left, so that the gallery is one file again.

    SQLite plays a journal back as it opens the file, but leaves one that was never begun; opening
    for writing removes that too.

    Raises:
        GalleryError: another process writes the gallery, or the gallery cannot be opened.
    """
    if _journal(path).exists():
        with only_writer(path), GalleryWriter(path):
            pass


class GalleryWriter:
    """A gallery open for writing. Hold `gallery_lock.only_writer` around it.

    Attributes:
        path: of the file.
        info: what it was made by. kept: what it keeps beside descriptors.
        connection: of the database; the temporary tables of `changes` live in it.
    """

    def __init__(self, path: Path) -> None:
        """Open a gallery; what a killed writer left is rolled back.

        Raises:
            GalleryError: missing, no gallery, damaged, or of another version.
        """
        self.path = Path(path)
        self.connection = connect(self.path, write=True)
        try:
            with readable_errors(self.path):
                self.connection.execute("PRAGMA foreign_keys = ON")
                self.connection.execute("PRAGMA journal_mode = DELETE")
                self.connection.execute("PRAGMA synchronous = FULL")
                # Lists of a million paths belong on the disk, not in memory.
                self.connection.execute("PRAGMA temp_store = FILE")
            self.info = read_info(self.path, self.connection)
            self.kept = read_kept(self.path, self.connection)
            if _journal(self.path).exists():
                # SQLite has played it back if there was anything in it.
                with self.transaction():
                    _journal(self.path).unlink(missing_ok=True)
        except BaseException:
            self.connection.close()
            raise

    def __enter__(self) -> "GalleryWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was not committed is rolled back."""
        self.connection.close()

    def counts(self) -> tuple[int, int]:
        """Return the number of pictures and of problems."""
        with readable_errors(self.path):
            row = self.connection.execute(
                "SELECT (SELECT count(*) FROM picture), (SELECT count(*) FROM problem)"
            ).fetchone()
        return row[0], row[1]

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that happens in the block, or nothing of it."""
        with readable_errors(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                # After a full disk SQLite has rolled back by itself.
                with contextlib.suppress(sqlite3.Error):
                    self.connection.execute("ROLLBACK")
                raise

    def store(self, photo: DescribedPhoto) -> None:
        """Add a picture, or put its new content in the place of the old one."""
        (number,) = self.connection.execute(
            "INSERT INTO picture (path, size_bytes, mtime_ns, sha256, width_px, height_px, label, "
            "scale, descriptor) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
            "(SELECT label FROM temp.label WHERE path = ?1), ?7, ?8) "
            "ON CONFLICT (path) DO UPDATE SET size_bytes = excluded.size_bytes, "
            "mtime_ns = excluded.mtime_ns, sha256 = excluded.sha256, "
            "width_px = excluded.width_px, height_px = excluded.height_px, "
            "scale = excluded.scale, descriptor = excluded.descriptor RETURNING id",
            (photo.path, photo.size_bytes, photo.mtime_ns, photo.sha256, photo.width_px,
             photo.height_px, photo.scale, photo.values),
        ).fetchone()  # fmt: skip
        self.connection.execute("DELETE FROM thumbnail WHERE picture_id = ?", (number,))
        if photo.thumbnail is not None:
            self.connection.execute(
                "INSERT INTO thumbnail VALUES (?, ?)", (number, photo.thumbnail)
            )
        if photo.details != PictureDetails():
            self.store_details(int(number), photo.details)
        self.connection.execute("DELETE FROM problem WHERE path = ?", (photo.path,))

    def store_details(self, number: int, details: PictureDetails) -> None:
        """Put local features and page picture in the place of a picture's old ones."""
        features, page = details.features, details.page
        if features is not None:
            self.connection.execute(
                "INSERT OR REPLACE INTO local_features VALUES (?, ?, ?, ?)",
                (number, features.width_px, features.height_px, features.to_bytes()),
            )
        if page is not None:
            self.connection.execute(
                "INSERT OR REPLACE INTO page_picture VALUES (?, ?)", (number, page)
            )

    def bring_up_to_date(self, kept: Kept) -> None:
        """Bring the tables to the present version and note what is kept, in one transaction."""
        with readable_errors(self.path):
            old = read_version(self.connection)
        if old == VERSION and kept == self.kept:
            return
        with self.transaction():
            if old == 1:
                for statement in ADDED_BY_VERSION_2.split(";"):
                    self.connection.execute(statement)
                self.connection.execute(f"PRAGMA user_version = {VERSION}")
            if not kept.local_features:
                self.connection.execute("DELETE FROM local_features")
            if kept.page_side_px != self.kept.page_side_px:
                self.connection.execute("DELETE FROM page_picture")
            self.connection.executemany("INSERT OR REPLACE INTO setting VALUES (?, ?)", kept.rows())
            self.advance()
        self.kept = kept

    def incomplete(self) -> list[tuple[int, str]]:
        """Return id and path of the pictures that lack local features or a page's picture."""
        tables = [
            name
            for name, wanted in (
                ("local_features", self.kept.local_features),
                ("page_picture", self.kept.page_side_px),
            )
            if wanted
        ]
        lacking = " OR ".join(f"id NOT IN (SELECT picture_id FROM {name})" for name in tables)
        if not lacking:
            return []
        with readable_errors(self.path):
            return self.connection.execute(
                f"SELECT id, path FROM picture WHERE {lacking} ORDER BY id"
            ).fetchall()

    def note_problem(self, photo: BrokenPhoto) -> None:
        """Note why a photo is not in the gallery; an older content of it goes out."""
        self.connection.execute("DELETE FROM picture WHERE path = ?", (photo.path,))
        self.connection.execute(
            "INSERT INTO problem VALUES (?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET "
            "reason = excluded.reason, size_bytes = excluded.size_bytes, "
            "mtime_ns = excluded.mtime_ns",
            (photo.path, photo.reason, photo.size_bytes, photo.mtime_ns),
        )

    def advance(self) -> None:
        """Tell readers that the pictures have changed."""
        self.connection.execute("UPDATE gallery SET revision = revision + 1")

    def note_settings(self, **values: str) -> None:
        """Change `photos_path`, `model_path` or `labels`, where they differ."""
        changed = {n: value for n, value in values.items() if getattr(self.info, n) != value}
        if changed:
            with self.transaction():
                for name, value in changed.items():
                    self.connection.execute(f"UPDATE gallery SET {name} = ?", (value,))
            self.info = read_info(self.path, self.connection)

    def store_items(self, catalogue: Catalogue) -> None:
        """Bring items and their pictures up to date; where nothing has changed nothing is written."""
        fields = sorted(
            (item.name, language, name, value)
            for item in catalogue.items.values()
            for language, values in item.fields.items()
            for name, value in values.items()
        )
        with readable_errors(self.path):
            present = dict(self.connection.execute("SELECT path, id FROM picture"))
            shown = sorted(as_spelled(catalogue.pictures, present).items())
            before = (
                [row[0] for row in self.connection.execute("SELECT name FROM item ORDER BY name")],
                self.connection.execute(_ITEM_FIELDS).fetchall(),
                self.connection.execute(_ITEM_PICTURES).fetchall(),
            )
        if before == (sorted(catalogue.items), fields, shown):
            return
        with self.transaction():
            for table in ("item_picture", "item_field", "item"):
                self.connection.execute(f"DELETE FROM {table}")
            self.connection.executemany(
                "INSERT INTO item (name) VALUES (?)", [(name,) for name in sorted(catalogue.items)]
            )
            ids = dict(self.connection.execute("SELECT name, id FROM item"))
            self.connection.executemany(
                "INSERT INTO item_field VALUES (?, ?, ?, ?)",
                [(ids[name], *rest) for name, *rest in fields],
            )
            self.connection.executemany(
                "INSERT INTO item_picture VALUES (?, ?)",
                [(present[path], ids[name]) for path, name in shown],
            )
            self.advance()

    def note_verified_from(self, certainty: float) -> None:
        """Note the certainty from which on a hit is an answer."""
        kept = replace(self.kept, verified_from=certainty)
        with self.transaction():
            self.connection.executemany("INSERT OR REPLACE INTO setting VALUES (?, ?)", kept.rows())
        self.kept = kept

    def note_approximate(self, revision: int, sha256: str) -> None:
        """Note which approximate index belongs to which revision."""
        self.connection.execute(
            "INSERT OR REPLACE INTO approximate_index VALUES (1, ?, ?)", (revision, sha256)
        )


def as_spelled(shown: dict[str, str], present: Collection[str]) -> dict[str, str]:
    """Return what is shown by the paths that are there, in either spelling of their accents."""
    spelled = {path: name for path, name in shown.items() if path in present}
    others = {composed(path): path for path in present if not path.isascii()}
    for path, name in shown.items():
        if path not in spelled and composed(path) in others:
            spelled.setdefault(others[composed(path)], name)
    return spelled


def _journal(path: Path) -> Path:
    return path.with_name(path.name + "-journal")

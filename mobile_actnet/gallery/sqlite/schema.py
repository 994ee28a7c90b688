"""The format of a gallery: one SQLite file with the descriptors of a photo collection.

docs/gallery.md is its document, and the Kotlin and Swift readers are written from it. Here are the
marks, the tables, and the refusal of what is no gallery, damaged, of another version or of another
model; `reader` reads and `writer` writes.
"""

import contextlib
import os
import sqlite3
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from mobile_actnet.errors import GalleryError
from mobile_actnet.gallery.sqlite.storage import Storage

APPLICATION_ID = 0x41435447
"""The letters ACTG, in the SQLite header at byte 68."""

VERSION = 2
"""`user_version`, in the SQLite header at byte 60."""

READABLE_VERSIONS = (1, VERSION)
"""Version 1 has no local features, items and page pictures; `index update` adds their tables."""

_BUSY_TIMEOUT_S = 10.0
_LONGEST_VALUE_BYTES = 1 << 26
_RANGES = {
    "dim": (1, 65536), "height_px": (1, 65536), "width_px": (1, 65536),
    "thumbnail_side_px": (0, 65536),
}  # fmt: skip
_JOURNAL_STARTS = {
    "-journal": (b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7",),
    "-wal": (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"),
    "-shm": (b"\x18\xe2\x2d\x00", b"\x00\x2d\xe2\x18"),
}


@dataclass(frozen=True)
class GalleryModel:
    """What made a gallery's descriptors; a search must use the same.

    Attributes:
        model_file: name of the artefact or checkpoint, without folder.
        model_format: tflite, onnx, coreml or checkpoint.
        model_precision: as in the manifest.
        model_sha256: the manifest's `artefact.sha256`, or that of the checkpoint file.
        preprocessing_name, preprocessing_version, height_px, width_px: how photos became pixels.
        dim: values of a descriptor.
    """

    model_file: str
    model_format: str
    model_precision: str
    model_sha256: str
    preprocessing_name: str
    preprocessing_version: int
    height_px: int
    width_px: int
    dim: int


@dataclass(frozen=True)
class GalleryInfo(GalleryModel):
    """The one row of the table `gallery`.

    Attributes:
        storage: int8 or float16.
        thumbnail_side_px: longest side of the thumbnails; 0 where there are none.
        photos_path, model_path: the folder of photos and the model, relative to the gallery's folder.
        labels: empty, `folder`, or the CSV with labels, relative to the gallery's folder.
        uuid: names this gallery; another build has another one.
        revision: grows with every change of pictures.
        made_by: name and version of the program.
    """

    storage: Storage
    thumbnail_side_px: int
    photos_path: str
    model_path: str
    labels: str
    uuid: str
    revision: int
    made_by: str


@dataclass(frozen=True)
class Picture:
    """A row of the table `picture` without its descriptor.

    Attributes:
        id: number in the gallery; equal similarities are ordered by it.
        path: relative to the folder of photos, with slashes.
        label: what is shown; None where nothing is known.
    """

    id: int
    path: str
    label: str | None
    width_px: int
    height_px: int


def read_version(connection: sqlite3.Connection) -> int:
    """Return `user_version`."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def schema(info: GalleryModel, storage: Storage, version: int = VERSION) -> str:
    """Return the SQL that makes an empty gallery's tables."""
    added = ADDED_BY_VERSION_2 if version > 1 else ""
    descriptor_bytes = info.dim * storage.dtype.itemsize
    return f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {version};
CREATE TABLE gallery (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    model_file TEXT NOT NULL,
    model_format TEXT NOT NULL,
    model_precision TEXT NOT NULL,
    model_sha256 TEXT NOT NULL,
    preprocessing_name TEXT NOT NULL,
    preprocessing_version INTEGER NOT NULL,
    height_px INTEGER NOT NULL,
    width_px INTEGER NOT NULL,
    dim INTEGER NOT NULL,
    storage TEXT NOT NULL CHECK (storage IN ('int8', 'float16')),
    thumbnail_side_px INTEGER NOT NULL,
    photos_path TEXT NOT NULL,
    model_path TEXT NOT NULL,
    labels TEXT NOT NULL,
    uuid TEXT NOT NULL,
    revision INTEGER NOT NULL,
    made_by TEXT NOT NULL
);
CREATE TABLE picture (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    width_px INTEGER NOT NULL,
    height_px INTEGER NOT NULL,
    label TEXT,
    scale REAL NOT NULL,
    descriptor BLOB NOT NULL CHECK (length(descriptor) = {descriptor_bytes})
);
CREATE TABLE thumbnail (
    picture_id INTEGER PRIMARY KEY REFERENCES picture (id) ON DELETE CASCADE,
    jpeg BLOB NOT NULL
);
CREATE TABLE problem (
    path TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    size_bytes INTEGER,
    mtime_ns INTEGER
);
CREATE TABLE approximate_index (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL,
    sha256 TEXT NOT NULL
);
{added}
"""


ADDED_BY_VERSION_2 = """
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE local_features (
    picture_id INTEGER PRIMARY KEY REFERENCES picture (id) ON DELETE CASCADE,
    width_px INTEGER NOT NULL,
    height_px INTEGER NOT NULL,
    features BLOB NOT NULL CHECK (length(features) % 22 = 0)
);
CREATE TABLE page_picture (
    picture_id INTEGER PRIMARY KEY REFERENCES picture (id) ON DELETE CASCADE,
    jpeg BLOB NOT NULL
);
CREATE TABLE item (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE item_field (
    item_id INTEGER NOT NULL REFERENCES item (id) ON DELETE CASCADE,
    language TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (item_id, language, name)
) WITHOUT ROWID;
CREATE TABLE item_picture (
    picture_id INTEGER PRIMARY KEY REFERENCES picture (id) ON DELETE CASCADE,
    item_id INTEGER NOT NULL REFERENCES item (id) ON DELETE CASCADE
);
"""


@contextlib.contextmanager
def readable_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into sentences."""
    try:
        yield
    except sqlite3.Error as error:
        raise GalleryError(_sentence(path, error)) from error
    except UnicodeDecodeError as error:  # SQLite's own message repeats a damaged schema.
        raise GalleryError(
            f"{path} is damaged: it holds text that is not UTF-8; build it again with "
            "actnet-index build --overwrite"
        ) from error


def connect(path: Path, write: bool = False) -> sqlite3.Connection:
    """Open the database of a gallery and hold its marks against the format.

    A journal that a killed writer left is rolled back by SQLite on the way: what was committed is
    there.

    Raises:
        GalleryError: missing, no gallery, damaged, or of another version.
    """
    path = Path(path)
    if path.is_dir():
        raise GalleryError(f"{path} is a folder; give a gallery file: actnet-index build makes one")
    if not path.is_file():
        raise GalleryError(f"{path} does not exist; make it with actnet-index build")
    address = f"file:{urllib.parse.quote(os.fsencode(path.absolute()))}?mode=rw"
    with readable_errors(path):
        # On a read-only disk SQLite falls back to reading by itself.
        connection = sqlite3.connect(
            address, uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None,
            check_same_thread=False,
        )  # fmt: skip
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE_BYTES)
            _check_marks(path, connection)
            _check_objects(path, connection)
            if not write:
                connection.execute("PRAGMA query_only = ON")
        except BaseException:
            connection.close()
            raise
    return connection


def from_gallery(gallery: Path, relative: str) -> Path:
    """Return a path that is noted as seen from a gallery's folder."""
    return Path(os.path.normpath(Path(os.path.realpath(gallery)).parent / relative))


def looks_like_gallery(path: Path) -> bool:
    """Tell whether a file bears a gallery's mark, be it damaged otherwise, or is empty."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(72)
    return head[68:] == APPLICATION_ID.to_bytes(4, "big") or not head


def remove_journal(path: Path) -> None:
    """Remove what a killed writer left beside a gallery that is replaced as a whole.

    SQLite would play it back into the new file.

    Raises:
        GalleryError: a file with such a name is not SQLite's; SQLite would overwrite it.
    """
    for suffix, starts in _JOURNAL_STARTS.items():
        journal = path.with_name(path.name + suffix)
        if not os.path.lexists(journal):
            continue
        if not _begins(journal, starts):
            raise GalleryError(
                f"{journal} must be free for the gallery's journal, but another file has this name; move it away"
            )
        journal.unlink()


def _begins(path: Path, starts: tuple[bytes, ...]) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(8)
    # Zeros are a journal that was finished; nothing is one that was not begun.
    return not head.strip(b"\0") or head.startswith(starts)


def check_model(path: Path, info: GalleryModel, model: GalleryModel) -> None:
    """Hold the model that is to describe a query against the one that made a gallery.

    Raises:
        GalleryError: they differ; their similarities would mean nothing.
    """
    for field in fields(GalleryModel):
        if field.name in ("model_file", "model_format", "model_precision"):
            continue  # They follow from the hash.
        ours, theirs = getattr(info, field.name), getattr(model, field.name)
        if ours != theirs:
            raise GalleryError(
                f"{path} was made by {info.model_file} ({field.name} {_short(ours)}), not by "
                f"{model.model_file} ({_short(theirs)})"
            )


def read_info(path: Path, connection: sqlite3.Connection) -> GalleryInfo:
    """Read the one row of the table `gallery`.

    Raises:
        GalleryError: it is missing or its values are impossible.
    """
    names = [field.name for field in fields(GalleryInfo)]
    with readable_errors(path):
        rows = connection.execute(f"SELECT {', '.join(names)} FROM gallery").fetchall()
    if len(rows) != 1:
        raise GalleryError(f"{path} is damaged: it does not name its model; build it again")
    values = dict(zip(names, rows[0], strict=True))
    for field in fields(GalleryInfo):
        value = values[field.name]
        least, most = _RANGES.get(field.name, (0, 2**63 - 1))
        fits = (
            type(value) is int and least <= value <= most
            if field.type is int
            else (type(value) is str)
        )
        if not fits:
            raise GalleryError(
                f"{path} is damaged: its {field.name} is {_short(repr(value))}; build it again with "
                "actnet-index build --overwrite"
            )
    if values["storage"] not in set(Storage):
        raise GalleryError(f"{path} is damaged: {values['dim']} values of {values['storage']}")
    return GalleryInfo(**{**values, "storage": Storage(values["storage"])})


def _check_marks(path: Path, connection: sqlite3.Connection) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise GalleryError(
            f"{path} is an SQLite file, but not a gallery; give one that actnet-index made"
        )
    version = read_version(connection)
    if version not in READABLE_VERSIONS:
        raise GalleryError(
            f"{path} is a gallery of version {version}; this release reads 1 and {VERSION}: "
            "build it again, or install the release that made it"
        )


def _check_objects(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse all but plain tables and indices: a view may run without an end."""
    for kind, name, text in connection.execute("SELECT type, name, sql FROM sqlite_master"):
        plain = kind == "index" or (
            kind == "table" and str(text).upper().startswith("CREATE TABLE")
        )
        if plain and kind == "table":
            columns = connection.execute("SELECT hidden FROM pragma_table_xinfo(?)", (name,))
            plain = not any(hidden for (hidden,) in columns)
        if not plain:
            raise GalleryError(
                f"{path} holds {_short(str(name))!r}, which is not a plain table; a gallery has only those: "
                "build it again with actnet-index build --overwrite"
            )


def _sentence(path: Path, error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    sentences = {
        sqlite3.SQLITE_FULL: "cannot be written: the disk is full. What was committed is safe; "
        "free some space and run actnet-index update",
        sqlite3.SQLITE_BUSY: "is being written by another program; try again",
        sqlite3.SQLITE_READONLY: "cannot be written: it or its folder is read-only",
        sqlite3.SQLITE_CANTOPEN: "cannot be opened; are file and folder readable?",
        sqlite3.SQLITE_NOTADB: "is not a gallery: it is not an SQLite file",
        sqlite3.SQLITE_CORRUPT: "is damaged; build it again with actnet-index build --overwrite",
        sqlite3.SQLITE_IOERR: "cannot be read or written (disk error or size limit). What was "
        "committed is safe; run actnet-index update",
    }
    return f"{path} {sentences.get(code, f'cannot be used: {error}')}"


def _short(value: object) -> str:
    text = str(value)
    return f"{text[:12]}…" if len(text) > 12 else text

"""What changed in the folder since a gallery was written: size and time first, content last.

The lists live in temporary tables on the disk, so that memory stays the same whatever the number
of photos.
"""

import posixpath
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mobile_actnet.errors import GalleryError
from mobile_actnet.gallery.sqlite.schema import readable_errors
from mobile_actnet.gallery.sqlite.writer import BrokenPhoto, GalleryWriter
from mobile_actnet.pictures.names import composed
from mobile_actnet.pictures.photo_tree import FoundPhoto, LostPath

_TABLES = """
CREATE TABLE temp.seen (path TEXT PRIMARY KEY, size_bytes INTEGER, mtime_ns INTEGER) WITHOUT ROWID;
CREATE TABLE temp.label (path TEXT PRIMARY KEY, label TEXT) WITHOUT ROWID;
CREATE TABLE temp.lost (path TEXT PRIMARY KEY, reason TEXT, folder INTEGER) WITHOUT ROWID;
CREATE TABLE temp.gone (id INTEGER PRIMARY KEY, path TEXT, size_bytes INTEGER, sha256 BLOB);
CREATE TABLE temp.waiting (path TEXT PRIMARY KEY, size_bytes INTEGER, mtime_ns INTEGER);
CREATE INDEX temp.gone_size ON gone (size_bytes);
"""

_BELOW_LOST = """EXISTS (SELECT 1 FROM temp.lost WHERE folder AND (temp.lost.path = ''
    OR {0} = temp.lost.path
    OR substr({0}, 1, length(temp.lost.path) + 1) = temp.lost.path || '/'))"""

_FIND_GONE = f"""
INSERT INTO temp.gone SELECT id, path, size_bytes, sha256 FROM picture
WHERE path NOT IN (SELECT path FROM temp.seen) AND NOT {_BELOW_LOST.format("picture.path")}
"""

# A broken photo that has not changed is not tried again.
_FIND_WAITING = """
INSERT INTO temp.waiting SELECT seen.path, seen.size_bytes, seen.mtime_ns FROM temp.seen
LEFT JOIN picture USING (path) LEFT JOIN problem USING (path)
WHERE NOT (picture.id IS NOT NULL AND NOT ?1 AND picture.size_bytes = seen.size_bytes
           AND picture.mtime_ns = seen.mtime_ns)
  AND NOT (picture.id IS NULL AND problem.size_bytes IS seen.size_bytes
           AND problem.mtime_ns IS seen.mtime_ns)
ORDER BY seen.path
"""

_RELABEL = """
UPDATE picture SET label = (SELECT label FROM temp.label WHERE temp.label.path = picture.path)
WHERE label IS NOT (SELECT label FROM temp.label WHERE temp.label.path = picture.path)
"""

_UNUSED = "SELECT path FROM temp.label WHERE path NOT IN (SELECT path FROM temp.seen)"

_AWAY = (
    "is empty or gone, and its pictures stay in the gallery; is its disk connected? "
    "actnet index update --prune deletes them"
)
_FEW, _LARGE_SHARE = 20, 0.25
_PAGE = 512


@dataclass
class Changes:
    """How many pictures an update found in which state.

    Attributes:
        unchanged: not touched.
        renewed: same content with another time.
        moved: same content under another name.
        deleted: gone from the folder. described: new or changed. relabelled.
        broken: photos and folders that could not be read, now.
        completed: described before, and given local features or a page's picture.
    """

    unchanged: int = 0
    renewed: int = 0
    moved: int = 0
    deleted: int = 0
    relabelled: int = 0
    described: int = 0
    broken: int = 0
    completed: int = 0


Hash = Callable[[str], str]


def list_photos(writer: GalleryWriter, found: Iterable[FoundPhoto | LostPath]) -> int:
    """Fill the temporary lists with what lies in the folder; return the number of photos."""
    connection = writer.connection
    with readable_errors(writer.path):
        connection.executescript(_TABLES)
        connection.execute("BEGIN")
        for entry in found:
            if isinstance(entry, FoundPhoto):
                connection.execute(
                    "INSERT INTO temp.seen VALUES (?, ?, ?)",
                    (entry.path, entry.size_bytes, entry.mtime_ns),
                )
            else:
                connection.execute(
                    "INSERT OR REPLACE INTO temp.lost VALUES (?, ?, ?)",
                    (entry.path, entry.reason, entry.folder),
                )
        connection.execute("COMMIT")
        return int(connection.execute("SELECT count(*) FROM temp.seen").fetchone()[0])


def list_labels(writer: GalleryWriter, labels: Iterable[tuple[str, str]]) -> int:
    """Fill the temporary list of labels; return how many have no photo."""
    connection = writer.connection
    with readable_errors(writer.path):
        connection.execute("BEGIN")
        connection.executemany("INSERT OR REPLACE INTO temp.label VALUES (?, ?)", labels)
        connection.execute("COMMIT")
        if _one(connection, f"SELECT count(*) FROM ({_UNUSED})"):
            _match_spellings(connection)
        return _one(connection, f"SELECT count(*) FROM ({_UNUSED})")


def unused_labels(writer: GalleryWriter, most: int) -> tuple[str, ...]:
    """Return the first labels without a photo."""
    with readable_errors(writer.path):
        rows = writer.connection.execute(f"{_UNUSED} ORDER BY path LIMIT ?", (most,))
        return tuple(path for (path,) in rows)


def seen_paths(writer: GalleryWriter) -> Iterator[str]:
    """Yield the photos in the folder."""
    with readable_errors(writer.path):
        for (path,) in writer.connection.execute("SELECT path FROM temp.seen"):
            yield path


def settle(
    writer: GalleryWriter,
    content_hash: Hash,
    rehash: bool = False,
    prune: bool = True,
) -> Changes:
    """Bring the gallery up to date as far as no picture has to be described; the rest waits.

    Where nothing has changed nothing is written.

    Args:
        content_hash: SHA-256 of the photo at a path, in hex; it may raise OSError.
        rehash: do not trust size and time.
        prune: delete whatever has gone. Otherwise the pictures of a folder without any photo, be it
            there or not, are kept, and a large share of the gallery is not deleted: a disk may be away.

    Raises:
        GalleryError: more than a quarter of the pictures, and more than 20, would be deleted.
    """
    connection, changes = writer.connection, Changes()
    with writer.transaction():
        connection.execute(_FIND_GONE)
        connection.execute(_FIND_WAITING, (rehash,))
        before = _one(connection, "SELECT count(*) FROM picture")
        _match_contents(connection, content_hash, changes)
        if not prune:
            _keep_folders(connection)
            _refuse_large_share(writer, before)
        changes.deleted = connection.execute(
            "DELETE FROM picture WHERE id IN (SELECT id FROM temp.gone)"
        ).rowcount
        _settle_problems(writer)
        changes.relabelled = connection.execute(_RELABEL).rowcount
        changed = _one(connection, "SELECT count(*) FROM temp.waiting JOIN picture USING (path)")
        changes.unchanged = before - changes.deleted - changes.moved - changes.renewed - changed
        if changes.moved or changes.deleted or changes.relabelled:
            writer.advance()
    return changes


def count_waiting(writer: GalleryWriter) -> int:
    """Return how many photos are to be described."""
    with readable_errors(writer.path):
        return _one(writer.connection, "SELECT count(*) FROM temp.waiting")


def waiting(writer: GalleryWriter) -> Iterator[FoundPhoto]:
    """Yield the photos that are to be described, in the order of paths."""
    for _, path, size_bytes, mtime_ns in _pages(writer.connection):
        yield FoundPhoto(path, size_bytes, mtime_ns)


def _match_contents(connection: sqlite3.Connection, content_hash: Hash, changes: Changes) -> None:
    """Find what only has another time or another name, by content."""
    for row, path, size_bytes, mtime_ns in _pages(connection):
        old = connection.execute(
            "SELECT id, size_bytes, mtime_ns, sha256 FROM picture WHERE path = ?", (path,)
        ).fetchone()
        alike = _one(connection, "SELECT count(*) FROM temp.gone WHERE size_bytes = ?", size_bytes)
        if not (old[1] == size_bytes if old else alike):
            continue
        try:
            sha256 = bytes.fromhex(content_hash(path))
        except OSError:
            continue  # Whoever describes it will say what is wrong.
        if old is None:
            found = connection.execute(
                "SELECT id FROM temp.gone WHERE size_bytes = ? AND sha256 = ?", (size_bytes, sha256)
            ).fetchone()
            if found is None:
                continue
            connection.execute("DELETE FROM temp.gone WHERE id = ?", found)
            _rename(connection, found[0], path, mtime_ns)
            changes.moved += 1
        elif old[3] != sha256:
            continue
        elif old[2] != mtime_ns:
            _rename(connection, old[0], path, mtime_ns)
            changes.renewed += 1
        connection.execute("DELETE FROM temp.waiting WHERE rowid = ?", (row,))


def _keep_folders(connection: sqlite3.Connection) -> None:
    """Keep the pictures of folders that are empty or gone, as where a disk is away."""
    folders_away: dict[str, str | None] = {}
    gone = connection.execute("SELECT id, path FROM temp.gone").fetchall()
    for _, path in gone:
        folder = posixpath.dirname(path)
        if folder not in folders_away:
            folders_away[folder] = _without_photos(connection, folder)
    rows = [(number,) for number, path in gone if folders_away[posixpath.dirname(path)]]
    connection.executemany("DELETE FROM temp.gone WHERE id = ?", rows)
    connection.executemany(
        "INSERT OR REPLACE INTO temp.lost VALUES (?, ?, 1)",
        [(folder, _AWAY) for folder in sorted({each for each in folders_away.values() if each})],
    )


def _without_photos(connection: sqlite3.Connection, folder: str) -> str | None:
    """Return the outermost folder around a folder, or itself, without a photo below; or None."""
    # '0' follows '/': everything that begins with the folder's name and a slash is between.
    query = "SELECT count(*) FROM (SELECT 1 FROM temp.seen WHERE path > ? AND path < ? LIMIT 1)"
    outermost = None
    while folder and not _one(connection, query, f"{folder}/", f"{folder}0"):
        outermost, folder = folder, posixpath.dirname(folder)
    return outermost


def _refuse_large_share(writer: GalleryWriter, pictures: int) -> None:
    gone = _one(writer.connection, "SELECT count(*) FROM temp.gone")
    if gone > max(_FEW, pictures * _LARGE_SHARE):
        raise GalleryError(
            f"{gone} of the {pictures} pictures in {writer.path} are not in the folder any more; "
            "is it the right folder, and is its disk connected? The gallery was not changed. Give --prune "
            "to actnet-index update to delete them"
        )


def _rename(connection: sqlite3.Connection, picture: int, path: str, mtime_ns: int) -> None:
    connection.execute(
        "UPDATE picture SET path = ?, mtime_ns = ? WHERE id = ?", (path, mtime_ns, picture)
    )


def _settle_problems(writer: GalleryWriter) -> None:
    """Forget problems of what is not there any more, note those of the walk."""
    connection = writer.connection
    connection.execute(
        "DELETE FROM problem WHERE path NOT IN (SELECT path FROM temp.seen) "
        f"AND path NOT IN (SELECT path FROM temp.lost) AND NOT {_BELOW_LOST.format('problem.path')}"
    )
    new = connection.execute(
        "SELECT lost.path, lost.reason FROM temp.lost LEFT JOIN problem USING (path) "
        "WHERE problem.reason IS NOT lost.reason"
    ).fetchall()
    for path, reason in new:
        writer.note_problem(BrokenPhoto(path, reason))


def _match_spellings(connection: sqlite3.Connection) -> None:
    """Give labels to photos whose names are the same in another spelling of their accents."""
    unused = [path for (path,) in connection.execute(_UNUSED) if not path.isascii()]
    if not unused:
        return
    spelled = {
        composed(path): path
        for (path,) in connection.execute("SELECT path FROM temp.seen")
        if not path.isascii()
    }
    found = [(spelled[composed(path)], path) for path in unused if composed(path) in spelled]
    connection.execute("BEGIN")
    # A label in the disk's own spelling comes first.
    connection.executemany("UPDATE OR IGNORE temp.label SET path = ? WHERE path = ?", found)
    connection.execute("COMMIT")


def _pages(connection: sqlite3.Connection) -> Iterator[tuple[int, str, int, int]]:
    """Walk through the waiting photos while the list may shrink and commits happen."""
    last = 0
    while rows := connection.execute(
        "SELECT rowid, path, size_bytes, mtime_ns FROM temp.waiting WHERE rowid > ? "
        "ORDER BY rowid LIMIT ?", (last, _PAGE)
    ).fetchall():  # fmt: skip
        yield from rows
        last = rows[-1][0]


def _one(connection: sqlite3.Connection, query: str, *values: object) -> int:
    return int(connection.execute(query, values).fetchone()[0])

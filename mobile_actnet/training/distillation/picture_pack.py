"""Training pictures in one small zip file, to carry to a machine with a GPU.

A pack holds a folder's pictures, made smaller, with a manifest.csv; unpacked it is a folder of
pictures like any other.
"""

import csv
import io
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from mobile_actnet.errors import ActnetError, UnreadablePictureError
from mobile_actnet.files import put_in_place, reason, sha256_of, staging_folder
from mobile_actnet.pictures.photos import MANIFEST_NAME, Photo
from mobile_actnet.pictures.preprocessing import decode

PACK_SUFFIX = ".zip"
PACK_SIDE_PX = 288
PACK_QUALITY = 45


def write_pack(
    path: Path,
    photos: list[Photo],
    say: Callable[[str], None] = print,
    side_px: int = PACK_SIDE_PX,
    quality: int = PACK_QUALITY,
    threads: int = 1,
) -> int:
    """Write photos into a pack; the file is there whole or not at all.

    Args:
        path: ends in .zip.
        say: takes a sentence for each photo that cannot be read.
        side_px: longest side of the pictures inside. quality: of WebP, 0 to 100.

    Returns:
        The number of pictures inside.

    Raises:
        ActnetError: another suffix, no readable photo, or the folder cannot be written.
    """
    if path.suffix != PACK_SUFFIX:
        raise ActnetError(f"{path} is not a name for a pack; it must end in {PACK_SUFFIX}")

    def shrink(photo: Photo) -> bytes | str:
        try:
            picture = decode(photo.path)
        except UnreadablePictureError as error:
            return str(error)
        picture.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        picture.save(buffer, "WEBP", quality=quality, method=5)
        return buffer.getvalue()

    with staging_folder(path.parent) as folder:
        staged = folder / path.name
        rows: list[tuple[str, str, str]] = []
        with zipfile.ZipFile(staged, "w") as pack, ThreadPoolExecutor(max(1, threads)) as pool:
            for photo, data in zip(photos, pool.map(shrink, photos), strict=True):
                if isinstance(data, str):
                    say(f"skipped: {data}")
                    continue
                name = f"{len(rows):06d}.webp"
                pack.writestr(name, data)
                rows.append((name, photo.instance, photo.role))
            if not rows:
                raise ActnetError(f"none of {len(photos)} photos can be read; nothing to pack")
            table = io.StringIO()
            csv.writer(table).writerows([("path", "instance", "role"), *rows])
            pack.writestr(MANIFEST_NAME, table.getvalue())
        put_in_place([(staged, path)])
    return len(rows)


def unpack(path: Path, folder: Path) -> Path:
    """Unpack a pack below a folder; return the folder of its pictures.

    The folder's name holds the pack's hash: packs of one name do not take each other's place.

    Raises:
        ActnetError: no zip file, no pack, or the folder cannot be written.
    """
    try:
        target = folder / f"{path.stem}-{sha256_of(path)[:16]}"
        with zipfile.ZipFile(path) as pack:
            if MANIFEST_NAME not in pack.namelist():
                raise ActnetError(f"{path} is not a pack: it has no {MANIFEST_NAME}")
            if any(inside.compress_type != zipfile.ZIP_STORED for inside in pack.infolist()):
                # What `write_pack` never does; a small file could fill the disk.
                raise ActnetError(f"{path} is not a pack: its content is compressed")
            pack.extractall(target)  # zipfile keeps names inside the folder
    except OSError as error:
        raise ActnetError(f"{path} cannot be unpacked below {folder}: {reason(error)}") from error
    except ActnetError:
        raise
    # A damaged archive raises almost anything: RuntimeError, NotImplementedError, ValueError.
    except Exception as error:
        raise ActnetError(f"{path} is not a pack or is damaged: {error}; write it again") from error
    return target

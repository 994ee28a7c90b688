"""The built page in the package: its large engines lie there in one archive, and are unpacked into each site.

The two builds of LiteRT are alike: one archive of both is half as large as two. web_demo/tools/pack_page.py writes it.
"""

import shutil
import tarfile
from importlib import resources
from pathlib import Path

from mobile_actnet.errors import ActnetError

_ARCHIVE = "engine.tar.xz"


def page_folder() -> Path:
    """Return the folder of the built page.

    Raises:
        ActnetError: this checkout has none yet.
    """
    folder = Path(str(resources.files("mobile_actnet.web"))) / "page"
    if not (folder / "index.html").is_file():
        raise ActnetError(f"{folder} has no page; run: make web")
    return folder


def copy_page(folder: Path) -> None:
    """Copy the page into a new folder, as it was built.

    Args:
        folder: must not exist. What was copied before an error stays in it.

    Raises:
        ActnetError: there is no page, its archive is damaged, or this Python cannot unpack it.
        OSError: the folder cannot be written, or the disk is full.
    """
    page = page_folder()
    shutil.copytree(page, folder, ignore=shutil.ignore_patterns(_ARCHIVE))
    try:
        import lzma  # A Python can be built without it.
    except ModuleNotFoundError as error:
        raise ActnetError(
            "this Python was built without its module lzma, which unpacks the page; use another Python, "
            "or build it anew after installing the headers of liblzma (Debian: liblzma-dev)"
        ) from error
    try:
        _unpack(page / _ARCHIVE, folder)
    except (tarfile.TarError, lzma.LZMAError, EOFError, FileNotFoundError) as error:
        raise ActnetError(
            f"{page / _ARCHIVE} is missing or damaged; install mobile-actnet again"
        ) from error


def _unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive, "r:xz") as members:
        for member in members:
            source = members.extractfile(member)
            assert source is not None, "pack_page.py packs files alone"
            target = folder / member.name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)

"""Put a built page into the package, its large engines in one archive.

    python3 web_demo/tools/pack_page.py web_demo/build/page mobile_actnet/web/page

An archive that is there with the same content stays as it is: another liblzma may give other bytes for it.
`mobile_actnet.web.shipped_page` unpacks it.
"""

import io
import lzma
import sys
import tarfile
from pathlib import Path

_ARCHIVE = "engine.tar.xz"
_LEAST_BYTES = 200_000
"""Smaller engines are left beside it: tools/engine.sh takes actnet.wasm as it is."""
_PRESET = 9
"""The one that looks back far enough to see the other build of LiteRT."""


def pack(built: Path, shipped: Path) -> None:
    """Make `shipped` hold what `built` holds, and nothing else."""
    files = {
        path.relative_to(built).as_posix(): path.read_bytes()
        for path in sorted(built.rglob("*"))
        if path.is_file()
    }
    large = {
        name: content
        for name, content in files.items()
        if name.startswith("engine/") and len(content) >= _LEAST_BYTES
    }
    if _unpacked(shipped / _ARCHIVE) != large:
        _write(shipped / _ARCHIVE, _archive(large))
    beside = {name: content for name, content in files.items() if name not in large}
    for name, content in beside.items():
        _write(shipped / name, content)
    for path in [path for path in shipped.rglob("*") if path.is_file()]:
        if path.relative_to(shipped).as_posix() not in {*beside, _ARCHIVE}:
            path.unlink()


def _archive(files: dict[str, bytes]) -> bytes:
    """Return an archive that is the same for the same files: without times, owners and rights."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size = len(files[name])
            archive.addfile(member, io.BytesIO(files[name]))
    return lzma.compress(content.getvalue(), preset=_PRESET)


def _unpacked(archive: Path) -> dict[str, bytes] | None:
    """Return the files of an archive; None where there is none, or a damaged one."""
    try:
        with tarfile.open(archive, "r:xz") as members:
            return {member.name: members.extractfile(member).read() for member in members}
    except (FileNotFoundError, EOFError, tarfile.TarError, lzma.LZMAError):
        return None


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    pack(*map(Path, sys.argv[1:]))

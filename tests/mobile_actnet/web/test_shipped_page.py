"""The page in the package: small there, in a site as it was built; `make web` rewrites what has changed alone."""

import lzma
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mobile_actnet.errors import ActnetError
from mobile_actnet.web import shipped_page
from mobile_actnet.web.shipped_page import copy_page, page_folder
from mobile_actnet.web.static_site import write_site

PACK_PAGE = Path(__file__).parents[3] / "web_demo" / "tools" / "pack_page.py"
ARCHIVE = "engine.tar.xz"
LARGE, SMALL, TEXT = bytes(range(256)) * 1000, b"\0asm", "<!doctype html>\n"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def pack(built: Path, shipped: Path) -> None:
    subprocess.run([sys.executable, PACK_PAGE, built, shipped], check=True)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A page as Vite leaves it."""
    folder = tmp_path / "built"
    (folder / "engine").mkdir(parents=True)
    (folder / "assets").mkdir()
    (folder / "index.html").write_text(TEXT)
    (folder / "service-worker.js").write_text("__SITE_VERSION__")
    (folder / "assets" / "worker.js").write_bytes(LARGE)
    (folder / "engine" / "large.wasm").write_bytes(LARGE)
    (folder / "engine" / "small.wasm").write_bytes(SMALL)
    return folder


def test_the_package_has_the_page_and_no_large_engine(tmp_path: Path) -> None:
    shipped = contents(page_folder())
    assert {"index.html", "service-worker.js", "engine/actnet.wasm"} <= set(shipped)
    assert sum(map(len, shipped.values())) < 4_000_000
    copy_page(tmp_path / "page")
    page = contents(tmp_path / "page")
    assert set(shipped) - set(page) == {ARCHIVE}
    engines = {name for name in page if name.endswith(".wasm")}
    assert len(engines) == 4
    for name in engines:
        assert page[name].startswith(b"\0asm\1\0\0\0"), name
    assert sum(map(len, page.values())) > 20_000_000


def test_what_is_packed_is_unpacked_to_the_same_bytes(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "shipped"
    pack(built, shipped)
    assert set(contents(shipped)) == {
        "index.html", "service-worker.js", "assets/worker.js", "engine/small.wasm", ARCHIVE,
    }  # fmt: skip
    assert (shipped / ARCHIVE).stat().st_size < len(LARGE) // 10
    monkeypatch.setattr(shipped_page, "page_folder", lambda: shipped)
    copy_page(tmp_path / "page")
    assert contents(tmp_path / "page") == contents(built)


def test_packing_again_rewrites_what_has_changed_alone(built: Path, tmp_path: Path) -> None:
    shipped = tmp_path / "shipped"
    pack(built, shipped)
    first = contents(shipped)
    for path in (built / "engine").iterdir():
        os.utime(path, (0, 0))
    pack(built, tmp_path / "other")
    assert contents(tmp_path / "other") == first, "no times in the archive"
    # As another liblzma might write it.
    same = lzma.compress(lzma.decompress(first[ARCHIVE]), preset=0)
    assert same != first[ARCHIVE]
    (shipped / ARCHIVE).write_bytes(same)
    (shipped / "old.js").touch()
    (built / "index.html").write_text(TEXT + "new")
    pack(built, shipped)
    assert contents(shipped) == first | {ARCHIVE: same, "index.html": (TEXT + "new").encode()}
    (built / "engine" / "large.wasm").write_bytes(LARGE + SMALL)
    pack(built, shipped)
    assert contents(shipped)[ARCHIVE] not in (same, first[ARCHIVE])


@pytest.mark.parametrize("damage", ["cut", "changed", "text", "missing"])
def test_a_damaged_archive_leaves_no_site(
    damage: str, built: Path, web_gallery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, sites = tmp_path / "shipped", tmp_path / "sites"
    pack(built, shipped)
    archive = shipped / ARCHIVE
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    archive.write_bytes(
        {"cut": archive.read_bytes()[:-99], "text": LARGE}.get(damage, bytes(content))
    )
    if damage == "missing":
        archive.unlink()
    monkeypatch.setattr(shipped_page, "page_folder", lambda: shipped)
    with pytest.raises(
        ActnetError, match=r"engine\.tar\.xz is missing or damaged; install mobile-"
    ):
        write_site(web_gallery, sites / "site")
    assert not list(sites.iterdir())
    pack(built, shipped)
    assert write_site(web_gallery, sites / "site").pictures == 6


def test_a_python_without_lzma_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lzma", None)
    with pytest.raises(ActnetError, match="this Python was built without its module lzma"):
        copy_page(tmp_path / "page")


def test_a_package_without_a_page_says_how_to_build_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped_page.resources, "files", lambda package: tmp_path)
    with pytest.raises(ActnetError, match="has no page; run: make web"):
        copy_page(tmp_path / "page")

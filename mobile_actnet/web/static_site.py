"""From a gallery to a folder of static files: page, engine, model, gallery, and the list of them all.

`site.json` names each file with its hash, and the service worker bears the hash of the whole: so browsers keep the
site offline and fetch only what has changed.
"""

import hashlib
import json
import shutil
import sqlite3
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.files import put_in_place, sha256_of, size_bytes, staging_folder
from mobile_actnet.gallery.model import identify_as
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.schema import GalleryInfo, from_gallery
from mobile_actnet.runtime import manifest as manifests
from mobile_actnet.runtime.vocabulary import Format
from mobile_actnet.web.shipped_page import copy_page, page_folder

SITE_FILE = "site.json"
SERVICE_WORKER = "service-worker.js"

_SCHEMA = 1
_VERSION_MARK = "__SITE_VERSION__"
_GALLERY, _CODES = "gallery.sqlite", "engine/local_codes.safetensors"
_MANIFEST = "manifest.webmanifest"

# What tells of the maker's computer, and what visitors do not need.
_LEAVE_AT_HOME = """
UPDATE gallery SET photos_path = '', model_path = '', labels = '';
UPDATE setting SET value = '' WHERE name = 'items';
DELETE FROM problem;
DELETE FROM approximate_index;
VACUUM;
"""


@dataclass(frozen=True)
class Site:
    """A site that was written.

    Attributes:
        folder: with index.html.
        title: of the collection, as the page shows it.
        version: names the content; another gallery, model or page has another one.
        model_precision: of the model; int8 and fp32 are fast in browsers, fp16 is not.
        pictures: in the gallery.
        verifies: whether the gallery has local features, without which nothing is an answer.
        size_bytes: of all files.
    """

    folder: Path
    title: str
    version: str
    model_precision: str
    pictures: int
    verifies: bool
    size_bytes: int


def write_site(
    gallery: Path, folder: Path, model: Path | None = None, title: str | None = None,
    overwrite: bool = False,
) -> Site:  # fmt: skip
    """Write a gallery's site; an older one stays until the new one is whole.

    Args:
        gallery: made with a TFLite artefact.
        folder: that becomes the site. model: where the artefact is now; where it was if None.
        title: of the collection; the gallery's name if None.

    Raises:
        ActnetError: the gallery or its model is missing, damaged or does not fit, the folder is there
            already, or the disk is full.
    """
    _refuse_folder(folder, overwrite)
    title = title or gallery.stem
    with GalleryReader(gallery) as reader:
        artefact = _artefact_of(gallery, reader.info, model)
        # Each is read, and so checked: the page would refuse a damaged one at every visit.
        pictures = sum(1 for _ in reader.all_pictures())
        verifies = reader.kept.local_features
    with staging_folder(folder.absolute().parent) as staging:
        new = staging / "site"
        copy_page(new)
        _copy_gallery(gallery, new / _GALLERY)
        (new / "model").mkdir()
        model_path = shutil.copy(artefact, new / "model")
        shutil.copy(manifests.path_of(artefact), new / "model")
        shutil.copy(_codes_file(), new / _CODES)
        (new / _MANIFEST).write_text(_web_manifest(title), encoding="utf-8")
        version = _write_list(new, title, Path(model_path).relative_to(new).as_posix())
        total = size_bytes(new)
        put_in_place([(new, folder.absolute())])
    precision = manifests.load(artefact).precision
    return Site(folder, title, version, str(precision), pictures, verifies, total)


def _refuse_folder(folder: Path, overwrite: bool) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ActnetError(f"{folder} is a file; give the name of a folder with -o")
    if not any(folder.iterdir()):
        return
    if not (folder / SITE_FILE).is_file():
        raise ActnetError(f"{folder} holds other files; give an empty or a new folder with -o")
    if not overwrite:
        raise ActnetError(f"{folder} exists; give --overwrite to replace it, or another -o")


def _artefact_of(gallery: Path, info: GalleryInfo, model: Path | None) -> Path:
    if info.model_format != Format.TFLITE:
        raise ConfigError(
            f"{gallery} was made with a model in the format {info.model_format}; browsers run tflite: export "
            "with actnet export --format tflite --precision int8, and index with that"
        )
    artefact = model or from_gallery(gallery, info.model_path)
    identify_as(artefact, info, gallery)
    return artefact


def _copy_gallery(gallery: Path, copy: Path) -> None:
    """Copy a gallery as it is at one moment, without what tells of this computer."""
    try:
        source = sqlite3.connect(f"{gallery.absolute().as_uri()}?mode=ro", uri=True)
        target = sqlite3.connect(copy, isolation_level=None)
        try:
            source.backup(target)
            version = target.execute("PRAGMA user_version").fetchone()[0]
            lines = _LEAVE_AT_HOME.strip().splitlines()
            target.executescript(
                "\n".join(line for line in lines if version > 1 or "setting" not in line)
            )
        finally:
            target.close()
            source.close()
    except sqlite3.Error as error:
        raise ActnetError(f"{gallery} cannot be copied: {error}") from error


def _codes_file() -> Path:
    return Path(str(resources.files("mobile_actnet"))) / "weights" / "local_codes.safetensors"


def _web_manifest(title: str) -> str:
    """Return what makes the page installable."""
    sizes = (("icon-192.png", "192x192"), ("icon-512.png", "512x512"))
    icons = [
        {"src": f"icons/{name}", "sizes": size, "type": "image/png", "purpose": purpose}
        for name, size in sizes
        for purpose in ("any", "maskable")
    ]
    content = {
        "name": title, "short_name": title[:24], "start_url": "./", "scope": "./", "display": "standalone",
        "background_color": "#14161a", "theme_color": "#14161a", "icons": icons,
    }  # fmt: skip
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _write_list(site: Path, title: str, model: str) -> str:
    """Write site.json and the version into the service worker; return the version."""
    files = {
        path.relative_to(site).as_posix(): {
            "sha256": sha256_of(path), "size_bytes": path.stat().st_size,
        }
        for path in sorted(site.rglob("*"))
        if path.is_file() and path.name != SERVICE_WORKER
    }  # fmt: skip
    listed = {"title": title, "model": model, "gallery": _GALLERY, "codes": _CODES, "files": files}
    worker = site / SERVICE_WORKER
    script = worker.read_text(encoding="utf-8")
    content = json.dumps(listed, sort_keys=True) + script
    version = hashlib.sha256(content.encode()).hexdigest()[:16]
    if _VERSION_MARK not in script:
        raise ActnetError(f"{page_folder()} is of another release; run: make web")
    worker.write_text(script.replace(_VERSION_MARK, version), encoding="utf-8")
    page_list = {"schema": _SCHEMA, "version": version, **listed}
    (site / SITE_FILE).write_text(
        json.dumps(page_list, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return version

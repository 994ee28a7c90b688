"""What a site holds, what it leaves at home, and what is refused."""

import hashlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from mobile_actnet.errors import ActnetError
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.schema import from_gallery
from mobile_actnet.web.static_site import Site, write_site


def listed(site: Path) -> dict:
    return json.loads((site / "site.json").read_text())


def test_every_file_is_listed_with_its_hash(site: Site) -> None:
    told = listed(site.folder)
    there = {p.relative_to(site.folder).as_posix() for p in site.folder.rglob("*") if p.is_file()}
    assert there - set(told["files"]) == {"site.json", "service-worker.js"}
    for name, file in told["files"].items():
        content = (site.folder / name).read_bytes()
        assert file == {
            "sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content),
        }  # fmt: skip
    assert {told[part] for part in ("model", "gallery", "codes")} <= set(told["files"])
    assert f"{told['model']}.json" in told["files"]
    assert (site.pictures, site.verifies, site.title) == (6, True, "Müller's <b>")


def test_the_service_worker_bears_the_version(site: Site) -> None:
    worker = (site.folder / "service-worker.js").read_text()
    assert site.version in worker
    assert "__SITE_VERSION__" not in worker
    assert listed(site.folder)["version"] == site.version


def test_the_same_gallery_has_the_same_version_and_another_title_another(
    site: Site, web_gallery: Path, tmp_path: Path
) -> None:
    assert write_site(web_gallery, tmp_path / "same", title=site.title).version == site.version
    assert write_site(web_gallery, tmp_path / "other", title="other").version != site.version


def test_the_gallery_is_the_same_but_for_paths_of_this_computer(
    site: Site, web_gallery: Path
) -> None:
    with GalleryReader(web_gallery) as ours, GalleryReader(site.folder / "gallery.sqlite") as copy:
        assert (ours.load()[1].values == copy.load()[1].values).all()
        assert copy.kept.local_features
        assert copy.info.uuid == ours.info.uuid
        assert ours.info.photos_path
        assert not copy.info.photos_path + copy.info.model_path + copy.info.labels


def test_the_page_can_be_installed_and_has_no_inline_script(site: Site) -> None:
    told = json.loads((site.folder / "manifest.webmanifest").read_text())
    assert told["name"] == site.title
    for icon in told["icons"]:
        assert (site.folder / icon["src"]).is_file()
    page = (site.folder / "index.html").read_text()
    assert "script-src 'self' 'wasm-unsafe-eval';" in page
    assert "<script>" not in page


def test_an_older_site_is_replaced_only_where_asked(
    web_gallery: Path, site: Site, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    write_site(web_gallery, folder)
    with pytest.raises(ActnetError, match="give --overwrite"):
        write_site(web_gallery, folder)
    (folder / "left.txt").touch()
    write_site(web_gallery, folder, overwrite=True)
    assert not (folder / "left.txt").exists()


def test_folders_of_others_are_never_replaced(web_gallery: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").touch()
    with pytest.raises(ActnetError, match="holds other files"):
        write_site(web_gallery, tmp_path / "mine", overwrite=True)
    (tmp_path / "file").touch()
    with pytest.raises(ActnetError, match="is a file"):
        write_site(web_gallery, tmp_path / "file", overwrite=True)


def test_a_gallery_of_another_format_names_what_to_do(small_gallery: Path, tmp_path: Path) -> None:
    with pytest.raises(ActnetError, match="browsers run tflite: export with"):
        write_site(small_gallery / "g.sqlite", tmp_path / "site")
    assert not list(tmp_path.iterdir())


def test_a_path_out_of_the_folder_is_refused(web_gallery: Path, tmp_path: Path) -> None:
    gallery = tmp_path / "damaged.sqlite"
    shutil.copy(web_gallery, gallery)
    connection = sqlite3.connect(gallery)
    with connection:
        connection.execute("UPDATE picture SET path = '../private/x.jpg' WHERE id = 1")
    connection.close()
    with GalleryReader(web_gallery) as reader:
        model = from_gallery(web_gallery, reader.info.model_path)
    with pytest.raises(ActnetError, match="leads out of its folder"):
        write_site(gallery, tmp_path / "site", model)
    assert not (tmp_path / "site").exists()


def test_another_model_is_refused(web_gallery: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes(web_gallery.read_bytes())
    connection = sqlite3.connect(copy)
    with connection:
        connection.execute("UPDATE gallery SET model_sha256 = ?", ("0" * 64,))
        (path,) = connection.execute("SELECT model_path FROM gallery").fetchone()
    connection.close()
    with pytest.raises(ActnetError, match="rebuild it: actnet-index build"):
        write_site(copy, tmp_path / "site", model=web_gallery.parent / path)

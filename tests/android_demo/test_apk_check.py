"""The check of the Android demo's APK: it must see what it is there to see."""

import struct
import zipfile
from pathlib import Path

import apk_check
import pytest
from apk import _align
from kotlin import BuildError

BADGING = """package: name='org.mobileactnet.app' versionCode='1' versionName='0.1.0'
sdkVersion:'26'
targetSdkVersion:'36'
uses-permission: name='android.permission.CAMERA'
launchable-activity: name='org.mobileactnet.app.phone.MainActivity'  label='' icon=''
  uses-feature-not-required: name='android.hardware.camera'
  uses-feature-not-required: name='android.hardware.camera.any'
native-code: 'arm64-v8a'
"""


def test_what_the_app_promises_passes() -> None:
    apk_check._check_badging(BADGING)


@pytest.mark.parametrize(
    "permission", ["android.permission.INTERNET", "android.permission.READ_MEDIA_IMAGES"]
)
def test_another_permission_is_refused(permission: str) -> None:
    with pytest.raises(BuildError, match=permission):
        apk_check._check_badging(BADGING + f"uses-permission: name='{permission}'\n")


@pytest.mark.parametrize("line", BADGING.splitlines())
def test_every_line_is_needed(line: str) -> None:
    with pytest.raises(BuildError):
        apk_check._check_badging(BADGING.replace(line, ""))


def archive(path: Path, names: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as written:
        for name, content in names.items():
            written.writestr(name, content)
    return path


def test_a_library_off_a_page_is_refused_and_aligned(tmp_path: Path) -> None:
    names = {"assets/odd": b"x" * 13, "lib/a.so": b"y" * 50, "assets/b": b"z"}
    plain, aligned = archive(tmp_path / "plain", names), tmp_path / "aligned"
    with zipfile.ZipFile(plain) as opened, pytest.raises(BuildError, match="lib/a.so begins at"):
        apk_check._check_alignment(opened, plain)
    _align(plain, aligned)
    with zipfile.ZipFile(aligned) as opened:
        apk_check._check_alignment(opened, aligned)
        assert {name: opened.read(name) for name in opened.namelist()} == names


def test_missing_more_and_changed_assets_are_refused(tmp_path: Path) -> None:
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "model").write_bytes(b"model")
    for names in ({}, {"assets/model": b"other"}, {"assets/model": b"model", "assets/b": b""}):
        path = archive(tmp_path / "apk", names)
        with zipfile.ZipFile(path) as opened, pytest.raises(BuildError, match="assets"):
            apk_check._check_assets(opened, assets)


CARRIED = {
    "assets/actnet/local_codes.safetensors": b"codes",
    "assets/actnet/models.json": b'{"schema": 1, "models": ["a"]}',
    **{f"assets/actnet/a/{name}": b""
       for name in ("a.tflite", "a.tflite.json", "gallery.sqlite", "gallery.sha256", "thresholds.json")},
}  # fmt: skip


def test_models_with_all_their_files_pass(tmp_path: Path) -> None:
    with zipfile.ZipFile(archive(tmp_path / "apk", CARRIED | {"classes.dex": b""})) as opened:
        apk_check._check_models(opened)


@pytest.mark.parametrize("name", CARRIED)
def test_a_model_without_one_of_its_files_is_refused(tmp_path: Path, name: str) -> None:
    left = {key: content for key, content in CARRIED.items() if key != name}
    with (
        zipfile.ZipFile(archive(tmp_path / "apk", left)) as opened,
        pytest.raises(BuildError, match=Path(name).name),
    ):
        apk_check._check_models(opened)


def test_a_model_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    more = CARRIED | {"assets/actnet/b/b.tflite": b""}
    with (
        zipfile.ZipFile(archive(tmp_path / "apk", more)) as opened,
        pytest.raises(BuildError, match=r"b/b\.tflite"),
    ):
        apk_check._check_models(opened)


def elf(machine: int, alignment: int) -> bytes:
    """Return a header with one segment that is loaded."""
    head = b"\x7fELF\x02" + bytes(13) + struct.pack("<H", machine) + bytes(12)
    head += struct.pack("<Q", 64) + bytes(14) + struct.pack("<HH", 56, 1)
    return head.ljust(64, b"\0") + struct.pack("<I", 1) + bytes(44) + struct.pack("<Q", alignment)


def test_a_library_of_another_machine_or_smaller_pages_is_refused() -> None:
    apk_check._check_library(elf(183, 16384))
    for wrong in (elf(62, 16384), elf(183, 4096), b"no library at all, but long enough"):
        with pytest.raises(BuildError):
            apk_check._check_library(wrong)

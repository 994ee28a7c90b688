"""Hold an APK against what the app promises: permissions, parts, alignment, signature."""

import json
import re
import struct
import zipfile
from pathlib import Path

from apk import APPLICATION_ID, MIN_SDK, PAGE_BYTES, TARGET_SDK
from assets import CODES, GALLERY, GALLERY_HASH, MODELS, THRESHOLDS
from kotlin import BuildError, run
from toolchain import Toolchain

_PERMISSIONS = {"android.permission.CAMERA"}
_LOAD_SEGMENT = 1


def check_apk(tools: Toolchain, apk: Path, assets: Path) -> str:
    """Check an APK and say what it is.

    Args:
        assets: the folder that its assets were made from.

    Raises:
        BuildError: it is not what it promises to be.
    """
    badging = run([tools.android_program("aapt"), "dump", "badging", apk],
                  LD_LIBRARY_PATH=tools.android_libraries)  # fmt: skip
    _check_badging(badging)
    with zipfile.ZipFile(apk) as archive:
        _check_assets(archive, assets)
        _check_models(archive)
        _check_alignment(archive, apk)
        _check_library(archive.read("lib/arm64-v8a/libactnet_jni.so"))
    said = run([tools.java, "-jar", tools.signer_jar, "verify", "--verbose", "--min-sdk-version",
                MIN_SDK, apk])  # fmt: skip
    _expect("Verified using v2 scheme (APK Signature Scheme v2): true" in said, said)
    return f"{apk.name}, {apk.stat().st_size} bytes, minSdk {MIN_SDK}, targetSdk {TARGET_SDK}"


def _check_badging(badging: str) -> None:
    permissions = set(re.findall(r"^uses-permission: name='([^']+)'", badging, re.MULTILINE))
    _expect(permissions == _PERMISSIONS, f"permissions: {sorted(permissions)}")
    for line in (
        f"package: name='{APPLICATION_ID}' versionCode='1'",
        f"sdkVersion:'{MIN_SDK}'",
        f"targetSdkVersion:'{TARGET_SDK}'",
        "launchable-activity: name='org.mobileactnet.app.phone.MainActivity'",
        "native-code: 'arm64-v8a'",
        "uses-feature-not-required: name='android.hardware.camera'",
        "uses-feature-not-required: name='android.hardware.camera.any'",
    ):
        _expect(line in badging, f"no {line} in:\n{badging}")


def _check_assets(archive: zipfile.ZipFile, assets: Path) -> None:
    expected = {
        f"assets/{path.relative_to(assets)}" for path in assets.rglob("*") if path.is_file()
    }
    found = {name for name in archive.namelist() if name.startswith("assets/")}
    _expect(found == expected, f"assets: {sorted(found)}, not {sorted(expected)}")
    for name in found:
        content = (assets / name.removeprefix("assets/")).read_bytes()
        _expect(archive.read(name) == content, f"{name} has other bytes")


def _check_models(archive: zipfile.ZipFile) -> None:
    """Check that each model has all that the app asks for, and that nothing else is there."""
    folder = "assets/actnet"
    found = {name for name in archive.namelist() if name.startswith(f"{folder}/")}
    _expect(f"{folder}/{MODELS}" in found, f"no {MODELS}")
    names = json.loads(archive.read(f"{folder}/{MODELS}"))["models"]
    needed = {
        f"{folder}/{name}/{file}" for name in names
        for file in (f"{name}.tflite", f"{name}.tflite.json", GALLERY, GALLERY_HASH, THRESHOLDS)
    }  # fmt: skip
    difference = sorted(found ^ (needed | {f"{folder}/{name}" for name in (MODELS, CODES)}))
    _expect(not difference, f"missing, or of no model: {difference}")


def _check_alignment(archive: zipfile.ZipFile, apk: Path) -> None:
    with apk.open("rb") as file:
        for entry in archive.infolist():
            file.seek(entry.header_offset + 26)
            name_bytes, extra_bytes = struct.unpack("<HH", file.read(4))
            start = entry.header_offset + 30 + name_bytes + extra_bytes
            if entry.filename.endswith(".so"):
                stored = entry.compress_type == zipfile.ZIP_STORED
                _expect(stored and start % PAGE_BYTES == 0, f"{entry.filename} begins at {start}")


def _check_library(content: bytes) -> None:
    """Check that a library is for ARM64, and that its segments fit pages of 16 KB."""
    _expect(content[:5] == b"\x7fELF\x02", "the library is no 64-bit ELF file")
    (machine,) = struct.unpack_from("<H", content, 18)
    _expect(machine == 183, f"the library is for machine {machine}, ARM64 is 183")
    (table,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<HH", content, 54)
    for number in range(count):
        (kind,) = struct.unpack_from("<I", content, table + number * size)
        (alignment,) = struct.unpack_from("<Q", content, table + number * size + 48)
        _expect(kind != _LOAD_SEGMENT or alignment >= PAGE_BYTES, f"segment aligned to {alignment}")


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise BuildError(f"the APK is not what it should be: {otherwise}")

"""The check of the Xcode project sees what is wrong with it."""

import importlib.util
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from pbxproj import XcodeProject  # type: ignore[import-untyped]

IOS_DEMO = Path(__file__).parents[2] / "ios_demo"


@pytest.fixture(scope="module")
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "project_check", IOS_DEMO / "tools" / "project_check.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in ("App/ActnetDemo", "App/ActnetDemo.xcodeproj", "Sources"):
        shutil.copytree(IOS_DEMO / name, tmp_path / name)
    shutil.copy(IOS_DEMO / "Package.swift", tmp_path)
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def in_project(old: str, new: str) -> Callable[[Path], None]:
    return lambda root: replace(root / "App/ActnetDemo.xcodeproj/project.pbxproj", old, new)


def add_source(words: str) -> Callable[[Path], None]:
    return lambda root: (root / "Sources/ActnetApp/New.swift").write_text(words) and None


def in_plist(name: str, old: str, new: str) -> Callable[[Path], None]:
    return lambda root: replace(root / "App/ActnetDemo" / name, old, new)


def half_assets(root: Path) -> None:
    (root / "App/actnet").mkdir()
    (root / "App/actnet/gallery.sqlite").touch()


def assets_without_manifest(root: Path) -> None:
    (root / "App/actnet/mine/mine.mlpackage").mkdir(parents=True)
    (root / "App/actnet/local_codes.safetensors").touch()
    (root / "App/actnet/models.json").write_text('{"schema": 1, "models": ["mine"]}')


def test_the_project_holds(check: ModuleType, copy: Path) -> None:
    assert list(check.complaints(copy)) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (in_project("relativePath = ..;", "relativePath = ../..;"), "no package in ../.."),
        (in_project("DEPLOYMENT_TARGET = 16.0", "DEPLOYMENT_TARGET = 17.0"), "for iOS 17.0"),
        (in_project("lastKnownFileType = folder", "lastKnownFileType = text"), "not copied"),
        (in_project("path = ActnetDemo;", "path = Elsewhere;"), "no folder Elsewhere"),
        (in_project("fileRef = AC7000000000000000000006", "fileRef = AC7000000000000000000009"),
         "AC7000000000000000000009, which is not there"),
        (in_plist("Info.plist", "NSCameraUsageDescription", "Other"), "no NSCameraUsage"),
        (in_plist("PrivacyInfo.xcprivacy", "UserDefaults", "DiskSpace"), "use UserDefaults"),
        (in_plist("PrivacyInfo.xcprivacy", "UserDefaults", "DiskSpace"), "declares DiskSpace"),
        (add_source("let s = URLSession.shared"), "uses a network: URLSession"),
        (in_project("\t\t\t\tde,\n", ""), "does not know the language de"),
        (in_project("\t\t\t\tAC7000000000000000000033,\n", ""), "say that make ios-assets is missing"),
        (in_project("ASSETCATALOG_COMPILER_APPICON_NAME = AppIcon;", ""), "has no icon"),
        (in_plist("Localizable.xcstrings", '"de"', '"fr"'), "no about_licences in de"),
        (in_plist("Assets.xcassets/AppIcon.appiconset/Contents.json", "icon.png", "x.png"),
         "the icon x.png is missing"),
        (half_assets, "it needs models.json"),
        (assets_without_manifest, "App/actnet/mine has"),
    ],
)  # fmt: skip
def test_says_what_is_wrong(
    check: ModuleType, copy: Path, change: Callable[[Path], None], complaint: str
) -> None:
    change(copy)
    assert any(complaint in sentence for sentence in check.complaints(copy))


def test_the_first_build_phase_tells_what_is_missing(copy: Path) -> None:
    """As Xcode runs it, before it would copy a folder that is not there."""
    project = XcodeProject.load(str(copy / "App/ActnetDemo.xcodeproj/project.pbxproj"))
    objects = {item.get_id(): item for item in project.objects.get_objects_in_section(
        *project.objects.get_sections())}  # fmt: skip
    (target,) = [item for item in objects.values() if item.isa == "PBXNativeTarget"]
    script = objects[target.buildPhases[0]].shellScript
    script = script.replace("\\n", "\n").replace('\\"', '"').strip('"')

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(["/bin/sh", "-c", script], env={"SRCROOT": str(copy / "App")},
                              cwd=copy, capture_output=True, text=True, check=False)  # fmt: skip

    refused = run()
    assert refused.returncode == 1
    assert "error: " in refused.stdout + refused.stderr
    assert "make ios-assets" in refused.stdout + refused.stderr
    assets_without_manifest(copy)
    assert run().returncode == 0

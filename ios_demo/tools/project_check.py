"""Check the Xcode project, its property lists and what the app is built with, without Xcode.

    .venv/bin/python ios_demo/tools/project_check.py [IOS_DEMO]

What sources use and what the privacy manifest declares must be the same.
"""

import json
import plistlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pbxproj import XcodeProject  # type: ignore[import-untyped]

IOS_DEMO = Path(__file__).resolve().parent.parent
SOURCES = ("ActnetCore", "ActnetCoreML", "Actnet", "ActnetApp", "ActnetPhone")
# Apple's "required reason" categories, and what of each Swift sources could use.
REASONS = {
    "FileTimestamp": r"modificationDate|creationDate|attributesOfItem|\bstat\(",
    "SystemBootTime": r"systemUptime|mach_absolute_time",
    "UserDefaults": r"UserDefaults",
    "DiskSpace": r"volumeAvailableCapacity|systemFreeSize|statfs",
    "ActiveKeyboards": r"activeInputModes",
}
NETWORK = r"URLSession|NWConnection|import Network|CFNetwork|WKWebView"
USAGE = {"NSCameraUsageDescription", "NSPhotoLibraryUsageDescription"}
LANGUAGES = {"en", "de"}
FORBIDDEN = {"NSAppTransportSecurity", "NSLocalNetworkUsageDescription", "UIBackgroundModes"}


def complaints(ios_demo: Path) -> Iterator[str]:
    """Yield a sentence for everything that is wrong."""
    app = ios_demo / "App"
    yield from _project(app)
    yield from _info(plistlib.loads((app / "ActnetDemo/Info.plist").read_bytes()))
    privacy = plistlib.loads((app / "ActnetDemo/PrivacyInfo.xcprivacy").read_bytes())
    yield from _privacy(privacy, _text(ios_demo))
    yield from _assets(app / "actnet")


def _project(app: Path) -> Iterator[str]:
    project = XcodeProject.load(str(app / "ActnetDemo.xcodeproj/project.pbxproj"))
    objects = {item.get_id(): item for item in project.objects.get_objects_in_section(
        *project.objects.get_sections())}  # fmt: skip
    text = (app / "ActnetDemo.xcodeproj/project.pbxproj").read_text()
    for number in set(re.findall(r"\bAC7\w{21}\b", text)) - set(objects):
        yield f"the project names {number}, which is not there"
    kinds = [item.isa for item in objects.values()]
    if "XCRemoteSwiftPackageReference" in kinds:
        yield "the project has packages of others"
    for item in objects.values():
        if item.isa == "XCLocalSwiftPackageReference":
            if not (app / item.relativePath / "Package.swift").exists():
                yield f"there is no package in {item.relativePath}"
        elif item.isa == "PBXFileSystemSynchronizedRootGroup" and not (app / item.path).is_dir():
            yield f"there is no folder {item.path}"
        elif item.isa == "XCBuildConfiguration":
            yield from _settings(app, item.buildSettings)
    yield from _languages(app, text)
    yield from _first_script(objects)
    (folder,) = [i for i in objects.values() if i.isa == "PBXFileReference" and i.path == "actnet"]
    copied = [i.fileRef for i in objects.values() if i.isa == "PBXBuildFile" and "fileRef" in i]
    if folder.lastKnownFileType != "folder" or folder.get_id() not in copied:
        yield "the folder actnet is not copied as it is; Xcode would compile the package in it"


def _languages(app: Path, text: str) -> Iterator[str]:
    """All texts are in all languages; the project knows those, and has an icon."""
    for name in ("Localizable", "InfoPlist"):
        catalogue = json.loads((app / f"ActnetDemo/{name}.xcstrings").read_text())
        for key, one in catalogue["strings"].items():
            for language in LANGUAGES - set(one["localizations"]):
                yield f"{name}.xcstrings has no {key} in {language}"
    regions = text.partition("knownRegions = (")[2].partition(")")[0]
    for language in sorted(LANGUAGES):
        if not re.search(rf"\b{language},", regions):
            yield f"the project does not know the language {language}"
    icon = app / "ActnetDemo/Assets.xcassets/AppIcon.appiconset"
    for image in json.loads((icon / "Contents.json").read_text())["images"]:
        if not (icon / image["filename"]).exists():
            yield f"the icon {image['filename']} is missing"


def _first_script(objects: dict[str, Any]) -> Iterator[str]:
    """What is missing must be said before Xcode copies it."""
    (target,) = [item for item in objects.values() if item.isa == "PBXNativeTarget"]
    first = objects[target.buildPhases[0]]
    if first.isa != "PBXShellScriptBuildPhase" or "make ios-assets" not in first.shellScript:
        yield "the first build phase does not say that make ios-assets is missing"


def _settings(app: Path, settings: Any) -> Iterator[str]:
    if "CODE_SIGN_ENTITLEMENTS" in settings:
        yield "the app asks for entitlements; it needs none"
    if "INFOPLIST_FILE" in settings and "ASSETCATALOG_COMPILER_APPICON_NAME" not in settings:
        yield "the app has no icon"
    if "INFOPLIST_FILE" in settings and not (app / settings["INFOPLIST_FILE"]).exists():
        yield f"{settings['INFOPLIST_FILE']} is missing"
    if "SDKROOT" in settings:
        settings_there = (settings["IPHONEOS_DEPLOYMENT_TARGET"], settings["SWIFT_VERSION"])
        if settings_there != ("16.0", "6.0"):
            yield f"the app is for iOS {settings_there[0]} in Swift {settings_there[1]}, not 16.0 and 6.0"


def _info(info: dict[str, Any]) -> Iterator[str]:
    for key in sorted(USAGE):
        if not info.get(key, "").strip():
            yield f"Info.plist has no {key}"
    for key in sorted(FORBIDDEN & set(info)):
        yield f"Info.plist has {key}, which an offline app does not need"


def _privacy(privacy: dict[str, Any], text: str) -> Iterator[str]:
    if privacy["NSPrivacyTracking"] or privacy["NSPrivacyCollectedDataTypes"]:
        yield "the privacy manifest says that something is collected"
    prefix = "NSPrivacyAccessedAPICategory"
    declared = {
        entry["NSPrivacyAccessedAPIType"].removeprefix(prefix)
        for entry in privacy["NSPrivacyAccessedAPITypes"]
        if entry["NSPrivacyAccessedAPITypeReasons"]
    }
    used = {name for name, words in REASONS.items() if re.search(words, text)}
    for name in sorted(used - declared):
        yield f"the sources use {name}, which the privacy manifest does not declare"
    for name in sorted(declared - used):
        yield f"the privacy manifest declares {name}, which no source uses"
    if re.search(NETWORK, text):
        yield f"a source uses a network: {re.findall(NETWORK, text)[0]}"


def _text(ios_demo: Path) -> str:
    folders = [*(ios_demo / "Sources" / name for name in SOURCES), ios_demo / "App"]
    return "\n".join(
        path.read_text() for folder in folders for path in sorted(folder.rglob("*.swift"))
    )


def _assets(folder: Path) -> Iterator[str]:
    if not folder.exists():
        return  # Made by `make ios-assets`, not kept in git.
    listed = folder / "models.json"
    models = json.loads(listed.read_text())["models"] if listed.exists() else []
    names = {path.name for path in folder.iterdir()}
    if not models or names != {*models, "models.json", "local_codes.safetensors"}:
        yield (
            f"App/actnet has {sorted(names)}; it needs models.json, a folder for each model in it, "
            "local_codes.safetensors"
        )
    for name in models:
        wanted = {f"{name}.mlpackage", f"{name}.mlpackage.json", "gallery.sqlite",
                  "gallery.sha256", "thresholds.json"}  # fmt: skip
        names = {path.name for path in (folder / name).glob("*")}
        if names != wanted:
            yield f"App/actnet/{name} has {sorted(names)}; it needs {sorted(wanted)}"


def main() -> int:
    """Print what is wrong; 1 where something is."""
    problems = list(complaints(Path(sys.argv[1]) if len(sys.argv) > 1 else IOS_DEMO))
    for complaint in problems:
        print(f"FAILED {complaint}")
    if not problems:
        print("Xcode project, Info.plist, privacy manifest and assets hold")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())

"""The demo apps and the samples are built of what the libraries offer to anyone's app, and of nothing below it."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ANDROID = ROOT / "android_demo"
IOS = ROOT / "ios_demo"

# Packages of the Gradle module `actnet`; `org.mobileactnet.engine`, the way to C, is its own matter.
KOTLIN_LIBRARY = {"org.mobileactnet", "org.mobileactnet.android"}
# Of the Swift package; ActnetCore, ActnetCoreML, ActnetLiteRt and the C targets lie below the library.
SWIFT_LIBRARY = {"Actnet"}


def kotlin_packages(source: str, packages: set[str]) -> set[str]:
    """Return those of the project's packages that a Kotlin file names, in imports and elsewhere."""
    names = re.findall(r"\borg\.mobileactnet(?:\.\w+)*", source)
    parents = [[name.rsplit(".", cut)[0] for cut in range(name.count("."))] for name in names]
    return {next(one for one in chain if one in packages) for chain in parents}


def swift_modules(source: str) -> set[str]:
    """Return the package's modules that a Swift file imports."""
    imports = re.findall(r"^[ \t]*(?:@\S+[ \t]+)*import[ \t]+(?:[a-z]+[ \t]+)?(\w+)", source, re.M)
    return {name for name in imports if re.match(r"C?Actnet|CSQLite", name)}


def test_the_android_demo_uses_the_library_alone() -> None:
    folders = ("app/src/main", "actnet/src/sample")
    files = [file for folder in folders for file in (ANDROID / folder).rglob("*.kt")]
    assert len(files) >= 30
    sources = "\n".join(file.read_text() for file in ANDROID.glob("*/src/**/*.kt"))
    packages = set(re.findall(r"^package (\S+)", sources, re.M))
    assert "org.mobileactnet.engine" in packages
    own = {"org.mobileactnet.app", "org.mobileactnet.app.phone", "org.mobileactnet.sample"}
    foreign = {
        file.name: kotlin_packages(file.read_text(), packages) - KOTLIN_LIBRARY - own
        for file in files
    }
    assert {name: packages for name, packages in foreign.items() if packages} == {}


def test_the_android_demo_depends_on_the_library_alone() -> None:
    gradle = (ANDROID / "app/build.gradle.kts").read_text()
    assert re.findall(r'project\("(.*?)"\)', gradle) == [":actnet"]


def test_the_ios_demo_uses_the_library_alone() -> None:
    own = {"ActnetApp", "ActnetPhone"}
    folders = ("Sources/ActnetApp", "Sources/ActnetPhone", "App/ActnetDemo", "Samples")
    files = [file for folder in folders for file in (IOS / folder).rglob("*.swift")]
    assert len(files) > 30
    foreign = {file.name: swift_modules(file.read_text()) - SWIFT_LIBRARY - own for file in files}
    assert {name: modules for name, modules in foreign.items() if modules} == {}
    package = (IOS / "Package.swift").read_text()
    assert 'name: "ActnetApp", dependencies: ["Actnet"]' in package
    assert 'name: "ActnetPhone", dependencies: ["Actnet", "ActnetApp"]' in package
    assert 'name: "ActnetSample", dependencies: ["Actnet"]' in package


def test_what_lies_below_a_library_is_seen() -> None:
    packages = {"org.mobileactnet", "org.mobileactnet.engine"}
    kotlin = "import org.mobileactnet.resize\nval native = org.mobileactnet.engine.NativeEngine"
    assert kotlin_packages(kotlin, packages) == packages
    swift = (
        "import Foundation\n@testable import ActnetCore\n"
        "  import struct Actnet.Answer\nimport CActnetEngine\n"
    )
    assert swift_modules(swift) == {"ActnetCore", "Actnet", "CActnetEngine"}

"""What the Gradle files say must fit together; Gradle itself cannot be fetched where these tests run."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

ANDROID = ROOT / "android_demo"
CATALOGUE = tomllib.loads((ANDROID / "gradle/libs.versions.toml").read_text())
BUILDS = {file.parent.name: file.read_text() for file in ANDROID.glob("*/build.gradle.kts")}
SETTINGS = (ANDROID / "settings.gradle.kts").read_text()
# Of Android's Gradle plugin, from the release notes of each: the oldest Gradle that it runs in.
OLDEST_GRADLE = {"9.0": (9, 1)}


def aliases(table: str) -> set[str]:
    """Return the names that build files have for a table of the catalogue, such as `android.library`."""
    return {name.replace("-", ".") for name in CATALOGUE[table]}


def test_every_module_is_part_of_the_build_and_of_nothing_else() -> None:
    included = set(re.findall(r'":(\w+)"', SETTINGS))
    assert included == set(BUILDS)
    for name, text in BUILDS.items():
        assert set(re.findall(r'project\(":(\w+)"\)', text)) <= included, name


@pytest.mark.parametrize("name", sorted(BUILDS))
def test_every_plugin_and_library_is_pinned(name: str) -> None:
    text = re.sub(r"//.*", "", BUILDS[name])
    root = (ANDROID / "build.gradle.kts").read_text()
    plugins = set(re.findall(r"alias\(libs\.plugins\.([\w.]+)\)", text))
    assert plugins
    assert plugins <= aliases("plugins")
    assert all(f"libs.plugins.{plugin}) apply false" in root for plugin in plugins)
    libraries = {one.removesuffix(".get") for one in re.findall(r"libs\.(?!plugins)([\w.]+)", text)}
    assert libraries <= aliases("libraries")
    assert not re.search(r'"[\w.]+:[\w.-]+:[\d.]+"', text), "a version outside the catalogue"


def test_every_pin_is_used() -> None:
    used = {row["version"]["ref"] if "version" in row else row["version.ref"]
            for table in ("libraries", "plugins") for row in CATALOGUE[table].values()}  # fmt: skip
    assert used == set(CATALOGUE["versions"])


def test_any_jdk_will_do() -> None:
    """A toolchain of one version would have to be fetched, and the sync fails without a resolver."""
    for name, text in BUILDS.items():
        code = re.sub(r"//.*", "", text)
        assert "jvmToolchain" not in code, name
        assert "languageVersion" not in code, name


def test_the_wrapper_fits_the_plugin_and_the_readme() -> None:
    wrapper = (ANDROID / "gradle/wrapper/gradle-wrapper.properties").read_text()
    (gradle,) = re.findall(r"gradle-([\d.]+)-bin\.zip", wrapper)
    plugin = ".".join(CATALOGUE["versions"]["android-plugin"].split(".")[:2])
    assert tuple(map(int, gradle.split(".")[:2])) >= OLDEST_GRADLE[plugin]
    readme = (ANDROID / "README.md").read_text()
    assert f"gradle wrapper --gradle-version {gradle}" in readme
    assert f"Gradle plugin {plugin}" in readme


def test_modules_agree_on_the_android_that_they_are_for() -> None:
    for key in ("minSdk", "compileSdk"):
        values = {
            value for text in BUILDS.values() for value in re.findall(rf"{key} = (\d+)", text)
        }
        assert len(values) == 1, key
    (target,) = re.findall(r"targetSdk = (\d+)", BUILDS["app"])
    (compiled,) = re.findall(r"compileSdk = (\d+)", BUILDS["app"])
    assert target == compiled == "36"

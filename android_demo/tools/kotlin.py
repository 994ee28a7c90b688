"""Compiling Kotlin and running JUnit, with the tools of `toolchain`."""

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from toolchain import Toolchain


class BuildError(Exception):
    """A step that failed; the message is what the step said."""


def compile_kotlin(
    tools: Toolchain,
    sources: Iterable[Path],
    classes: Path,
    class_path: Iterable[Path],
    *options: str,
) -> Path:
    """Compile all Kotlin files below some folders; warnings are errors.

    Args:
        sources: folders of .kt files. classes: folder that they are compiled into; returned.
        class_path: jars and folders that they need beside Kotlin's own library.
        options: more of the compiler's.

    Raises:
        BuildError: with the compiler's messages.
    """
    files = sorted(str(path) for folder in sources for path in folder.rglob("*.kt"))
    libraries = [tools.kotlin_jar("kotlin-stdlib"), *class_path]
    run(
        [
            tools.java, "-Xmx2g", "-cp", joined(tools.compiler_jars),
            "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler",
            "-kotlin-home", tools.kotlin, "-no-stdlib", "-no-reflect", "-Werror",
            "-cp", joined(libraries), *options, "-d", classes, *files,
        ]
    )  # fmt: skip
    return classes


def check_style(tools: Toolchain, folder: Path) -> str:
    """Hold all Kotlin files below a folder against its .editorconfig; return how many there are.

    Raises:
        BuildError: with file, line and rule of what is written otherwise.
    """
    files = sorted(str(path.relative_to(folder)) for path in folder.glob("*/src/**/*.kt"))
    run([tools.java, "-Xmx1g", "-jar", tools.ktlint_jar, "--relative", *files], folder)
    return f"{len(files)} Kotlin files as ktlint wants them"


def run_junit(
    tools: Toolchain, sources: Path, class_path: Iterable[Path], options: Iterable[str]
) -> str:
    """Run the tests of a folder's `*Test.kt` files; return how many passed and what they told.

    A test tells a figure by printing a line that begins with `told:`.

    Args:
        options: of `java`, such as system properties.

    Raises:
        BuildError: with JUnit's report where a test fails, is left out, or none is found.
    """
    tests = [
        ".".join(path.relative_to(sources).with_suffix("").parts)
        for path in sorted(sources.rglob("*Test.kt"))
    ]
    libraries = [tools.kotlin_jar("kotlin-stdlib"), *tools.test_jars, *class_path]
    said = run(
        [tools.java, "-Xmx1g", *tools.sqlite_options, *options, "-cp", joined(libraries),
         "org.junit.runner.JUnitCore", *tests],
        LD_LIBRARY_PATH=str(tools.native_libraries),
    )  # fmt: skip
    passed = re.search(r"^OK \((\d+) tests?\)$", said, re.MULTILINE)
    if passed is None:
        raise BuildError(said)
    told = re.findall(r"^\.*told: (.*)$", said, re.MULTILINE)
    return "; ".join([f"{passed[1]} tests passed", *told])


def run(command: Iterable[object], folder: Path | None = None, **environment: str) -> str:
    """Run a program and return what it said.

    Raises:
        BuildError: it failed; the message is its output.
    """
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=folder, env={**os.environ, **environment}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode:
        raise BuildError(f"{words[0]} failed ({done.returncode}):\n{done.stdout}")
    return done.stdout


def joined(paths: Iterable[Path]) -> str:
    """Return a class path."""
    return os.pathsep.join(str(path) for path in paths)

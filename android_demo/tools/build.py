"""Compile, test and package the Android demo without Gradle: what `make test-android` runs.

    .venv/bin/python android_demo/tools/build.py

Tools are fetched into android_demo/.toolchain, results lie in android_demo/build. A step that
cannot run because a tool cannot be fetched is told in a line that begins with SKIPPED, and counted.
"""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from debian import ToolchainError
from decode_golden import decode_golden
from kotlin import BuildError, compile_kotlin, run_junit
from toolchain import ANDROID_DEMO, Toolchain

GOLDEN = ANDROID_DEMO.parent / "tests/golden"
BUILD = ANDROID_DEMO / "build"

# What Android's dexer reads.
_JVM_TARGET = ("-jvm-target", "1.8", "-Xlambdas=class", "-Xsam-conversions=class",
               "-Xstring-concat=inline", "-Xsuppress-deprecated-jvm-target-warning")  # fmt: skip


@dataclass
class Build:
    """One run of the build.

    Attributes:
        tools: that it uses.
        skipped: lines on what could not be done.
    """

    tools: Toolchain
    skipped: list[str] = field(default_factory=list)

    def step(self, name: str, work: Callable[[], str]) -> None:
        """Do one step and say what came out, or that it was skipped."""
        try:
            print(f"{name}: {work()}", flush=True)
        except ToolchainError as error:
            self.skipped.append(f"SKIPPED {name}: {error}")
            print(self.skipped[-1], flush=True)

    def core(self) -> str:
        """Compile core/ and run its tests."""
        main, test = (ANDROID_DEMO / f"core/src/{kind}/kotlin" for kind in ("main", "test"))
        libraries = [self.tools.json_jar]
        classes = compile_kotlin(self.tools, main, BUILD / "core", libraries, *_JVM_TARGET)
        libraries.append(classes)
        test_classes = compile_kotlin(
            self.tools, test, BUILD / "core-test", [*libraries, *self.tools.test_jars],
            "-jvm-target", "17", f"-Xfriend-paths={classes}",
        )  # fmt: skip
        decode_golden(GOLDEN / "preprocessing", BUILD / "decoded")
        properties = (f"-Dgolden={GOLDEN}", f"-Ddecoded={BUILD / 'decoded'}",
                      f"-Dresources={test.parent / 'resources'}")  # fmt: skip
        passed = run_junit(self.tools, test, [*libraries, test_classes], properties)
        return f"{passed} tests passed"


def main() -> int:
    """Build and test everything."""
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir()
    build = Build(Toolchain())
    try:
        build.step("core", build.core)
    except BuildError as error:
        print(f"FAILED {error}", file=sys.stderr)
        return 1
    print(f"android_demo: {len(build.skipped)} skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main())

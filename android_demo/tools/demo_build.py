"""Compile, test and package the Android demo without Gradle: what `make test-android` runs.

    PYTHONPATH=app_tools .venv/bin/python android_demo/tools/demo_build.py

Tools are fetched into android_demo/.toolchain, results lie in android_demo/build. A step that
cannot run because a tool cannot be fetched is told in a line that begins with SKIPPED, and counted.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from apk import make_dex, package
from apk_check import check_apk
from arm64_library import compile_arm64
from arm64_parity import compare_arm64, compare_eight_bits, fetch_arm64
from assets import Catalogue, make_models, shipped_artefact
from bench_report import ReportError, check_report
from debian import ToolchainError
from decode_golden import decode_golden
from kotlin import BuildError, check_style, compile_kotlin, run, run_junit
from parity import PhotoSet, fresh_folder, golden_photos, photos_of_smvs, write_parity
from toolchain import ANDROID_DEMO, Toolchain

from mobile_actnet.runtime.vocabulary import Precision

GOLDEN = ANDROID_DEMO.parent / "tests/golden"
SMVS = Path(os.environ.get("ACTNET_DATA", ANDROID_DEMO.parent.parent / "shared/data")) / "smvs_dev"
BUILD = ANDROID_DEMO / "build"
CORE, ACTNET, APP = (ANDROID_DEMO / name / "src" for name in ("core", "actnet", "app"))

# Of any value of a descriptor from Python's: with the same library, and on another processor, where
# the float operations of the head round their last bit otherwise. The backbone in 8 bits must be equal.
LARGEST_DIFFERENCES = {Precision.FP16: 1e-5, Precision.INT8: 0.0}
LARGEST_ON_ARM64 = {Precision.FP16: 1e-5, Precision.INT8: 1e-6}

# What Android's dexer reads.
_FOR_ANDROID = (
    "-jvm-target", "1.8", "-Xlambdas=class", "-Xsam-conversions=class",
    "-Xstring-concat=inline", "-Xsuppress-deprecated-jvm-target-warning",
)  # fmt: skip
_FOR_TESTS = ("-jvm-target", "17")


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
            self.skip(name, str(error))

    def skip(self, name: str, reason: str) -> None:
        """Say and note what is left out, and why; once."""
        line = f"SKIPPED {name}: {reason}"
        if line not in self.skipped:
            self.skipped.append(line)
            print(line, flush=True)

    def style(self) -> str:
        """Check how core/ and app/ are written."""
        return check_style(self.tools, ANDROID_DEMO)

    def core(self) -> str:
        """Compile core/ and run its tests."""
        main, test = CORE / "main/kotlin", CORE / "test/kotlin"
        libraries = [self.tools.json_jar]
        classes = compile_kotlin(self.tools, [main], BUILD / "core", libraries, *_FOR_ANDROID)
        libraries.append(classes)
        test_classes = compile_kotlin(
            self.tools, [test], BUILD / "core-test", [*libraries, *self.tools.test_jars],
            *_FOR_TESTS, f"-Xfriend-paths={classes}",
        )  # fmt: skip
        decode_golden(GOLDEN / "preprocessing", BUILD / "decoded")
        return run_junit(self.tools, test, [*libraries, test_classes], self._properties())

    def engine(self) -> str:
        """Run the real model through JNI and hold it against Python."""
        if shutil.which("cc") is None:
            raise ToolchainError("needs a C compiler (Debian: apt install gcc)")
        native = BUILD / "native"
        run([ANDROID_DEMO / "native/build_host.sh", native, sys.executable],
            JAVA_HOME=str(self.tools.java_home))  # fmt: skip
        tests = CORE / "engineTest/kotlin"
        libraries = [self.tools.json_jar, BUILD / "core", BUILD / "core-test"]
        classes = compile_kotlin(
            self.tools, [tests], BUILD / "engine-test", [*libraries, *self.tools.test_jars],
            *_FOR_TESTS,
        )  # fmt: skip
        photos = "smvs_dev" if _has_smvs() else "golden pictures (ACTNET_DATA has no smvs_dev)"
        said = [f"with {photos}"]
        for precision, limit in LARGEST_DIFFERENCES.items():
            artefact, parity = shipped_artefact(precision), fresh_folder(BUILD / "parity")
            write_parity(artefact, self._photos(parity), parity)
            properties = (*self._properties(), f"-Dengine={native / 'libactnet_jni.so'}",
                          f"-Dartefact={artefact}", f"-Dparity={parity}", f"-Dlimit={limit}")  # fmt: skip
            tested = run_junit(self.tools, tests, [*libraries, classes], properties)
            said.append(f"{precision}: {tested}")
            shutil.rmtree(parity)  # Decoded photos are large.
        return "; ".join(said)

    def app(self) -> str:
        """Compile the app with Android's classes and run the tests of what needs no phone."""
        coroutines = self.tools.kotlin_jar("kotlinx-coroutines-core-jvm")
        # The core once more: here the compiler refuses what Android does not have.
        classes = compile_kotlin(
            self.tools, [part / "main/kotlin" for part in (CORE, ACTNET, APP)], BUILD / "app",
            [self.tools.android_jar, coroutines], "-no-jdk", *_FOR_ANDROID,
        )  # fmt: skip
        sample = compile_kotlin(
            self.tools, [ACTNET / "sample/kotlin"], BUILD / "sample",
            [self.tools.android_jar, classes], "-no-jdk", *_FOR_ANDROID,
        )  # fmt: skip
        # Android's own classes stay behind: the tests must not need them.
        libraries = [self.tools.json_jar, classes, sample, BUILD / "core-test", coroutines]
        test = APP / "test/kotlin"
        test_classes = compile_kotlin(
            self.tools, [test], BUILD / "app-test",
            [*libraries, self.tools.android_jar, *self.tools.test_jars], *_FOR_TESTS,
        )  # fmt: skip
        said = run_junit(self.tools, test, [*libraries, test_classes], self._properties())
        return f"{said}; {check_report(BUILD / 'report.json')}"

    def apk(self) -> str:
        """Package, sign and check the app."""
        assets = BUILD / "assets"
        models = [shipped_artefact(precision) for precision in LARGEST_DIFFERENCES]
        make_models(assets / "actnet", models, Catalogue(GOLDEN / "preprocessing/sources"))
        libraries = [self.tools.kotlin_jar(name)
                     for name in ("kotlin-stdlib", "kotlinx-coroutines-core-jvm")]  # fmt: skip
        dex = make_dex(self.tools, BUILD / "app", libraries, BUILD / "dex")
        library = compile_arm64(self.tools, BUILD / "arm64")
        apk = package(self.tools, dex, library, assets, version("mobile-actnet"), BUILD / "apk")
        return check_apk(self.tools, apk, assets)

    def switch(self) -> str:
        """Open what the APK carries with the real engine, and switch between its models."""
        engine, assets = BUILD / "native/libactnet_jni.so", BUILD / "assets/actnet"
        for needed in (engine, assets):
            if not needed.exists():
                raise ToolchainError("needs the steps engine and apk")
        tests = APP / "engineTest/kotlin"
        coroutines = self.tools.kotlin_jar("kotlinx-coroutines-core-jvm")
        libraries = [
            self.tools.json_jar, BUILD / "app", BUILD / "core-test", BUILD / "app-test", coroutines,
        ]  # fmt: skip
        classes = compile_kotlin(
            self.tools, [tests], BUILD / "switch-test", [*libraries, *self.tools.test_jars],
            *_FOR_TESTS,
        )  # fmt: skip
        properties = [*self._properties(), f"-Dengine={engine}", f"-Dassets={assets}"]
        return run_junit(self.tools, tests, [*libraries, classes], properties)

    def arm64(self) -> str:
        """Run the engine as ARM64 code under emulation and hold it against Python."""
        tools = fetch_arm64()
        said = []
        for precision, limit in LARGEST_ON_ARM64.items():
            artefact = shipped_artefact(precision)
            said.append(f"{precision}: {compare_arm64(tools, artefact, limit)}")
            if precision is Precision.INT8:
                said.append(compare_eight_bits(tools, artefact))
        return "; ".join(said)

    def _photos(self, work: Path) -> PhotoSet:
        if _has_smvs():
            return photos_of_smvs(SMVS, work)
        return golden_photos(GOLDEN / "preprocessing/sources")

    def _properties(self) -> list[str]:
        values = {
            "golden": GOLDEN, "decoded": BUILD / "decoded", "resources": CORE / "test/resources",
            "report": BUILD / "report.json",
        }  # fmt: skip
        return [f"-D{name}={value}" for name, value in values.items()]


def _has_smvs() -> bool:
    return (SMVS / "manifest.csv").exists()


def main() -> int:
    """Build and test everything."""
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir()
    build = Build(Toolchain())
    try:
        for name in ("style", "core", "engine", "app", "apk", "switch", "arm64"):
            build.step(name, getattr(build, name))
    except (BuildError, ReportError, subprocess.CalledProcessError) as error:
        print(f"FAILED {error}", file=sys.stderr)
        return 1
    print(f"android_demo: {len(build.skipped)} skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""How pip builds this package: setuptools, and the C engine compiled into `mobile_actnet/native`.

The C is that of the apps (`android_demo/native`), without what needs LiteRT. It is one shared library that
`mobile_actnet.native` opens with ctypes, so it fits every Python, and Python's headers are not needed.
The compiler is the environment's CC, or cc, gcc, clang. Where none is there, pip is asked for
ziglang, a C compiler in a wheel, for the time of the build.

    python build_backend.py     compiles into the checkout, for those who change the C
"""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403 - the other hooks of PEP 517
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.errors import CCompilerError

ROOT = Path(__file__).resolve().parent
NATIVE = ROOT / "android_demo" / "native"
LIBRARY = Path("mobile_actnet", "native", "libactnet.so")
OF_THE_APPS = {"actnet_engine.c", "actnet_jni.c", "actnet_bench.c"}
ON_WINDOWS = sys.platform == "win32"


def get_requires_for_build_wheel(config_settings=None):  # type: ignore[no-untyped-def]
    """Return what a wheel is built with (PEP 517)."""
    return build_meta.get_requires_for_build_wheel(config_settings) + _compiler_package()


def get_requires_for_build_editable(config_settings=None):  # type: ignore[no-untyped-def]
    """Return what an editable install is built with (PEP 660)."""
    return build_meta.get_requires_for_build_editable(config_settings) + _compiler_package()


def find_compiler() -> list[str] | None:
    """Return the words that a C compiler is called with; None where there is none."""
    if named := os.environ.get("CC"):
        return shlex.split(named)
    # Clang on Windows may be one that needs every function marked for export.
    for name in () if ON_WINDOWS else ("cc", "gcc", "clang"):
        if shutil.which(name):
            return [name]
    if importlib.util.find_spec("ziglang"):
        # Without -mcpu=baseline it compiles for this machine's processor alone.
        return [sys.executable, "-m", "ziglang", "cc", "-mcpu=baseline"]
    return None


def compile_engine(library: Path) -> None:
    """Compile the engine; a library that is there is replaced in one step.

    Raises:
        CCompilerError: no compiler is there, or it failed.
    """
    compiler = find_compiler()
    if compiler is None:
        raise CCompilerError(
            "the C engine needs a compiler; install one (Debian: apt install gcc) or name it in CC"
        )
    sources = sorted(set(NATIVE.glob("actnet_*.c")) - {NATIVE / name for name in OF_THE_APPS})
    # No product is fused with a sum, so that features are the same on every processor.
    flags = ["-std=gnu11", "-O2", "-g0", "-ffp-contract=off", "-shared", *_architectures()]
    if not ON_WINDOWS:
        flags.append("-fPIC")
    library.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".actnet-", dir=library.parent) as folder:
        output = Path(folder, library.name)
        command = [*compiler, *flags, "-o", str(output), *map(str, sources), "-lm"]
        # Otherwise Zig leaves 50 MB in the user's cache.
        environment = {"ZIG_GLOBAL_CACHE_DIR": folder, "ZIG_LOCAL_CACHE_DIR": folder, **os.environ}
        try:
            ran = subprocess.run(
                command, capture_output=True, text=True, errors="replace", env=environment
            )
        except OSError as error:
            raise CCompilerError(
                f"the C engine was not compiled: {compiler[0]} does not run ({error.strerror}); "
                "name another compiler in CC"
            ) from error
        if ran.returncode:
            raise CCompilerError(
                f"{ran.stderr}the C engine was not compiled: {compiler[0]} ended with {ran.returncode}; "
                f"its messages are above. Name another compiler in CC, or try: {shlex.join(command)}"
            )
        os.replace(output, library)


class BuildWithEngine(build_py):
    """Copies the modules, and puts the engine beside them."""

    def run(self) -> None:
        """Build."""
        super().run()
        compile_engine((ROOT if self.editable_mode else Path(self.build_lib)) / LIBRARY)


class WheelWithEngine(bdist_wheel):
    """A wheel for every Python 3, of one system."""

    def finalize_options(self) -> None:
        """Mark it as a wheel that holds compiled code."""
        self.distribution.has_ext_modules = lambda: True
        super().finalize_options()

    def get_tag(self) -> tuple[str, str, str]:
        """Return the tag: the library knows nothing of Python's version."""
        return "py3", "none", super().get_tag()[2]


def _compiler_package() -> list[str]:
    return ["ziglang >= 0.15, < 1"] if find_compiler() is None else []


def _architectures() -> list[str]:
    """Return the compiler's options for the processors of a wheel for macOS."""
    import sysconfig

    if named := os.environ.get("ARCHFLAGS"):
        return shlex.split(named)
    universal = sysconfig.get_platform().endswith("universal2")
    return ["-arch", "arm64", "-arch", "x86_64"] if universal else []


if __name__ == "__main__":
    try:
        compile_engine(ROOT / LIBRARY)
    except CCompilerError as failure:
        sys.exit(f"error: {failure}")

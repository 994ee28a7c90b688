"""The engine for ARM64 Android, compiled without the NDK.

Android's C library cannot be fetched here. The engine calls a dozen of its plain functions, whose
prototypes any C library's headers have; what is linked against are empty libraries of the right
names, and the linker is told that nothing else may be missing. The NDK does the same in Gradle
with the real ones.
"""

import re
from pathlib import Path

from kotlin import run
from toolchain import ANDROID_DEMO, Toolchain

NATIVE = ANDROID_DEMO / "native"
NAME = "libactnet_jni.so"

_SOURCES = (
    "actnet_codes.c", "actnet_engine.c", "actnet_extraction.c", "actnet_extrema.c", "actnet_gradients.c",
    "actnet_grey.c", "actnet_homography.c", "actnet_jni.c", "actnet_matching.c", "actnet_planes.c",
    "actnet_sift.c", "actnet_verification.c",
)  # fmt: skip

_C_FUNCTIONS = (
    "calloc", "fclose", "fopen", "fread", "free", "malloc", "memcmp", "memcpy", "memset", "qsort", "realloc",
    "snprintf", "strdup", "strlen", "vsnprintf",
)  # fmt: skip

_MATHEMATICAL_FUNCTIONS = ("cosf", "exp", "exp2", "expf", "ldexpf", "log2", "sincosf", "sinf")

_TARGET = "--target=aarch64-linux-android26"
# Newer phones map libraries in pages of 16 KB.
_LINK = ("-nostdlib", "-shared", "-fuse-ld=lld", "-Wl,-z,max-page-size=16384", "-Wl,--no-undefined")


def compile_arm64(tools: Toolchain, folder: Path) -> Path:
    """Compile native/ to `folder`/libactnet_jni.so for ARM64 Android; return it.

    Raises:
        ToolchainError: the compiler cannot be fetched. BuildError: what it said.
    """
    folder.mkdir(parents=True, exist_ok=True)
    header = (NATIVE / "litert_c_api.h").read_text()
    stubs = {
        "libc.so": _C_FUNCTIONS,
        "libm.so": _MATHEMATICAL_FUNCTIONS,
        "libLiteRt.so": sorted(set(re.findall(r"\b(LiteRt\w+)\(", header))),
    }
    for name, functions in stubs.items():
        source = folder / f"{name}.c"
        source.write_text("".join(f"void {function}(void) {{}}\n" for function in functions))
        _clang(tools, "-fno-builtin", *_LINK, f"-Wl,-soname,{name}", source, "-o", folder / name)
    java = tools.java_home / "include"
    _clang(
        tools, "-std=gnu11", "-O2", "-fPIC", "-Wall", "-Wextra", "-Werror",
        "-isystem", tools.arm64_headers, "-isystem", java, "-isystem", java / "linux",
        *(NATIVE / name for name in _SOURCES), *_LINK, f"-Wl,-soname,{NAME}",
        f"-L{folder}", "-lLiteRt", "-lm", "-lc", "-o", folder / NAME,
    )  # fmt: skip
    return folder / NAME


def _clang(tools: Toolchain, *words: object) -> None:
    run([tools.clang, _TARGET, *words], LD_LIBRARY_PATH=tools.clang_libraries)

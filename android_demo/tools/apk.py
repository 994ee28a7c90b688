"""Package the app without Gradle: shrink, dex, resources, assets, align, sign with a debug key."""

import re
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path

from kotlin import run
from toolchain import ANDROID_DEMO, Toolchain

MAIN = ANDROID_DEMO / "app/src/main"
APPLICATION_ID = "org.mobileactnet.app"
MIN_SDK, TARGET_SDK = 26, 36
PAGE_BYTES = 16384
"""Newer phones map stored files of an APK in pages of 16 KB."""

_KEY_PASSWORD = "android"
_LOCAL_HEADER_BYTES = 30
_WORD_BYTES = 4
# Of Android's signer: kind, length, the multiple that the file's place keeps to; then zeros.
_ALIGNMENT_FIELD = 0xD935
_EXTRA_HEAD = struct.Struct("<HHH")
_STORED_SUFFIXES = ("tflite", "sqlite")


def make_dex(tools: Toolchain, classes: Path, libraries: Iterable[Path], folder: Path) -> Path:
    """Keep what the app needs of its libraries and make `folder`/classes.dex of it.

    Args:
        classes: folder of the app's class files. libraries: jars.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shrunk, rules = folder / "shrunk.jar", folder / "shrink.pro"
    inputs = [f"-injars '{classes}'"]
    inputs += [f"-injars '{jar}'(!META-INF/**)" for jar in libraries]
    rules.write_text(
        "\n".join([
            *inputs, f"-outjars '{shrunk}'", f"-libraryjars '{tools.android_jar}'", "-dontpreverify",
            "-dontoptimize", "-dontobfuscate", "-dontnote **", "-dontwarn kotlin.**",
            "-dontwarn kotlinx.coroutines.**",
            "-dontwarn org.jetbrains.annotations.**",
            # Integer.hashCode(int) and its like are in Android 7, after the classes at hand.
            "-dontwarn java.lang.Integer,java.lang.Long,java.lang.Double,java.lang.Float,"
            "java.lang.Boolean",
            f"-include '{ANDROID_DEMO / 'app/proguard-rules.pro'}'",
        ])
    )  # fmt: skip
    run([tools.java, "-Xmx1g", "-cp", tools.shrinker_jar, "proguard.ProGuard", f"@{rules}"])
    dex = folder / "classes.dex"
    run([tools.java, "-Xmx1g", "-cp", tools.dexer_jar, "com.android.dx.command.Main", "--dex",
         f"--min-sdk-version={MIN_SDK}", f"--output={dex}", shrunk])  # fmt: skip
    return dex


def package(
    tools: Toolchain, dex: Path, library: Path, assets: Path, version: str, folder: Path
) -> Path:
    """Make `folder`/actnet-debug.apk, aligned and signed; return it.

    Args:
        library: for ARM64. assets: a folder with `actnet/` in it. version: of the app.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unaligned, aligned = folder / "unaligned.apk", folder / "aligned.apk"
    _link_resources(tools, assets, version, folder, unaligned)
    with zipfile.ZipFile(unaligned, "a") as archive:
        archive.write(dex, "classes.dex", zipfile.ZIP_DEFLATED)
        archive.write(library, f"lib/arm64-v8a/{library.name}", zipfile.ZIP_STORED)
    _align(unaligned, aligned)
    apk = folder / "actnet-debug.apk"
    run([
        tools.java, "-jar", tools.signer_jar, "sign", "--ks", _debug_key(tools, folder),
        "--ks-pass", f"pass:{_KEY_PASSWORD}", "--min-sdk-version", MIN_SDK,
        "--v1-signing-enabled", "false", "--v4-signing-enabled", "false", "--out", apk, aligned,
    ])  # fmt: skip
    unaligned.unlink()
    aligned.unlink()
    return apk


def _align(source: Path, target: Path) -> None:
    """Copy an archive so that stored files begin where they can be mapped.

    Debian's zipalign knows pages of 4 KB only. The extra field tells apksigner what to keep to.
    """
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            info = zipfile.ZipInfo(entry.filename)
            info.compress_type = entry.compress_type
            if entry.compress_type == zipfile.ZIP_STORED:
                multiple = PAGE_BYTES if entry.filename.endswith(".so") else _WORD_BYTES
                header = _LOCAL_HEADER_BYTES + len(entry.filename.encode()) + _EXTRA_HEAD.size
                padding = -(new.start_dir + header) % multiple
                info.extra = _EXTRA_HEAD.pack(_ALIGNMENT_FIELD, 2 + padding, multiple)
                info.extra += bytes(padding)
            new.writestr(info, old.read(entry))


def _link_resources(tools: Toolchain, assets: Path, version: str, folder: Path, apk: Path) -> None:
    """Link manifest, resources and assets to an APK without code."""
    manifest = folder / "AndroidManifest.xml"
    # Gradle gives both by itself and refuses them in the sources.
    text = (MAIN / "AndroidManifest.xml").read_text()
    text = text.replace("<manifest ", f'<manifest package="{APPLICATION_ID}" ', 1)
    text = text.replace("<application", '<application android:extractNativeLibs="false"', 1)
    # Debian's aapt2 is older than this element; without LiteRT in the APK there is no GPU to reach.
    text = re.sub(r"\s*<uses-native-library[^>]*/>", "", text)
    # Likewise: both are of Android 13.
    text = re.sub(r'\s*android:(localeConfig|enableOnBackInvokedCallback)="[^"]*"', "", text)
    manifest.write_text(text)
    compiled = folder / "resources.zip"
    _android(tools, "aapt2", "compile", "--dir", MAIN / "res", "-o", compiled)
    uncompressed = [word for suffix in _STORED_SUFFIXES for word in ("-0", suffix)]
    _android(
        tools, "aapt2", "link", "-o", apk, "-I", tools.framework_resources, "--manifest", manifest,
        "--min-sdk-version", MIN_SDK, "--target-sdk-version", TARGET_SDK, "--version-code", 1,
        "--version-name", version, "-A", assets, *uncompressed, compiled,
    )  # fmt: skip


def _debug_key(tools: Toolchain, folder: Path) -> Path:
    """Make a key as Android's tools make it for debugging; it proves nothing of who signed."""
    key = folder / "debug.p12"
    if not key.exists():
        run([tools.java_home / "bin/keytool", "-genkeypair", "-keystore", key, "-storetype",
             "PKCS12", "-storepass", _KEY_PASSWORD, "-alias", "androiddebugkey", "-keyalg", "RSA",
             "-keysize", 2048, "-validity", 10000, "-dname", "CN=Android Debug"])  # fmt: skip
    return key


def _android(tools: Toolchain, program: str, *words: object) -> str:
    return run([tools.android_program(program), *words], LD_LIBRARY_PATH=tools.android_libraries)

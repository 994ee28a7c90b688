"""Time the apps' verification of 20 pictures in turn with two descriptions by an artefact, and with Python's.

    PYTHONPATH=app_tools OMP_NUM_THREADS=1 .venv/bin/python android_demo/tools/verification_benchmark.py models/mine_int8.tflite

The photo is one of tests/golden/verification, filled up to 1 000 features with codes by chance; the
pictures are 20 times the one in it (each is fitted to the end), or 20 of chance (none is). One thread
each; times are those of the processor, so that other programs count little. Where `make arm64` was run, the
instructions of both on ARM64 are counted too.
"""

import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from arm64 import ONE_RUN, Arm64Tools
from kotlin import run
from toolchain import ANDROID_DEMO

from mobile_actnet.gallery.answers.verification import Verifier
from mobile_actnet.pictures.local_features import QUERY_EXTRACTION, LocalFeatures
from mobile_actnet.runtime.generated_pictures import golden_picture
from mobile_actnet.runtime.manifest import load
from mobile_actnet.runtime.tflite.litert_runtime import TfliteRuntime
from mobile_actnet.runtime.vocabulary import ImageSize

NATIVE = ANDROID_DEMO / "native"
ARM64 = ANDROID_DEMO.parent / ".arm64"
GOLDEN = ANDROID_DEMO.parent / "tests/golden/verification"
PICTURES, WARM_UP, ROUNDS = 20, 3, 30


class _Features(ctypes.Structure):
    _fields_ = [
        ("width_px", ctypes.c_int32), ("height_px", ctypes.c_int32),
        ("features", ctypes.c_char_p), ("features_bytes", ctypes.c_size_t),
    ]  # fmt: skip


class _Found(ctypes.Structure):
    _fields_ = [
        ("inliers", ctypes.c_int32), ("has_outline", ctypes.c_int32),
        ("outline", ctypes.c_double * 8),
    ]  # fmt: skip


def main() -> int:
    """Measure; each line has medians and the ratio of each round's times."""
    if os.environ.get("OMP_NUM_THREADS") != "1" or len(sys.argv) != 2:
        print("usage: OMP_NUM_THREADS=1 verification_benchmark.py ARTEFACT.tflite", file=sys.stderr)
        return 2
    size = load(Path(sys.argv[1]))["preprocessing"]
    pixels = golden_picture(ImageSize(size["height"], size["width"]))[None]
    runtime = TfliteRuntime(Path(sys.argv[1]), 1)
    picture, photo = _golden()
    rng = np.random.default_rng(1)
    chance = _with_chance(picture, len(picture), rng, keep=0)
    with tempfile.TemporaryDirectory(prefix="actnet-verification-") as name:
        folder = Path(name)
        library = _library(folder)
        for what, shown in (("in the photo", picture), ("of chance", chance)):
            _compare(what, library, shown, photo, lambda: runtime.describe(pixels))
        for widest in (64, 32, 16):
            took = _c_ms(_library(folder, widest), chance, photo)
            print(
                f"{PICTURES} pictures of chance, x86-64's vectors of {widest} bytes: {took:.2f} ms"
            )
        if (ARM64 / ".ready").exists():
            (folder / "picture.rgb").write_bytes(pixels.tobytes())
            twice = 2 * _described_on_arm64(folder, Path(sys.argv[1]).resolve())
            for what, shown in (("in the photo", picture), ("of chance", chance)):
                count = PICTURES * _compared_on_arm64(folder, shown, photo)
                print(f"ARM64, {PICTURES} pictures {what}: {count / 1e6:.1f} million instructions, two "
                      f"descriptions {twice / 1e6:.1f}, ratio {count / twice:.2f}")  # fmt: skip
    return 0


def _compared_on_arm64(folder: Path, picture: LocalFeatures, photo: LocalFeatures) -> int:
    words = []
    for name, features in (("picture", picture), ("photo", photo)):
        (folder / name).write_bytes(features.to_bytes())
        words += [str(features.width_px), str(features.height_px), name]
    return _counted(folder, "verify_pairs", words)[0]


def _described_on_arm64(folder: Path, artefact: Path) -> int:
    files = [f"--graph={artefact}", "--input=picture.rgb", "--output=result.json"]
    return _counted(folder, "actnet_bench", [*files, *ONE_RUN])[-1]


def _counted(folder: Path, program: str, words: list[str]) -> list[int]:
    """Run a program of `make arm64` and return the instructions between its marks."""
    tools = Arm64Tools(ARM64)
    plugin = f"{tools.path('count_instructions.so')},out=marks"
    run(tools.command(program, *words, plugin=plugin), folder)
    marks = [int(line) for line in (folder / "marks").read_text().split()]
    return [behind - before for before, behind in zip(marks[::2], marks[1::2], strict=True)]


def _compare(
    what: str, library: ctypes.CDLL, picture: LocalFeatures, photo: LocalFeatures,
    describe: Callable[[], object],
) -> None:  # fmt: skip
    verifier = library.actnet_verifier_open(ctypes.byref(_passed(photo)), None)
    passed, found, python = _passed(picture), _Found(), Verifier(photo)

    def in_c() -> None:
        for _ in range(PICTURES):
            library.actnet_verify(verifier, ctypes.byref(passed), ctypes.byref(found), None)

    def twice() -> None:
        describe()
        describe()

    rounds = np.array([
        [_ms(work) for work in (in_c, twice, lambda: python.verify_all([picture] * PICTURES))]
        for _ in range(WARM_UP + ROUNDS)
    ])[WARM_UP:]  # fmt: skip
    library.actnet_verifier_close(verifier)
    c_ms, twice_ms, python_ms = np.median(rounds, axis=0)
    low, ratio, high = np.percentile(rounds[:, 0] / rounds[:, 1], (10, 50, 90))
    print(
        f"{PICTURES} pictures {what}, {len(photo)} features, {found.inliers} inliers: C {c_ms:.1f} ms, "
        f"two descriptions {twice_ms:.1f} ms, ratio {ratio:.2f} (80 % of {ROUNDS} rounds {low:.2f} to "
        f"{high:.2f}), Python {python_ms:.1f} ms"
    )


def _c_ms(library: ctypes.CDLL, picture: LocalFeatures, photo: LocalFeatures) -> float:
    """The median milliseconds of comparing as many pictures as `PICTURES`."""
    verifier = library.actnet_verifier_open(ctypes.byref(_passed(photo)), None)
    passed, found = _passed(picture), _Found()

    def work() -> None:
        for _ in range(PICTURES):
            library.actnet_verify(verifier, ctypes.byref(passed), ctypes.byref(found), None)

    took = [_ms(work) for _ in range(WARM_UP + ROUNDS)][WARM_UP:]
    library.actnet_verifier_close(verifier)
    return float(np.median(took))


def _golden() -> tuple[LocalFeatures, LocalFeatures]:
    pairs = json.loads((GOLDEN / "index.json").read_text())["pairs"]
    pair = next(pair for pair in pairs if pair["name"] == "slanted")
    picture, photo = (
        LocalFeatures.from_bytes((GOLDEN / side["file"]).read_bytes(), *side["size"])
        for side in (pair["picture"], pair["photo"])
    )
    rng = np.random.default_rng(0)
    return picture, _with_chance(photo, QUERY_EXTRACTION.count, rng, len(photo))


def _with_chance(
    features: LocalFeatures, count: int, rng: np.random.Generator, keep: int
) -> LocalFeatures:
    """Keep the first features, and fill up to `count` with some by chance."""
    more, width, height = count - keep, features.width_px, features.height_px
    return LocalFeatures.from_arrays(
        width, height,
        np.concatenate([features.positions[:keep], rng.integers(0, (16 * width, 16 * height), (more, 2)).astype(np.uint16)]),
        np.concatenate([features.sizes[:keep], rng.integers(20, 100, more).astype(np.uint8)]),
        np.concatenate([features.angles[:keep], rng.integers(0, 256, more).astype(np.uint8)]),
        np.concatenate([features.codes[:keep], rng.integers(0, 256, (more, 16)).astype(np.uint8)]),
    )  # fmt: skip


def _library(folder: Path, widest: int = 64) -> ctypes.CDLL:
    path = folder / f"libverification{widest}.so"
    sources = [
        NATIVE / "actnet_verification.c",
        NATIVE / "actnet_homography.c",
        NATIVE / "actnet_matching.c",
    ]
    words = ["-std=gnu11", "-O2", "-shared", "-fPIC", f"-DACTNET_WIDEST={widest}"]
    subprocess.run(["cc", *words, *sources, "-o", path], check=True)
    library = ctypes.CDLL(str(path))
    library.actnet_verifier_open.restype = ctypes.c_void_p
    library.actnet_verify.argtypes = [ctypes.c_void_p] * 4
    library.actnet_verifier_close.argtypes = [ctypes.c_void_p]
    return library


def _passed(features: LocalFeatures) -> _Features:
    blob = features.to_bytes()
    return _Features(features.width_px, features.height_px, blob, len(blob))


def _ms(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return (time.thread_time() - start) * 1e3


if __name__ == "__main__":
    sys.exit(main())

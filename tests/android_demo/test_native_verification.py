"""The C engine's verification: what Python finds, to the inlier, on this processor and on ARM64."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from native_engine import EngineError
from native_verifier import Features, NativeVerifier
from numpy.typing import NDArray
from numpy_verification import NumpyVerifier

from mobile_actnet.pictures.local_features import LocalFeatures

REPOSITORY = Path(__file__).parents[2]
NATIVE = REPOSITORY / "android_demo" / "native"
GOLDEN = REPOSITORY / "tests" / "golden" / "verification"
INDEX = json.loads((GOLDEN / "index.json").read_text())
WRONG_ARGUMENT = 5
ARM64 = REPOSITORY / ".arm64"
PROGRAM = [
    NATIVE / f"{name}.c"
    for name in ("verify_pairs", "actnet_verification", "actnet_matching", "actnet_homography")
]


@dataclass(frozen=True)
class Pair:
    """A golden pair."""

    name: str
    picture: LocalFeatures
    photo: LocalFeatures
    inliers: int
    outline: NDArray[np.float64] | None


def golden_pair(entry: dict) -> Pair:
    picture, photo = (
        LocalFeatures.from_bytes((GOLDEN / side["file"]).read_bytes(), *side["size"])
        for side in (entry["picture"], entry["photo"])
    )
    outline = None if entry["outline"] is None else np.array(entry["outline"])
    return Pair(entry["name"], picture, photo, entry["inliers"], outline)


PAIRS = [golden_pair(entry) for entry in INDEX["pairs"]]


def compiled(folder: Path, *flags: str) -> Path:
    if shutil.which("cc") is None or sys.platform != "linux":
        pytest.skip("the C engine: needs Linux and a C compiler (Debian: apt install gcc)")
    library = folder / "libverification.so"
    words = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", *flags]
    subprocess.run(["cc", *words, *PROGRAM[1:], "-o", library], check=True)
    return library


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("verification"), "-O2")


def check_outline(found: NDArray[np.float64] | None, expected: NDArray[np.float64] | None) -> None:
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert float(np.abs(found - expected).max()) <= INDEX["tolerance_px"]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_golden_pairs(library: Path, pair: Pair) -> None:
    verifier = NativeVerifier(library, Features.of(pair.photo))
    # Twice: nothing of the picture before may remain.
    for _ in range(2):
        inliers, outline = verifier.verify(Features.of(pair.picture))
        assert inliers == pair.inliers
        check_outline(outline, pair.outline)
    verifier.close()


def test_every_picture_in_every_photo_is_as_in_python(library: Path) -> None:
    compared = 0
    for photo in PAIRS:
        native = NativeVerifier(library, Features.of(photo.photo))
        for picture in PAIRS:
            expected = NumpyVerifier(photo.photo).verify(picture.picture)
            inliers, outline = native.verify(Features.of(picture.picture))
            assert inliers == expected.inliers, (picture.name, photo.name)
            check_outline(outline, expected.outline)
            compared += inliers > 0
        native.close()
    assert compared > 100


def generated(seed: int) -> tuple[LocalFeatures, LocalFeatures]:
    """Make features of a picture and of a photo in which some lie under a turn and a scale."""
    rng = np.random.default_rng(seed)
    count, matching = int(rng.integers(4, 361)), int(rng.integers(0, 200))
    matching = min(matching, count)
    positions = rng.integers(0, (360 * 16, 480 * 16), (count, 2)).astype(np.uint16)
    sizes, angles = (rng.integers(0, 256, count).astype(np.uint8) for _ in range(2))
    codes = rng.integers(0, 256, (count, 16)).astype(np.uint8)
    picture = LocalFeatures.from_arrays(360, 480, positions, sizes, angles, codes)
    total = int(rng.integers(max(4, matching), 1001))
    there = rng.integers(0, (640 * 16, 480 * 16), (total, 2)).astype(np.float64)
    turn, octaves = int(rng.integers(0, 256)), float(rng.uniform(-2, 1))
    radians = turn * np.pi / 128
    rotation = (
        np.array([[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]])
        * 2.0**octaves
    )
    middle = np.array((180.0, 240.0)) * 16
    noise = rng.normal(0, 16 * rng.uniform(0.1, 12), (matching, 2))
    there[:matching] = (positions[:matching] - middle) @ rotation.T + (320 * 16, 240 * 16) + noise
    other_sizes, other_angles = (rng.integers(0, 256, total) for _ in range(2))
    other_sizes[:matching] = sizes[:matching] + rng.integers(-9, 10, matching) + round(16 * octaves)
    other_angles[:matching] = angles[:matching] + turn + rng.integers(-12, 13, matching)
    other_codes = rng.integers(0, 256, (total, 16)).astype(np.uint8)
    flips = np.packbits(rng.random((matching, 128)) < rng.uniform(0, 0.25), axis=1)
    other_codes[:matching] = codes[:matching] ^ flips
    return picture, LocalFeatures.from_arrays(
        640, 480, there.clip(0, 65535).astype(np.uint16), other_sizes.clip(0, 255).astype(np.uint8),
        (other_angles & 255).astype(np.uint8), other_codes,
    )  # fmt: skip


def test_generated_features_give_what_python_gives(library: Path) -> None:
    found = []
    for seed in range(200):
        picture, photo = generated(seed)
        expected = NumpyVerifier(photo).verify(picture)
        native = NativeVerifier(library, Features.of(photo))
        inliers, outline = native.verify(Features.of(picture))
        native.close()
        assert inliers == expected.inliers, seed
        check_outline(outline, expected.outline)
        found.append(inliers)
    assert sum(count == 0 for count in found) > 10
    assert sum(count > 20 for count in found) > 50


@pytest.mark.parametrize("widest", [32, 16])
def test_narrower_vectors_give_the_same(library: Path, tmp_path: Path, widest: int) -> None:
    narrow = compiled(tmp_path, "-O2", f"-DACTNET_WIDEST={widest}")
    for pair in PAIRS:
        results = []
        for each in (library, narrow):
            verifier = NativeVerifier(each, Features.of(pair.photo))
            results.append(verifier.verify(Features.of(pair.picture)))
            verifier.close()
        (inliers, outline), (again, outline_again) = results
        assert inliers == again
        np.testing.assert_array_equal(outline, outline_again)


def test_products_are_not_fused_with_sums(library: Path, tmp_path: Path) -> None:
    if " fma " not in Path("/proc/cpuinfo").read_text():
        pytest.skip("fused products: this processor has none")
    fused = compiled(tmp_path, "-O3", "-mfma", "-ffp-contract=fast")
    for pair in PAIRS:
        results = []
        for each in (library, fused):
            verifier = NativeVerifier(each, Features.of(pair.photo))
            results.append(verifier.verify(Features.of(pair.picture)))
            verifier.close()
        (inliers, outline), (again, outline_again) = results
        assert inliers == again
        np.testing.assert_array_equal(outline, outline_again)


def test_fewer_than_four_features_are_nothing(library: Path) -> None:
    whole, photo = PAIRS[0].picture, PAIRS[0].photo
    for count in range(4):
        few = LocalFeatures.from_arrays(
            whole.width_px, whole.height_px, whole.positions[:count], whole.sizes[:count],
            whole.angles[:count], whole.codes[:count],
        )  # fmt: skip
        verifier = NativeVerifier(library, Features.of(photo))
        assert verifier.verify(Features.of(few)) == (0, None)
        verifier.close()
        verifier = NativeVerifier(library, Features.of(few))
        assert verifier.verify(Features.of(whole)) == (0, None)
        verifier.close()


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (None, "NULL is not allowed"),
        (Features(640, 480, None, 22), "NULL is not allowed"),
        (Features(0, 480, b"", 0), "the picture has 0 x 480 pixels; a side is 1 to 4095"),
        (Features(640, 4096, b"", 0), "the picture has 640 x 4096 pixels; a side is 1 to 4095"),
        (Features(640, 480, bytes(23), 23), "the features have 23 bytes; 22 each are needed"),
        (Features(640, 480, bytes(22 * 65536), 22 * 65536), "there are 65536 features; at most 65535"),
    ],
)  # fmt: skip
def test_impossible_features_are_reported(
    library: Path, features: Features | None, message: str
) -> None:
    with pytest.raises(EngineError, match=message) as caught:
        NativeVerifier(library, features)
    assert caught.value.code == WRONG_ARGUMENT
    if features is None:
        return
    verifier = NativeVerifier(library, Features.of(PAIRS[0].photo))
    with pytest.raises(EngineError, match=message) as caught:
        verifier.verify(features)
    assert caught.value.code == WRONG_ARGUMENT
    verifier.close()


def test_a_closed_verifier_is_reported(library: Path) -> None:
    verifier = NativeVerifier(library, Features.of(PAIRS[0].photo))
    verifier.close()
    verifier.close()
    with pytest.raises(EngineError, match="the verifier is closed") as caught:
        verifier.verify(Features.of(PAIRS[0].picture))
    assert caught.value.code == WRONG_ARGUMENT


def told_by(program: list[Path | str]) -> list[tuple[int, NDArray[np.float64] | None]]:
    """Run verify_pairs on all golden pairs and read what it prints."""
    results = []
    for entry in INDEX["pairs"]:
        words = [
            str(word)
            for side in (entry["picture"], entry["photo"])
            for word in (*side["size"], GOLDEN / side["file"])
        ]
        done = subprocess.run([*program, *words], capture_output=True, text=True, check=True)
        inliers, *outline = done.stdout.split()
        results.append((int(inliers), np.float64(outline).reshape(4, 2) if outline else None))
    return results


def check_program(program: list[Path | str]) -> None:
    for pair, (inliers, outline) in zip(PAIRS, told_by(program), strict=True):
        assert inliers == pair.inliers, pair.name
        check_outline(outline, pair.outline)


def test_golden_pairs_on_arm64() -> None:
    if not (ARM64 / ".ready").exists():
        pytest.skip("ARM64 under emulation: the tools are missing; run: make arm64")
    check_program([ARM64 / "bin/qemu-aarch64", "-L", ARM64 / "sysroot", ARM64 / "verify_pairs"])


def test_bytes_of_no_meaning_break_nothing(tmp_path: Path) -> None:
    """A damaged gallery's features: found as in Python, without a step outside or an undefined one."""
    if shutil.which("cc") is None:
        pytest.skip("the C engine: needs a C compiler (Debian: apt install gcc)")
    program = tmp_path / "verify_pairs"
    checks = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    built = subprocess.run(["cc", "-std=gnu11", *checks, *PROGRAM, "-o", program])
    if built.returncode:
        pytest.skip("sanitizers: this compiler has none (Debian: they come with gcc)")
    check_program([program])
    rng = np.random.default_rng(3)
    found = 0
    for case in range(30):
        sizes = rng.integers(1, 4096, (2, 2)).tolist() if case % 2 else [[1, 1], [4095, 4095]]
        here, there = (int(count) for count in rng.integers(0, 400, 2))
        same = min(here, there)
        picture, photo = (rng.integers(0, 256, 22 * n).astype(np.uint8) for n in (here, there))
        if case % 3:  # Equal codes match; with equal places, sizes and angles they fit too.
            photo[6 * there :][: 16 * same] = picture[6 * here :][: 16 * same]
        if case % 3 == 2:
            for start, width in ((0, 2), (2, 2), (4, 1), (5, 1)):
                photo[start * there :][: width * same] = picture[start * here :][: width * same]
        blobs = [picture.tobytes(), photo.tobytes()]
        for name, blob in zip("ab", blobs, strict=True):
            (tmp_path / name).write_bytes(blob)
        words = [str(v) for v in (*sizes[0], tmp_path / "a", *sizes[1], tmp_path / "b")]
        done = subprocess.run([program, *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        picture_features, photo_features = (
            LocalFeatures.from_bytes(blob, *size) for blob, size in zip(blobs, sizes, strict=True)
        )
        expected = NumpyVerifier(photo_features).verify(picture_features)
        assert int(done.stdout.split()[0]) == expected.inliers
        found += expected.inliers > 0
    assert found > 5


def test_the_program_for_arm64_tells_what_is_wrong(tmp_path: Path) -> None:
    if shutil.which("cc") is None:
        pytest.skip("the C engine: needs a C compiler (Debian: apt install gcc)")
    program = tmp_path / "verify_pairs"
    subprocess.run(["cc", "-std=gnu11", "-O2", *PROGRAM, "-o", program], check=True)
    check_program([program])
    done = subprocess.run(
        [program, "1", "1", tmp_path / "none", "1", "1", tmp_path / "none"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, f"verify_pairs: cannot read {tmp_path}/none\n")

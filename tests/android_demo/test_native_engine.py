"""The C engine of the apps: the same descriptors as Python, and a code with a sentence otherwise."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from native_engine import CPU, GPU, Engine, EngineError

from mobile_actnet.runtime.generated_pictures import golden_picture
from mobile_actnet.runtime.tflite.litert_runtime import TfliteRuntime
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision

NATIVE = Path(__file__).parents[2] / "android_demo" / "native"
JAVA = Path(__file__).with_name("java")
SIZE_BYTES = 64 * 64 * 3
NO_FILE, DAMAGED, UNFIT, WRONG_ARGUMENT = 2, 3, 4, 5


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("ai_edge_litert", reason="needs the extra tflite")
    if shutil.which("cc") is None or sys.platform != "linux":
        pytest.skip("the C engine: needs Linux and a C compiler (Debian: apt install gcc)")
    folder = tmp_path_factory.mktemp("engine")
    subprocess.run([NATIVE / "build_host.sh", folder, sys.executable], check=True)
    return folder


@pytest.fixture(scope="session")
def library(libraries: Path) -> Path:
    return libraries / "libactnet.so"


@pytest.fixture(scope="session")
def model(small_artefact) -> Path:
    pytest.importorskip("litert_torch", reason="needs the extra tflite")
    return small_artefact(Format.TFLITE, Precision.FP32).path


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    return golden_picture(ImageSize(64, 64))


def described_in_python(model: Path, picture: np.ndarray) -> np.ndarray:
    return TfliteRuntime(model, 1).describe(picture[None])[0]


def test_descriptors_are_those_of_python(library: Path, model: Path, picture) -> None:
    engine = Engine(library, model)
    assert (engine.sizes.height, engine.sizes.width) == (64, 64)
    assert engine.sizes.pixel_bytes == SIZE_BYTES
    other = 255 - picture
    # Twice: nothing of the picture before may remain.
    for each in (picture, other, picture):
        found = engine.describe(each.tobytes())
        np.testing.assert_array_equal(found, described_in_python(model, each))
    engine.close()


def test_engines_are_independent(library: Path, model: Path, picture) -> None:
    first, second = Engine(library, model), Engine(library, model, num_threads=2)
    expected = first.describe(picture.tobytes())
    np.testing.assert_allclose(second.describe(picture.tobytes()), expected, atol=1e-6)
    second.close()
    np.testing.assert_array_equal(first.describe(picture.tobytes()), expected)
    first.close()


def test_without_a_gpu_the_processor_describes(library: Path, model: Path, picture) -> None:
    engine = Engine(library, model, accelerator=GPU)
    # A machine with a GPU that LiteRT can use computes there, in halves.
    tolerance = 0 if engine.accelerator == CPU else 1e-2
    found = engine.describe(picture.tobytes())
    np.testing.assert_allclose(found, described_in_python(model, picture), rtol=0, atol=tolerance)
    engine.close()
    with pytest.raises(EngineError, match="accelerator 7; 0 is the processor, 1 the GPU") as caught:
        Engine(library, model, accelerator=7)
    assert caught.value.code == WRONG_ARGUMENT


def test_half_precision_takes_the_same_bytes(library: Path, small_artefact, picture) -> None:
    model = small_artefact(Format.TFLITE, Precision.FP16).path
    found = Engine(library, model).describe(picture.tobytes())
    np.testing.assert_allclose(found, described_in_python(model, picture), atol=1e-5)


@pytest.mark.parametrize(
    ("pixels", "length", "told"),
    [
        (bytes(SIZE_BYTES - 1), None, "the picture's size in bytes is 12287, the model's is 12288"),
        (bytes(SIZE_BYTES + 1), None, "the picture's size in bytes is 12289, the model's is 12288"),
        (bytes(SIZE_BYTES), 7, "the descriptor's length is 7, the model's is"),
    ],
)
def test_wrong_sizes_are_reported(
    library: Path, model: Path, pixels: bytes, length: int | None, told: str
) -> None:
    with pytest.raises(EngineError, match=told) as caught:
        Engine(library, model).describe(pixels, length)
    assert caught.value.code == WRONG_ARGUMENT


def test_a_closed_engine_is_reported(library: Path, model: Path) -> None:
    engine = Engine(library, model)
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="the engine is closed"):
        engine.describe(bytes(SIZE_BYTES))
    with pytest.raises(EngineError, match="at least one thread"):
        Engine(library, model, num_threads=0)


def test_what_is_no_model_is_reported(library: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.tflite"
    with pytest.raises(EngineError, match="cannot open") as caught:
        Engine(library, damaged)
    assert caught.value.code == NO_FILE
    for content in (b"", b"short", b"nothing of the kind" * 100):
        damaged.write_bytes(content)
        with pytest.raises(EngineError, match="is no TFLite file") as caught:
            Engine(library, damaged)
        assert caught.value.code == DAMAGED


def test_another_kind_of_model_is_reported(library: Path, tmp_path: Path) -> None:
    litert_torch = pytest.importorskip("litert_torch", reason="needs the extra tflite")
    other = tmp_path / "other.tflite"
    litert_torch.convert(torch.nn.Linear(4, 2).eval(), (torch.zeros(1, 4),)).export(str(other))
    with pytest.raises(EngineError, match="is not a model from one RGB picture") as caught:
        Engine(library, other)
    assert caught.value.code == UNFIT


@pytest.fixture(scope="session")
def java(libraries: Path, tmp_path_factory: pytest.TempPathFactory):
    """Run Main of the folder java: what it prints, line by line."""
    if not (libraries / "libactnet_jni.so").exists() or shutil.which("javac") is None:
        pytest.skip("JNI: needs a JDK (Debian: apt install default-jdk-headless)")
    classes = tmp_path_factory.mktemp("classes")
    subprocess.run(["javac", "-d", classes, *JAVA.rglob("*.java")], check=True)
    start = ["java", "-Xcheck:jni", "-cp", classes, "org.mobileactnet.engine.Main"]

    def run(model: Path | str, picture: Path) -> list[str]:
        words = [*start, libraries / "libactnet_jni.so", model, picture, str(CPU)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        assert "WARNING in native method" not in done.stdout
        return done.stdout.splitlines()

    return run


def test_descriptors_through_jni(java, model: Path, picture, tmp_path: Path) -> None:
    # Outside the basic plane, where Java's own UTF-8 is another.
    odd = tmp_path / "\U0001f600.tflite"
    odd.symlink_to(model)
    (tmp_path / "picture.rgb").write_bytes(picture.tobytes())
    first, *values = java(odd, tmp_path / "picture.rgb")
    assert first.split() == ["64", "64", str(len(values)), str(CPU)]
    np.testing.assert_array_equal(np.float32(values), described_in_python(model, picture))


def test_errors_through_jni(java, model: Path, tmp_path: Path) -> None:
    (tmp_path / "short.rgb").write_bytes(b"short")
    *_, told = java(model, tmp_path / "short.rgb")
    assert told == "5: the picture's size in bytes is 5, the model's is 12288"
    (told,) = java(tmp_path / "none.tflite", tmp_path / "short.rgb")
    assert told == f"2: cannot open {tmp_path}/none.tflite"
    assert java("null", tmp_path / "short.rgb") == ["5: null is not allowed"]

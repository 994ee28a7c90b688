"""Runtimes: every format's artefact runs, several pictures or one, with the same result."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.describe import describe
from mobile_actnet.runtime.errors import ArtefactError
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.runtimes import open_artefact
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision


@pytest.mark.parametrize("kind", Format)
def test_runs_and_equals_pytorch(small_artefact, shipped_network: Actnet, kind: Format) -> None:
    runtime = open_artefact(small_artefact(kind, Precision.FP32).path, num_threads=2)
    pictures = generated_pictures(3, ImageSize(64, 64), seed=5)
    found = runtime.describe(pictures)
    assert found.shape == (3, 384)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, describe(shipped_network, pictures), atol=1e-4)
    np.testing.assert_allclose(runtime.describe(pictures[1:2])[0], found[1], atol=1e-6)
    assert runtime.name
    assert runtime.version


@pytest.mark.parametrize("suffix", [".tflite", ".onnx", ".mlpackage"])
def test_a_file_of_noise_never_reaches_a_runtime(tmp_path, suffix: str) -> None:
    path = tmp_path / f"noise{suffix}"
    path.write_bytes(np.random.default_rng(0).integers(0, 256, 5000, np.uint8).tobytes())
    with pytest.raises(ArtefactError):
        open_artefact(path)


def test_onnxruntime_sends_and_keeps_nothing(small_artefact, tmp_path: Path) -> None:
    """Where its telemetry is on, it keeps a store of events in the cache folder as it is loaded."""
    pytest.importorskip("onnx", reason="needs the extra onnx")
    artefact = small_artefact(Format.ONNX, Precision.FP32).path
    code = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from mobile_actnet.runtime.runtimes import open_artefact\n"
        "open_artefact(Path(sys.argv[1])).describe(np.zeros((1, 64, 64, 3), np.uint8))"
    )
    left_out = ("ORT_DISABLE_TELEMETRY", "CI", "XDG_CACHE_HOME", "PYTEST_CURRENT_TEST")
    inherited = {name: value for name, value in os.environ.items() if name not in left_out}
    subprocess.run(
        [sys.executable, "-c", code, artefact], env={**inherited, "HOME": str(tmp_path)}, check=True
    )
    assert not [path for path in tmp_path.rglob("*") if "onnxruntime" in str(path).lower()]

"""The wheel, installed by pip into an empty environment: what works without an extra, and with `runtime`.

It needs a package registry; without one it is skipped. It downloads packages and takes a minute or more, so it
runs where ACTNET_PIP_INSTALL=1 asks for it.
"""

import os
import subprocess
from pathlib import Path

import installed_sizes
import pytest

from mobile_actnet.cli.main import VERBS
from mobile_actnet.runtime.vocabulary import Format, Precision

LARGEST_RUNTIME_MB = 250
"""Nothing large slips into the extra unseen. The sizes and what makes them: results/installed-sizes.md."""

pytestmark = pytest.mark.skipif(
    os.environ.get("ACTNET_PIP_INSTALL") != "1",
    reason="downloads packages; ACTNET_PIP_INSTALL=1 runs it",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed_sizes.build_wheel(tmp_path_factory.mktemp("wheel"))


def test_an_empty_environment_indexes_and_searches_without_torch(
    wheel: Path, small_artefact, make_photos, tmp_path: Path
) -> None:
    pytest.importorskip("litert_torch", reason="needs the extra tflite, to make the artefact")
    environment = tmp_path / "environment"
    try:
        python = installed_sizes.install(wheel, "", environment)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"pip cannot install here: {error.stderr.strip().splitlines()[-1:]}")
    actnet = python.with_name("actnet")

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        command = [actnet, *map(str, words)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    model, photos = small_artefact(Format.TFLITE, Precision.FP32).path, make_photos()
    assert run("doctor").returncode == 0
    for verb in VERBS:
        assert run(verb, "--help").stdout.startswith(f"usage: actnet {verb}")
    build = ["index", "build", photos, "--model", model, "-o", "g.sqlite"]
    assert "run: pip install 'mobile-actnet[runtime]'" in run(*build).stderr

    installed_sizes.install(wheel, "runtime", environment)
    for words in (build, ["search", "g.sqlite", "--query", photos / "000.jpg"]):
        answer = run(*words)
        assert answer.returncode == 0, answer.stderr
    assert "000.jpg" in answer.stdout
    packages = installed_sizes.sizes(environment)
    assert not {"torch", "cv2", "onnx", "onnxruntime"} & set(packages)
    assert sum(packages.values()) / 1e6 < LARGEST_RUNTIME_MB

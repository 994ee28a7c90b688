"""Core ML packages: what apps ask for by name, the program's parity, and damaged packages."""

import json
import shutil
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mobile_actnet.errors import ConfigError
from mobile_actnet.export.formats.exporter import Options
from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.describe import describe
from mobile_actnet.runtime.artefact_file import inspect
from mobile_actnet.runtime.errors import ArtefactError
from mobile_actnet.runtime.generated_pictures import extreme_pictures, generated_pictures
from mobile_actnet.runtime.vocabulary import CoremlInput, Format, ImageSize, Layout, Precision

pytest.importorskip("coremltools", reason="needs the extra coreml")

from coremltools.proto import Model_pb2

from mobile_actnet.export.formats.coreml.coreml_exporter import EXPORTER
from mobile_actnet.runtime.coreml.coreml_runtime import MilRuntime
from mobile_actnet.runtime.coreml.mil_evaluator import load_program, value_ranges
from mobile_actnet.runtime.coreml.mil_package import read_package, settle

SMALL = ImageSize(64, 64)
OPTIONS = Options(SMALL, 384, Precision.FP32, Layout.NCHW)


@pytest.mark.parametrize("precision", EXPORTER.precisions)
def test_names_shapes_colours_and_metadata(small_artefact, precision: Precision) -> None:
    result = small_artefact(Format.COREML, precision)
    info = inspect(result.path)
    assert (info.input.name, info.input.shape, info.input.dtype) == (
        "image", (1, 3, 64, 64), "image:rgb",
    )  # fmt: skip
    assert (info.output.name, info.output.shape, info.output.dtype) == (
        "descriptor", (1, 384), "float32",
    )  # fmt: skip
    assert info.metadata["mobile_actnet.precision"] == precision.value
    assert not {"pow", "batch_norm", "transpose"} & set(info.operators)
    assert info.operators["relu6"] == 36
    # Activations in 8 bits need iOS 17, all else iOS 16.
    static = precision in (Precision.INT8, Precision.MIXED)
    expected = (8, "CoreML7") if static else (7, "CoreML6")
    assert (info.notes["specification_version"], info.notes["opset"]) == expected


@pytest.mark.parametrize("kind", CoremlInput)
@pytest.mark.parametrize(("precision", "atol"), [(Precision.FP32, 1e-5), (Precision.FP16, 0.01)])
def test_the_program_is_the_network(
    tmp_path: Path, shipped_network: Actnet, kind: CoremlInput, precision: Precision, atol: float
) -> None:
    path = tmp_path / "m.mlpackage"
    options = replace(OPTIONS, coreml_input=kind, precision=precision)
    EXPORTER.convert(DeployableActnet(shipped_network, 384, Layout.NCHW), options, path, {})
    pictures = np.concatenate([generated_pictures(4, SMALL), extreme_pictures(SMALL)])
    found = MilRuntime(path, num_threads=1).describe(pictures)
    np.testing.assert_allclose(found, describe(shipped_network, pictures), atol=atol)
    expected = "image:rgb" if kind is CoremlInput.IMAGE else "float32"
    assert inspect(path).input.dtype == expected


def test_identifiers_are_the_same_every_time(small_artefact, tmp_path: Path) -> None:
    made = small_artefact(Format.COREML, Precision.FP16).path
    copied = tmp_path / "copied.mlpackage"
    shutil.copytree(made, copied)
    manifest = copied / "Manifest.json"
    content = json.loads(manifest.read_bytes())
    drawn = {old: str(uuid.uuid4()) for old in content["itemInfoEntries"]}
    content["itemInfoEntries"] = {drawn[k]: v for k, v in content["itemInfoEntries"].items()}
    content["rootModelIdentifier"] = drawn[content["rootModelIdentifier"]]
    manifest.write_text(json.dumps(content))
    settle(copied)
    assert manifest.read_bytes() == (made / "Manifest.json").read_bytes()
    assert inspect(copied).output.name == "descriptor"


def test_two_processes_write_the_same_bytes(small_artefact, tmp_path: Path) -> None:
    """Another process, as protobuf orders maps by a seed of its own."""
    arguments = ["--format", "coreml", "--precision", "int8", "--image-size", "64"]
    loose = ["--min-cosine", "0", "--min-worst-cosine", "0", "--min-overlap", "0"]
    command = [sys.executable, "-m", "mobile_actnet.cli.export", *arguments, *loose]
    path = tmp_path / "again.mlpackage"
    subprocess.run([*command, "-o", str(path)], check=True, capture_output=True)
    made = small_artefact(Format.COREML, Precision.INT8).path
    for part in ("Manifest.json", MODEL, WEIGHTS):
        assert (path / part).read_bytes() == (made / part).read_bytes()


def test_half_precision_rounds_every_value(small_artefact) -> None:
    program = load_program(small_artefact(Format.COREML, Precision.FP16).path)
    picture = torch.randint(0, 256, (1, 3, 64, 64)).float()
    values: dict[str, torch.Tensor] = {}
    descriptor = program.run({"image": picture}, values.__setitem__)["descriptor"]
    assert descriptor.shape == (1, 384)
    assert all(torch.equal(value, value.half().float()) for value in values.values())
    ranges = value_ranges(program, [{"image": picture}])
    assert max(max(abs(low), abs(high)) for low, high in ranges.values()) < 65504


def test_other_inputs_are_refused(small_artefact) -> None:
    program = load_program(small_artefact(Format.COREML, Precision.FP32).path)
    with pytest.raises(ConfigError, match="the artefact takes"):
        program.run({"image": torch.zeros(1, 3, 96, 64)})
    with pytest.raises(ConfigError, match="the artefact takes"):
        program.run({"picture": torch.zeros(1, 3, 64, 64)})


@pytest.fixture
def package(small_artefact, tmp_path: Path) -> Path:
    copied = tmp_path / "copy.mlpackage"
    shutil.copytree(small_artefact(Format.COREML, Precision.FP16).path, copied)
    return copied


MODEL = "Data/com.apple.CoreML/model.mlmodel"
WEIGHTS = "Data/com.apple.CoreML/weights/weight.bin"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Manifest.json", "Manifest.json cannot be read"),
        (MODEL, "model.mlmodel cannot be read"),
        (WEIGHTS, "weight.bin cannot be read"),
    ],
)
def test_missing_parts(package: Path, name: str, message: str) -> None:
    (package / name).unlink()
    with pytest.raises(ArtefactError, match=f"is incomplete: {message}"):
        read_package(package)


@pytest.mark.parametrize("name", ["Manifest.json", MODEL, WEIGHTS])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_truncated_parts(package: Path, name: str, share: float) -> None:
    content = (package / name).read_bytes()
    (package / name).write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ArtefactError, match="is damaged"):
        read_package(package)


@pytest.mark.parametrize("border", ["input", "output"])
def test_a_package_without_a_border(package: Path, border: str) -> None:
    model = Model_pb2.Model.FromString((package / MODEL).read_bytes())
    model.description.ClearField(border)
    (package / MODEL).write_bytes(model.SerializeToString())
    with pytest.raises(ArtefactError, match=r"is damaged \(it names no input or no output"):
        inspect(package)


def test_flipped_bits_of_the_program_never_end_in_another_exception(package: Path) -> None:
    good = (package / MODEL).read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(20):
        bad = bytearray(good)
        for place in rng.integers(0, len(bad), 3):
            bad[place] ^= 1 << int(rng.integers(0, 8))
        (package / MODEL).write_bytes(bad)
        try:
            load_program(package)
        except ArtefactError:
            continue


def test_other_things_at_the_path(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="does not exist"):
        read_package(tmp_path / "none.mlpackage")
    (tmp_path / "file.mlpackage").write_bytes(b"zip")
    with pytest.raises(ArtefactError, match="which is a folder"):
        read_package(tmp_path / "file.mlpackage")

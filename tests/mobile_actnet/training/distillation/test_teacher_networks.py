"""Teachers of every shape give the same descriptors; what is no teacher is refused by a sentence."""

import copy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from tiny_teacher import DIM, write_teacher

from mobile_actnet.errors import ActnetError, ConfigError, MissingPackageError
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.training.distillation.config import TeacherNormalisation
from mobile_actnet.training.distillation.onnx_graph import OnnxGraph
from mobile_actnet.training.distillation.teacher_networks import CheckpointTeacher, OnnxTeacher

CPU = torch.device("cpu")
PICTURES = torch.randint(0, 256, (5, 3, 96, 96), generator=torch.Generator().manual_seed(0)).float()
UNIT = TeacherNormalisation.ZERO_TO_ONE


def test_the_layout_and_type_of_the_input_change_no_descriptor(tmp_path: Path) -> None:
    described = [
        OnnxTeacher(
            write_teacher(tmp_path / f"{last}{as_bytes}.onnx", last, as_bytes), CPU, 96, UNIT
        ).describe(PICTURES)
        for last in (False, True)
        for as_bytes in (False, True)
    ]
    assert described[0].shape == (5, DIM)
    assert described[0].norm(dim=1) == pytest.approx(torch.ones(5))
    for other in described[1:]:
        assert torch.allclose(other, described[0], atol=1e-5)


def test_a_fixed_size_and_batch_come_from_the_file(tmp_path: Path) -> None:
    teacher = OnnxTeacher(
        write_teacher(tmp_path / "t.onnx", sides=(64, 64), batch=2), CPU, None, UNIT
    )
    assert teacher.side_px == 64
    described = teacher.describe(PICTURES)
    small = torch.nn.functional.interpolate(
        PICTURES, size=(64, 64), mode="bilinear", antialias=True
    )
    assert described.shape == (5, DIM)
    assert torch.allclose(described, teacher.describe(small), atol=1e-6)


def test_normalisations_differ(tmp_path: Path) -> None:
    path = write_teacher(tmp_path / "t.onnx")
    described = [
        OnnxTeacher(path, CPU, 96, kind).describe(PICTURES) for kind in TeacherNormalisation
    ]
    identities = {OnnxTeacher(path, CPU, 96, kind).identity for kind in TeacherNormalisation}
    assert len(identities) == len(described)
    for number, first in enumerate(described):
        for second in described[number + 1 :]:
            assert not torch.allclose(first, second, atol=1e-4)


@pytest.mark.parametrize("quantised", [False, True])
@pytest.mark.parametrize("as_bytes", [False, True])
def test_pytorch_runs_a_graph_as_onnxruntime_does(
    tmp_path: Path, quantised: bool, as_bytes: bool
) -> None:
    path = write_teacher(tmp_path / "t.onnx", True, as_bytes, quantised=quantised)
    x = PICTURES.permute(0, 2, 3, 1).contiguous()
    x = x.byte() if as_bytes else x / 255
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    expected = torch.from_numpy(session.run(None, {"image": x.numpy()})[0])
    with torch.no_grad():
        found = OnnxGraph(path)(x)
    # A quantised file is not rounded here, only bounded.
    tolerance = 0.05 * float(expected.abs().max()) if quantised else 1e-5
    assert (found - expected).abs().max() < tolerance


def _one_node(
    path: Path, kind: str, shape: list[int], inputs: list[str], **attributes: Any
) -> Path:
    """Write a graph of one node that takes `x` and may take `kernel` and `axes`."""
    constants = {"kernel": np.ones((4, 3, 3, 3), np.float32), "axes": np.array([1, 3])}
    helper = onnx.helper
    graph = helper.make_graph(
        [helper.make_node(kind, inputs, ["y"], **attributes)], "one",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        [onnx.numpy_helper.from_array(constants[name], name) for name in inputs[1:]],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


@pytest.mark.parametrize(
    ("kind", "inputs", "attributes"),
    [
        ("AveragePool", ["x"], {"kernel_shape": [3, 3]}),
        ("AveragePool", ["x"], {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1] * 4}),
        ("Flatten", ["x"], {"axis": 2}),
        ("Unsqueeze", ["x", "axes"], {}),
    ],
)
def test_an_operator_follows_its_attributes(
    tmp_path: Path, kind: str, inputs: list[str], attributes: dict[str, Any]
) -> None:
    path = _one_node(tmp_path / "one.onnx", kind, [2, 3, 8, 8], inputs, **attributes)
    x = torch.rand(2, 3, 8, 8)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    expected = torch.from_numpy(session.run(None, {"x": x.numpy()})[0])
    found = OnnxGraph(path)(x)
    assert found.shape == expected.shape
    assert torch.allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "inputs", "attributes"),
    [
        ("Conv", ["x", "kernel"], {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
        ("AveragePool", ["x"], {"kernel_shape": [2, 2], "ceil_mode": 1}),
        ("AveragePool", ["x"], {"kernel_shape": [2, 2], "pads": [0, 0, 1, 1]}),
        ("MaxPool", ["x"], {"kernel_shape": [3, 3], "dilations": [2, 2]}),
    ],
)
def test_an_attribute_that_is_not_followed_is_named(
    tmp_path: Path, kind: str, inputs: list[str], attributes: dict[str, Any]
) -> None:
    path = _one_node(tmp_path / "one.onnx", kind, [2, 3, 8, 8], inputs, **attributes)
    with pytest.raises(ActnetError, match=f"{kind} with .*; use --device cpu"):
        OnnxGraph(path)


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
def test_a_teacher_without_its_packages_names_their_extra(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_teacher(tmp_path / "t.onnx")
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, missing, None)
        patched.delitem(sys.modules, "mobile_actnet.runtime.onnx.onnx_file", raising=False)
        opened = OnnxGraph if missing == "onnx" else (lambda p: OnnxTeacher(p, CPU, 96, UNIT))
        with pytest.raises(MissingPackageError, match=r"mobile-actnet\[onnx-runtime\]'$"):
            opened(path)
    assert OnnxTeacher(path, CPU, 96, UNIT).dim == DIM


def test_an_operator_that_pytorch_does_not_know_is_named(tmp_path: Path) -> None:
    path = write_teacher(tmp_path / "t.onnx")
    model = onnx.load(path)
    model.graph.node[1].op_type = "Selu"
    onnx.save(model, path)
    with pytest.raises(ActnetError, match="Selu; use --device cpu"):
        OnnxGraph(path)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"outputs": 2}, "1 input and 2 outputs"),
        ({"sides": (64, 96)}, "a teacher's are square"),
        ({"vectors": False}, "one vector for each"),
    ],
)
def test_what_is_no_teacher_is_refused(
    tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    path = write_teacher(tmp_path / "t.onnx", **changes)  # type: ignore[arg-type]
    with pytest.raises(ActnetError, match=sentence):
        OnnxTeacher(path, CPU, None, UNIT)


def test_files_that_are_no_onnx_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ActnetError, match=r"no\.onnx does not exist; give an \.onnx file"):
        OnnxTeacher(tmp_path / "no.onnx", CPU)
    (tmp_path / "text.onnx").write_text("not a network")
    with pytest.raises(ActnetError, match="is not an ONNX file, or is damaged"):
        OnnxTeacher(tmp_path / "text.onnx", CPU)


def test_another_size_than_the_files_is_refused(tmp_path: Path) -> None:
    path = write_teacher(tmp_path / "t.onnx", sides=(64, 64))
    with pytest.raises(ConfigError, match="leave it out"):
        OnnxTeacher(path, CPU, 96)


def test_a_checkpoint_is_a_teacher_with_more_values_than_its_descriptor(
    shipped_network: Actnet,
) -> None:
    network = copy.deepcopy(
        shipped_network
    )  # A teacher freezes its network and reorders its values.
    teacher = CheckpointTeacher(network, 96)
    described = teacher.describe(PICTURES)
    assert described.shape == (5, teacher.dim)
    assert teacher.dim > network.config.descriptor_dim
    assert described.norm(dim=1) == pytest.approx(torch.ones(5), abs=1e-3)
    assert CheckpointTeacher(network, 64).identity != teacher.identity

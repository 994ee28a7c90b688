"""Artefacts that are made to do harm: they are refused before a runtime sees them."""

import copy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mobile_actnet.runtime.artefact_file import inspect
from mobile_actnet.runtime.errors import ArtefactError
from mobile_actnet.runtime.runtimes import open_artefact
from mobile_actnet.runtime.vocabulary import Format, Precision

Change = Callable[[Any], None]


def graph(model: Any) -> Any:
    return model.subgraphs[0]


def point(holder: Any, field: str, place: int, index: int) -> None:
    """Change one number of a list; what is read from a file is read-only."""
    indices = [int(at) for at in getattr(holder, field)]
    indices[place] = index
    setattr(holder, field, indices)


def _input_outside(model: Any) -> None:
    point(graph(model).operators[3], "inputs", 0, 100_000)


def _negative_output(model: Any) -> None:
    point(graph(model).operators[3], "outputs", 0, -2)


def _unknown_operator(model: Any) -> None:
    graph(model).operators[3].opcodeIndex = 4000


def _unknown_buffer(model: Any) -> None:
    graph(model).tensors[2].buffer = 1 << 20


def _graph_output_outside(model: Any) -> None:
    point(graph(model), "outputs", 0, len(graph(model).tensors))


def _signature_outside(model: Any) -> None:
    model.signatureDefs[0].outputs[0].tensorIndex = 1 << 20


def _reads_what_nothing_computes(model: Any) -> None:
    graph(model).operators = graph(model).operators[1:]


def _writes_a_constant(model: Any) -> None:
    operators = graph(model).operators
    written = {int(at) for operator in operators for at in operator.outputs}
    reader = next(operator for operator in operators if len(operator.inputs) > 1)
    constant = next(int(at) for at in reader.inputs[1:] if int(at) not in written)
    point(operators[-1], "outputs", 0, constant)


def _reads_in_a_ring(model: Any) -> None:
    operators = graph(model).operators
    point(operators[0], "inputs", 0, int(operators[-1].outputs[0]))


def _shape_of_gigabytes(model: Any) -> None:
    at = int(graph(model).operators[3].outputs[0])
    point(graph(model).tensors[at], "shape", 1, 1 << 24)


CHANGES: tuple[Change, ...] = (
    _input_outside, _negative_output, _unknown_operator, _unknown_buffer, _graph_output_outside,
    _signature_outside, _reads_what_nothing_computes, _writes_a_constant, _reads_in_a_ring,
    _shape_of_gigabytes,
)  # fmt: skip


class TestTflite:
    @pytest.fixture(scope="class")
    def whole(self, small_artefact) -> Path:
        pytest.importorskip("ai_edge_litert", reason="needs the extra runtime")
        pytest.importorskip("litert_torch", reason="needs the extra tflite")
        path: Path = small_artefact(Format.TFLITE, Precision.FP32).path
        return path

    @pytest.mark.parametrize("change", CHANGES, ids=[each.__name__ for each in CHANGES])
    def test_indices_that_lead_nowhere(self, change: Change, whole: Path, tmp_path: Path) -> None:
        from mobile_actnet.runtime.tflite.tflite_flatbuffer import pack, unpack

        model = unpack(whole.read_bytes())
        path = tmp_path / "changed.tflite"
        path.write_bytes(pack(copy.deepcopy(model)))
        assert inspect(path).output.shape == (1, 384)
        change(model)
        path.write_bytes(pack(model))
        with pytest.raises(
            ArtefactError,
            match="is damaged .*(points at|anything computes|nothing computes|writes|is the most)",
        ):
            open_artefact(path)

    def test_a_few_changed_bytes_never_end_the_process(self, whole: Path, tmp_path: Path) -> None:
        """In a process of its own: a signal is what is looked for."""
        run = subprocess.run(
            [sys.executable, "-c", _MUTATE, whole, tmp_path / "changed.tflite"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr[-2000:]
        refused, opened = map(int, run.stdout.split())
        assert refused > 10
        assert refused + opened == 60


_MUTATE = """
import sys
from pathlib import Path
import numpy as np
from mobile_actnet.errors import ActnetError
from mobile_actnet.runtime.runtimes import open_artefact

whole, path = Path(sys.argv[1]).read_bytes(), Path(sys.argv[2])
rng = np.random.default_rng(4)
# The tables of the flatbuffer, and not the weights, which make wrong numbers only.
tables = [at for at in range(len(whole)) if at < 2000 or at > len(whole) - 30000]
refused = opened = 0
for _ in range(60):
    changed = bytearray(whole)
    for at in rng.choice(tables, 4):
        changed[at] = rng.integers(256)
    path.write_bytes(changed)
    try:
        open_artefact(path).describe(np.zeros((1, 64, 64, 3), np.uint8))
        opened += 1
    except ActnetError:
        refused += 1
print(refused, opened)
"""


class TestOnnx:
    """Data in other files could be any file that the user may read."""

    def model(self, *nodes: Any, initializers: tuple[Any, ...] = ()) -> Any:
        onnx = pytest.importorskip("onnx", reason="needs the extra onnx-runtime")
        helper, kind = onnx.helper, onnx.TensorProto.FLOAT
        made = helper.make_graph(
            [*nodes, helper.make_node("Add", ["x", "c"], ["y"])], "g",
            [helper.make_tensor_value_info("x", kind, [2])],
            [helper.make_tensor_value_info("y", kind, [2])],
            list(initializers),
        )  # fmt: skip
        return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)])

    def tensor(self, outside: bool) -> Any:
        import onnx

        tensor = onnx.numpy_helper.from_array(np.ones(2, np.float32), "c")
        if outside:
            tensor.ClearField("raw_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value="secret")
        return tensor

    def as_initializer(self, tensor: Any) -> Any:
        return self.model(initializers=(tensor,))

    def as_constant(self, tensor: Any) -> Any:
        import onnx

        return self.model(onnx.helper.make_node("Constant", [], ["c"], value=tensor))

    def in_a_subgraph(self, tensor: Any) -> Any:
        import onnx

        helper, kind = onnx.helper, onnx.TensorProto
        inner = helper.make_graph(
            [helper.make_node("Constant", [], ["d"], value=tensor)], "inner", [],
            [helper.make_tensor_value_info("d", kind.FLOAT, [2])],
        )  # fmt: skip
        yes = onnx.numpy_helper.from_array(np.array(True), "yes")
        node = helper.make_node("If", ["yes"], ["c"], then_branch=inner, else_branch=inner)
        return self.model(node, initializers=(yes,))

    @pytest.mark.parametrize("place", ["as_initializer", "as_constant", "in_a_subgraph"])
    def test_data_in_other_files(
        self, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pytest.importorskip("onnx", reason="needs the extra onnx-runtime")
        (tmp_path / "secret").write_bytes(bytes(8))
        monkeypatch.chdir(tmp_path)  # Where the data are found.
        path = tmp_path / "m.onnx"
        path.write_bytes(getattr(self, place)(self.tensor(outside=False)).SerializeToString())
        assert inspect(path).output.shape == (2,)
        path.write_bytes(getattr(self, place)(self.tensor(outside=True)).SerializeToString())
        with pytest.raises(ArtefactError, match="points at data in other files"):
            open_artefact(path)

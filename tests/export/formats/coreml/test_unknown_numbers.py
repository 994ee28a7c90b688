"""An enumeration of protobuf takes any number, and raises where its name is asked for."""

import shutil
from pathlib import Path

import pytest

from mobile_actnet.runtime.artefact_file import inspect
from mobile_actnet.runtime.errors import ArtefactError
from mobile_actnet.runtime.vocabulary import Format, Precision

pytest.importorskip("coremltools", reason="needs the extra coreml")
from mobile_actnet.runtime.coreml.mil_evaluator import load_program

MODEL = "Data/com.apple.CoreML/model.mlmodel"


def test_numbers_without_a_name(small_artefact, tmp_path: Path) -> None:
    from coremltools.proto import Model_pb2

    package = tmp_path / "copy.mlpackage"
    shutil.copytree(small_artefact(Format.COREML, Precision.FP16).path, package)
    good = (package / MODEL).read_bytes()
    model = Model_pb2.Model.FromString(good)
    colours = model.description.input[0].type.imageType
    # The field that holds the colours, with another number.
    old, new = colours.SerializeToString(), bytearray(colours.SerializeToString())
    new[new.index(bytes([0x18, colours.colorSpace])) + 1] = 110
    (package / MODEL).write_bytes(good.replace(old, bytes(new), 1))
    assert inspect(package).input.dtype == "image:unknown"
    (function,) = model.mlProgram.functions.values()
    (block,) = function.block_specializations.values()
    last = block.operations[-1].outputs[0].type.tensorType
    last.dataType = 99
    (package / MODEL).write_bytes(model.SerializeToString())
    with pytest.raises(ArtefactError, match="gives values of type 99"):
        load_program(package)

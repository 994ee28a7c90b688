"""How an export ends where a converter cannot write."""

import gc
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

from mobile_actnet.errors import ActnetError
from mobile_actnet.export import pipeline


class Unwritten:
    """A library's temporary file: what it could not write, it tries again when it is closed."""

    def __del__(self) -> None:
        raise OSError(27, "File too large")


class Full:
    """A converter whose disk takes nothing."""

    def convert(self, *_: Any) -> NoReturn:
        file = Unwritten()
        raise OSError(27, f"File too large: {file!r}")


def test_a_refused_file_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    message = ""
    try:
        pipeline._convert(Full(), None, None, tmp_path / "m.onnx", {})  # type: ignore[arg-type]
    except ActnetError as error:
        # `pytest.raises` would keep the error, and what it holds, until the test has ended.
        message = str(error)
    gc.collect()
    assert message.startswith("cannot write m.onnx: File too large")
    assert capsys.readouterr().err == ""

"""`actnet-doctor`: what it says of this machine, and which artefacts it refuses."""

import json
import shutil
from pathlib import Path

import pytest

from mobile_actnet.cli.doctor import main
from mobile_actnet.export.checks import diagnosis
from mobile_actnet.native import engine
from mobile_actnet.runtime import manifest as manifests
from mobile_actnet.runtime import packages
from mobile_actnet.runtime.vocabulary import Format, Precision


@pytest.fixture
def artefact(small_artefact, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    path = small_artefact(Format.ONNX, Precision.FP32).path
    for file in (path, manifests.path_of(path)):
        shutil.copy(file, tmp_path)
    return tmp_path / path.name


def change_manifest(artefact: Path, **changes: object) -> None:
    path = manifests.path_of(artefact)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_installation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "✓ the C engine: ready" in lines
    for kind in Format:
        assert f"✓ running {kind.value}: ready" in lines
        assert f"✓ exporting {kind.value}: ready" in lines
    assert json.loads(lines[-1])["sound"] is True
    assert lines[-2] == "next: actnet-export --format tflite"


def test_missing_extra_gets_its_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages.require, "__defaults__", (lambda _: None,))
    assert main([]) == 0, "an extra that nobody asked for is no fault"
    printed = capsys.readouterr().out
    assert printed.splitlines()[-1] == "next: pip install 'mobile-actnet[runtime]'"
    for extra in ("runtime", "onnx-runtime", *(kind.value for kind in Format)):
        assert f"pip install 'mobile-actnet[{extra}]'" in printed


def test_a_missing_engine_is_a_fault(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(engine, "LIBRARY", tmp_path / "libactnet.so")
    engine._engine.cache_clear()
    assert main([]) == 1, "nothing that looks at a picture works without it"
    engine._engine.cache_clear()
    printed = capsys.readouterr().out
    assert f"✗ the C engine {tmp_path / 'libactnet.so'} is not there; run: pip install" in printed


def test_sound_artefact(artefact: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", str(artefact)]) == 0
    printed = capsys.readouterr().out
    assert "✓ manifest and hash: onnx fp32" in printed
    assert "✓ golden picture: cosine 1.000000 in onnxruntime" in printed
    assert "Conv 52" in printed


def test_changed_artefact_is_not_run(
    artefact: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytearray(artefact.read_bytes())
    content[len(content) // 2] ^= 1
    artefact.write_bytes(content)
    monkeypatch.setattr(diagnosis, "open_artefact", lambda *_: pytest.fail("it was run"))
    assert main(["--model", str(artefact)]) == 1
    assert "✗" in (printed := capsys.readouterr().out)
    assert "is not the file that" in printed


def test_another_golden_descriptor(artefact: Path, capsys: pytest.CaptureFixture[str]) -> None:
    golden = json.loads(manifests.path_of(artefact).read_text())["golden"]
    golden["descriptor"] = golden["descriptor"][::-1]
    change_manifest(artefact, golden=golden)
    assert main(["--model", str(artefact)]) == 1
    assert "this runtime computes other values" in capsys.readouterr().out


def test_borders_that_differ_from_the_manifest(
    artefact: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change_manifest(artefact, input={"name": "picture", "shape": [1, 64, 64, 3]})
    assert main(["--model", str(artefact)]) == 1
    assert "the manifest says picture" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.onnx", "does not exist; actnet export makes one"),
        ("model.pt", "is not an artefact; allowed are .tflite"),
    ],
)
def test_no_artefact(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, message: str
) -> None:
    assert main(["--model", str(tmp_path / name)]) == 1
    printed = capsys.readouterr()
    assert message in printed.out + printed.err
    assert "Traceback" not in printed.err

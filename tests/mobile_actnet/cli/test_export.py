"""`actnet-export` as a user runs it: what it prints, writes, and answers to bad input.

Every case of bad input looks at three things: the sentence, the exit code, and that the folder
holds what it held before.
"""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image

from mobile_actnet.cli.export import main
from mobile_actnet.export.checks import parity
from mobile_actnet.export.formats.onnx import onnx_exporter
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.checkpoint import Card, save_checkpoint
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.runtime import packages
from mobile_actnet.runtime.manifest import load, path_of
from mobile_actnet.runtime.vocabulary import Format, Precision

SMALL = ["--image-size", "64"]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An output folder with a file of the user's in it."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    return folder


@pytest.fixture
def refused(out: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command, expect exit code 1 and one line of error, and an untouched folder."""

    def check(*arguments: str, kind: str = "onnx") -> str:
        before = contents(out)
        code = main(["--format", kind, *SMALL, "-o", str(out), *arguments])
        printed = capsys.readouterr()
        assert code == 1
        assert printed.err.startswith("error: ")
        assert printed.err.count("\n") == 1
        assert "Traceback" not in printed.out + printed.err
        assert contents(out) == before
        return printed.err

    return check


def test_exports_and_ends_with_one_line_of_json(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--format", "onnx", *SMALL, "-o", str(out), "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("✓ onnx fp32: cosine mean 1.0000") for line in lines)
    assert lines[-2] == f"next: actnet-doctor --model {out}/mobile_actnet_64x64_fp32.onnx"
    (told,) = json.loads(lines[-1])["artefacts"]
    path = Path(told["path"])
    held = load(path)
    assert told["manifest"] == str(path_of(path))
    assert (told["format"], told["precision"]) == ("onnx", "fp32")
    assert told["sha256"] == held["artefact"]["sha256"]
    assert told["size_bytes"] == path.stat().st_size
    assert told["parity"]["pictures"] == 32
    assert told["parity"]["cosine_min"] >= 0.99999
    assert told["operators"]["Conv"] == 52
    assert sorted(contents(out)) == sorted([path.name, path_of(path).name, "mine.txt"])


def test_photos_are_verified_and_unreadable_ones_listed(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(3):
        Image.effect_noise((90, 70), 60 + number).convert("RGB").save(photos / f"{number}.png")
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    code = main(["--format", "onnx", *SMALL, "-o", str(out), "--verify", str(photos), "--json"])
    printed = capsys.readouterr().out
    assert code == 0
    assert f"skipped: {photos}/broken.jpg cannot be decoded" in printed
    told = json.loads(printed.splitlines()[-1])["artefacts"][0]["parity"]
    assert (told["pictures"], told["source"]) == (3, "photos")


def test_output_may_name_the_file(out: Path) -> None:
    assert main(["--format", "onnx", *SMALL, "-o", str(out / "sub" / "shop.onnx")]) == 0
    assert load(out / "sub" / "shop.onnx")["name"] == "shop"


def test_artefact_is_named_after_its_checkpoint(out: Path, tmp_path: Path) -> None:
    checkpoint = shutil.copy(DEFAULT_CHECKPOINT, tmp_path / "shop.safetensors")
    options = ["--checkpoint", str(checkpoint), "-o", str(out)]
    assert main(["--format", "onnx", *SMALL, *options]) == 0
    assert load(out / "shop_64x64_fp32.onnx")["name"] == "shop_64x64_fp32"


def test_short_descriptor_is_the_start_of_the_long_one(
    small_artefact, out: Path, shipped_network: Actnet
) -> None:
    import numpy as np

    from mobile_actnet.runtime.generated_pictures import generated_pictures
    from mobile_actnet.runtime.runtimes import open_artefact
    from mobile_actnet.runtime.vocabulary import ImageSize

    assert main(["--format", "onnx", *SMALL, "--dim", "128", "-o", str(out / "s.onnx")]) == 0
    pictures = generated_pictures(8, ImageSize(64, 64), seed=3)
    short = open_artefact(out / "s.onnx").describe(pictures)
    long = open_artefact(small_artefact(Format.ONNX, Precision.FP32).path).describe(pictures)
    cut = long[:, :128] / np.linalg.norm(long[:, :128], axis=1, keepdims=True)
    np.testing.assert_allclose(short, cut, rtol=0, atol=1e-5)


# Bad input, one by one.


def test_missing_checkpoint(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refused("--checkpoint", str(tmp_path / "none"))


def test_damaged_checkpoint(refused: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00 not json at all")
    assert "is damaged" in refused("--checkpoint", str(path))


def test_pickled_checkpoint(refused: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save({"weight": torch.ones(3)}, path)
    assert "is a pickle" in refused("--checkpoint", str(path))


def test_checkpoint_with_nan(
    refused: Callable[..., str], tmp_path: Path, shipped_network: Actnet
) -> None:
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    path = tmp_path / "nan.safetensors"
    save_checkpoint(shipped_network, path, Card())
    tensors = load_file(path)
    tensors["head.whitening.weight"][3, 5] = float("nan")
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    save_file(tensors, path, metadata)
    assert "NaN or infinite values in 'head.whitening.weight'" in refused("--checkpoint", str(path))


def test_dim_too_large(refused: Callable[..., str]) -> None:
    assert "descriptor dim is 9999; allowed is 1 to" in refused("--dim", "9999")


def test_dim_of_zero(refused: Callable[..., str]) -> None:
    assert "descriptor dim is 0; allowed is 1 to" in refused("--dim", "0")


@pytest.mark.parametrize(
    "existing", ["mobile_actnet_64x64_fp32.onnx", "mobile_actnet_64x64_fp32.onnx.json"]
)
def test_existing_output(refused: Callable[..., str], out: Path, existing: str) -> None:
    (out / existing).write_text("precious")
    assert "exists; give --overwrite" in refused()


def test_overwrite_replaces(out: Path) -> None:
    (out / "mobile_actnet_64x64_fp32.onnx").write_text("old")
    assert main(["--format", "onnx", *SMALL, "-o", str(out), "--overwrite"]) == 0
    assert load(out / "mobile_actnet_64x64_fp32.onnx")["format"] == "onnx"


def test_output_below_a_file(refused: Callable[..., str], out: Path) -> None:
    assert "cannot write to" in refused("-o", str(out / "mine.txt" / "models"))


def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A small disk at `folder`."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no right to mount a small disk here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    yield from mounted(tmp_path / "disk", "size=2m")


@pytest.fixture
def unwritable(tmp_path: Path) -> Iterator[Path]:
    """A folder without the right to write; for root, who may write anywhere, a read-only disk."""
    if os.geteuid() == 0:
        yield from mounted(tmp_path / "disk", "ro")
        return
    folder = tmp_path / "disk"
    folder.mkdir(mode=0o500)
    yield folder
    folder.chmod(0o700)


def test_unwritable_folder(refused: Callable[..., str], unwritable: Path) -> None:
    assert f"cannot write to {unwritable}" in refused("-o", str(unwritable))


@pytest.mark.parametrize("kind", [f.value for f in Format])
def test_full_disk(full_disk: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    (full_disk / "mine.txt").write_text("mine")
    code = main(["--format", kind, *SMALL, "-o", str(full_disk)])
    error = capsys.readouterr().err
    assert code == 1
    assert "No space left on device" in error
    assert error.count("\n") == 1
    assert os.listdir(full_disk) == ["mine.txt"]


def test_full_disk_while_the_artefact_is_written(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same without a disk: for machines where none can be mounted."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(onnx_exporter.EXPORTER.__class__, "convert", full)
    assert "No space left on device" in refused()


@pytest.mark.parametrize("kind", [f.value for f in Format])
def test_extra_that_is_not_installed(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    real = packages.importlib.util.find_spec
    hidden = {"litert_torch", "onnxscript", "coremltools"}
    monkeypatch.setattr(
        packages.require,
        "__defaults__",
        (lambda name: None if name in hidden else real(name),),
    )
    assert f"run: pip install 'mobile-actnet[{kind}]'" in refused(kind=kind)


def test_verify_folder_without_a_readable_picture(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    assert "holds no pictures" in refused("--verify", str(photos))
    refused("--verify", str(photos), "-o", str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()
    (photos / "broken.png").write_bytes(b"\x89PNG")
    assert f"none of the photos in {photos} can be read" in refused("--verify", str(photos))
    assert "is not a folder" in refused("--verify", str(photos / "broken.png"))


def test_options_that_would_go_unused_are_refused(refused: Callable[..., str]) -> None:
    assert "only for onnx" in refused("--dynamic-batch", kind="tflite")
    assert "tflite has the layout nhwc; got nchw" in refused("--layout", "nchw", kind="tflite")
    assert "is one file; give a folder" in refused("--format", "tflite", "-o", "model.onnx")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--image-size", "100"], "image height is 100; allowed are multiples of 32"),
        (["--image-size", "224x2048"], "image width is 2048; allowed are multiples of 32"),
        (["--image-size", "big"], "'big' is not an image size"),
        (["--precision", "int4"], "invalid choice: 'int4'"),
        (["--precision", "fp16", "--precision", "fp32"], "--precision: given twice; give it once"),
        (["--format", "pt"], "invalid choice: 'pt'"),
        (["--dim", "many"], "invalid int value: 'many'"),
    ],
)
def test_wrong_usage(
    out: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    before = contents(out)
    with pytest.raises(SystemExit) as stopped:
        main(["--format", "onnx", "-o", str(out), *arguments])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
    assert contents(out) == before


def test_artefact_that_differs_is_kept_as_rejected(
    out: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = parity.Thresholds(1.1, 1.1, 0.0, 100.0)
    monkeypatch.setitem(parity.THRESHOLDS, Precision.FP32, strict)
    assert main(["--format", "onnx", *SMALL, "-o", str(out)]) == 1
    error = capsys.readouterr().err
    assert "differs from PyTorch" in error
    assert "kept as mobile_actnet_64x64_fp32.onnx.rejected" in error
    assert sorted(contents(out)) == [
        "mine.txt",
        "mobile_actnet_64x64_fp32.onnx.rejected",
        "mobile_actnet_64x64_fp32.onnx.rejected.json",
    ]
    report = json.loads((out / "mobile_actnet_64x64_fp32.onnx.rejected.json").read_text())
    assert report["parity"]["cosine_min_threshold"] == 1.1


def test_wrong_lowering_is_caught(
    out: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate at work: a Weibull without its factor x is off by a constant where x is 0."""
    from mobile_actnet.export.graph.lowering import LoweredWeibull

    real = LoweredWeibull.forward
    monkeypatch.setattr(LoweredWeibull, "forward", lambda self, x: real(self, x.clamp(min=0.05)))
    assert main(["--format", "onnx", *SMALL, "-o", str(out)]) == 1
    assert "differs from PyTorch" in capsys.readouterr().err
    assert not (out / "mobile_actnet_64x64_fp32.onnx").exists()


@pytest.mark.parametrize("kind", [f.value for f in Format])
def test_ctrl_c_in_mid_conversion(out: Path, kind: str) -> None:
    before = contents(out)
    command = [sys.executable, "-m", "mobile_actnet.cli.export", "--format", kind]
    with subprocess.Popen(
        [*command, *SMALL, "-o", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if line.startswith("described"):  # conversion begins
                break
        time.sleep(0.5)
        running.send_signal(signal.SIGINT)
        _, error = running.communicate(timeout=60)
    assert running.returncode == 130
    assert error == "stopped: nothing half-written is left\n"
    assert contents(out) == before
    assert os.listdir(out) == ["mine.txt"], "a staging folder is left"

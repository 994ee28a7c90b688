"""The command `actnet train`, on six plain pictures."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from mobile_actnet.cli.train import main
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.checkpoint import Card, load_checkpoint, save_checkpoint
from mobile_actnet.network.config import BackboneKind, NetworkConfig, StreamConfig

SMALL = NetworkConfig(BackboneKind.MOBILENET_V2, (StreamConfig(("features.3",)),), 8, 4)


def test_command_adapts_a_checkpoint(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    start, out = tmp_path / "start.safetensors", tmp_path / "out" / "mine.safetensors"
    save_checkpoint(Actnet(SMALL), start, Card(name="small", origin="random"))
    arguments = ["--data", str(pictures), "--checkpoint", str(start), "-o", str(out)]
    dev = tmp_path / "dev"
    dev.mkdir()
    rows = ["path,instance,role"]
    for name in ("red", "lime"):
        for role in ("query", "database"):
            Image.new("RGB", (50, 60), name).save(dev / f"{name}-{role}.png")
            rows.append(f"{name}-{role}.png,{name},{role}")
    (dev / "manifest.csv").write_text("\n".join(rows))
    arguments += ["--dev", str(dev)]
    more = ["--epochs", "1", "--set", "batch_size=3", "--name", "mine", "--json"]
    assert main([*arguments, *more]) == 0
    told = capsys.readouterr().out
    assert f"2 of your 2 test photos in {dev} find the right picture first; before " in told
    last = json.loads(told.splitlines()[-1])
    assert (last["checkpoint"], last["pictures"]) == (str(out), 6)
    assert last["after"]["recall_at_1"] == 100
    network, card = load_checkpoint(out)
    assert network.config == SMALL
    assert card.name == "mine"
    assert card.origin == "started from small (random); pictures: pictures"
    assert (card.training["preset"], card.training["epochs"]) == ("phone", 1)
    assert f"actnet-export --format tflite --checkpoint {out}" in told
    assert not list(out.parent.glob("*.state"))
    written = out.read_bytes()
    assert main([*arguments, "--epochs", "1"]) == 1
    assert "exists; give --overwrite to replace it" in capsys.readouterr().err
    assert out.read_bytes() == written


def test_another_activation_layer_keeps_the_backbone_and_fits_the_whitening(
    pictures: Path, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    start, out = tmp_path / "start.safetensors", tmp_path / "sinh.safetensors"
    save_checkpoint(Actnet(SMALL), start, Card(name="small", origin="random"))
    arguments = ["--data", str(pictures), "--checkpoint", str(start), "-o", str(out)]
    kinds = ["--activation", "sinh", "--pooling", "gem"]
    tiny = [
        "--steps",
        "1",
        "--set",
        "batch_size=3",
        "--set",
        "backbone_rate=1e-12",
        "--workers",
        "0",
    ]
    assert main([*arguments, *kinds, *tiny, "--set", "start_share=0"]) == 0
    network, card = load_checkpoint(out)
    (stream,) = network.config.streams
    assert (stream.layers, stream.activation, stream.pooling) == (("features.3",), "sinh", "gem")
    # Six pictures give a whitening five rows.
    assert (network.config.whitening_dim, network.config.descriptor_dim) == (5, 4)
    assert card.origin.startswith("started from the backbone of small (random)")
    before = dict(load_checkpoint(start)[0].backbone.named_parameters())
    after = dict(network.backbone.named_parameters())
    assert all(torch.allclose(value, after[name], atol=1e-6) for name, value in before.items())


@pytest.mark.parametrize("name", ["new.pt", "new.onnx"])
def test_a_checkpoint_of_another_suffix_is_refused(
    name: str, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(pictures), "-o", str(tmp_path / name)]) == 1
    assert "give a name that ends in .safetensors, or a folder" in capsys.readouterr().err
    assert not (tmp_path / name).exists()


def test_command_writes_a_preview(pictures: Path, tmp_path: Path) -> None:
    preview = tmp_path / "samples.png"
    assert main(["--data", str(pictures), "--preview", str(preview)]) == 0
    assert Image.open(preview).size == (9 * 160, 6 * 160)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--mix", "1,2"], "--mix is '1,2'; give 1 positive numbers"),
        (["--mix", "-1"], "--mix is '-1'"),
        (["--steps", "0"], "--steps is 0"),
        (["--epochs", "0"], "epochs is 0"),
        (["--set", "x=1"], "there is no setting 'x'; names are epochs, "),
        (["--backbone", "none.safetensors"], "none.safetensors cannot be read"),
        (["--checkpoint", "none.safetensors"], "checkpoint none.safetensors cannot be read"),
        (["--dev", "."], "has no photo with the role query or both"),
        (["--preview", "a.gif"], "the name must end in .png"),
    ],
)
def test_command_errors(
    pictures: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    extra: list[str],
    message: str,
) -> None:
    out = tmp_path / "out.safetensors"
    if extra[0] == "--dev":
        extra = ["--dev", str(pictures)]
    assert main(["--data", str(pictures), "-o", str(out), *extra]) == 1
    assert message in capsys.readouterr().err
    assert not out.exists()

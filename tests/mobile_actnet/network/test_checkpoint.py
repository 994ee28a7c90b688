"""Checkpoints: what is written comes back; everything else is refused with a sentence."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from mobile_actnet.errors import CheckpointError
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.checkpoint import FORMAT, Card, load_checkpoint, save_checkpoint
from mobile_actnet.network.config import (
    DEFAULT_CHECKPOINT,
    BackboneKind,
    NetworkConfig,
    StreamConfig,
)

Tensors = dict[str, torch.Tensor]
Metadata = dict[str, str]
KERNEL = "backbone.features.0.0.weight"
WHITENING = "head.whitening.weight"

SMALL = NetworkConfig(BackboneKind.MOBILENET_V2, (StreamConfig(("features.2",)),), 8, 4)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "small.safetensors"
    save_checkpoint(Actnet(SMALL), path, Card("small", "CC0", "random", {"steps": 0}))
    return path


@pytest.fixture
def rewritten(saved: Path) -> Callable[[Callable[[Tensors, Metadata], None]], Path]:
    """Change the tensors or the metadata of a good checkpoint."""
    from safetensors import safe_open

    def rewrite(change: Callable[[Tensors, Metadata], None]) -> Path:
        with safe_open(saved, framework="pt") as file:
            metadata = dict(file.metadata())
        tensors = load_file(saved)
        change(tensors, metadata)
        save_file(tensors, saved, metadata)
        return saved

    return rewrite


def test_what_is_saved_comes_back(saved: Path) -> None:
    torch.manual_seed(0)
    written = Actnet(SMALL).eval()
    read, card = load_checkpoint(saved)
    assert card == Card("small", "CC0", "random", {"steps": 0})
    assert read.config == SMALL
    assert not read.training
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        # Kernels are stored in half precision.
        torch.testing.assert_close(read(images), written(images), rtol=0, atol=5e-3)
    assert {value.dtype for value in read.state_dict().values()} == {torch.float32, torch.int64}
    assert list(saved.parent.iterdir()) == [saved]


def test_default_weights_are_in_half_precision_and_load() -> None:
    network, card = load_checkpoint()
    assert card.origin != "not stated"
    assert DEFAULT_CHECKPOINT.stat().st_size < 20e6
    assert load_file(DEFAULT_CHECKPOINT)[WHITENING].dtype == torch.float16
    assert network.head.signature_dim == 2560


def refused(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    return str(caught.value)


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    assert "none.safetensors cannot be read: No such file" in refused(tmp_path / "none.safetensors")
    assert "Is a directory" in refused(tmp_path)


@pytest.mark.parametrize("zipped", [True, False])
def test_pickles_are_refused_and_never_run(tmp_path: Path, zipped: bool) -> None:
    class Payload:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return exec, (f"open({str(tmp_path / 'run')!r}, 'w')",)

    path = tmp_path / "weights.pt"
    torch.save({"weights": Payload()}, path, _use_new_zipfile_serialization=zipped)
    assert "is a pickle (torch.save), which can run code" in refused(path)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("size", [0, 5, 200, -100])
def test_truncated_files(saved: Path, size: int) -> None:
    saved.write_bytes(saved.read_bytes()[:size])
    assert "not a safetensors file or is damaged" in refused(saved)


def test_other_kinds_of_file(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0" + bytes(500))
    assert "not a safetensors file or is damaged" in refused(path)
    save_file({"weight": torch.zeros(3)}, path)
    assert f"no checkpoint of this toolkit (its metadata has no format {FORMAT!r})" in refused(path)


Rewrite = Callable[[Callable[[Tensors, Metadata], None]], Path]


def _config(**changes: object) -> Callable[[Tensors, Metadata], None]:
    def change(tensors: Tensors, metadata: Metadata) -> None:
        metadata["config"] = json.dumps({**json.loads(metadata["config"]), **changes})

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t, m: m.update(version="9"), "checkpoint of version '9'; this release reads"),
        (_config(backbone="vit_b_16"), "'vit_b_16' is not a valid BackboneKind"),
        (_config(heads=3), "unknown keys: heads"),
        (_config(whitening_dim="8"), "whitening_dim is '8'; it must be a whole number"),
        (_config(descriptor_dim=9), "descriptor_dim is 9; allowed is 1 to whitening_dim (8)"),
        (_config(streams=[]), "at least one stream"),
        (_config(streams=[{"layers": ["features.99"]}]), "has no layer 'features.99'"),
        (lambda t, m: m.update(config="{"), "cannot be read"),
        (lambda t, m: m.update(config="[]"), "not an object with a list of streams"),
        (lambda t, m: m.update(card="[1"), "describes no network of this release"),
        (lambda t, m: m.update(card='{"colour": "red"}'), "describes no network of this release"),
        (lambda t, m: t.pop(KERNEL), f"is missing '{KERNEL}'"),
        (lambda t, m: t.update(extra=torch.zeros(1)), "has the unknown key 'extra'"),
        (lambda t, m: t.update({KERNEL: torch.zeros(2, 3)}), f"{KERNEL} has shape (2, 3)"),
        (lambda t, m: t[KERNEL].view(-1)[0].fill_(torch.nan), f"NaN or infinite values in '{KERNEL}'"),
        (lambda t, m: t[WHITENING].view(-1)[3].fill_(torch.inf), "NaN or infinite values in"),
    ],
)  # fmt: skip
def test_refusals(
    rewritten: Rewrite, change: Callable[[Tensors, Metadata], None], message: str
) -> None:
    path = rewritten(change)
    assert message in refused(path)
    assert str(path) in refused(path)


def test_weights_that_are_not_finite_are_not_saved(tmp_path: Path) -> None:
    for value in (torch.nan, 1e6):  # beyond the largest half
        network = Actnet(SMALL)
        with torch.no_grad():
            network.head.whitening.weight[0, 0] = value
        with pytest.raises(CheckpointError, match="the network holds NaN or infinite values"):
            save_checkpoint(network, tmp_path / "bad.safetensors", Card())
    assert not list(tmp_path.iterdir())


def test_config_survives_json() -> None:
    assert NetworkConfig.from_json(SMALL.to_json()) == SMALL


def test_loading_needs_no_export_package() -> None:
    code = (
        "import sys, mobile_actnet; mobile_actnet.load_checkpoint();"
        "heavy = {'litert_torch', 'onnx', 'onnxruntime', 'coremltools', 'ai_edge_litert'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr


def test_equal_checkpoints_are_equal_bytes_in_every_process(saved: Path, tmp_path: Path) -> None:
    """Galleries are bound to the hash; safetensors draws the order of its metadata anew."""
    code = (
        "import sys; from pathlib import Path\n"
        "from mobile_actnet.network.checkpoint import load_checkpoint, save_checkpoint\n"
        "network, card = load_checkpoint(Path(sys.argv[1]))\n"
        "for target in sys.argv[2:]: save_checkpoint(network, Path(target), card)"
    )
    targets = [tmp_path / f"{number}.safetensors" for number in range(6)]
    for pair in (targets[:3], targets[3:]):
        subprocess.run([sys.executable, "-c", code, saved, *pair], check=True)
    assert {target.read_bytes() for target in targets} == {targets[0].read_bytes()}
    first, again = load_checkpoint(targets[0])[0], load_checkpoint(saved)[0]
    for key, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[key])

"""Every reader of foreign bytes, fed with damaged files; `make fuzz` runs many more of them.

ACTNET_FUZZ_CASES and ACTNET_FUZZ_SEED choose how many and which; ACTNET_FUZZ_LOG names a file that gets a
line of JSON for each target that came to its end.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mobile_actnet.export.export_request import ExportRequest
from mobile_actnet.export.pipeline import export_artefacts
from mobile_actnet.export.quantization.calibration import ActivationRanges
from mobile_actnet.export.quantization.config import CalibrationMethod
from mobile_actnet.export.quantization.int8_file import save_recorded
from mobile_actnet.export.quantization.tuned_kernels import TunedKernels
from mobile_actnet.gallery.approximate_search import index_path, refresh
from mobile_actnet.gallery.sqlite.writer import GalleryWriter
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.checkpoint import Card, save_checkpoint
from mobile_actnet.network.config import BackboneKind, NetworkConfig, StreamConfig
from mobile_actnet.pictures.photos import find_photos
from mobile_actnet.runtime.vocabulary import Format, Precision
from mobile_actnet.training.distillation.picture_pack import write_pack
from tests.conftest import LOOSE
from tests.conftest import SMALL as SIZE
from tests.fuzz.readers import ground_truth
from tests.mobile_actnet.training.distillation.tiny_teacher import write_teacher

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = int(os.environ.get("ACTNET_FUZZ_CASES", "2000"))
SEED = os.environ.get("ACTNET_FUZZ_SEED", "1")
LOG = os.environ.get("ACTNET_FUZZ_LOG")
SMALL = NetworkConfig(BackboneKind.MOBILENET_V2, (StreamConfig(("features.2",)),), 8, 4)

Fuzz = Callable[..., None]


@pytest.fixture
def fuzz(tmp_path: Path) -> Fuzz:
    """Run a target in a process of its own; `share` of the cases where one takes long."""

    def run(target: str, whole: Path, share: float = 1.0) -> None:
        folder = tmp_path / "cases"
        folder.mkdir()
        cases = max(1, round(CASES * share))
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.readers", target, whole, str(cases), SEED, folder],
            capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-4000:]
        told = json.loads(done.stdout.splitlines()[-1])
        assert told["refused"] + told["read"] == cases, "an error has no sentence"
        assert told["refused"] > cases // 20, "the mutations do no damage"
        if LOG:
            with Path(LOG).open("a") as log:
                log.write(
                    json.dumps({"target": target, "whole": whole.name, "seed": SEED} | told) + "\n"
                )

    return run


@pytest.mark.parametrize(
    "name",
    ["bitmap.bmp", "cmyk.tif", "display_p3.png", "jpeg_orientation_6.jpg", "lossless.webp",
     "palette_alpha.png", "rgb16.png", "two_frames.gif"],
)  # fmt: skip
def test_pictures(name: str, fuzz: Fuzz) -> None:
    fuzz("picture", GOLDEN / "preprocessing" / "sources" / name, 1 / 8)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("photo list", "path,instance,role\na.jpg,x,query\na.jpg,y,\n"),
        ("labels", 'path;label\na/ü.jpg;Käse\nb.jpg;"Tea; green"\n'),
        ("catalogue", "path,item,language,title\na.jpg,n,en,Night\na.jpg,n,de,Nacht\nb.jpg,,,x\n"),
    ],
)
def test_tables(target: str, text: str, fuzz: Fuzz, tmp_path: Path) -> None:
    (tmp_path / "whole.csv").write_text(text, encoding="utf-8")
    fuzz(target, tmp_path / "whole.csv")


def test_checkpoints(fuzz: Fuzz, tmp_path: Path) -> None:
    torch.manual_seed(0)
    save_checkpoint(Actnet(SMALL), tmp_path / "whole.safetensors", Card("small"))
    fuzz("checkpoint", tmp_path / "whole.safetensors")


def test_manifests(fuzz: Fuzz, tmp_path: Path) -> None:
    manifest = {
        "schema": 1, "name": "m", "format": "tflite", "precision": "fp32",
        "artefact": {"sha256": hashlib.sha256(b"weights").hexdigest(), "size_bytes": 7},
        "checkpoint": {"name": "c"}, "input": {"name": "image", "shape": [1, 64, 96, 3]},
        "output": {"name": "descriptor", "shape": [1, 2], "dim": 2},
        "preprocessing": {"name": "pillow-bilinear", "version": 1, "height": 64, "width": 96},
        "parity": {"cosine_mean": 0.99, "cosine_min": 0.9}, "operators": {"CONV_2D": 3},
        "golden": {"picture": "p", "descriptor": [0.6, 0.8], "cosine_min": 0.99},
        "calibration": {"images": 3, "kept_in_float": ["a"]}, "runs_on": [{"runtime": "r"}],
    }  # fmt: skip
    (tmp_path / "whole.tflite.json").write_text(json.dumps(manifest))
    fuzz("manifest", tmp_path / "whole.tflite.json")


@pytest.mark.parametrize(
    "name", sorted(path.name for path in (GOLDEN / "gallery").glob("*.sqlite"))
)
def test_galleries(name: str, fuzz: Fuzz) -> None:
    fuzz("gallery", GOLDEN / "gallery" / name, 1 / 2)


def test_approximate_indices(fuzz: Fuzz, tmp_path: Path) -> None:
    gallery = tmp_path / "whole.sqlite"
    shutil.copy(GOLDEN / "gallery" / "int8.sqlite", gallery)
    with GalleryWriter(gallery) as writer:
        refresh(writer, threads=1, from_count=1)
    fuzz("approximate index", index_path(gallery))


def test_thresholds(fuzz: Fuzz, tmp_path: Path) -> None:
    row = {"least": 4.5, "false_answers": 0.05, "right_answers": 0.5, "wrong_answers": 0.0}
    thresholds = {"distinctness": [row, row], "similarity": [row]}
    told = {"schema": 1, "model_sha256": "ab" * 32, "pictures": 20, "captures": 600}
    told |= {"measure": "distinctness", "thresholds": thresholds}
    (tmp_path / "whole.json").write_text(json.dumps(told))
    fuzz("thresholds", tmp_path / "whole.json")


def test_records_for_8_bits(fuzz: Fuzz, tmp_path: Path) -> None:
    kernels = TunedKernels(
        {"a": torch.ones(2, 3, 1, 1, dtype=torch.int8)}, {"a": torch.ones(2)},
        {"a": torch.zeros(2)}, {"steps": 3},
    )  # fmt: skip
    ranges = ActivationRanges(
        {"a": torch.ones(2)}, {"a": torch.zeros(2)}, {"a": (0.0, 6.0)}, 8, "cd" * 32,
        CalibrationMethod.MSE, "recorded", "224x224", kernels,
    )  # fmt: skip
    save_recorded(ranges, tmp_path / "whole.safetensors", "ab" * 32)
    fuzz("record", tmp_path / "whole.safetensors")


def test_packs(fuzz: Fuzz, make_photos, tmp_path: Path) -> None:
    write_pack(tmp_path / "whole.zip", find_photos(make_photos(3)))
    fuzz("pack", tmp_path / "whole.zip")


def test_teachers(fuzz: Fuzz, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="needs the extra onnx")
    write_teacher(tmp_path / "whole.onnx")
    fuzz("teacher", tmp_path / "whole.onnx")


@pytest.mark.parametrize("suffix", [".pkl", ".json"])
def test_ground_truths(suffix: str, fuzz: Fuzz, tmp_path: Path) -> None:
    entry = {"bbx": [1, 2, 30, 40], "easy": [0, 1], "hard": [2], "junk": []}
    text = json.dumps({"imlist": ["a", "b", "c"], "qimlist": ["q"], "gnd": [entry]})
    content = ground_truth() if suffix == ".pkl" else text.encode()
    (tmp_path / f"whole{suffix}").write_bytes(content)
    fuzz("truth", tmp_path / f"whole{suffix}")


def test_states(fuzz: Fuzz, tmp_path: Path) -> None:
    state = {"identity": "identity", "step": 3, "network": {"a": torch.ones(3)}, "best": None}
    torch.save(state, tmp_path / "whole.state")
    fuzz("state", tmp_path / "whole.state")


PACKAGES = {Format.ONNX: "onnx", Format.TFLITE: "litert_torch", Format.COREML: "coremltools"}


@pytest.mark.parametrize("kind", list(Format))
def test_artefacts(kind: Format, fuzz: Fuzz, tmp_path: Path) -> None:
    """Of a small network: what is read of it is structure, and seldom weights."""
    pytest.importorskip(PACKAGES[kind], reason="needs the extra of the format")
    torch.manual_seed(1)
    checkpoint = tmp_path / "small.safetensors"
    save_checkpoint(Actnet(SMALL), checkpoint, Card("small"))
    request = ExportRequest(
        (kind,), checkpoint=checkpoint, size=SIZE, output=tmp_path, thresholds=LOOSE
    )
    (made,) = export_artefacts(request)
    fuzz("artefact", made.path)


@pytest.mark.parametrize("kind", list(Format))
def test_artefacts_of_the_shipped_weights(kind: Format, fuzz: Fuzz, small_artefact) -> None:
    pytest.importorskip(PACKAGES[kind], reason="needs the extra of the format")
    fuzz("artefact", small_artefact(kind, Precision.FP32).path, 1 / 20)

"""What many tests share: the shipped weights, artefacts made of them once, photos and a gallery."""

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from mobile_actnet.export import Gallery, IndexOptions
from mobile_actnet.export.checks.thresholds import ThresholdOverrides
from mobile_actnet.export.export_request import ExportRequest
from mobile_actnet.export.pipeline import ExportResult, export_artefacts
from mobile_actnet.export.quantization.config import ROUNDED
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.checkpoint import load_checkpoint
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision

SMALL = ImageSize(64, 64)
LOOSE = ThresholdOverrides(cosine_mean=0.9, cosine_min=0.5, top10_overlap=0.3)

Export = Callable[[Format, Precision], ExportResult]
MakePhotos = Callable[..., Path]


# A shell that starts the tests in the background has Ctrl-C ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shipped_network() -> Actnet:
    """The shipped weights; not to be changed by a test."""
    return load_checkpoint()[0]


@pytest.fixture(scope="session")
def small_artefact(tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Give the artefact of a format and precision at 64 x 64, made once; not to be changed."""
    made: dict[tuple[Format, Precision], ExportResult] = {}

    def export(kind: Format, precision: Precision) -> ExportResult:
        if (kind, precision) not in made:
            request = ExportRequest(
                formats=(kind,),
                precision=precision,
                size=SMALL,
                output=tmp_path_factory.mktemp(f"{kind.value}-{precision.value}"),
                # Ranges recorded at 224 suit 64 less; the gate has its own test.
                thresholds=LOOSE if precision in ROUNDED else ThresholdOverrides(),
            )
            (made[kind, precision],) = export_artefacts(request)
        return made[kind, precision]

    return export


def write_photos(folder: Path, count: int = 6, side: int = 64) -> Path:
    """Write a folder of generated JPEGs: 000.jpg, 001.jpg, ..."""
    folder.mkdir()
    pictures = generated_pictures(count, ImageSize(side, side), seed=5)
    for number, pixels in enumerate(pictures):
        Image.fromarray(pixels).save(folder / f"{number:03}.jpg", quality=90)
    return folder


@pytest.fixture
def make_photos(tmp_path: Path) -> MakePhotos:
    """Give a function that writes such a folder beside the test's other files."""

    def make(count: int = 6, name: str = "photos", side: int = 64) -> Path:
        return write_photos(tmp_path / name, count, side)

    return make


@pytest.fixture(scope="session")
def small_gallery(artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `photos` (six, and copy.jpg, which is 002.jpg) and g.sqlite; not to be changed."""
    folder = tmp_path_factory.mktemp("gallery")
    photos = write_photos(folder / "photos")
    shutil.copy(photos / "002.jpg", photos / "copy.jpg")
    Gallery.build(photos, artefact, folder / "g.sqlite", IndexOptions(workers=1)).close()
    return folder


@pytest.fixture(scope="session")
def artefact(small_artefact) -> Path:
    """An ONNX artefact at 64 x 64; not to be changed."""
    return small_artefact(Format.ONNX, Precision.FP32).path

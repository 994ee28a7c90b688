"""A gallery of generated photos, made with a TFLite artefact of 64 x 64."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from mobile_actnet.export import Gallery, IndexOptions
from mobile_actnet.export.pipeline import ExportResult
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision
from mobile_actnet.web.static_site import Site, write_site

Export = Callable[[Format, Precision], ExportResult]


@pytest.fixture(scope="session")
def web_gallery(small_artefact: Export, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Not to be changed."""
    pytest.importorskip("litert_torch", reason="needs the extra tflite")
    artefact = small_artefact(Format.TFLITE, Precision.FP32).path
    folder = tmp_path_factory.mktemp("web")
    photos = folder / "photos"
    photos.mkdir()
    for number, pixels in enumerate(generated_pictures(6, ImageSize(64, 64), seed=5)):
        Image.fromarray(pixels).save(photos / f"{number:03}.jpg", quality=90)
    Gallery.build(photos, artefact, folder / "g.sqlite", IndexOptions(workers=1)).close()
    return folder / "g.sqlite"


@pytest.fixture(scope="session")
def site(web_gallery: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site of that gallery; not to be changed."""
    return write_site(web_gallery, tmp_path_factory.mktemp("site") / "out", title="Müller's <b>")

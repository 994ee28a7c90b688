"""What many tests share: the shipped weights, and artefacts made of them once."""

import signal
from collections.abc import Callable

import pytest

from mobile_actnet.checkpoint import load_checkpoint
from mobile_actnet.export.checking import Thresholds
from mobile_actnet.export.deployable import ImageSize
from mobile_actnet.export.export_request import ExportRequest
from mobile_actnet.export.formats import Format, Precision
from mobile_actnet.export.pipeline import ExportResult, export_artefacts
from mobile_actnet.export.quantization import ROUNDED
from mobile_actnet.network import Actnet

SMALL = ImageSize(64, 64)
LOOSE = Thresholds(cosine_mean=0.9, cosine_min=0.5, top10_overlap=0.3)

Export = Callable[[Format, Precision], ExportResult]


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
                thresholds=LOOSE if precision in ROUNDED else Thresholds(),
            )
            (made[kind, precision],) = export_artefacts(request)
        return made[kind, precision]

    return export

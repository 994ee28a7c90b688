"""Export: from a checkpoint to checked phone models.

from mobile_actnet.export import ExportRequest, Format, export_artefacts

(result,) = export_artefacts(ExportRequest(formats=(Format.TFLITE,)))
print(result.path, result.manifest["parity"]["cosine_min"])
"""

from typing import TYPE_CHECKING

from mobile_actnet.lazy_names import lazy_names

if TYPE_CHECKING:
    from mobile_actnet.export.export_request import ExportRequest
    from mobile_actnet.export.pipeline import ExportResult, export_artefacts
    from mobile_actnet.gallery.gallery import Gallery
    from mobile_actnet.gallery.hits import Answer, Hit, SearchOptions
    from mobile_actnet.gallery.indexing.index_options import IndexOptions, IndexReport
    from mobile_actnet.runtime.errors import ArtefactError, ManifestError, ParityError
    from mobile_actnet.runtime.runtimes import Runtime, open_artefact
    from mobile_actnet.runtime.vocabulary import CoremlInput, Format, ImageSize, Layout, Precision

__all__ = [
    "Answer",
    "ArtefactError",
    "CoremlInput",
    "ExportRequest",
    "ExportResult",
    "Format",
    "Gallery",
    "Hit",
    "ImageSize",
    "IndexOptions",
    "IndexReport",
    "Layout",
    "ManifestError",
    "ParityError",
    "Precision",
    "Runtime",
    "SearchOptions",
    "export_artefacts",
    "open_artefact",
]

_HOMES = {
    "Answer": "mobile_actnet.gallery.hits",
    "ArtefactError": "mobile_actnet.runtime.errors",
    "CoremlInput": "mobile_actnet.runtime.vocabulary",
    "ExportRequest": "mobile_actnet.export.export_request",
    "ExportResult": "mobile_actnet.export.pipeline",
    "Format": "mobile_actnet.runtime.vocabulary",
    "Gallery": "mobile_actnet.gallery.gallery",
    "Hit": "mobile_actnet.gallery.hits",
    "ImageSize": "mobile_actnet.runtime.vocabulary",
    "IndexOptions": "mobile_actnet.gallery.indexing.index_options",
    "IndexReport": "mobile_actnet.gallery.indexing.index_options",
    "Layout": "mobile_actnet.runtime.vocabulary",
    "ManifestError": "mobile_actnet.runtime.errors",
    "ParityError": "mobile_actnet.runtime.errors",
    "Precision": "mobile_actnet.runtime.vocabulary",
    "Runtime": "mobile_actnet.runtime.runtimes",
    "SearchOptions": "mobile_actnet.gallery.hits",
    "export_artefacts": "mobile_actnet.export.pipeline",
    "open_artefact": "mobile_actnet.runtime.runtimes",
}

if not TYPE_CHECKING:
    __getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return __all__

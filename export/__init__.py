"""Export: from a checkpoint to checked phone models.

from mobile_actnet.export import ExportRequest, Format, export_artefacts

(result,) = export_artefacts(ExportRequest(formats=(Format.TFLITE,)))
print(result.path, result.manifest["parity"]["cosine_min"])
"""

from mobile_actnet.export.export_request import ExportRequest
from mobile_actnet.export.graph.deployable import ImageSize, Layout
from mobile_actnet.export.pipeline import ExportResult, export_artefacts
from mobile_actnet.gallery.gallery import Answer, Gallery, Hit, SearchOptions
from mobile_actnet.gallery.indexing.indexer import IndexOptions, IndexReport
from mobile_actnet.runtime.errors import ArtefactError, ManifestError, ParityError
from mobile_actnet.runtime.formats import CoremlInput, Format, Precision
from mobile_actnet.runtime.runtimes import Runtime, open_artefact

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

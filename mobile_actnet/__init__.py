"""Mobile-ACTNET: instant visual search that runs on the phone, offline.

Load a checkpoint or an artefact, describe pictures, compare descriptors:

    import mobile_actnet as actnet

    model = actnet.load()
    size = (model.size.height, model.size.width)
    descriptors = model.describe(np.stack([actnet.load_image(path, *size) for path in paths]))
    similarities = descriptors @ descriptors.T

Build a gallery and search it:

    gallery = actnet.Gallery.build("photos", "model.tflite", "shop.sqlite")
    hits = gallery.search("query.jpg", top=5)

Exporting to phones is in `mobile_actnet.export`.
"""

import os

from mobile_actnet.lazy_names import lazy_names

# Checkers know it by its name; `typing` would take as long as all else before Ctrl-C has its sentence.
TYPE_CHECKING = False

# onnxruntime from 1.29 on sends events to its maker, with a model's name and hashes, unless this
# is set before it is imported (its Privacy.md). Nothing leaves this computer.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from mobile_actnet.errors import ActnetError
    from mobile_actnet.evaluation.config import EvaluationOptions
    from mobile_actnet.evaluation.ranking import RetrievalScore, evaluate
    from mobile_actnet.evaluation.scoring import evaluate_model
    from mobile_actnet.gallery.gallery import Gallery
    from mobile_actnet.gallery.hits import SearchOptions
    from mobile_actnet.gallery.indexing.index_options import IndexOptions
    from mobile_actnet.network.actnet import Actnet, MobileActnet, ResNeXtActnet
    from mobile_actnet.network.checkpoint import Card, load_checkpoint, save_checkpoint
    from mobile_actnet.network.config import (
        MOBILE_ACTNET,
        RESNEXT_ACTNET,
        ActivationKind,
        BackboneKind,
        NetworkConfig,
        PoolingKind,
        StreamConfig,
    )
    from mobile_actnet.network.describe import describe
    from mobile_actnet.network.normalisation import normalise
    from mobile_actnet.pictures.photos import Photo, find_photos, load_images
    from mobile_actnet.pictures.preprocessing import load_image
    from mobile_actnet.runtime.describer import Describer, load
    from mobile_actnet.runtime.vocabulary import ImageSize

__all__ = [
    "MOBILE_ACTNET",
    "RESNEXT_ACTNET",
    "ActivationKind",
    "Actnet",
    "ActnetError",
    "BackboneKind",
    "Card",
    "Describer",
    "EvaluationOptions",
    "Gallery",
    "ImageSize",
    "IndexOptions",
    "MobileActnet",
    "NetworkConfig",
    "Photo",
    "PoolingKind",
    "ResNeXtActnet",
    "RetrievalScore",
    "SearchOptions",
    "StreamConfig",
    "describe",
    "evaluate",
    "evaluate_model",
    "find_photos",
    "load",
    "load_checkpoint",
    "load_image",
    "load_images",
    "normalise",
    "save_checkpoint",
]

_HOMES = {
    "ActivationKind": "mobile_actnet.network.config",
    "Actnet": "mobile_actnet.network.actnet",
    "ActnetError": "mobile_actnet.errors",
    "BackboneKind": "mobile_actnet.network.config",
    "Card": "mobile_actnet.network.checkpoint",
    "Describer": "mobile_actnet.runtime.describer",
    "EvaluationOptions": "mobile_actnet.evaluation.config",
    "Gallery": "mobile_actnet.gallery.gallery",
    "ImageSize": "mobile_actnet.runtime.vocabulary",
    "IndexOptions": "mobile_actnet.gallery.indexing.index_options",
    "MOBILE_ACTNET": "mobile_actnet.network.config",
    "MobileActnet": "mobile_actnet.network.actnet",
    "NetworkConfig": "mobile_actnet.network.config",
    "Photo": "mobile_actnet.pictures.photos",
    "PoolingKind": "mobile_actnet.network.config",
    "RESNEXT_ACTNET": "mobile_actnet.network.config",
    "ResNeXtActnet": "mobile_actnet.network.actnet",
    "RetrievalScore": "mobile_actnet.evaluation.ranking",
    "SearchOptions": "mobile_actnet.gallery.hits",
    "StreamConfig": "mobile_actnet.network.config",
    "describe": "mobile_actnet.network.describe",
    "evaluate": "mobile_actnet.evaluation.ranking",
    "evaluate_model": "mobile_actnet.evaluation.scoring",
    "find_photos": "mobile_actnet.pictures.photos",
    "load": "mobile_actnet.runtime.describer",
    "load_checkpoint": "mobile_actnet.network.checkpoint",
    "load_image": "mobile_actnet.pictures.preprocessing",
    "load_images": "mobile_actnet.pictures.photos",
    "normalise": "mobile_actnet.network.normalisation",
    "save_checkpoint": "mobile_actnet.network.checkpoint",
}

if not TYPE_CHECKING:
    __getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return __all__

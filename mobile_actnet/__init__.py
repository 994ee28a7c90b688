"""Mobile-ACTNET: instant visual search that runs on the phone, offline.

Load weights, describe pictures, compare descriptors:

    from mobile_actnet import describe, load_checkpoint, load_image

    network, card = load_checkpoint()
    descriptors = describe(network, np.stack([load_image(path, 224, 224) for path in paths]))
    similarities = descriptors @ descriptors.T

Exporting to phones is in `mobile_actnet.export`.
"""

import os
from typing import TYPE_CHECKING

from mobile_actnet.lazy_names import lazy_names

# onnxruntime from 1.29 on sends events to its maker, with a model's name and hashes, unless this
# is set before it is imported (its Privacy.md). Nothing leaves this computer.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from mobile_actnet.errors import ActnetError
    from mobile_actnet.evaluation.ranking import RetrievalScore, evaluate
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

__all__ = [
    "MOBILE_ACTNET",
    "RESNEXT_ACTNET",
    "ActivationKind",
    "Actnet",
    "ActnetError",
    "BackboneKind",
    "Card",
    "MobileActnet",
    "NetworkConfig",
    "Photo",
    "PoolingKind",
    "ResNeXtActnet",
    "RetrievalScore",
    "StreamConfig",
    "describe",
    "evaluate",
    "find_photos",
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
    "MOBILE_ACTNET": "mobile_actnet.network.config",
    "MobileActnet": "mobile_actnet.network.actnet",
    "NetworkConfig": "mobile_actnet.network.config",
    "Photo": "mobile_actnet.pictures.photos",
    "PoolingKind": "mobile_actnet.network.config",
    "RESNEXT_ACTNET": "mobile_actnet.network.config",
    "ResNeXtActnet": "mobile_actnet.network.actnet",
    "RetrievalScore": "mobile_actnet.evaluation.ranking",
    "StreamConfig": "mobile_actnet.network.config",
    "describe": "mobile_actnet.network.describe",
    "evaluate": "mobile_actnet.evaluation.ranking",
    "find_photos": "mobile_actnet.pictures.photos",
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

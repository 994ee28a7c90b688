"""Mobile-ACTNET: instant visual search that runs on the phone, offline.

Load weights, describe pictures, compare descriptors:

    from mobile_actnet import describe, load_checkpoint, load_image

    network, card = load_checkpoint()
    descriptors = describe(network, np.stack([load_image(path, 224, 224) for path in paths]))
    similarities = descriptors @ descriptors.T

Exporting to phones is in `mobile_actnet.export`.
"""

from mobile_actnet.errors import ActnetError
from mobile_actnet.evaluation.ranking import RetrievalScore, describe, evaluate
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
from mobile_actnet.pictures.photos import Photo, find_photos, load_images
from mobile_actnet.pictures.preprocessing import load_image, normalise

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

"""Triplets of an epoch, mined over the whole set with the current model (the paper, section 3.4)."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobile_actnet.errors import ActnetError
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.normalisation import normalise
from mobile_actnet.pictures.photos import Photo, load_images
from mobile_actnet.pictures.preprocessing import decode
from mobile_actnet.training.batches import anchor_pixels, anchor_seed
from mobile_actnet.training.config import TrainingConfig
from mobile_actnet.training.distributed import autocasting
from mobile_actnet.training.mining import Triplets, mine_negatives
from mobile_actnet.training.sources import Collection, positives_of

_AT_ONCE = 64


@dataclass(frozen=True)
class TripletMiner:
    """A network in training and the pictures that it chooses from.

    Attributes:
        dim: length of the descriptors that are compared.
        dtype: of the backbone's autocast; None for float32.
    """

    network: Actnet
    collection: Collection
    config: TrainingConfig
    dim: int
    device: torch.device
    dtype: torch.dtype | None

    @torch.no_grad()
    def describe_all(self) -> Tensor:
        """Describe all pictures with the current model: (M, dim); 0 where unreadable."""
        height, width = self.config.image_sizes[-1]
        descriptors = torch.zeros(len(self.collection.paths), self.dim, device=self.device)
        photos = [Photo(path, str(row)) for row, path in enumerate(self.collection.paths)]
        for start in range(0, len(photos), _AT_ONCE):
            pixels, kept, _ = load_images(photos[start : start + _AT_ONCE], height, width)
            if kept:
                rows = torch.tensor([int(photo.instance) for photo in kept], device=self.device)
                descriptors[rows] = self._describe(pixels)
        return descriptors

    @torch.no_grad()
    def choose(self, epoch: int, hard: bool) -> Triplets:
        """Choose an epoch's triplets with the current model, or at random."""
        config, collection = self.config, self.collection
        rng = np.random.default_rng((config.seed, 2**31, epoch))
        anchors = rng.choice(len(collection.paths), config.triplets_per_epoch, p=collection.chances)
        positives = positives_of(anchors, collection.instances, rng)
        if not hard:
            return Triplets(anchors, positives, _random_negatives(anchors, collection, rng))
        instances = collection.instances.to(self.device)
        database = self.describe_all()
        negatives = mine_negatives(
            self._describe_anchors(anchors, positives, epoch, database),
            database[torch.from_numpy(positives).to(self.device)], database,
            instances[torch.from_numpy(anchors).to(self.device)], instances, config.mining,
        )  # fmt: skip
        return Triplets(anchors, positives, negatives)

    def _describe_anchors(
        self,
        anchors: NDArray[np.integer],
        positives: NDArray[np.integer],
        epoch: int,
        database: Tensor,
    ) -> Tensor:
        """Describe each anchor as it will be seen in training; as it is where unreadable."""
        size = self.config.image_sizes[-1]
        described = database[torch.from_numpy(anchors).to(self.device)].clone()
        for start in range(0, len(anchors), _AT_ONCE):
            places, pixels = [], []
            for place in range(start, min(start + _AT_ONCE, len(anchors))):
                try:
                    item = decode(self.collection.paths[anchors[place]])
                except ActnetError:
                    continue
                alone = anchors[place] == positives[place]
                seed = anchor_seed(self.config, epoch, place)
                places.append(place)
                pixels.append(anchor_pixels(item, item, alone, seed, size, self.config, None))
            if places:
                described[places] = self._describe(np.stack(pixels))
        return described

    def _describe(self, pixels: NDArray[np.uint8]) -> Tensor:
        with autocasting(self.dtype, self.device):
            images = normalise(torch.from_numpy(pixels).to(self.device))
            return self.network(images, self.dim)


def _random_negatives(
    anchors: NDArray[np.integer], collection: Collection, rng: np.random.Generator
) -> NDArray[np.int64]:
    of = collection.instances.numpy()
    negatives = rng.integers(0, len(of), len(anchors))
    while (wrong := of[negatives] == of[anchors]).any():
        negatives[wrong] = rng.integers(0, len(of), int(wrong.sum()))
    return negatives

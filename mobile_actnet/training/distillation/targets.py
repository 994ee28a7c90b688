"""What the student is to say of each view: the teachers' descriptors, asked for or kept."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobile_actnet.training.distillation.config import DistillationConfig, ViewKind
from mobile_actnet.training.distillation.joining import Projection, principal_components
from mobile_actnet.training.distillation.picture_store import PictureStore
from mobile_actnet.training.distillation.recipes import Recipes, whole_views
from mobile_actnet.training.distillation.rendering import render
from mobile_actnet.training.distillation.target_cache import TargetCache
from mobile_actnet.training.distillation.teacher_networks import Teacher

CHUNK = 64
# Teachers on a GPU see batches of few sizes: for each new one cuDNN plans every layer anew.
_GPU_BATCH_MULTIPLE = 64


class Targets:
    """The teachers' descriptors, centred on the pictures and cut to their principal components.

    Args:
        learned: rows of the store that the student learns from; the centre is theirs.
        cache: keeps descriptors; None asks the teachers every time.

    Attributes:
        dims: length of each teacher's targets.
        clean: (M, dim) of each teacher, of whole pictures, each row of length 1.
    """

    def __init__(
        self, store: PictureStore, teachers: list[Teacher], learned: NDArray[np.int64],
        config: DistillationConfig, cache: TargetCache | None, device: torch.device,
    ) -> None:  # fmt: skip
        self._store, self._teachers, self._cache = store, teachers, cache
        self._config, self._device = config, device
        described = self._describe_clean()
        rows = torch.from_numpy(learned).to(device)
        self._projections: list[Projection] = [
            principal_components(values[rows], config.teacher_dim) for values in described
        ]
        self.clean = self._project(described)
        self.dims = [values.shape[1] for values in self.clean]

    @torch.no_grad()
    def of(
        self, recipes: Recipes, views: Tensor, rng: np.random.Generator, clean_share: float
    ) -> list[Tensor]:
        """Return (B, dim) for each teacher: the clean picture's for a share of the captures, else
        the view's.

        Args:
            views: (B, 3, S, S) float32 of the recipes.
        """
        clean = (recipes.kinds == ViewKind.CAPTURE) & (rng.random(len(recipes)) < clean_share)
        rows = torch.from_numpy(recipes.pictures).to(self._device)
        targets = [values[rows] for values in self.clean]
        asked = np.flatnonzero(~clean)
        if len(asked):
            index = torch.from_numpy(asked).to(self._device)
            for kept, new in zip(
                targets, self._project(self._ask(views[index], recipes[asked])), strict=True
            ):
                kept[index] = new
        return targets

    def _project(self, descriptors: list[Tensor]) -> list[Tensor]:
        pairs = zip(self._projections, descriptors, strict=True)
        return [project(values) for project, values in pairs]

    def _ask(self, views: Tensor, recipes: Recipes) -> list[Tensor]:
        if self._cache is not None:
            keys = [self._key(recipes, row) for row in range(len(recipes))]
            return [
                self._cache.describe(teacher, keys, views).to(self._device)
                for teacher in self._teachers
            ]
        count = len(views)
        if self._device.type == "cuda":
            padding = -count % _GPU_BATCH_MULTIPLE
            views = torch.cat([views, views[:1].expand(padding, -1, -1, -1)])
        return [teacher.describe(views)[:count] for teacher in self._teachers]

    def _key(self, recipes: Recipes, row: int) -> bytes:
        pictures = (recipes.pictures[row], recipes.partners[row])
        hashes = "".join(self._store.hashes[picture] for picture in pictures)
        return hashes.encode() + recipes.key(row)

    @torch.no_grad()
    def _describe_clean(self) -> list[Tensor]:
        described: list[list[Tensor]] = [[] for _ in self._teachers]
        for start in range(0, len(self._store), CHUNK):
            rows = np.arange(start, min(start + CHUNK, len(self._store)))
            recipes, pixels = whole_views(rows), self._store.take(rows, self._device)
            for teacher, values in zip(self._teachers, described, strict=True):
                views = render(pixels, pixels, recipes, teacher.side_px)
                if self._cache is None:
                    values.append(teacher.describe(views))
                    continue
                keys = [self._key(recipes, row) for row in range(len(rows))]
                values.append(self._cache.describe(teacher, keys, views).to(self._device))
        return [torch.cat(values) for values in described]

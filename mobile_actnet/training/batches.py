"""Batches of training pictures, made in worker processes.

Every choice of a step is drawn from the seed and the step's number, and every capture from those
and its place in the batch: a resumed run, or one split over several processes, sees the same
pictures.
"""

import multiprocessing
import signal
import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from mobile_actnet.errors import UnreadablePictureError
from mobile_actnet.pictures.preprocessing import Pixels, decode, resize
from mobile_actnet.training.config import TrainingConfig
from mobile_actnet.training.mining import Triplets
from mobile_actnet.training.phone_captures import capture
from mobile_actnet.training.sources import Collection, Numbers, draw, positives_of


@dataclass(frozen=True)
class Batch:
    """One process's part of a step.

    Attributes:
        pixels: (V, N, H, W, 3) uint8; views are captures, or anchors, positives (and negatives).
        numbers: (V, N) rows of the collection.
        problems: a sentence for each picture that could not be read; its column is left out.
    """

    pixels: Pixels
    numbers: Numbers
    problems: list[str]


@dataclass(frozen=True)
class Split:
    """Which part of a batch this process takes: every `world`-th sample from `rank` on."""

    rank: int = 0
    world: int = 1


class CaptureBatches(Dataset[Batch]):
    """Item i: captures of drawn pictures for step `first_step` + i."""

    def __init__(
        self, collection: Collection, config: TrainingConfig, first_step: int, steps: int,
        split: Split = Split(), with_positives: bool = False,
    ) -> None:  # fmt: skip
        self.collection, self.config, self.split = collection, config, split
        self.first_step, self.steps = first_step, steps
        self.with_positives = with_positives

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, index: int) -> Batch:
        step = self.first_step + index
        rng = np.random.default_rng((self.config.seed, step))
        size = _draw_size(self.config, rng)
        drawn = draw(self.collection, self.config.batch_size, rng)
        drawn = drawn[: len(drawn) // self.split.world * self.split.world]
        backgrounds = np.roll(drawn, 1)
        views = [drawn]
        if self.with_positives:
            views.append(positives_of(drawn, self.collection.instances, rng))
        part = slice(self.split.rank, None, self.split.world)
        places = np.arange(len(drawn))[part]
        rows = [
            _views_of(
                self.collection, [view[place] for view in views], backgrounds[place],
                (self.config.seed, step, place), size,
                True if not self.with_positives else None, self.config,
            )
            for place in places
        ]  # fmt: skip
        return _stack(rows, np.stack(views)[:, part])


class TripletBatches(Dataset[Batch]):
    """Item i: the pictures of the mined triplets of an epoch's step `first_step` + i."""

    def __init__(
        self, collection: Collection, config: TrainingConfig, triplets: Triplets, epoch: int,
        first_step: int, steps: int, split: Split = Split(),
    ) -> None:  # fmt: skip
        self.collection, self.config, self.split = collection, config, split
        self.triplets, self.epoch = triplets, epoch
        self.first_step, self.steps = first_step, steps

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, index: int) -> Batch:
        step = self.first_step + index
        rng = np.random.default_rng((self.config.seed, self.epoch, step))
        size = _draw_size(self.config, rng)
        first = step * self.config.batch_size
        # The last step of an epoch takes what is missing from the epoch's beginning.
        places = np.arange(first, first + self.config.batch_size) % len(self.triplets.anchors)
        places = places[self.split.rank :: self.split.world]
        rows = [
            _views_of(
                self.collection,
                [view[place] for view in (
                    self.triplets.anchors, self.triplets.positives, self.triplets.negatives)],
                self.triplets.negatives[place], anchor_seed(self.config, self.epoch, place), size,
                None, self.config,
            )
            for place in places
        ]  # fmt: skip
        numbers = np.stack(
            [self.triplets.anchors, self.triplets.positives, self.triplets.negatives]
        )
        return _stack(rows, numbers[:, places])


def anchor_seed(
    config: TrainingConfig, epoch: int, place: int | np.integer
) -> tuple[int, int, int]:
    """What the capture of an epoch's anchor is drawn from, in mining and in training alike."""
    return config.seed, epoch, int(place)


def anchor_pixels(
    item: Image.Image, background: Image.Image, alone: bool, seed: tuple[int, ...],
    size: tuple[int, int], config: TrainingConfig, always: bool | None,
) -> Pixels:  # fmt: skip
    """See an anchor: a capture of it where it has no other photo, else sometimes.

    Args:
        alone: the anchor is its own positive.
        always: True makes a capture whatever the config says.

    Returns:
        (height, width, 3) uint8.
    """
    rng = np.random.default_rng(seed)
    if not (always or alone or rng.random() < config.capture_share):
        return resize(item, *size)
    height, width = size
    pixels = capture(item, background, rng, max(size))
    return pixels if height == width else resize(Image.fromarray(pixels), height, width)


def loader(dataset: Dataset[Batch], workers: int) -> DataLoader[Batch]:
    """Read a dataset of whole batches ahead in worker processes, where the system has any for us."""
    if workers and not _can_share_memory():
        print("captures are made in this process: shared memory is not writable", file=sys.stderr)
        workers = 0
    # spawn: a fork of a process with other libraries' threads in it may hang.
    return DataLoader(
        dataset,
        batch_size=None,
        num_workers=workers,
        multiprocessing_context="spawn" if workers else None,
        collate_fn=None,
        worker_init_fn=_leave_interrupts if workers else None,
    )


def _leave_interrupts(_: int) -> None:
    """Ctrl-C in a terminal reaches all processes: the first one decides when the work ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _can_share_memory() -> bool:
    """Tell whether processes can share a lock: it lies in /dev/shm, which may be read-only."""
    try:
        multiprocessing.get_context("spawn").Lock()
    except OSError:
        return False
    return True


def _draw_size(config: TrainingConfig, rng: np.random.Generator) -> tuple[int, int]:
    return config.image_sizes[rng.integers(len(config.image_sizes))]


def _views_of(
    collection: Collection, numbers: list[int], background: int, seed: tuple[int, ...],
    size: tuple[int, int], always: bool | None, config: TrainingConfig,
) -> NDArray[np.uint8] | str:  # fmt: skip
    """Return the views of one sample, (V, H, W, 3), or a sentence why there are none."""
    try:
        anchor, *others = (decode(collection.paths[number]) for number in numbers)
        behind = decode(collection.paths[background])
    except UnreadablePictureError as error:
        return str(error)
    alone = len(numbers) > 1 and numbers[0] == numbers[1]
    first = anchor_pixels(anchor, behind, alone, seed, size, config, always)
    return np.stack([first, *(resize(other, *size) for other in others)])


def _stack(rows: list[NDArray[np.uint8] | str], numbers: Numbers) -> Batch:
    kept = [place for place, row in enumerate(rows) if not isinstance(row, str)]
    pictures = [row for row in rows if not isinstance(row, str)]
    pixels = np.stack(pictures, 1) if pictures else np.zeros((len(numbers), 0, 1, 1, 3), np.uint8)
    return Batch(pixels, numbers[:, kept], [row for row in rows if isinstance(row, str)])

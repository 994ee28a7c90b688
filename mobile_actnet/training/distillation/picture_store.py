"""Training pictures in memory or on the GPU, decoded once and squeezed to squares."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobile_actnet.commands import counted
from mobile_actnet.errors import ActnetError, UnreadablePictureError
from mobile_actnet.files import open_regular
from mobile_actnet.pictures.preprocessing import decode, resize
from mobile_actnet.training.distillation.config import CACHE_VERSION
from mobile_actnet.training.sources import Source

STORE_SIDE_PX = 256


@dataclass(frozen=True)
class PictureStore:
    """M pictures.

    Attributes:
        pixels: (L, S, S, 3) uint8, RGB; a file mapped into memory, or on the GPU.
        places: (M,) int64, the row of pixels of each picture; unreadable ones have rows, too.
        aspects: (M,) float32, width over height before squeezing.
        hashes: SHA-256 of each file.
        chances: (M,) float64, probability of each to be drawn; the sum is 1.
        sources: (M,) int64, which source each is of.
    """

    pixels: Tensor
    places: NDArray[np.int64]
    aspects: NDArray[np.float32]
    hashes: list[str]
    chances: NDArray[np.float64]
    sources: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.hashes)

    def take(self, rows: NDArray[np.int64], device: torch.device) -> Tensor:
        """Return (B, S, S, 3) uint8 of rows on a device."""
        index = torch.from_numpy(self.places[rows]).to(self.pixels.device)
        return self.pixels[index].to(device, non_blocking=True)


def open_store(
    sources: list[Source],
    folder: Path,
    device: torch.device,
    say: Callable[[str], None] = print,
    side_px: int = STORE_SIDE_PX,
    threads: int = 1,
) -> PictureStore:
    """Decode all pictures of the sources into a store.

    The pixels lie in a file of `folder`, so the memory in use does not grow with the collection;
    a run that is resumed reads the file instead of the pictures.

    Args:
        sources: pictures and their shares of a batch.
        folder: for the file; created.
        device: that trains; a GPU gets the pixels themselves.
        say: takes a sentence for each picture that is left out.
        threads: that decode.

    Raises:
        ActnetError: fewer than two pictures can be read, or the folder cannot be written.
    """
    paths = [photo.path for source in sources for photo in source.photos]
    weights = np.concatenate(
        [np.full(len(source.photos), source.weight / len(source.photos)) for source in sources]
    )
    numbers = np.repeat(np.arange(len(sources)), [len(source.photos) for source in sources])
    with ThreadPoolExecutor(max(1, threads)) as pool:
        hashes = list(pool.map(_hash, paths))
        name = hashlib.sha256(
            "\n".join([f"{CACHE_VERSION} {side_px}", *map(str, hashes)]).encode()
        ).hexdigest()
        file = folder / f"pictures-{name[:16]}.npy"
        aspects_file = folder / f"pictures-{name[:16]}.aspects.npy"
        if not aspects_file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            shape = (len(paths), side_px, side_px, 3)
            pixels = np.lib.format.open_memmap(file, "w+", np.uint8, shape)
            aspects = np.zeros(len(paths), np.float32)  # 0 where a picture cannot be read

            def fill(row: int) -> str | None:
                try:
                    picture = decode(paths[row])
                except UnreadablePictureError as error:
                    return str(error)
                pixels[row] = resize(picture, side_px, side_px)
                aspects[row] = picture.width / picture.height
                return None

            for problem in pool.map(fill, range(len(paths))):
                if problem:
                    say(f"skipped: {problem}")
            pixels.flush()
            np.save(aspects_file, aspects)  # last: its presence says that the pixels are whole
    pixels = np.load(file, mmap_mode="c")
    aspects = np.load(aspects_file)
    kept = np.flatnonzero(aspects)
    if len(kept) < 2:
        raise ActnetError(
            f"{counted(len(kept), 'picture')} can be read; training needs 2 or more: give a larger folder"
        )
    tensor = torch.from_numpy(pixels)
    return PictureStore(
        tensor.to(device) if device.type == "cuda" else tensor,
        kept,
        aspects[kept],
        [str(hashes[row]) for row in kept],
        weights[kept] / weights[kept].sum(),
        numbers[kept],
    )


def _hash(path: Path) -> str | None:
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None  # decoding names the reason

"""From a picture file to the nearest pictures of a gallery, stage by stage.

What a user waits for is the total; on a phone decoding alone may take longer than the network.
"""

import io
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mobile_actnet.benchmarks.config import RunPlan
from mobile_actnet.benchmarks.latency.ratios import Summary, summarise
from mobile_actnet.benchmarks.latency.runners import Runner
from mobile_actnet.benchmarks.latency.timing import ClockNs
from mobile_actnet.descriptors import Descriptors
from mobile_actnet.gallery.exact_search import search_exact
from mobile_actnet.gallery.sqlite.storage import Storage, StoredDescriptors, encode
from mobile_actnet.pictures.preprocessing import decode, resize
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import ImageSize

STAGES = ("decode", "resize", "inference", "search", "total")
GALLERIES = (10_000, 100_000)
NEAREST = 10

Search = Callable[[Descriptors], NDArray[np.int64]]
"""Maps a (D,) descriptor to the places of the `NEAREST` pictures, nearest first."""

_JPEG_QUALITY = 90
_TWELVE_MEGAPIXELS = (3024, 4032)


def measure_stages(
    photo: bytes,
    runner: Runner,
    size: ImageSize,
    search: Search,
    plan: RunPlan,
    clock_ns: ClockNs = time.perf_counter_ns,
) -> dict[str, Summary]:
    """Go the whole way again and again.

    Args:
        photo: bytes of a picture file; reading it from storage is not measured.

    Returns:
        a summary of each of `STAGES`.

    Raises:
        UnreadablePictureError: the photo cannot be decoded.
    """
    taken: list[list[float]] = []
    start = clock_ns()
    for run in range(-plan.warmup_runs, plan.num_runs):
        if run > 0 and not plan.goes_on(run, (clock_ns() - start) / 1e9):
            break
        ends = [clock_ns()]
        image = decode(photo)
        ends.append(clock_ns())
        pixels = resize(image, size.height, size.width)
        ends.append(clock_ns())
        descriptor = runner.describe(pixels[None])[0]
        ends.append(clock_ns())
        search(descriptor)
        ends.append(clock_ns())
        if run >= 0:
            taken.append([*np.diff(ends), ends[-1] - ends[0]])
    columns = np.array(taken, np.float64).T / 1e6
    return {name: summarise(column) for name, column in zip(STAGES, columns, strict=True)}


def generated_photo() -> bytes:
    """Return a JPEG of the size that phones take, made of a generated picture."""
    height, width = _TWELVE_MEGAPIXELS
    picture = Image.fromarray(generated_pictures(1, ImageSize(768, 1024))[0])
    buffer = io.BytesIO()
    picture.resize((width, height)).save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()


def generated_gallery(count: int, dim: int) -> StoredDescriptors:
    """Return `count` made-up descriptors of `dim` values, stored as a gallery stores them."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((count, dim), np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return encode(rows, Storage.INT8)


def exact_search(gallery: StoredDescriptors) -> Search:
    """Return the search of a gallery that is in memory: the query is stored, then compared."""

    def search(descriptor: Descriptors) -> NDArray[np.int64]:
        query = encode(descriptor[None], Storage.INT8)
        return search_exact(gallery, query, NEAREST).positions[0]

    return search

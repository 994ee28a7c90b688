"""From a picture file to a verified answer, stage by stage, with the default settings of a search.

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
from mobile_actnet.gallery.answers.verification import Verifier
from mobile_actnet.gallery.answers.verified_ranking import largest_per_picture
from mobile_actnet.gallery.config import SHORTLIST
from mobile_actnet.gallery.exact_search import search_exact
from mobile_actnet.gallery.sqlite.storage import Storage, StoredDescriptors, encode
from mobile_actnet.pictures.local_features import (
    GALLERY_EXTRACTION,
    QUERY_EXTRACTION,
    LocalFeatures,
    extract,
)
from mobile_actnet.pictures.preprocessing import decode, resize
from mobile_actnet.pictures.views import (
    DEFAULT_VIEWS,
    VIEW_SETS,
    view_pictures,
    working_picture,
)
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import ImageSize

STAGES = ("decode", "view", "describe", "shortlist", "extract", "match", "verify", "total")
GALLERIES = (10_000, 100_000)
NEAREST = SHORTLIST

Search = Callable[[Descriptors], NDArray[np.int64]]
"""Maps (V, D) descriptors of a photo's views to the places of the `NEAREST` pictures, nearest first."""

_JPEG_QUALITY = 90
_TWELVE_MEGAPIXELS = (3024, 4032)


def measure_stages(
    photo: bytes,
    runner: Runner,
    size: ImageSize,
    search: Search,
    candidates: list[LocalFeatures],
    plan: RunPlan,
    clock_ns: ClockNs = time.perf_counter_ns,
) -> dict[str, Summary]:
    """Go the whole way again and again.

    Args:
        photo: bytes of a picture file; reading it from storage is not measured.
        search: of the gallery. candidates: local features of the pictures that are verified.

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
        working = working_picture(image)
        views = view_pictures(image, VIEW_SETS[DEFAULT_VIEWS], working)
        pixels = np.stack([resize(view, size.height, size.width) for view in views])
        ends.append(clock_ns())
        # One by one, as runtimes of a fixed batch of one take them.
        descriptors = np.concatenate([runner.describe(view[None]) for view in pixels])
        ends.append(clock_ns())
        search(descriptors)
        ends.append(clock_ns())
        features = extract(image, QUERY_EXTRACTION)
        ends.append(clock_ns())
        verifier = Verifier(features)
        matches = [verifier.match(candidate) for candidate in candidates]
        ends.append(clock_ns())
        for candidate, pairs in zip(candidates, matches, strict=True):
            verifier.fit(candidate, *pairs)
        ends.append(clock_ns())
        if run >= 0:
            taken.append([*np.diff(ends), ends[-1] - ends[0]])
    columns = np.array(taken, np.float64).T / 1e6
    return {name: summarise(column) for name, column in zip(STAGES, columns, strict=True)}


def generated_candidates(photo: bytes) -> list[LocalFeatures]:
    """Return the local features of a shortlist: generated pictures, and the photo's own picture."""
    pictures = generated_pictures(SHORTLIST - 1, ImageSize(480, 352))
    shown = [*(Image.fromarray(picture) for picture in pictures), decode(photo)]
    return [extract(picture, GALLERY_EXTRACTION) for picture in shown]


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

    def search(descriptors: Descriptors) -> NDArray[np.int64]:
        ranking = search_exact(gallery, encode(descriptors, Storage.INT8), NEAREST)
        merged, _ = largest_per_picture(
            ranking.positions.ravel(), ranking.similarities.ravel(), NEAREST
        )
        return merged

    return search

"""From a picture file to a verified answer, stage by stage, with the default settings of a search.

What a user waits for is the total; on a phone decoding alone may take longer than the network.
"""

import io
import time
from collections.abc import Callable

import numpy as np
from PIL import Image

from mobile_actnet.benchmarks.config import RunPlan
from mobile_actnet.benchmarks.latency.ratios import Summary, summarise
from mobile_actnet.benchmarks.latency.runners import Runner
from mobile_actnet.benchmarks.latency.timing import ClockNs
from mobile_actnet.descriptors import Descriptors
from mobile_actnet.gallery.answers.verification import Verifier
from mobile_actnet.gallery.answers.verified_ranking import Found, largest_per_picture, merged
from mobile_actnet.gallery.config import FIRST_SHORTLIST, FIRST_VIEWS, SHORTLIST
from mobile_actnet.gallery.exact_search import search_exact
from mobile_actnet.gallery.matching import view_pixels
from mobile_actnet.gallery.sqlite.storage import Storage, StoredDescriptors, encode
from mobile_actnet.pictures.local_features import (
    GALLERY_EXTRACTION,
    QUERY_EXTRACTION,
    LocalFeatures,
    extract,
)
from mobile_actnet.pictures.preprocessing import Pixels, decode
from mobile_actnet.pictures.views import (
    DEFAULT_VIEWS,
    VIEW_SETS,
    View,
    working_picture,
)
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import ImageSize

STAGES = ("decode", "view", "describe", "shortlist", "extract", "match", "verify", "total")
GALLERIES = (10_000, 100_000)
CERTAIN_TOTAL = "certain"
"""The total where the first views give a certain answer, and the search ends there."""

NEAREST = SHORTLIST

Search = Callable[[Descriptors], Found]
"""Maps (V, D) descriptors of a photo's views to the `NEAREST` pictures, nearest first."""

_JPEG_QUALITY = 90
_PICTURES_JOINED = 3
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
        search: of the gallery. candidates: local features of the pictures that are compared, the first
            of them after the first views.

    Returns:
        a summary of each of `STAGES`, in ms, where no answer is certain: with all views and the whole
        shortlist. And of `CERTAIN_TOTAL`.

    Raises:
        UnreadablePictureError: the photo cannot be decoded.
    """
    views = VIEW_SETS[DEFAULT_VIEWS]
    photo_laps: list[dict[str, float]] = []
    start = clock_ns()
    for run in range(-plan.warmup_runs, plan.num_runs):
        if run > 0 and not plan.goes_on(run, (clock_ns() - start) / 1e9):
            break
        laps = _Laps(clock_ns)
        image = decode(photo)
        laps.end("decode")
        reduced = working_picture(image)
        verifier: Verifier | None = None
        near: list[Found] = []
        known: dict[View, Pixels] = {}
        for views_now, to_compare in (
            (views[:FIRST_VIEWS], candidates[:FIRST_SHORTLIST]),
            (views[FIRST_VIEWS:], candidates[FIRST_SHORTLIST:]),
        ):
            pixels = view_pixels(image, views_now, size, reduced, known)
            known = dict(zip(views_now, pixels, strict=True))
            laps.end("view")
            # One by one, as runtimes of a fixed batch of one take them.
            described = np.concatenate([runner.describe(view[None]) for view in pixels])
            laps.end("describe")
            near = merged(near, [search(described)], NEAREST) if near else [search(described)]
            laps.end("shortlist")
            if verifier is None:
                features = extract(image, QUERY_EXTRACTION)
                laps.end("extract")
                verifier = Verifier(features)
            matches = [verifier.match(candidate) for candidate in to_compare]
            laps.end("match")
            for candidate, pairs in zip(to_compare, matches, strict=True):
                verifier.fit(candidate, *pairs)
            laps.end("verify")
            laps.total("total" if CERTAIN_TOTAL in laps.ns else CERTAIN_TOTAL)
        if run >= 0:
            photo_laps.append(laps.ns)
    return {
        name: summarise(np.array([laps[name] for laps in photo_laps]) / 1e6)
        for name in (*STAGES, CERTAIN_TOTAL)
    }


class _Laps:
    """What each stage of one run took, in nanoseconds; those of both steps are added up."""

    def __init__(self, clock_ns: ClockNs) -> None:
        self.ns: dict[str, float] = {}
        self._clock_ns, self._start = clock_ns, clock_ns()
        self._last = self._start

    def end(self, stage: str) -> None:
        now = self._clock_ns()
        self.ns[stage] = self.ns.get(stage, 0) + now - self._last
        self._last = now

    def total(self, name: str) -> None:
        """Note what the run took until the last stage's end."""
        self.ns[name] = self._last - self._start


def generated_candidates(photo: bytes) -> list[LocalFeatures]:
    """Return the local features of a shortlist: the photo's own picture, and generated ones.

    Photos of things have about as many features as are kept, and generated pictures half: so several are joined.
    """
    pictures = generated_pictures(_PICTURES_JOINED * (SHORTLIST - 1), ImageSize(480, 352))
    drawn = [extract(Image.fromarray(picture), GALLERY_EXTRACTION) for picture in pictures]
    own = extract(decode(photo), GALLERY_EXTRACTION)
    return [own, *(_joined(drawn[start :: SHORTLIST - 1]) for start in range(SHORTLIST - 1))]


def _joined(parts: list[LocalFeatures]) -> LocalFeatures:
    """Return the features of pictures of one size as if they were one picture's."""
    count = GALLERY_EXTRACTION.count
    return LocalFeatures.from_arrays(
        parts[0].width_px,
        parts[0].height_px,
        positions=np.concatenate([part.positions for part in parts])[:count],
        sizes=np.concatenate([part.sizes for part in parts])[:count],
        angles=np.concatenate([part.angles for part in parts])[:count],
        codes=np.concatenate([part.codes for part in parts])[:count],
    )


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

    def search(descriptors: Descriptors) -> Found:
        ranking = search_exact(gallery, encode(descriptors, Storage.INT8), NEAREST)
        return largest_per_picture(ranking.positions.ravel(), ranking.similarities.ravel(), NEAREST)

    return search

"""How near indexing comes to decoding and inference that overlap ideally; what an update costs."""

import os
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mobile_actnet.errors import UnreadablePictureError
from mobile_actnet.gallery.indexing.index_options import KEEP, IndexOptions
from mobile_actnet.gallery.indexing.indexer import build, update
from mobile_actnet.gallery.model import identify, opened
from mobile_actnet.gallery.sqlite.storage import Storage
from mobile_actnet.pictures.photo_tree import FoundPhoto, walk_photos
from mobile_actnet.pictures.preprocessing import decode, resize
from mobile_actnet.pictures.thumbnails import thumbnail_jpeg

_AT_ONCE = 16
_THUMBNAIL_SIDE_PX = 160


@dataclass(frozen=True)
class IndexingReport:
    """One round.

    Attributes:
        photos: described. workers: processes.
        preparing_s: decoding, resizing and thumbnails of all, one process, alone.
        inference_s: of the same pixels, one thread, alone.
        ideal_s: both, spread evenly over the workers without any loss.
        build_s: the whole build, starting the workers and writing the gallery and all.
        share: ideal_s over build_s.
        cpu_share: the same of processor time, which other programs disturb less.
        update_s: of the unchanged folder after it. update_share: of build_s.
        peak_mb: largest resident memory of a worker.
    """

    photos: int
    workers: int
    preparing_s: float
    inference_s: float
    ideal_s: float
    build_s: float
    share: float
    cpu_share: float
    update_s: float
    update_share: float
    peak_mb: float


def measure_indexing(photos: Path, model: Path, workers: int) -> IndexingReport:
    """Time preparing and inference apart, then a build of the same photos, then an update."""
    readable = [photo for photo in walk_photos(photos) if isinstance(photo, FoundPhoto)]
    cpu_started = time.process_time()
    preparing_s, inference_s = _time_apart(photos, model, readable)
    apart_cpu_s = time.process_time() - cpu_started
    with tempfile.TemporaryDirectory() as folder:
        gallery, before = Path(folder) / "g.sqlite", _cpu_s()
        started = time.perf_counter()
        build(photos, model, gallery, IndexOptions(Storage.INT8, workers=workers))
        build_s, build_cpu_s = time.perf_counter() - started, _cpu_s() - before
        started = time.perf_counter()
        update(gallery, IndexOptions(labels=KEEP, workers=workers))
        update_s = time.perf_counter() - started
    ideal_s = (preparing_s + inference_s) / workers
    return IndexingReport(
        len(readable), workers, preparing_s, inference_s, ideal_s, build_s, ideal_s / build_s,
        apart_cpu_s / build_cpu_s, update_s, update_s / build_s,
        resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    )  # fmt: skip


def _time_apart(photos: Path, model: Path, readable: list[FoundPhoto]) -> tuple[float, float]:
    """Return seconds of preparing and of inference, a few photos at a time."""
    bound = identify(model)
    describe = opened(model, bound)
    preparing_s = inference_s = 0.0
    for start in range(0, len(readable), _AT_ONCE):
        started = time.perf_counter()
        pixels = []
        for photo in readable[start : start + _AT_ONCE]:
            try:
                image = decode(photos / photo.path)
            except UnreadablePictureError:
                continue
            pixels.append(resize(image, bound.height_px, bound.width_px))
            thumbnail_jpeg(image, _THUMBNAIL_SIDE_PX)
        prepared = time.perf_counter()
        if pixels:
            describe(np.stack(pixels))
        preparing_s += prepared - started
        inference_s += time.perf_counter() - prepared
    return preparing_s, inference_s


def _cpu_s() -> float:
    """Return processor time of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system

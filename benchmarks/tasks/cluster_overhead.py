"""What a Ray cluster on this machine costs beside an embedded build of the same photos."""

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from mobile_actnet.cluster.building.cluster_build import build_dataset
from mobile_actnet.cluster.cluster_options import ClusterOptions
from mobile_actnet.gallery.indexing.index_options import IndexOptions
from mobile_actnet.gallery.indexing.indexer import build


@dataclass(frozen=True)
class OverheadReport:
    """One round: an embedded build, then one on a cluster that is started for it.

    Attributes:
        photos: described by each. workers: processes, or actors.
        embedded_s: the whole build, starting the workers and writing the gallery and all.
        describing_s: of the cluster, with starting the actors.
        cluster_s: the whole build, with starting Ray and merging fragments.
        ratio: photos a second of the cluster's describing over those of the embedded build.
        whole_ratio: the same of the whole build.
        load: average number of programs that wanted a core at the end; above `workers`, others did
            too, and times are too long.
    """

    photos: int
    workers: int
    embedded_s: float
    describing_s: float
    cluster_s: float
    ratio: float
    whole_ratio: float
    load: float


def measure_overhead(photos: Path, model: Path, workers: int) -> OverheadReport:
    """Build a gallery and a dataset of the same photos, one after the other.

    Raises:
        ActnetError: photos or model cannot be used, or the extra cluster is not there.
    """
    options = IndexOptions(workers=workers)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        embedded = build(photos, model, Path(folder) / "g.sqlite", options)
        embedded_s = time.perf_counter() - started
        started = time.perf_counter()
        report = build_dataset(
            photos, model, Path(folder) / "d.lance", options, ClusterOptions(workers=workers)
        )
        cluster_s = time.perf_counter() - started
    assert report.described == embedded.changes.described, "not the same photos were described"
    return OverheadReport(
        report.described, workers, embedded_s, report.seconds, cluster_s,
        embedded_s / report.seconds, embedded_s / cluster_s, os.getloadavg()[0],
    )  # fmt: skip

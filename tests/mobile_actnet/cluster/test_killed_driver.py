"""A driver that is killed at any moment: the same command again ends in the same dataset.

ACTNET_DRIVER_KILLS=10 kills ten, each at another moment; a test run has time for two.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from tests_of_cluster import rows_of_dataset, rows_of_gallery, write_many

from mobile_actnet.cluster.building.cluster_build import build_dataset
from mobile_actnet.cluster.cluster_options import ClusterOptions
from mobile_actnet.cluster.dataset_format import find_table
from mobile_actnet.cluster.lance_reader import LanceReader
from mobile_actnet.export import Gallery, IndexOptions

SMALL = ClusterOptions(photos_per_fragment=2, commit_every_s=0)
KILLS = int(os.environ.get("ACTNET_DRIVER_KILLS", "2"))

CODE = """
import sys
from pathlib import Path
from mobile_actnet.cluster.building.cluster_build import build_dataset
from mobile_actnet.cluster.cluster_options import ClusterOptions
from mobile_actnet.gallery.indexing.index_options import IndexOptions
address, photos, model, dataset = sys.argv[1:]
cluster = ClusterOptions(address, photos_per_fragment=2, commit_every_s=0)
print(build_dataset(Path(photos), Path(model), Path(dataset), IndexOptions(), cluster).described)
"""


def test_a_killed_driver_goes_on(
    nodes: Any, artefact: Path, tmp_path: Path, rng: np.random.Generator
) -> None:
    photos = write_many(tmp_path / "photos", 60)
    (photos / "b" / "broken.jpg").write_bytes(b"no picture")
    Gallery.build(photos, artefact, tmp_path / "g.sqlite", IndexOptions(workers=2)).close()
    expected = rows_of_gallery(tmp_path / "g.sqlite")
    kept: list[int] = []
    attempts = 0
    while len(kept) < KILLS and attempts < 3 * KILLS:
        dataset, attempts = tmp_path / f"{attempts}.lance", attempts + 1
        words = [sys.executable, "-c", CODE, nodes.address, photos, artefact, dataset]
        driver = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # The moment is random in the fragments that are written, so that a slow machine is not
        # killed before it begins; the first comes before any, since a quick machine writes all at once.
        wanted = int(rng.integers(0, 30)) if kept else 0
        while driver.poll() is None and fragments(dataset) < wanted:
            time.sleep(0.01)
        time.sleep(float(rng.uniform(0, 0.2)))
        driver.send_signal(signal.SIGKILL)
        if driver.wait() != -signal.SIGKILL:
            continue  # It had ended by itself.
        kept.append(committed(dataset))
        rest = build_dataset(photos, artefact, dataset, IndexOptions(), SMALL).described
        assert rest == 60 - kept[-1]
        assert rows_of_dataset(dataset) == expected
        assert [path for path, _ in LanceReader(str(dataset)).problems()] == ["b/broken.jpg"]
    print(
        f"{len(kept)} of {attempts} drivers were killed while they ran, with {kept} of 60 pictures "
        "committed; each rerun ended in the same dataset"
    )
    assert len(kept) == KILLS, "drivers ended before they could be killed"


def fragments(dataset: Path) -> int:
    """Return how many fragments are written, committed or not; -1 before the dataset is begun."""
    table = find_table(str(dataset))
    return -1 if table is None else len(list((dataset / "data").glob("*.lance")))


def committed(dataset: Path) -> int:
    table = find_table(str(dataset))
    return 0 if table is None else table.count_rows()

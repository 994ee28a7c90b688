"""A driver that is killed at any moment: the same command again ends in the same dataset.

ACTNET_DRIVER_KILLS=10 kills it at ten moments; a test run has time for two.
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

from mobile_actnet.cluster.dataset_format import find_table
from mobile_actnet.cluster.lance_reader import LanceReader
from mobile_actnet.export import Gallery, IndexOptions

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
    photos, dataset = write_many(tmp_path / "photos", 60), tmp_path / "d.lance"
    (photos / "b" / "broken.jpg").write_bytes(b"no picture")
    Gallery.build(photos, artefact, tmp_path / "g.sqlite", IndexOptions(workers=2)).close()
    words = [sys.executable, "-c", CODE, nodes.address, photos, artefact, dataset]
    held, killed = [0], 0
    while len(held) <= KILLS and held[-1] < 60:
        driver = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # The moment is random in the pictures, so that a slow machine is not killed before it begins;
        # the first comes before any is committed, since a quick machine commits all at once.
        wanted = held[-1] + int(rng.integers(0, max(2, 120 // (KILLS + 1)))) if killed else 0
        while driver.poll() is None and committed(dataset) < min(wanted, 58):
            time.sleep(0.02)
        time.sleep(float(rng.uniform(0, 0.2)))
        killed += driver.poll() is None
        driver.send_signal(signal.SIGKILL)
        driver.wait()
        held.append(committed(dataset))
    assert killed, "the driver was never killed while it ran"
    last = subprocess.run(words, capture_output=True, text=True, check=True)
    assert int(last.stdout) == 60 - held[-1]
    assert rows_of_dataset(dataset) == rows_of_gallery(tmp_path / "g.sqlite")
    assert [path for path, _ in LanceReader(str(dataset)).problems()] == ["b/broken.jpg"]


def committed(dataset: Path) -> int:
    table = find_table(str(dataset))
    return 0 if table is None else table.count_rows()

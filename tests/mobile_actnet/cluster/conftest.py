"""A cluster of three nodes and an object store on this machine, once for all tests of this folder."""

import importlib.util
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests_of_cluster import items_csv

from mobile_actnet.cluster.building.cluster_build import build_dataset
from mobile_actnet.cluster.cluster_options import ClusterOptions
from mobile_actnet.export import Gallery, IndexOptions

BUCKET = "bucket"
_STORE_BYTES = 80 << 20  # Ray's least is 75 MiB.
_TRIES = 3
_MISSING = [name for name in ("ray", "lance") if importlib.util.find_spec(name) is None]


class _SkippedModule(pytest.Module):
    """A module of tests that is told as skipped: what it imports is not there."""

    def collect(self) -> Iterator[pytest.Item]:
        pytest.skip(f"the extra cluster is not installed: no {', '.join(_MISSING)}")


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Skip this folder's modules with a reason where the extra is not installed."""
    return _SkippedModule.from_parent(parent, path=module_path) if _MISSING else None


@pytest.fixture(scope="session")
def store() -> Iterator[Any]:
    """An S3 server: moto's. What it needs stands in the environment, as for users."""
    server = pytest.importorskip("moto.server", reason="moto is not installed")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    before = dict(os.environ)
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ENDPOINT": f"http://{host}:{port}",
        "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    import boto3

    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield client
    running.stop()
    os.environ.clear()
    os.environ |= before


def _started(count: int) -> Any:
    """Start nodes; Ray gives each 30 s, which a busy machine may need more than once."""
    from ray.cluster_utils import Cluster

    settings = {"num_cpus": 1, "object_store_memory": _STORE_BYTES, "include_dashboard": False}
    for attempt in range(_TRIES):
        cluster = Cluster()
        try:
            for _ in range(count):
                cluster.add_node(**settings)
            return cluster
        except Exception:
            cluster.shutdown()
            if attempt + 1 == _TRIES:
                raise
    raise AssertionError


@pytest.fixture(scope="session")
def nodes(store: Any) -> Iterator[Any]:
    """Three nodes of one core each; this process is their driver."""
    import ray

    cluster = _started(3)
    ray.init(cluster.address, log_to_driver=False, logging_level="ERROR")
    # Ray takes the signals of whoever starts it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@dataclass(frozen=True)
class Both:
    """The same photos as a gallery and as a dataset; not to be changed."""

    photos: Path
    model: Path
    gallery: Path
    dataset: Path


@pytest.fixture(scope="session")
def both(nodes: Any, artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """Twenty photos and a broken one, in two folders, with items of two museums."""
    from tests_of_cluster import write_many

    folder = tmp_path_factory.mktemp("both")
    photos = write_many(folder / "photos", 20)
    (photos / "b" / "broken.jpg").write_bytes(b"no picture")
    (folder / "items.csv").write_text(items_csv(20))
    options = IndexOptions(items=folder / "items.csv", page_side_px=80, workers=1)
    Gallery.build(photos, artefact, folder / "g.sqlite", options).close()
    cluster = ClusterOptions(photos_per_fragment=4)
    build_dataset(photos, artefact, folder / "d.lance", options, cluster)
    return Both(photos, artefact, folder / "g.sqlite", folder / "d.lance")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)

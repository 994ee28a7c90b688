"""Addresses of stores and of clusters: what they name, and what is said where nobody answers."""

import importlib.util
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests_of_cluster import rows_of_dataset, rows_of_gallery, write_many

from mobile_actnet.cluster.building import listing
from mobile_actnet.cluster.building.cluster_build import build_dataset
from mobile_actnet.cluster.cluster_options import ClusterOptions
from mobile_actnet.cluster.fetching import fetch
from mobile_actnet.cluster.places import filesystem_of, store_reason
from mobile_actnet.errors import ActnetError
from mobile_actnet.export import Gallery, IndexOptions


@pytest.mark.parametrize(
    ("address", "kind", "path"),
    [
        ("gs://bucket/photos/a b", "gcs", "bucket/photos/a b"),
        ("gcs://bucket", "gcs", "bucket"),
        ("gs://anonymous@bucket/100 %.jpg", "gcs", "bucket/100 %.jpg"),
        ("abfs://box@account.dfs.core.windows.net/photos/", "abfs", "box/photos"),
        ("abfss://box@account.dfs.core.windows.net/x.csv", "abfs", "box/x.csv"),
        ("s3://bucket/photos/#1?.jpg", "s3", "bucket/photos/#1?.jpg"),
    ],
)
def test_addresses_of_stores(address: str, kind: str, path: str, store: Any) -> None:
    system, inside = filesystem_of(address)
    assert (system.type_name, inside) == (kind, path)


def test_stores_that_nobody_knows_and_packages_that_are_missing() -> None:
    with pytest.raises(ActnetError, match="foo://x/y cannot be reached: Protocol not known: foo"):
        filesystem_of("foo://x/y")
    if importlib.util.find_spec("adlfs") is None:
        with pytest.raises(ActnetError, match="pip install adlfs"):
            filesystem_of("abfs://box/photos")


class _WithoutCredentials:
    """A store that answers like Azure's does without credentials: with no OSError."""

    def get_file_info(self, _: object) -> object:
        raise pa.ArrowException("Failed to get token\nfrom DefaultAzureCredential")

    def open_input_stream(self, _: object) -> object:
        raise pa.ArrowException("Failed to get token")


def test_a_store_without_credentials_is_named_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = _WithoutCredentials()
    monkeypatch.setattr(listing, "filesystem_of", lambda address: (silent, "box/photos"))
    address = "abfs://box@account.dfs.core.windows.net/photos"
    with pytest.raises(ActnetError, match="Failed to get token; .*AZURE_TENANT_ID") as refusal:
        listing.list_source(address)
    assert "\n" not in str(refusal.value)
    with pytest.raises(ActnetError, match="as a list: Failed to get token; .*AZURE_TENANT_ID"):
        listing.list_source(f"{address}/list.csv")
    monkeypatch.setattr("mobile_actnet.cluster.fetching.filesystem_of", lambda _: (silent, "x"))
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(OSError, match="Failed to get token"):
        fetch(address, "a.jpg", tmp_path / "a.jpg")
    assert store_reason("/photos", OSError("no such folder")) == "no such folder"


def test_a_cluster_that_is_not_there_is_named_at_once(artefact: Path, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{unused.getsockname()[1]}"
        for address, sentence in (
            (nobody, "no Ray cluster answers at 127.0.0.1"),
            ("ray://127.0.0.1:10001", "run this on a machine of the cluster"),
        ):
            with pytest.raises(ActnetError, match=sentence):
                build_dataset(
                    tmp_path, artefact, tmp_path / "d.lance", cluster=ClusterOptions(address)
                )
    assert not list(tmp_path.iterdir())


def test_the_command_joins_a_running_cluster(nodes: Any, artefact: Path, tmp_path: Path) -> None:
    photos, dataset = write_many(tmp_path / "photos", 4), tmp_path / "d.lance"
    words = ["index", "build", photos, "--engine", "ray", "--address", nodes.address]
    words += ["--model", artefact, "-o", dataset]
    told = subprocess.run(
        [sys.executable, "-m", "mobile_actnet", *words], capture_output=True, text=True, check=True
    )
    assert "described 4 photos on 3 cores" in told.stdout
    Gallery.build(photos, artefact, tmp_path / "g.sqlite", IndexOptions(workers=1)).close()
    assert rows_of_dataset(dataset) == rows_of_gallery(tmp_path / "g.sqlite")

"""The benchmark of searching runs once, small; times are not asserted."""

import json

import numpy as np
import pytest

from mobile_actnet.benchmarks.tasks.search_time import generated
from mobile_actnet.cli.bench.search import main


def test_measures_all_methods(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--pictures", "600", "--queries", "5", "--approximate", "--json"]
    assert main(arguments) == 0
    (report,) = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {"this", "reading int8 once", "usearch exact, int8", "numpy, float32"} <= set(
        report["p50_ms"]
    )
    peers = [v for k, v in report["p50_ms"].items() if k not in ("this", "reading int8 once")]
    assert report["ratio"] == pytest.approx(report["p50_ms"]["this"] / min(peers))
    assert report["approximate"]["recall@10"] > 0.9


def test_generated_things_are_near_each_other() -> None:
    rows, queries = generated(400, 7)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)
    assert queries.shape == (7, 384)
    similarities = rows @ rows.T
    assert similarities[0, 20] > 0.4 > abs(similarities[0, 1])

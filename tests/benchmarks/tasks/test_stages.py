"""Search against a plain sort; a sustained run with a clock of its own."""

import numpy as np

from mobile_actnet.benchmarks.latency.single_case import slowdown, sustained_windows
from mobile_actnet.benchmarks.reports.report import Window
from mobile_actnet.benchmarks.tasks.stages import (
    NEAREST,
    exact_search,
    generated_candidates,
    generated_gallery,
    generated_photo,
)
from mobile_actnet.gallery.config import SHORTLIST
from mobile_actnet.pictures.local_features import GALLERY_EXTRACTION


def test_the_search_finds_what_a_sort_finds() -> None:
    gallery = generated_gallery(9000, 16)
    rows = gallery.values * gallery.scales[:, None]
    found, _ = exact_search(gallery)(rows[8500:8501])
    expected = np.argsort(-(rows @ rows[8500]), kind="stable")[:NEAREST]
    assert found[0] == 8500
    np.testing.assert_array_equal(found, expected)


def test_windows_of_a_sustained_run_by_hand() -> None:
    now = 0

    def run() -> int:
        nonlocal now
        now += 250_000_000
        return 250_000_000

    first, windows = sustained_windows(run, 3.0, 1.0, lambda: now, lambda: (None, None))
    assert len(first) == 4
    assert [window.runs for window in windows] == [4, 4, 4]
    assert [window.at_s for window in windows] == [0.5, 1.5, 2.5]
    assert slowdown(windows) == 1.0
    slow = [Window(float(i), 5.0 + 5 * (i > 5), 6.0, 1) for i in range(10)]
    assert slowdown(slow) == 2.0


def test_a_shortlist_has_as_many_features_as_things_have() -> None:
    candidates = generated_candidates(generated_photo())
    assert len(candidates) == SHORTLIST
    counts = [len(candidate) for candidate in candidates[1:]]
    assert max(counts) == GALLERY_EXTRACTION.count
    assert np.mean(counts) > 0.9 * GALLERY_EXTRACTION.count

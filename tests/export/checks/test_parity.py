"""Parity's arithmetic on hand-made descriptors, and what its gates refuse."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.descriptors import cosine
from mobile_actnet.export.checks.layer_errors import LayerError
from mobile_actnet.export.checks.parity import (
    THRESHOLDS,
    check_extremes,
    check_operators,
    check_parity,
    compare,
)
from mobile_actnet.pictures.photos import Photo
from mobile_actnet.runtime.errors import ParityError
from mobile_actnet.runtime.vocabulary import Format, Precision

FP32 = THRESHOLDS[Precision.FP32]


def unit_rows(count: int, dim: int = 8, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_cosine_by_hand() -> None:
    a = np.array([[1, 0], [3, 4], [1, 0], [1, 0], [0, 0]], np.float32)
    b = np.array([[1, 0], [4, 3], [0, 1], [np.nan, 1], [1, 0]], np.float32)
    np.testing.assert_allclose(cosine(a, b), [1, 24 / 25, 0, 0, 0], atol=1e-7)


def test_equal_descriptors_pass() -> None:
    rows = unit_rows(30)
    report = compare(rows, rows.copy(), FP32)
    assert report.passed
    assert report.pictures == 30
    assert report.top10_overlap == 1.0
    assert report.max_abs_difference == 0.0
    assert report.mean_ap_difference is None
    check_parity(report)


def test_one_wrong_descriptor_among_many_is_refused() -> None:
    rows = unit_rows(200)
    found = rows.copy()
    found[17] = unit_rows(1, seed=5)
    report = compare(rows, found, FP32)
    assert report.cosine_min < 0.9
    with pytest.raises(
        ParityError, match=r"on 200 pictures: .*worst cosine .* \(at least 0\.99999\)"
    ):
        check_parity(report)


def test_a_bad_mean_is_refused_where_the_worst_would_pass() -> None:
    angle = np.arccos(0.9995)
    rows = np.tile(np.array([[1, 0]], np.float32), (20, 1))
    found = np.tile(np.array([[np.cos(angle), np.sin(angle)]], np.float32), (20, 1))
    report = compare(rows, found, THRESHOLDS[Precision.FP16])
    assert report.cosine_min > THRESHOLDS[Precision.FP16].cosine_min
    assert not report.passed


def test_each_threshold_refuses_alone() -> None:
    rows = unit_rows(30)
    good = compare(rows, rows, FP32)
    assert good.passed
    for change, phrase in (
        ({"cosine_mean": 0.9}, "cosine mean 0.900000"),
        ({"cosine_min": 0.9}, "worst cosine 0.900000"),
        ({"top10_overlap": 0.5}, "top-10 overlap 0.500"),
        ({"mean_ap_difference": -0.2}, "mAP -0.20 (at most 0.1 lost)"),
    ):
        report = replace(good, **change)
        assert len(report.problems) == 1
        with pytest.raises(ParityError, match=re.escape(phrase)):
            check_parity(report)
    assert replace(good, mean_ap_difference=2.0).passed, "a gain is no fault"


def test_the_error_names_the_worst_layers() -> None:
    rows = unit_rows(30)
    layers = (LayerError("features.16.conv.2", 14.53),)
    report = replace(compare(rows, rows, FP32), cosine_mean=0.5, worst_layers=layers)
    with pytest.raises(ParityError, match=r"worst layers: features\.16\.conv\.2 14\.5 dB"):
        check_parity(report)


def test_every_precision_has_thresholds_and_none_is_stricter_than_a_finer_one() -> None:
    assert set(THRESHOLDS) == set(Precision)
    order = (Precision.FP32, Precision.FP16, Precision.INT8_WEIGHTS, Precision.MIXED)
    means = [THRESHOLDS[precision].cosine_mean for precision in order]
    assert means == sorted(means, reverse=True)


def test_top10_overlap_by_hand() -> None:
    # On a circle the nearest ten of point i are its ten nearest angles; a shift of half of the
    # points to the other side exchanges all of them for some.
    angles = np.linspace(0, 1.0, 24)
    circle = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    order = np.argsort(-(circle @ circle.T - 2 * np.eye(24)), axis=1)[:, :10]
    shuffled = np.random.default_rng(0).permutation(24)
    moved = circle[shuffled]
    other = np.argsort(-(moved @ moved.T - 2 * np.eye(24)), axis=1)[:, :10]
    expected = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(order, other, strict=True)])
    assert compare(circle, moved, FP32).top10_overlap == pytest.approx(expected)
    assert compare(circle[:11], circle[:11], FP32).top10_overlap is None


def test_mean_ap_difference_on_labelled_photos() -> None:
    photos = [
        Photo(Path(n), n[0], r)
        for n, r in (("a1", "query"), ("a2", "database"), ("b1", "database"))
    ]
    good = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    bad = np.array([[0, 1], [1, 0], [0, 1]], np.float32)  # the positive comes second: AP 1/2
    assert compare(good, bad, FP32, "photos", photos).mean_ap_difference == pytest.approx(-50.0)


def test_another_shape_is_refused() -> None:
    with pytest.raises(ParityError, match=r"\(3, 8\); PyTorch's \(4, 8\)"):
        compare(unit_rows(4), unit_rows(3), FP32)


def test_extremes() -> None:
    rows = unit_rows(6)
    check_extremes(rows, Precision.FP32)
    for wrong, message in ((np.nan, "non-finite"), (5.0, "length is off")):
        found = rows.copy()
        found[2, 1] = wrong
        with pytest.raises(ParityError, match=message):
            check_extremes(found, Precision.FP16)


def test_operators_that_phones_refuse() -> None:
    check_operators({"CONV_2D": 3}, Format.TFLITE)
    with pytest.raises(ParityError, match="POW, TRANSPOSE"):
        check_operators({"TRANSPOSE": 1, "POW": 2, "ADD": 1}, Format.TFLITE)
    with pytest.raises(ParityError, match="Pow"):
        check_operators({"Pow": 1}, Format.ONNX)
    with pytest.raises(ParityError, match="pow"):
        check_operators({"pow": 1}, Format.COREML)

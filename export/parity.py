"""Parity: an artefact against PyTorch on the same pixels, before the artefact gets its name.

The reference is the training network itself, not the wrapper that was converted, so that folding
and lowering are inside what is compared.
"""

from dataclasses import dataclass

import numpy as np

from mobile_actnet.export.errors import ParityError
from mobile_actnet.export.formats import Format, Precision
from mobile_actnet.export.runtimes import Descriptors
from mobile_actnet.photos import Photo
from mobile_actnet.retrieval import evaluate

_TOP = 10
_LENGTH_TOLERANCE = {Precision.FP32: 1e-4, Precision.FP16: 5e-3}

FORBIDDEN_OPERATORS = {
    Format.TFLITE: frozenset({"POW", "TRANSPOSE", "CUSTOM"}),
    Format.ONNX: frozenset({"Pow"}),
    Format.COREML: frozenset({"pow", "transpose"}),
}
"""Operators that mobile accelerators refuse, or that betray a layout problem."""


@dataclass(frozen=True)
class Thresholds:
    """Least cosine of artefact and PyTorch: mean over the pictures, and of the worst one."""

    cosine_mean: float
    cosine_min: float


THRESHOLDS = {
    Precision.FP32: Thresholds(cosine_mean=0.99999, cosine_min=0.99999),
    Precision.FP16: Thresholds(cosine_mean=0.9999, cosine_min=0.999),
}


@dataclass(frozen=True)
class ParityReport:
    """How an artefact compares with PyTorch.

    Attributes:
        pictures: how many were compared.
        source: "generated" or "photos".
        cosine_mean, cosine_min: of the two descriptors of a picture.
        max_abs_difference: over all values of all descriptors.
        top10_overlap: share of a picture's ten nearest others that both find; None below twelve
            pictures.
        mean_ap_difference: artefact minus PyTorch in points of mAP; None without labelled photos.
        cosine_mean_threshold, cosine_min_threshold: what was asked for.
    """

    pictures: int
    source: str
    cosine_mean: float
    cosine_min: float
    max_abs_difference: float
    top10_overlap: float | None
    mean_ap_difference: float | None
    cosine_mean_threshold: float
    cosine_min_threshold: float

    @property
    def passed(self) -> bool:
        return (
            self.cosine_mean >= self.cosine_mean_threshold
            and self.cosine_min >= self.cosine_min_threshold
        )


def compare(
    reference: Descriptors,
    found: Descriptors,
    thresholds: Thresholds,
    source: str = "generated",
    photos: list[Photo] | None = None,
) -> ParityReport:
    """Compare descriptors of the same pictures.

    Args:
        reference: (N, D) from PyTorch.
        found: (N, D) from the artefact.
        photos: the N photos, for the difference in mAP where they are labelled.

    Raises:
        ParityError: another shape.
    """
    if reference.shape != found.shape:
        raise ParityError(
            f"the artefact's descriptors have shape {found.shape}; PyTorch's {reference.shape}"
        )
    cosines = cosine(reference, found)
    return ParityReport(
        pictures=len(found),
        source=source,
        cosine_mean=float(cosines.mean()),
        cosine_min=float(cosines.min()),
        max_abs_difference=float(np.abs(reference - found).max()),
        top10_overlap=_top10_overlap(reference, found) if len(found) > _TOP + 1 else None,
        mean_ap_difference=_mean_ap_difference(reference, found, photos or []),
        cosine_mean_threshold=thresholds.cosine_mean,
        cosine_min_threshold=thresholds.cosine_min,
    )


def cosine(reference: Descriptors, found: Descriptors) -> Descriptors:
    """Return the cosine of each pair of rows; 0 where one is zero or not finite."""
    a, b = reference.astype(np.float64), found.astype(np.float64)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosines = (a * b).sum(1) / lengths
    return np.where(np.isfinite(cosines), cosines, 0.0).astype(np.float32)


def check_extremes(found: Descriptors, precision: Precision) -> None:
    """Raise `ParityError` unless all descriptors are finite and of length 1.

    Args:
        found: (N, D) descriptors of black, white, saturated and noise pictures.
    """
    if not np.isfinite(found).all():
        raise ParityError(
            "the artefact gives non-finite values for a black, white or noise picture"
        )
    lengths = np.linalg.norm(found.astype(np.float64), axis=1)
    worst = float(np.abs(lengths - 1).max())
    if worst > _LENGTH_TOLERANCE[precision]:
        raise ParityError(
            f"a descriptor's length is off by {worst:.2g}; "
            f"allowed is {_LENGTH_TOLERANCE[precision]:g}"
        )


def check_operators(operators: dict[str, int], kind: Format) -> None:
    """Raise `ParityError` if the artefact holds an operator that phones do not accelerate."""
    forbidden = sorted(FORBIDDEN_OPERATORS[kind] & set(operators))
    if forbidden:
        raise ParityError(
            f"the artefact holds {', '.join(forbidden)}, which phones do not accelerate"
        )


def check_parity(report: ParityReport) -> None:
    """Raise `ParityError` if the report is below its thresholds."""
    if not report.passed:
        raise ParityError(
            f"the artefact differs from PyTorch: cosine mean {report.cosine_mean:.6f}, worst "
            f"{report.cosine_min:.6f} of {report.pictures} pictures; allowed are at least "
            f"{report.cosine_mean_threshold:g} and {report.cosine_min_threshold:g}"
        )


def _top10_overlap(reference: Descriptors, found: Descriptors) -> float:
    return float(
        np.mean(
            [
                len(set(a) & set(b)) / _TOP
                for a, b in zip(_nearest(reference), _nearest(found), strict=True)
            ]
        )
    )


def _nearest(descriptors: Descriptors) -> list[list[int]]:
    similarities = descriptors @ descriptors.T
    np.fill_diagonal(similarities, -np.inf)
    order = np.argsort(-similarities, axis=1, kind="stable")[:, :_TOP]
    return [list(row) for row in order]


def _mean_ap_difference(
    reference: Descriptors, found: Descriptors, photos: list[Photo]
) -> float | None:
    if not any(photo.role in ("query", "both") for photo in photos):
        return None
    before, after = evaluate(reference, photos), evaluate(found, photos)
    return after.mean_ap - before.mean_ap if before.queries else None

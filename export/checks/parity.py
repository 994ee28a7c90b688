"""Parity: an artefact against PyTorch on the same pixels, before the artefact gets its name.

The reference is the training network itself, not the wrapper that was converted, so that folding
and lowering are inside what is compared.
"""

from dataclasses import dataclass

import numpy as np

from mobile_actnet.descriptors import Descriptors, cosine
from mobile_actnet.evaluation.ranking import evaluate
from mobile_actnet.export.checks.layer_errors import LayerError
from mobile_actnet.export.formats.exporter import exporter
from mobile_actnet.pictures.photos import Photo
from mobile_actnet.runtime.errors import ParityError
from mobile_actnet.runtime.vocabulary import Format, Precision

_TOP = 10
_LENGTH_TOLERANCE_FP32, _LENGTH_TOLERANCE = 1e-4, 5e-3


@dataclass(frozen=True)
class Thresholds:
    """What an artefact must reach.

    Attributes:
        cosine_mean, cosine_min: least cosine of artefact and PyTorch: mean over the pictures, and
            of the worst one.
        top10_overlap: least share of a picture's ten nearest others that both find.
        mean_ap_loss: most points of mAP that may be lost on labelled photos.
    """

    cosine_mean: float
    cosine_min: float
    top10_overlap: float
    mean_ap_loss: float


THRESHOLDS = {
    Precision.FP32: Thresholds(0.99999, 0.99999, 0.99, 0.1),
    Precision.FP16: Thresholds(0.9999, 0.999, 0.97, 0.1),
    Precision.INT8_WEIGHTS: Thresholds(0.99, 0.95, 0.85, 0.5),
    Precision.MIXED: Thresholds(0.97, 0.85, 0.75, 0.5),
    Precision.INT8: Thresholds(0.97, 0.85, 0.75, 1.0),
    Precision.PALETTISED_8: Thresholds(0.97, 0.85, 0.75, 0.5),
    Precision.PALETTISED_6: Thresholds(0.9, 0.75, 0.6, 2.0),
}
"""Less than these is an error. Random wrong files lie far below: see docs/decisions/0010."""


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
        cosine_mean_threshold, cosine_min_threshold, top10_overlap_threshold,
        mean_ap_loss_threshold: what was asked for.
        worst_layers: the convolutions with the lowest signal-to-noise ratio against the float
            network, worst first; empty where it was not measured.
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
    top10_overlap_threshold: float
    mean_ap_loss_threshold: float
    worst_layers: tuple[LayerError, ...] = ()

    @property
    def problems(self) -> list[str]:
        """What is below its threshold, a phrase each."""
        limits = {
            f"cosine mean {self.cosine_mean:.6f} (at least {self.cosine_mean_threshold:g})": (
                self.cosine_mean >= self.cosine_mean_threshold
            ),
            f"worst cosine {self.cosine_min:.6f} (at least {self.cosine_min_threshold:g})": (
                self.cosine_min >= self.cosine_min_threshold
            ),
        }
        if self.top10_overlap is not None:
            limits[
                f"top-10 overlap {self.top10_overlap:.3f} "
                f"(at least {self.top10_overlap_threshold:g})"
            ] = self.top10_overlap >= self.top10_overlap_threshold
        if self.mean_ap_difference is not None:
            limits[
                f"mAP {self.mean_ap_difference:+.2f} (at most {self.mean_ap_loss_threshold:g} lost)"
            ] = self.mean_ap_difference >= -self.mean_ap_loss_threshold
        return [phrase for phrase, held in limits.items() if not held]

    @property
    def passed(self) -> bool:
        return not self.problems


def compare(
    reference: Descriptors,
    descriptors: Descriptors,
    thresholds: Thresholds,
    source: str = "generated",
    photos: list[Photo] | None = None,
) -> ParityReport:
    """Compare descriptors of the same pictures.

    Args:
        reference: (N, D) from PyTorch.
        descriptors: (N, D) from the artefact.
        photos: the N photos, for the difference in mAP where they are labelled.

    Raises:
        ParityError: another shape.
    """
    if reference.shape != descriptors.shape:
        raise ParityError(
            f"the artefact's descriptors have shape {descriptors.shape}; PyTorch's {reference.shape}"
        )
    cosines = cosine(reference, descriptors)
    return ParityReport(
        pictures=len(descriptors),
        source=source,
        cosine_mean=float(cosines.mean()),
        cosine_min=float(cosines.min()),
        max_abs_difference=float(np.abs(reference - descriptors).max()),
        top10_overlap=_top10_overlap(reference, descriptors)
        if len(descriptors) > _TOP + 1
        else None,
        mean_ap_difference=_mean_ap_difference(reference, descriptors, photos or []),
        cosine_mean_threshold=thresholds.cosine_mean,
        cosine_min_threshold=thresholds.cosine_min,
        top10_overlap_threshold=thresholds.top10_overlap,
        mean_ap_loss_threshold=thresholds.mean_ap_loss,
    )


def check_extremes(descriptors: Descriptors, precision: Precision) -> None:
    """Raise `ParityError` unless all descriptors are finite and of length 1.

    Args:
        descriptors: (N, D), of black, white, saturated and noise pictures.
    """
    if not np.isfinite(descriptors).all():
        raise ParityError(
            "the artefact gives non-finite values for a black, white or noise picture"
        )
    lengths = np.linalg.norm(descriptors.astype(np.float64), axis=1)
    worst = float(np.abs(lengths - 1).max())
    allowed = _LENGTH_TOLERANCE_FP32 if precision is Precision.FP32 else _LENGTH_TOLERANCE
    if worst > allowed:
        raise ParityError(f"a descriptor's length is off by {worst:.2g}; allowed is {allowed:g}")


def check_operators(operators: dict[str, int], kind: Format) -> None:
    """Raise `ParityError` if the artefact holds an operator that phones do not accelerate."""
    forbidden = sorted(exporter(kind).forbidden_operators & set(operators))
    if forbidden:
        raise ParityError(
            f"the artefact holds {', '.join(forbidden)}, which phones do not accelerate"
        )


def check_parity(report: ParityReport) -> None:
    """Raise `ParityError` if the report is below its thresholds."""
    if report.problems:
        worst = ", ".join(f"{x.layer} {x.snr_db:.1f} dB" for x in report.worst_layers)
        raise ParityError(
            f"the artefact differs from PyTorch on {report.pictures} pictures: "
            f"{', '.join(report.problems)}" + (f"; worst layers: {worst}" if worst else "")
        )


def _top10_overlap(reference: Descriptors, descriptors: Descriptors) -> float:
    return float(
        np.mean(
            [
                len(set(a) & set(b)) / _TOP
                for a, b in zip(_nearest(reference), _nearest(descriptors), strict=True)
            ]
        )
    )


def _nearest(descriptors: Descriptors) -> list[list[int]]:
    similarities = descriptors @ descriptors.T
    np.fill_diagonal(similarities, -np.inf)
    order = np.argsort(-similarities, axis=1, kind="stable")[:, :_TOP]
    return [list(row) for row in order]


def _mean_ap_difference(
    reference: Descriptors, descriptors: Descriptors, photos: list[Photo]
) -> float | None:
    if not any(photo.is_query for photo in photos):
        return None
    before, after = evaluate(reference, photos), evaluate(descriptors, photos)
    return after.mean_ap - before.mean_ap if before.queries else None

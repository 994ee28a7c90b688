"""Thresholds that a user gives in place of those of a precision."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mobile_actnet.export.checks import parity


@dataclass(frozen=True)
class ThresholdOverrides:
    """Thresholds that replace those of the precision; None keeps the precision's."""

    cosine_mean: float | None = None
    cosine_min: float | None = None
    top10_overlap: float | None = None
    mean_ap_loss: float | None = None

    def over(self, own: parity.Thresholds) -> parity.Thresholds:
        return replace(own, **{key: x for key, x in vars(self).items() if x is not None})

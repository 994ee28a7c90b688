"""The page of a rehearsal: how many items would be recognised, and which are the weakest, and why."""

import html
import io
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from PIL import Image

from mobile_actnet.commands import counted
from mobile_actnet.gallery.answers.rehearsal import CaptureResult
from mobile_actnet.gallery.gallery import Gallery
from mobile_actnet.gallery.pages import PHONE_STYLE, data_url, item, page
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.pictures.thumbnails import thumbnail_jpeg

_DARK, _FEW_FEATURES, _LONG = 50, 100, 3.0
_WEAKEST = 60

_STYLE = """
li { width: 190px; text-align: center; font-size: .8rem; overflow-wrap: anywhere; }
img { border: 3px solid #ddd; max-width: 180px; max-height: 200px; }
.right img { border-color: #1ec850; }
.silent img { border-color: #d8a000; }
.wrong img { border-color: #c8102e; border-style: dashed; }
"""


@dataclass(frozen=True)
class ItemReport:
    """How a gallery's picture did.

    Attributes:
        results: of its captures.
        recognised, wrong: captures that were answered rightly, and wrongly.
        reasons: why it may be weak, in plain words.
    """

    results: list[CaptureResult]
    recognised: int
    wrong: int
    reasons: list[str]

    @property
    def path(self) -> str:
        """Of the picture."""
        return self.results[0].picture.path

    @property
    def title(self) -> str:
        """What the picture shows and its path; the path alone where nothing is known."""
        label = self.results[0].picture.label
        return f"{label} ({self.path})" if label else self.path


def item_reports(
    gallery: Gallery, results: list[CaptureResult], verified_from: float
) -> list[ItemReport]:
    """Gather captures by picture; the weakest come first."""
    by_picture: dict[int, list[CaptureResult]] = defaultdict(list)
    for result in results:
        by_picture[result.picture.id].append(result)
    with GalleryReader(gallery.path) as reader:
        reports = [
            ItemReport(
                shots,
                sum(shot.right and shot.answered(verified_from) for shot in shots),
                sum(not shot.right and shot.answered(verified_from) for shot in shots),
                _reasons(reader, number, shots, verified_from),
            )
            for number, shots in by_picture.items()
        ]
    return sorted(reports, key=lambda report: (-report.wrong, report.recognised, report.path))


def rehearsal_page(gallery: Gallery, reports: list[ItemReport], verified_from: float) -> str:
    """Write the page: HTML that holds its pictures."""
    shots = sum(len(report.results) for report in reports)
    recognised = sum(report.recognised for report in reports)
    wrong = sum(report.wrong for report in reports)
    weak = [report for report in reports if report.recognised < len(report.results)]
    parts = [
        f"<p>{counted(shots, 'made-up photo')} of {counted(len(reports), 'picture')}: "
        f"<b>{recognised}</b> got a right answer ({_per_cent(recognised, shots)}), <b>{wrong}</b> a "
        f"wrong one ({_per_cent(wrong, shots)}), the others none. A hit is an answer where its "
        f"inliers times its similarity are {verified_from:g} or more.</p>",
        f"<p>Recognised every time: {counted(len(reports) - len(weak), 'picture')}. "
        + (f"{_those_shown(len(weak))}, weakest first:</p>" if weak else "</p>"),
    ]
    for report in weak[:_WEAKEST]:
        reasons = "; ".join(report.reasons) or "no reason known"
        parts.append(
            f"<section><h3>{html.escape(report.title)}</h3><p>recognised {report.recognised} of "
            f"{counted(len(report.results), 'time')}, {counted(report.wrong, 'wrong answer')}: "
            f"{html.escape(reasons)}</p><ol>"
        )
        parts += [_shown(gallery, report), *(_shot(shot, verified_from) for shot in report.results)]
        parts.append("</ol></section>")
    return page(f"Rehearsal of {gallery.path.name}", _STYLE + PHONE_STYLE, parts)


def _those_shown(weak: int) -> str:
    return f"The other {weak}" if weak <= _WEAKEST else f"{_WEAKEST} of the other {weak}"


def _shown(gallery: Gallery, report: ItemReport) -> str:
    jpeg = gallery.thumbnail(report.results[0].picture.id)
    if jpeg is None:
        jpeg = thumbnail_jpeg(Image.new("RGB", (8, 8), "#eee"), 16)
    return item("item", data_url(jpeg), f"picture {report.path}", "in the gallery")


def _shot(shot: CaptureResult, verified_from: float) -> str:
    answered = shot.answered(verified_from)
    kind = "silent" if not answered else "right" if shot.right else "wrong"
    words = {"silent": "no answer", "right": "recognised", "wrong": f"wrong: {shot.first.path}"}
    return item(
        kind, data_url(shot.jpeg), "a made-up photo", words[kind],
        f"{shot.first.similarity:.2f}, {shot.first.inliers or 0} inliers",
    )  # fmt: skip


def _reasons(
    reader: GalleryReader, number: int, shots: list[CaptureResult], verified_from: float
) -> list[str]:
    reasons = []
    jpeg, features = reader.thumbnail(number), reader.local_features(number)
    picture = shots[0].picture
    if jpeg is not None:
        grey = np.asarray(Image.open(io.BytesIO(jpeg)).convert("L"))
        if grey.mean() < _DARK:
            reasons.append("the picture is too dark")
    if features is None or len(features) < _FEW_FEATURES:
        reasons.append(
            f"it has too little detail ({0 if features is None else len(features)} places)"
        )
    if max(picture.width_px, picture.height_px) > _LONG * min(picture.width_px, picture.height_px):
        reasons.append("it is much longer than wide: is it cropped?")
    twins = {
        shot.other.path
        for shot in shots
        if shot.other is not None and (shot.other.certainty or 0) >= verified_from
    }
    reasons += [f"it looks like {path}" for path in sorted(twins)]
    return reasons


def _per_cent(part: int, whole: int) -> str:
    return f"{100 * part / max(1, whole):.0f} %"

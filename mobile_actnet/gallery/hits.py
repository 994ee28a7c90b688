"""What a search is asked for, and what it finds."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mobile_actnet.errors import ConfigError, UnreadablePictureError
from mobile_actnet.gallery.answers.thresholds_file import AnswerThreshold
from mobile_actnet.gallery.config import SHORTLIST
from mobile_actnet.pictures.items import Item
from mobile_actnet.pictures.views import DEFAULT_VIEWS, VIEW_SETS, View


@dataclass(frozen=True)
class Hit:
    """A picture that was found.

    Attributes:
        picture_id: its number in the gallery.
        path: relative to the folder of photos, with slashes.
        label: what is shown; None where nothing is known.
        similarity: inner product of the descriptors, -1 to 1.
        duplicates: less similar hits that are nearly the same picture, where hits were grouped.
        inliers: places of the picture that lie in the photo under one geometric model; None where
            nothing was compared: below the shortlist, after a certain answer, or without local
            features.
        certainty: inliers times similarity, which separates answers from mere hits; None likewise.
        verified: whether the certainty is enough for an answer; None likewise.
        outline: the picture's corners in the upright photo, in its pixels, from the picture's top left
            clockwise; None where there is no model.
        item: what the catalogue says of it; None where it says nothing.
    """

    picture_id: int
    path: str
    label: str | None
    similarity: float
    duplicates: "tuple[Hit, ...]" = ()
    inliers: int | None = None
    certainty: float | None = None
    verified: bool | None = None
    outline: tuple[tuple[float, float], ...] | None = None
    item: Item | None = None


class Verdict(StrEnum):
    """Whether a photo shows something of the gallery."""

    FOUND = "found"
    NOT_FOUND = "not found"
    NONE = "no verdict"


@dataclass(frozen=True)
class Answer:
    """What a picture of several found.

    Attributes:
        picture: the file. hits: best first.
        problem: why it could not be read, in which case there are no hits; else None.
        score: of the best match of the whole photo, where a threshold judges it; else None.
        threshold: that judges where nothing was verified; None for none.
    """

    picture: Path
    hits: list[Hit]
    problem: UnreadablePictureError | None = None
    score: float | None = None
    threshold: AnswerThreshold | None = None

    def judged_by(self) -> str | None:
        """Return what the verdict comes from: verification, or the threshold's measure."""
        if any(hit.verified is not None for hit in self.hits):
            return "verification"
        if self.threshold is not None and self.score is not None:
            return self.threshold.measure.value
        return None

    def verdict(self) -> Verdict:
        """Return whether the photo shows something of the gallery, or that nothing can tell.

        The first hit decides. Another one may be verified by the ground that it shares with the photo.
        """
        judge = self.judged_by()
        if judge is None:
            return Verdict.NONE
        is_answer = bool(self.hits and self.hits[0].verified)
        if judge != "verification":
            assert self.threshold is not None
            assert self.score is not None
            is_answer = self.score >= self.threshold.least
        return Verdict.FOUND if is_answer else Verdict.NOT_FOUND

    def sentence(self) -> str:
        """Return the verdict in words, with what was found."""
        verdict = self.verdict()
        if verdict is Verdict.FOUND:
            shown = self.hits[0]
            return f"found {shown.label} ({shown.path})" if shown.label else f"found {shown.path}"
        if not self.hits:
            return f"{verdict}: the gallery is empty"
        if verdict is Verdict.NOT_FOUND:
            return (
                "not found: nothing in the gallery fits well enough; the most similar pictures are"
            )
        return "no verdict: nothing was verified; the most similar pictures are"


@dataclass(frozen=True)
class SearchOptions:
    """How a gallery is searched.

    Attributes:
        top: hits for each query.
        group: least similarity of near duplicates, 0 to 1, which are taken together; None for none.
        exact: whether every picture is compared even where there is an approximate index.
        threads: that compare.
        views: of the photo that are described; each picture keeps its largest similarity.
        verify: whether the shortlist is compared by local features, where the gallery has them.
        shortlist: pictures that are compared.
        verified_from: certainty from which on a hit is an answer; None for what the gallery was
            calibrated to.
        threshold: that judges photos where nothing is verified; None for no verdict there.
        every_view: whether all views are searched for, and the whole shortlist is compared, even where
            the first two views give an answer that is twice as certain as it must be.
    """

    top: int = 10
    group: float | None = None
    exact: bool = False
    threads: int = 1
    views: tuple[View, ...] = VIEW_SETS[DEFAULT_VIEWS]
    verify: bool = True
    shortlist: int = SHORTLIST
    verified_from: float | None = None
    threshold: AnswerThreshold | None = None
    every_view: bool = False

    def __post_init__(self) -> None:
        for name, value in (
            ("top", self.top), ("threads", self.threads), ("shortlist", self.shortlist),
        ):  # fmt: skip
            if value < 1:
                raise ConfigError(f"--{name} is {value}; it must be 1 or more")
        if self.verified_from is not None and not self.verified_from > 0:
            raise ConfigError(f"--verified-from is {self.verified_from}; it must be above 0")
        if self.group is not None and not 0 < self.group <= 1:
            raise ConfigError(f"--group is {self.group}; it must be above 0 and at most 1")

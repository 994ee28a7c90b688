"""What indexing is asked for, and what it did."""

from dataclasses import dataclass, field
from pathlib import Path

from mobile_actnet.errors import ConfigError
from mobile_actnet.gallery.approximate_search import APPROXIMATE_FROM
from mobile_actnet.gallery.sqlite.changes import Changes
from mobile_actnet.gallery.sqlite.storage import Storage
from mobile_actnet.runtime.vocabulary import ImageSize

KEEP = "keep"
"""For `update`: the labels' source stays what it was."""


@dataclass(frozen=True)
class IndexOptions:
    """How a gallery is built or updated.

    Attributes:
        storage: of the descriptors.
        thumbnail_side_px: longest side of the thumbnails, 16 to 1024; 0 for none.
        labels: a CSV with path,label; `folder` for the folders' names; None for none; `KEEP` in an
            update.
        size: of a checkpoint's input; an artefact has its own.
        dim: length of a checkpoint's descriptor; an artefact has its own.
        overwrite: whether a gallery may be replaced. It stays until the new one is finished.
        rehash: whether an update reads every photo instead of trusting size and time.
        workers: processes; one for each core if None.
        progress: whether to draw a bar.
        approximate_from: pictures above which an approximate index is kept beside the gallery.
        local_features: whether pictures get local features, so that searches are verified. None: yes
            in a build and for a gallery of version 1, else as before.
        page_side_px: longest side of the pictures for pages, 16 to 4096; 0 for none. None: none in
            a build, else as before.
        items: a CSV with items (`pictures.items`); its titles are labels where `labels` is None. None:
            none in a build, else as before; NO_ITEMS: none any more.
        follow_links: whether folders elsewhere that a link leads to are entered.
        prune: whether an update deletes the pictures of folders that are empty or gone, and any
            share of all.
    """

    storage: Storage = Storage.INT8
    thumbnail_side_px: int = 160
    labels: str | Path | None = None
    size: ImageSize | None = None
    dim: int | None = None
    overwrite: bool = False
    rehash: bool = False
    workers: int | None = None
    progress: bool = False
    approximate_from: int = APPROXIMATE_FROM
    local_features: bool | None = None
    page_side_px: int | None = None
    items: str | Path | None = None
    follow_links: bool = False
    prune: bool = False

    def __post_init__(self) -> None:
        if self.thumbnail_side_px and not 16 <= self.thumbnail_side_px <= 1024:
            raise ConfigError(
                f"--thumbnails is {self.thumbnail_side_px}; give 0 for none, or 16 to 1024 pixels"
            )
        if self.page_side_px and not 16 <= self.page_side_px <= 4096:
            raise ConfigError(
                f"--pictures is {self.page_side_px}; give 0 for none, or 16 to 4096 pixels"
            )
        if self.workers is not None and self.workers < 1:
            raise ConfigError(f"--workers is {self.workers}; it must be 1 or more")


@dataclass(frozen=True)
class IndexReport:
    """What a build or an update did.

    Attributes:
        gallery: the file. changes: by kind.
        pictures: in the gallery now. problems: photos and folders that cannot be read, now.
        labels_without_photo: how many lines of the CSV name no photo; unused_labels: the first.
        seconds: that it took, with starting the workers and without the approximate index.
        approximate: whether an approximate index was built.
        left_out: how many files were taken for no pictures, by suffix.
    """

    gallery: Path
    changes: Changes
    pictures: int
    problems: int
    labels_without_photo: int
    seconds: float
    approximate: bool
    unused_labels: tuple[str, ...] = ()
    left_out: dict[str, int] = field(default_factory=dict)

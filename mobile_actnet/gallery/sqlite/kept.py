"""What a gallery keeps beside descriptors, which not every gallery has."""

import math
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from mobile_actnet.errors import GalleryError
from mobile_actnet.gallery.config import VERIFIED_FROM
from mobile_actnet.gallery.sqlite.schema import read_version, readable_errors
from mobile_actnet.pictures import local_features


@dataclass(frozen=True)
class Kept:
    """What a gallery keeps beside descriptors, from the table `setting`; version 1 has none.

    Attributes:
        local_features: whether pictures have local features, so that hits can be verified.
        page_side_px: longest side of the pictures for pages; 0 for none.
        items: the CSV with items, relative to the gallery's folder; empty for none.
        verified_from: certainty from which on a hit is an answer, as `index calibrate` found.
    """

    local_features: bool = False
    page_side_px: int = 0
    items: str = ""
    verified_from: float = VERIFIED_FROM

    def rows(self) -> list[tuple[str, str]]:
        """Return the rows of the table `setting`."""
        features = f"{local_features.NAME} {local_features.VERSION}" if self.local_features else ""
        return [
            ("local_features", features),
            ("page_side_px", str(self.page_side_px)),
            ("items", self.items),
            ("verified_from", str(self.verified_from)),
        ]


NOTHING_KEPT = Kept()


def read_kept(path: Path, connection: sqlite3.Connection) -> Kept:
    """Read the table `setting`.

    Raises:
        GalleryError: the local features are of another kind than this release has.
    """
    with readable_errors(path):
        if read_version(connection) == 1:
            return NOTHING_KEPT
        rows = dict(connection.execute("SELECT name, value FROM setting").fetchall())
    if not all(type(value) is str for value in rows.values()):
        raise GalleryError(f"{path} is damaged: a setting is not text; build it again")
    features, ours = rows.get("local_features", ""), Kept(True).rows()[0][1]
    if features not in ("", ours):
        raise GalleryError(
            f"{path} has local features of the kind {features!r}; this release has {ours!r}: "
            "build it again with actnet-index build --overwrite"
        )
    side, least = rows.get("page_side_px", ""), rows.get("verified_from", "")
    return Kept(
        bool(features), int(side) if side.isdigit() else 0, rows.get("items", ""),
        _positive(least) or VERIFIED_FROM,
    )  # fmt: skip


def _positive(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 < value < math.inf else None

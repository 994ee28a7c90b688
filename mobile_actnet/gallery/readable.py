"""What a search reads from a catalogue, whatever it is kept in."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.gallery.sqlite.kept import Kept
from mobile_actnet.gallery.sqlite.schema import GalleryInfo, Picture
from mobile_actnet.gallery.sqlite.storage import StoredDescriptors
from mobile_actnet.pictures.items import Item
from mobile_actnet.pictures.local_features import LocalFeatures


class Readable(Protocol):
    """An open catalogue: a gallery's file, or a dataset of a cluster.

    Attributes:
        path: where it lies.
        info: what it was made by.
    """

    path: Path
    info: GalleryInfo

    @property
    def kept(self) -> Kept:
        """What it keeps beside descriptors."""
        ...

    def close(self) -> None:
        """Close it."""
        ...

    def revision(self) -> int:
        """Return what changes with every change of pictures."""
        ...

    def count(self) -> int:
        """Return the number of pictures."""
        ...

    def load(self) -> tuple[NDArray[np.int64], StoredDescriptors]:
        """Read all ids, (N,) in rising order, and descriptors."""
        ...

    def blocks(self) -> Iterator[tuple[NDArray[np.int64], StoredDescriptors]]:
        """Yield ids and descriptors, some thousands at once."""
        ...

    def stored(self, ids: Sequence[int]) -> tuple[NDArray[np.int64], StoredDescriptors]:
        """Read some descriptors in the order of `ids`; those that have gone are left out."""
        ...

    def pictures(self, ids: Sequence[int]) -> dict[int, Picture]:
        """Look pictures up by id; one that has gone is left out."""
        ...

    def thumbnail(self, picture_id: int) -> bytes | None:
        """Return a picture's thumbnail, a JPEG; None where there is none."""
        ...

    def local_features(self, picture_id: int) -> LocalFeatures | None:
        """Return a picture's local features; None where there are none."""
        ...

    def items(self, picture_ids: Sequence[int]) -> dict[int, Item]:
        """Return the items that pictures show; those of which nothing is known are left out."""
        ...

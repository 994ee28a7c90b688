"""Collections of photos: folders with or without a manifest.csv, and their pixels."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from mobile_actnet.errors import ActnetError, UnreadablePictureError
from mobile_actnet.pictures.formats import PICTURE_SUFFIXES
from mobile_actnet.pictures.names import find_spelling
from mobile_actnet.pictures.photo_tree import LostPath, WalkOptions, walk_photos
from mobile_actnet.pictures.preprocessing import Pixels, load_image
from mobile_actnet.pictures.tables import read_table

MANIFEST_NAME = "manifest.csv"
_SHOWN = 5


class Role(StrEnum):
    """What a photo is for, by the words of a manifest.csv; a photo without one may be trained on."""

    QUERY = "query"
    DATABASE = "database"
    BOTH = "both"
    TRAIN = "train"
    DISTRACTOR = "distractor"


@dataclass(frozen=True)
class Photo:
    """A picture file.

    Attributes:
        path: where it is.
        instance: what is shown; equal means the same object. The path where nothing is known.
        role: query, database, both, train or distractor; empty where nothing is known.
    """

    path: Path
    instance: str
    role: str = ""

    @property
    def is_query(self) -> bool:
        """Whether it is searched for."""
        return self.role in (Role.QUERY, Role.BOTH)

    @property
    def is_searched(self) -> bool:
        """Whether it is searched in."""
        return self.role in (Role.DATABASE, Role.DISTRACTOR, Role.BOTH)

    @property
    def may_be_learned_from(self) -> bool:
        """Whether training may see it."""
        return self.role in ("", Role.TRAIN)


def find_photos(folder: Path) -> list[Photo]:
    """List the pictures of a folder, in the order of their names.

    A `manifest.csv` with the columns `path,instance[,role]` says what is shown; without one every
    picture below the folder counts as an instance of its own. Hidden files are left out.

    Raises:
        ActnetError: no such folder, no picture in it, a folder in it that cannot be read or is a
            link elsewhere, or a manifest without its columns, with an empty path, an unknown role, an empty
            instance of anything but a distractor, or a line whose file does not exist.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ActnetError(f"{folder} is not a folder; give a folder of pictures")
    manifest, left_out = folder / MANIFEST_NAME, Counter[str]()
    # A pipe of this name is a mistake, and no reason to take every picture.
    photos = _from_manifest(manifest) if os.path.lexists(manifest) else _from_tree(folder, left_out)
    if not photos:
        skipped = f"; skipped: {tell_left_out(left_out)}" if left_out else ""
        raise ActnetError(
            f"{folder} holds no pictures ({', '.join(sorted(PICTURE_SUFFIXES))}){skipped}"
        )
    return photos


def tell_left_out(left_out: Mapping[str, int]) -> str:
    """Say how many files were left out, by suffix."""
    counts = sorted(left_out.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(f"{count} {suffix}" for suffix, count in counts)


def load_images(
    photos: Iterable[Photo], height_px: int, width_px: int
) -> tuple[Pixels, list[Photo], list[str]]:
    """Decode and resize photos; one that cannot be read is reported and left out.

    Returns:
        pixels: (N, height_px, width_px, 3) uint8, RGB, of the readable ones.
        readable: the N photos.
        problems: a sentence for each of the others.
    """
    images, readable, problems = [], [], []
    for photo in photos:
        try:
            images.append(load_image(photo.path, height_px, width_px))
            readable.append(photo)
        except UnreadablePictureError as error:
            problems.append(str(error))
    shape = (0, height_px, width_px, 3)
    return np.stack(images) if images else np.zeros(shape, np.uint8), readable, problems


def _from_manifest(manifest: Path) -> list[Photo]:
    photos, missing = [], []
    for line, row in read_table(manifest, "path", "instance", may_be_empty=("instance",)):
        role, instance = row.get("role", ""), row["instance"]
        if role and role not in set(Role):
            raise ActnetError(
                f"{manifest}, line {line}: role is {role!r}; write {', '.join(Role)} or nothing"
            )
        if not instance and role != Role.DISTRACTOR:
            raise ActnetError(
                f"{manifest}, line {line}: instance is empty; name what the photo shows "
                "(only a distractor may leave it empty)"
            )
        path = find_spelling(os.fspath(manifest.parent), row["path"])
        # A distractor shows a thing of its own, which no query shows.
        photos.append(Photo(manifest.parent / path, instance or row["path"], role))
        if not os.path.lexists(photos[-1].path):
            missing.append(f"line {line}: {row['path']}")
    if missing:
        more = f" (and {len(missing) - _SHOWN} more)" if len(missing) > _SHOWN else ""
        raise ActnetError(
            f"{manifest}, {'; '.join(missing[:_SHOWN])} does not exist{more}; "
            "paths are relative to the folder of the CSV: mend or remove the line"
        )
    return photos


def _from_tree(folder: Path, left_out: Counter[str]) -> list[Photo]:
    photos, lost = [], []
    for entry in walk_photos(folder, WalkOptions(any_name=True), left_out):
        if isinstance(entry, LostPath) and entry.folder:
            lost.append(f"{folder / entry.path} {_sentence(entry.reason)}")
        else:
            photos.append(Photo(folder / entry.path, entry.path))
    if lost:
        more = f" (and {len(lost) - _SHOWN} more)" if len(lost) > _SHOWN else ""
        raise ActnetError(
            f"{'; '.join(lost[:_SHOWN])}{more}: photos may be missing; mend or remove it"
        )
    return sorted(photos, key=_in_order)


def _sentence(problem: str) -> str:
    return problem if problem.startswith("is ") else f"cannot be read: {problem}"


def _in_order(photo: Photo) -> list[tuple[bool, str]]:
    """Sort the files of a folder before its folders."""
    *folders, name = photo.instance.split("/")
    return [*((True, part) for part in folders), (False, name)]

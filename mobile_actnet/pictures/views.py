"""Views: the crops and turns of a query photo that are described one by one.

Things are smaller in a photo than in the catalogue, and books lie sideways on tables. So a photo is
described several times, and each gallery picture keeps its largest similarity. docs/views.md is
the definition in whole pixels, and tests/golden/views.json holds every language to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from mobile_actnet.errors import ConfigError

if TYPE_CHECKING:
    from PIL import Image

WORKING_SIDE_PX = 640
"""Longest side of the reduced photo that every view but `whole` is cut from."""


class Crop(StrEnum):
    """Which part of a photo a view shows."""

    WHOLE = "whole"
    CENTRE = "centre"
    HALF = "half"
    TOP_LEFT = "top-left"
    TOP_RIGHT = "top-right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM_RIGHT = "bottom-right"


@dataclass(frozen=True)
class View:
    """One crop of a photo, turned.

    Attributes:
        crop: the part.
        turn_deg: 0, 90, 180 or 270, clockwise, after cropping.
    """

    crop: Crop = Crop.WHOLE
    turn_deg: int = 0

    def __post_init__(self) -> None:
        if self.turn_deg not in _TURNS:
            raise ConfigError(f"a view is turned by {self.turn_deg}; give 0, 90, 180 or 270")

    def __str__(self) -> str:
        return f"{self.crop}@{self.turn_deg}" if self.turn_deg else str(self.crop)


# Pillow turns the other way round.
_TURNS = {0: None, 90: "ROTATE_270", 180: "ROTATE_180", 270: "ROTATE_90"}

_WHOLE = View()
_TURNED = tuple(View(Crop.CENTRE, turn_deg) for turn_deg in (90, 180, 270))
_CORNERS = (Crop.TOP_LEFT, Crop.TOP_RIGHT, Crop.BOTTOM_LEFT, Crop.BOTTOM_RIGHT)

VIEW_SETS: dict[str, tuple[View, ...]] = {
    "none": (_WHOLE,),
    "standard": (_WHOLE, View(Crop.CENTRE), View(Crop.HALF), *_TURNED),
    "thorough": (_WHOLE, View(Crop.CENTRE), *(View(corner) for corner in _CORNERS), *_TURNED),
}
"""Sets of views by name; `none` describes the whole photo alone."""

DEFAULT_VIEWS = "standard"


def parse_views(text: str) -> tuple[View, ...]:
    """Read a set of views: a name, or crops such as `whole,centre,centre@90`.

    Raises:
        ConfigError: an unknown name, crop or turn, or a view that is given twice.
    """
    if text in VIEW_SETS:
        return VIEW_SETS[text]
    views = tuple(_parse_view(word.strip()) for word in text.split(","))
    if len(set(views)) < len(views):
        raise ConfigError(f"--views {text} names a view twice; name each once")
    return views


def crop_box(crop: Crop, width_px: int, height_px: int) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of a crop, in whole pixels.

    `centre` and the corners have 7 tenths of each side, `half` one half, both rounded to the nearest
    pixel, halves up, and are at least one pixel.
    """
    if crop is Crop.WHOLE:
        return 0, 0, width_px, height_px
    if crop is Crop.HALF:
        width, height = (width_px + 1) // 2, (height_px + 1) // 2
    else:
        width, height = ((7 * side + 5) // 10 or 1 for side in (width_px, height_px))
    right, bottom = width_px - width, height_px - height
    left, top = {
        Crop.TOP_LEFT: (0, 0),
        Crop.TOP_RIGHT: (right, 0),
        Crop.BOTTOM_LEFT: (0, bottom),
        Crop.BOTTOM_RIGHT: (right, bottom),
    }.get(crop, (right // 2, bottom // 2))
    return left, top, left + width, top + height


def working_size(width_px: int, height_px: int, side_px: int) -> tuple[int, int]:
    """Return the size of a picture whose longest side is at most `side_px`; nothing is enlarged."""
    longest = max(width_px, height_px)
    if longest <= side_px:
        return width_px, height_px
    return tuple((side * side_px + longest // 2) // longest or 1 for side in (width_px, height_px))  # type: ignore[return-value]


def working_picture(photo: Image.Image, side_px: int = WORKING_SIDE_PX) -> Image.Image:
    """Reduce a picture to a longest side of `side_px` with the arithmetic of preprocessing.

    Returns:
        the picture itself where it is small enough.
    """
    width, height = working_size(*photo.size, side_px)
    if (width, height) == photo.size:
        return photo
    from PIL import Image

    from mobile_actnet.pictures.preprocessing import resize, resize_by_pillow

    if photo.mode == "RGB":
        return Image.fromarray(resize(photo, height, width))
    return resize_by_pillow(photo, height, width)


def view_pictures(
    photo: Image.Image, views: tuple[View, ...], working: Image.Image | None = None
) -> list[Image.Image]:
    """Cut and turn the views of a photo; `resize` then brings each to the model's size.

    Args:
        photo: upright RGB.
        working: `working_picture(photo)` where it is at hand already.

    Returns:
        a picture for each view. `whole` is the photo itself, so that it is described as before.
    """
    if working is None and any(view.crop is not Crop.WHOLE for view in views):
        working = working_picture(photo)
    return [_turned(_cropped(photo, working, view.crop), view.turn_deg) for view in views]


def _cropped(photo: Image.Image, working: Image.Image | None, crop: Crop) -> Image.Image:
    if crop is Crop.WHOLE or working is None:
        return photo
    return working.crop(crop_box(crop, *working.size))


def _turned(picture: Image.Image, turn_deg: int) -> Image.Image:
    from PIL import Image

    method = _TURNS[turn_deg]
    return picture if method is None else picture.transpose(Image.Transpose[method])


def _parse_view(word: str) -> View:
    crop, _, turn = word.partition("@")
    if crop not in set(Crop):
        raise ConfigError(
            f"--views has {word!r}; give {', '.join(VIEW_SETS)}, or crops "
            f"({', '.join(Crop)}), each with @90, @180 or @270 where it is turned"
        )
    if turn not in ("", "90", "180", "270"):
        raise ConfigError(f"--views has {word!r}; a view is turned by @90, @180 or @270")
    return View(Crop(crop), int(turn or 0))

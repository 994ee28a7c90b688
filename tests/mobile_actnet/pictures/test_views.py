"""Views: boxes worked out by hand, and the golden file that every language reads."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobile_actnet.errors import ConfigError
from mobile_actnet.gallery.matching import view_pixels
from mobile_actnet.pictures.preprocessing import resize, resize_by_pillow
from mobile_actnet.pictures.views import (
    VIEW_SETS,
    Crop,
    View,
    crop_box,
    parse_views,
    view_pictures,
    working_picture,
    working_size,
)
from mobile_actnet.runtime.generated_pictures import golden_picture
from mobile_actnet.runtime.vocabulary import ImageSize

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "views.json").read_text())


def test_boxes_worked_out_by_hand() -> None:
    # 7 tenths of 101 x 75: 70.7 and 52.5 pixels, halves up.
    assert crop_box(Crop.TOP_LEFT, 101, 75) == (0, 0, 71, 53)
    assert crop_box(Crop.BOTTOM_RIGHT, 101, 75) == (30, 22, 101, 75)
    assert crop_box(Crop.CENTRE, 101, 75) == (15, 11, 86, 64)
    assert crop_box(Crop.HALF, 101, 75) == (25, 18, 76, 56)
    assert crop_box(Crop.WHOLE, 101, 75) == (0, 0, 101, 75)
    for crop in Crop:
        assert crop_box(crop, 1, 1) == (0, 0, 1, 1)


def test_nothing_is_enlarged() -> None:
    assert working_size(640, 480, 640) == (640, 480)
    assert working_size(20, 10, 640) == (20, 10)
    assert working_size(4000, 3000, 640) == (640, 480)
    assert working_size(5000, 1, 640) == (640, 1)


@pytest.mark.parametrize("photo", GOLDEN["photos"], ids=lambda photo: str(photo["size"]))
def test_boxes_of_the_golden_file(photo: dict) -> None:
    width, height = photo["size"]
    assert list(working_size(width, height, GOLDEN["working_side_px"])) == photo["working_size"]
    for name, box in photo["boxes"].items():
        assert list(crop_box(Crop(name), *photo["working_size"])) == box


def test_the_golden_sets_are_ours() -> None:
    sets = {name: [str(view) for view in views] for name, views in VIEW_SETS.items()}
    assert sets == GOLDEN["sets"]


@pytest.mark.parametrize("drawn", GOLDEN["pixels"], ids=lambda drawn: str(drawn["size"]))
def test_pixels_of_the_golden_file(drawn: dict) -> None:
    width, height = drawn["size"]
    photo = Image.fromarray(golden_picture(ImageSize(height, width)))
    views = tuple(view for name in drawn["sha256"] for view in parse_views(name))
    for view, picture in zip(views, view_pictures(photo, views), strict=True):
        digest = hashlib.sha256(np.asarray(picture).tobytes()).hexdigest()
        assert digest == drawn["sha256"][str(view)], str(view)


@pytest.mark.parametrize("drawn", GOLDEN["pixels"], ids=lambda drawn: str(drawn["size"]))
def test_views_for_the_network_are_the_resized_views(drawn: dict) -> None:
    width, height = drawn["size"]
    photo, size = Image.fromarray(golden_picture(ImageSize(height, width))), ImageSize(64, 96)
    views = tuple(View(crop, turn_deg) for crop in Crop for turn_deg in (0, 90, 180, 270))
    pixels = view_pixels(photo, views, size, working_picture(photo))
    for view, picture, found in zip(views, view_pictures(photo, views), pixels, strict=True):
        np.testing.assert_array_equal(found, resize_by_pillow(picture, 64, 96), err_msg=str(view))


@pytest.mark.parametrize("size", [(641, 480), (1, 3000), (2700, 1800)])
def test_the_reduced_photo_is_pillows(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    photo = Image.fromarray(rng.integers(0, 256, (*size[::-1], 3), dtype=np.uint8))
    width, height = working_size(*size, 640)
    np.testing.assert_array_equal(working_picture(photo), resize_by_pillow(photo, height, width))


def test_a_turn_is_clockwise() -> None:
    photo = Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3)).convert("RGB")
    (turned,) = view_pictures(photo, (View(Crop.WHOLE, 90),))
    # The left column, read upwards, becomes the top row.
    assert np.asarray(turned)[..., 0].tolist() == [[3, 0], [4, 1], [5, 2]]


def test_the_whole_view_is_described_as_before() -> None:
    rng = np.random.default_rng(2)
    photo = Image.fromarray(rng.integers(0, 256, (900, 700, 3), dtype=np.uint8))
    whole, centre = view_pictures(photo, parse_views("whole,centre"))
    np.testing.assert_array_equal(resize(whole, 64, 64), resize(photo, 64, 64))
    working = working_picture(photo)
    assert working.size == (498, 640)
    expected = working.crop(crop_box(Crop.CENTRE, *working.size))
    np.testing.assert_array_equal(np.asarray(centre), np.asarray(expected))


@pytest.mark.parametrize(
    ("text", "what"),
    [("middle", "'middle'"), ("centre@45", "'centre@45'"), ("half,half", "twice"), ("", "''")],
)
def test_what_is_no_set_of_views(text: str, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        parse_views(text)
    with pytest.raises(ConfigError, match="turned by 45"):
        View(Crop.CENTRE, 45)


def test_sets_by_name_and_by_list() -> None:
    assert parse_views("none") == (View(),)
    assert parse_views("whole, centre@270") == (View(), View(Crop.CENTRE, 270))

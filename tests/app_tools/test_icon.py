"""The icon of both apps is one drawing."""

import icon
import pytest
from PIL import Image, ImageChops


def test_a_path_of_straight_lines_is_read() -> None:
    assert icon.lines("M10,18v-8h8 M1,2l3,4z") == [
        [(10, 18), (10, 10), (18, 10)],
        [(1, 2), (4, 6), (1, 2)],
    ]


def test_xcode_has_what_android_draws() -> None:
    kept = Image.open(icon.PICTURE)
    assert (kept.mode, kept.size) == ("RGB", (1024, 1024))
    furthest = max(high for _, high in ImageChops.difference(kept, icon.draw()).getextrema())
    assert furthest <= 8, "run app_tools/icon.py"


@pytest.mark.parametrize(
    ("place", "colour"), [((5, 5), "#1b4f72"), ((512, 560), "#f4d03f"), ((213, 300), "#ffffff")]
)
def test_the_drawing_is_where_it_belongs(place: tuple[int, int], colour: str) -> None:
    found = icon.draw().getpixel(place)
    assert found == tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))

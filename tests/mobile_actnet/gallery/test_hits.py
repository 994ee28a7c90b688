"""When a search has an answer."""

from pathlib import Path

import pytest

from mobile_actnet.gallery.hits import Answer, Hit


@pytest.mark.parametrize(
    ("verified", "unknown"),
    [
        ([], False),
        ([None, None], False),
        ([False, None], True),
        ([False, True], False),
    ],
)
def test_a_photo_is_unknown_where_all_that_was_compared_fails(
    verified: list[bool | None], unknown: bool
) -> None:
    hits = [Hit(number, "a.jpg", None, 0.5, verified=one) for number, one in enumerate(verified)]
    assert Answer(Path("photo.jpg"), hits).unknown() is unknown

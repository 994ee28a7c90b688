"""Items from CSV files that people write."""

from pathlib import Path

import pytest

from mobile_actnet.errors import ActnetError
from mobile_actnet.pictures.items import Item, read_items


def written(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "items.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_several_pictures_and_languages_of_one_item(tmp_path: Path) -> None:
    catalogue = read_items(written(
        tmp_path, "path,item,language,title,maker",
        "a/night.jpg,night,en,The Starry Night,van Gogh",
        "a/night.jpg,night,de,Sternennacht,",
        "./a/frame.jpg,night,,,",
        "b.jpg,other,en,,nobody",
    ))  # fmt: skip
    night = catalogue.items["night"]
    assert night.fields["en"] == {"title": "The Starry Night", "maker": "van Gogh"}
    assert night.fields["de"] == {"title": "Sternennacht"}
    assert catalogue.pictures == {"a/night.jpg": "night", "a/frame.jpg": "night", "b.jpg": "other"}
    titles = {"a/night.jpg": "The Starry Night", "a/frame.jpg": "The Starry Night"}
    assert dict(catalogue.labels()) == titles


def test_without_an_item_column_each_picture_is_one(tmp_path: Path) -> None:
    catalogue = read_items(written(tmp_path, "path;title;price", "1.png;One;3 €", "2.png;Two;4 €"))
    assert catalogue.items["1.png"] == Item("1.png", {"": {"title": "One", "price": "3 €"}})
    assert list(catalogue.items) == ["1.png", "2.png"]


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (("path,item", "1.png,a", "1.png,b"), "line 3: 1.png shows b and a; give it one item"),
        (("path,item,title", "1.png,a,X", "2.png,a,Y"), "line 3: title of a is 'Y', but 'X' above"),
        (("picture,title", "1.png,a"), "has no column path"),
        (("path,title", ",a"), "line 2: path is empty"),
    ],
)
def test_what_is_refused(tmp_path: Path, lines: tuple[str, ...], what: str) -> None:
    with pytest.raises(ActnetError, match=what):
        read_items(written(tmp_path, *lines))
    with pytest.raises(ActnetError, match="is not a file"):
        read_items(tmp_path / "none.csv")

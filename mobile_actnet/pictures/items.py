"""Items of a catalogue: what things are called and say, from a CSV that people write.

    path,item,language,title,maker,text,link
    van-gogh/night.jpg,night,en,The Starry Night,Vincent van Gogh,Painted in 1889.,https://…
    van-gogh/night.jpg,night,de,Sternennacht,Vincent van Gogh,Gemalt 1889.,https://…
    van-gogh/night-frame.jpg,night,,,,,

`path` names a picture below the folder of photos. Lines with the same `item` are one thing; without
that column each picture is one. `language` is optional too; all other columns are fields.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mobile_actnet.errors import ActnetError
from mobile_actnet.pictures.tables import read_table

_NOT_FIELDS = frozenset(("path", "item", "language"))

Fields = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Item:
    """A thing of the catalogue.

    Attributes:
        name: tells it from others.
        fields: by language, then by name; the language is empty where the CSV names none.
    """

    name: str
    fields: Fields = field(default_factory=dict)

    def title(self) -> str | None:
        """Return the title in the first language that has one."""
        titles = (values.get("title") for values in self.fields.values())
        return next(filter(None, titles), None)


@dataclass(frozen=True)
class Catalogue:
    """What a CSV with items says.

    Attributes:
        items: by name. pictures: the item's name by path.
    """

    items: dict[str, Item]
    pictures: dict[str, str]

    def labels(self) -> Iterator[tuple[str, str]]:
        """Yield path and title of each picture whose item has one."""
        for path, name in self.pictures.items():
            title = self.items[name].title()
            if title is not None:
                yield path, title


EMPTY_CATALOGUE = Catalogue({}, {})


def read_items(file: Path) -> Catalogue:
    """Read a CSV with items.

    Raises:
        ActnetError: missing, not such a CSV, a picture of two items, or two values for one field.
    """
    if not file.is_file():
        raise ActnetError(f"{file} is not a file; give a CSV with path,title and more columns")
    items: dict[str, Item] = {}
    pictures: dict[str, str] = {}
    for line, row in read_table(file, "path"):
        path = posixpath.normpath(row["path"])
        name = row.get("item") or pictures.get(path, path)
        if pictures.setdefault(path, name) != name:
            raise ActnetError(
                f"{file}, line {line}: {path} shows {name} and {pictures[path]}; give it one item"
            )
        values = items.setdefault(name, Item(name)).fields
        for column, value in row.items():
            if column in _NOT_FIELDS or not value:
                continue
            known = values.setdefault(row.get("language", ""), {})
            if known.setdefault(column, value) != value:
                raise ActnetError(
                    f"{file}, line {line}: {column} of {name} is {value!r}, but "
                    f"{known[column]!r} above; keep one, or give each a language"
                )
    return Catalogue(items, pictures)

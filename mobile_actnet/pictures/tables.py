"""Tables that people make: CSV files as spreadsheets save them."""

import csv
import io
from collections.abc import Container, Iterator
from pathlib import Path

from mobile_actnet.errors import ActnetError
from mobile_actnet.files import read_regular, reason

_DELIMITERS = ",;\t"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SHOWN_NAMES = 120


def read_table(
    file: Path, *columns: str, may_be_empty: Container[str] = ()
) -> Iterator[tuple[int, dict[str, str]]]:
    """Read a CSV file whose first line names its columns, line by line.

    Args:
        file: UTF-8, or UTF-16 with its mark; commas, semicolons or tabs between fields, whichever
            the first line uses.
        columns: that must be there, with something in every line.
        may_be_empty: those of them that a line may leave empty.

    Yields:
        number of the line, and the fields by column; a missing one is empty.

    Raises:
        ActnetError: unreadable, no CSV, a column is missing, or a field is empty that may not be.
    """
    text = _text(file)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise ActnetError(f"{file}, line {line} holds a NUL character; save it as CSV in UTF-8")
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
        missing = set(columns) - set(rows.fieldnames or ())
        if missing:
            raise ActnetError(
                f"{file} has no column {' and '.join(sorted(missing))} "
                f"(its first line is {text.partition(chr(10))[0].strip()[:_SHOWN_NAMES]!r}); "
                f"its first line must be {','.join(columns)}; more columns may follow"
            )
        for row in rows:
            empty = [name for name in columns if not row[name] and name not in may_be_empty]
            if empty:
                raise ActnetError(
                    f"{file}, line {rows.line_num}: {' and '.join(empty)} "
                    f"{'is' if len(empty) == 1 else 'are'} empty; fill in what is missing"
                )
            yield rows.line_num, {name: row[name] or "" for name in rows.fieldnames or ()}
    except csv.Error as error:
        raise ActnetError(f"{file} cannot be read as CSV: {error}") from error


def column_names(file: Path) -> list[str]:
    """Return the names in the first line of a CSV file.

    Raises:
        ActnetError: it cannot be read.
    """
    first = _text(file).partition("\n")[0]
    try:
        return next(csv.reader([first], delimiter=_delimiter(first)), [])
    except csv.Error as error:
        raise ActnetError(f"{file} cannot be read as CSV: {error}") from error


def _text(file: Path) -> str:
    try:
        content = read_regular(file)
    except OSError as error:
        raise ActnetError(f"{file} cannot be read: {reason(error)}") from error
    coding = "utf-16" if content[:2] in _UTF16_MARKS else "utf-8-sig"
    try:
        return content.decode(coding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ActnetError(
            f"{file} cannot be read as UTF-8 CSV: line {line} holds other bytes (Latin-1?); "
            "save it as CSV UTF-8"
        ) from error


def _delimiter(text: str) -> str:
    """Return what stands most often in the first line."""
    first = text.partition("\n")[0]
    return max(_DELIMITERS, key=first.count)

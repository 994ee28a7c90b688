"""Labels from CSV files and folders."""

from pathlib import Path

import pytest

from mobile_actnet.errors import ActnetError
from mobile_actnet.pictures.labels import labels_from_csv, labels_from_folders


@pytest.mark.parametrize("header", ["path,label", "path,instance,role", '"path","label"'])
def test_csv(header: str, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(f'\ufeff{header}\r\n./a/x.jpg,"Tea, green"\r\nb.jpg,Käse\r\n', encoding="utf-8")
    assert list(labels_from_csv(file)) == [("a/x.jpg", "Tea, green"), ("b.jpg", "Käse")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"file,name\na,b\n", "has no column label and path"),
        (b"path,label\na.jpg,\n", "line 2: label is empty"),
        (b"path,label\n\xff,b\n", "cannot be read as UTF-8 CSV"),
    ],
)
def test_broken_csv(content: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_bytes(content)
    with pytest.raises(ActnetError, match=message):
        list(labels_from_csv(file))


def test_missing_csv(tmp_path: Path) -> None:
    with pytest.raises(ActnetError, match="is not a file; give a CSV with path,label"):
        list(labels_from_csv(tmp_path / "none.csv"))


def test_folders() -> None:
    found = dict(labels_from_folders(["top.jpg", "cheese/1.jpg", "shop/tea/2.jpg"]))
    assert found == {"cheese/1.jpg": "cheese", "shop/tea/2.jpg": "tea"}

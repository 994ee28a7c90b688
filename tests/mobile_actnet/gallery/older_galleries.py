"""Galleries as earlier releases wrote them."""

import sqlite3
from pathlib import Path

_NEW_IN_2 = ("setting", "local_features", "page_picture", "item_field", "item_picture", "item")


def as_version_1(gallery: Path) -> None:
    """Take away what version 2 added."""
    connection = sqlite3.connect(gallery, isolation_level=None)
    for table in _NEW_IN_2:
        connection.execute(f"DROP TABLE {table}")
    connection.execute("PRAGMA user_version = 1")
    connection.close()

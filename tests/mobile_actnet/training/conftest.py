"""What the tests of training share."""

from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, colour in enumerate(("red", "lime", "blue", "yellow", "white", "black")):
        Image.new("RGB", (50, 60), colour).save(folder / f"{number}.png")
    return folder

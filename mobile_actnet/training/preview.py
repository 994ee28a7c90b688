"""A picture of what training sees: clean pictures, each beside captures of it."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from mobile_actnet.errors import ConfigError
from mobile_actnet.files import write_atomically
from mobile_actnet.pictures.preprocessing import decode, resize
from mobile_actnet.training.phone_captures import capture
from mobile_actnet.training.sources import Collection, draw

PREVIEW_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


def write_preview(
    path: Path, collection: Collection, seed: int, rows: int = 6, captures: int = 8,
    side_px: int = 160,
) -> None:  # fmt: skip
    """Write a sheet of samples: in each row a clean picture, then captures of it.

    Args:
        path: .png, .jpg or .webp. collection: `rows` of its pictures are drawn.

    Raises:
        ConfigError: another suffix.
        ActnetError: the folder cannot be written, or the disk is full.
    """
    form = PREVIEW_FORMATS.get(path.suffix.lower())
    if form is None:
        raise ConfigError(f"--preview {path}: the name must end in {', '.join(PREVIEW_FORMATS)}")
    rng = np.random.default_rng(seed)
    items = [decode(collection.paths[number]) for number in draw(collection, rows, rng)]
    sheet = [
        np.concatenate(
            [
                resize(item, side_px, side_px),
                *(capture(item, items[place - 1], rng, side_px) for _ in range(captures)),
            ],
            1,
        )
        for place, item in enumerate(items)
    ]
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(sheet)).save(buffer, form)
    write_atomically(path, buffer.getvalue())

"""What the readers of an artefact's layers share."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mobile_actnet.export.formats.exporter import Values
from mobile_actnet.pictures.preprocessing import Pixels


def followed(
    name: str, readers: dict[str, list[Any]], chain: tuple[tuple[str, ...], ...],
    kind_of: Callable[[Any], str], output_of: Callable[[Any], str],
) -> str:  # fmt: skip
    """Return the value behind the operators of a chain, as far as nothing else reads on the way."""
    for kinds in chain:
        following = readers.get(name, [])
        alike = bool(following) and all(kind_of(x) in kinds for x in following)
        # Eight bits may be read by several operators that bring them back to float.
        if alike and (len(following) == 1 or kinds == chain[-1]):
            name = output_of(following[0])
    return name


def stacked(run: Callable[[Pixels], list[Values]], pixels: Pixels) -> list[Values]:
    runs = [run(np.ascontiguousarray(picture[None])) for picture in pixels]
    return [np.concatenate(layer) for layer in zip(*runs, strict=True)]

"""Hits that show nearly the same picture, taken together."""

from collections.abc import Sequence
from dataclasses import replace

from mobile_actnet.gallery.exact_search import similarities_between
from mobile_actnet.gallery.hits import Hit
from mobile_actnet.gallery.readable import Readable
from mobile_actnet.gallery.sqlite.storage import StoredDescriptors


def group_hits(hits: StoredDescriptors, threshold: float) -> list[list[int]]:
    """Group a ranking: a hit joins the first earlier group whose first hit is like it.

    Args:
        hits: K descriptors, best first.
        threshold: least similarity between a hit and the first of its group.

    Returns:
        groups of numbers of hits, in the order of their first hits.
    """
    alike = similarities_between(hits, hits) >= threshold
    groups: list[list[int]] = []
    for hit in range(len(hits)):
        group = next((group for group in groups if alike[group[0], hit]), None)
        if group is None:
            groups.append([hit])
        else:
            group.append(hit)
    return groups


def grouped(hits: Sequence[Hit], reader: Readable, threshold: float) -> list[Hit]:
    """Return the first hit of each group, the others as its duplicates; see `group_hits`."""
    by_id = {hit.picture_id: hit for hit in hits}
    kept, stored = reader.stored(list(by_id))
    numbers: Sequence[int] = kept.tolist()
    return [
        replace(
            by_id[numbers[group[0]]],
            duplicates=tuple(by_id[numbers[other]] for other in group[1:]),
        )
        for group in group_hits(stored, threshold)
    ]

"""The file of an approximate index, read before usearch gets it.

usearch trusts what it reads: a number in the file that leads out of it ends the process. A hash in
the same gallery does not help against whoever wrote both. So every number that usearch follows is
held against what it leads to: the layout of version 2, dense vectors first, then the graph.
"""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_MATRIX = struct.Struct("<II")
"""Vectors and their bytes; the vectors follow."""

_HEAD_BYTES = 64
"""Mark, version, kinds and length of vectors; nothing in it depends on the pictures but the count."""

_COUNT_PLACE = slice(17, 25)
_GRAPH = struct.Struct("<5Q")
"""Nodes, links of a node above the lowest level, links at the lowest, levels, node to start from."""

_NODE_HEAD_BYTES, _LINK_BYTES = 10, 4
_NODES_AT_ONCE = 65536


def flaw(path: Path, empty: bytes) -> str | None:
    """Return what is wrong with the file of an index; None where usearch can follow all of it.

    Args:
        path: of the file.
        empty: the file of an index of the same kind that holds nothing, written by this usearch.
    """
    content = np.memmap(path, np.uint8, "r") if path.stat().st_size else np.zeros(0, np.uint8)
    if len(content) < _MATRIX.size:
        return "is too short"
    count, row_bytes = _MATRIX.unpack(content[: _MATRIX.size].tobytes())
    if row_bytes != _MATRIX.unpack_from(empty)[1]:
        return "has vectors of another length"
    head_at = _MATRIX.size + count * row_bytes
    levels_at = head_at + _HEAD_BYTES + _GRAPH.size
    if len(content) < levels_at + 2 * count:
        return "is too short"
    if content[head_at:][:_HEAD_BYTES].tobytes() != _head(empty, count):
        return "is of another kind or version"
    nodes, links, base_links, top, start = _GRAPH.unpack(
        content[head_at + _HEAD_BYTES : levels_at].tobytes()
    )
    usual = _GRAPH.unpack_from(empty, _MATRIX.size + _HEAD_BYTES)
    if (nodes, links, base_links) != (count, *usual[1:3]):
        return "has a graph of another shape"
    levels = np.frombuffer(content, "<i2", count, levels_at).astype(np.int64)
    if count and (levels.min() < 0 or start >= count or not levels[start] == levels.max() == top):
        return "names levels that it does not have"
    sizes = _NODE_HEAD_BYTES + _list_bytes(base_links) + levels * _list_bytes(links)
    ends = levels_at + 2 * count + np.cumsum(sizes)
    if count and ends[-1] != len(content):
        return "has nodes that do not fill the file"
    return _flaw_of_nodes(content, levels, ends - sizes, links, base_links)


def _head(empty: bytes, count: int) -> bytes:
    head = bytearray(empty[_MATRIX.size :][:_HEAD_BYTES])
    head[_COUNT_PLACE] = struct.pack("<Q", count)
    return bytes(head)


def _list_bytes(links: int) -> int:
    return _LINK_BYTES * (1 + links)


def _flaw_of_nodes(
    content: NDArray[np.uint8], levels: NDArray[np.int64], starts: NDArray[np.int64],
    links: int, base_links: int,
) -> str | None:  # fmt: skip
    """Follow the links of all nodes, level by level: a node links to those of its level alone."""
    keys = []
    for first in range(0, len(levels), _NODES_AT_ONCE):
        part = slice(first, first + _NODES_AT_ONCE)
        heads = _rows(content, starts[part], _NODE_HEAD_BYTES)
        keys.append(heads[:, :8].copy().view("<u8")[:, 0])
        if (heads[:, 8:].copy().view("<i2")[:, 0] != levels[part]).any():
            return "has nodes of other levels than its head says"
        for level in range(int(levels[part].max()) + 1):
            chosen = starts[part][levels[part] >= level] + _NODE_HEAD_BYTES
            if level:
                chosen += _list_bytes(base_links) + (level - 1) * _list_bytes(links)
            most = links if level else base_links
            lists = _rows(content, chosen, _list_bytes(most)).copy().view("<u4")
            used = lists[:, 1:][np.arange(most) < lists[:, :1]]
            if (lists[:, 0] > most).any() or (used >= len(levels)).any():
                return "has links that lead out of the file"
            if (levels[used] < level).any():
                return "has links to nodes of lower levels"
    if keys and len(np.unique(np.concatenate(keys))) != len(levels):
        return "has a picture twice"
    return None


def _rows(content: NDArray[np.uint8], starts: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
    """Return `size` bytes from each start on, (N, size)."""
    return np.lib.stride_tricks.sliding_window_view(content, size)[starts]

"""The vector index of a dataset: built and used by LanceDB, its hits compared again exactly.

IVF with RaBitQ's codes of one bit a value: docs/scale.md has what it and 8-bit values measured.
"""

import math
from typing import TYPE_CHECKING

from mobile_actnet.cluster.dataset_format import lance_reason, open_table, read_settings
from mobile_actnet.errors import ActnetError

if TYPE_CHECKING:
    import lance

KIND, METRIC = "IVF_RQ", "dot"
_KIND_OF_ANY_DIM, _RQ_MULTIPLE = "IVF_SQ", 8
NAME, ID_NAME = "vector_index", "id_index"
_ROWS_PER_FRAGMENT = 1 << 20
_LEAST_PER_PARTITION = 512


def finish(address: str, vector_index_from: int, cores: int) -> bool:
    """Merge small fragments and bring the indices up to date.

    Args:
        vector_index_from: pictures from which there is a vector index.

    Returns:
        whether a vector index was built or brought up to date.

    Raises:
        ActnetError: the dataset cannot be written.
    """
    try:
        table = open_table(address)
        if table.count_rows() == 0:
            return False
        table.optimize.compact_files(target_rows_per_fragment=_ROWS_PER_FRAGMENT, num_threads=cores)
        if not _is_current(open_table(address), ID_NAME):
            create_id_index(address)
        table = open_table(address)
        if table.count_rows() < vector_index_from or _is_current(table, NAME):
            return False
        build_vector_index(address)
    except (OSError, ValueError, RuntimeError) as error:
        raise ActnetError(f"{address} cannot be indexed: {lance_reason(error)}") from error
    return True


def _compact(address: str, cores: int) -> None:
    """Merge fragments on the nodes of the cluster."""
    import lance_ray
    from lance.optimize import CompactionOptions

    options = CompactionOptions(target_rows_per_fragment=_ROWS_PER_FRAGMENT)
    lance_ray.compact_files(address, compaction_options=options, num_workers=cores)


def create_id_index(address: str) -> None:
    """Index the pictures' numbers, by which hits are looked up."""
    open_table(address).create_scalar_index("id", "BTREE", name=ID_NAME, replace=True)


def build_vector_index(
    address: str, kind: str | None = None, partitions: int | None = None
) -> None:
    """Build the vector index anew.

    Args:
        kind: Lance's word; `KIND` if None, or one without codes of bits where the values of a
            descriptor are no multiple of 8.
    """
    table = open_table(address)
    settings = read_settings(address, table)
    usual = _KIND_OF_ANY_DIM if settings.info.dim % _RQ_MULTIPLE else KIND
    table.create_index(
        settings.vector_column, kind or usual, name=NAME, metric=METRIC, replace=True,
        num_partitions=partitions or partitions_of(table.count_rows()),
    )  # fmt: skip


def partitions_of(pictures: int) -> int:
    """Return the number of partitions: the root of the pictures, of 512 pictures at least each."""
    return max(1, min(math.isqrt(pictures), pictures // _LEAST_PER_PARTITION))


def state(table: "lance.LanceDataset", name: str = NAME) -> tuple[int, int] | None:
    """Return how many pictures an index holds and lacks; None where there is no such index."""
    if name not in {index["name"] for index in table.list_indices()}:
        return None
    statistics = table.index_statistics(name)
    return int(statistics["num_indexed_rows"]), int(statistics["num_unindexed_rows"])


def _is_current(table: "lance.LanceDataset", name: str) -> bool:
    known = state(table, name)
    return known is not None and known[1] == 0

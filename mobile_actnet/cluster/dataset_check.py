"""Whether a dataset is sound: Lance's files, its numbers, every descriptor, its model, its index."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from tqdm import tqdm

from mobile_actnet.cluster.dataset_format import bound_model, lance_reason
from mobile_actnet.cluster.extra import SEARCHING, require
from mobile_actnet.cluster.lance_reader import LanceReader
from mobile_actnet.cluster.picture_rows import features_of
from mobile_actnet.cluster.places import check_dataset_name, is_remote
from mobile_actnet.cluster.vector_index import state
from mobile_actnet.commands import counted
from mobile_actnet.errors import ActnetError, GalleryError
from mobile_actnet.gallery.model import identify
from mobile_actnet.gallery.sqlite.schema import check_model
from mobile_actnet.gallery.sqlite.storage import not_of_length_1
from mobile_actnet.network.config import is_checkpoint
from mobile_actnet.pictures.local_features import UNITS_PER_PX
from mobile_actnet.runtime.finding import Finding
from mobile_actnet.runtime.vocabulary import ImageSize


def dataset_findings(address: str | Path, progress: bool = False) -> Iterator[Finding]:
    """Check a dataset, and yield each finding once it is known.

    Args:
        progress: whether to draw a bar.

    Raises:
        GalleryError: missing, another table, or of another version.
    """
    require(SEARCHING)
    with LanceReader(check_dataset_name(address)) as reader:
        checks: list[Callable[[LanceReader, bool], Finding]] = [
            _files, _paths, _descriptors, _local_features, _problems, _model, _index,
        ]  # fmt: skip
        for check in checks:
            try:
                yield check(reader, progress)
            except ActnetError as error:
                yield Finding(False, str(error))
            except (ValueError, OSError) as error:
                yield Finding(False, f"{address} is damaged: {lance_reason(error)}")


def _files(reader: LanceReader, _: bool) -> Finding:
    reader.table.validate()
    fragments = len(reader.table.get_fragments())
    return Finding(
        True,
        f"files: {reader.address}, version {reader.revision()}, {counted(fragments, 'fragment')}",
    )


def _paths(reader: LanceReader, _: bool) -> Finding:
    rows = reader.table.to_table(columns=["id", "path"])
    for name in ("path", "id"):
        if len(rows.column(name).unique()) != rows.num_rows:
            counts = Counter(rows.column(name).to_pylist())
            twice = [value for value, count in counts.items() if count > 1]
            raise GalleryError(
                f"{counted(len(twice), name)} {'appears' if len(twice) == 1 else 'appear'} more than once, such as {twice[0]}; build "
                "the dataset again with --overwrite"
            )
    return Finding(True, f"{counted(rows.num_rows, 'path')}, each once")


def _descriptors(reader: LanceReader, progress: bool) -> Finding:
    count = 0
    with tqdm(
        desc="descriptors", total=reader.count(), unit="picture", disable=not progress, leave=False
    ) as bar:
        for ids, stored in reader.blocks():
            wrong = not_of_length_1(stored)
            if wrong.any():
                raise GalleryError(
                    f"the descriptor of picture {ids[wrong][0]} is not of length 1; build the "
                    "dataset again with --overwrite"
                )
            count += len(ids)
            bar.update(len(ids))
    return Finding(
        True, f"{counted(count, 'descriptor')} of {reader.info.dim} values, all of length 1"
    )


def _local_features(reader: LanceReader, progress: bool) -> Finding:
    if not reader.kept.local_features:
        return Finding(None, "no local features: hits are not verified")
    columns = ["id", "local_features", "features_width_px", "features_height_px"]
    count = missing = 0
    with tqdm(
        desc="local features", total=reader.count(), unit="picture", disable=not progress,
        leave=False,
    ) as bar:  # fmt: skip
        for batch in reader.table.to_batches(columns=columns, batch_size=4096):
            for row in batch.to_pylist():
                features = features_of(row)
                if features is None:
                    missing += 1
                    continue
                sides = (features.width_px * UNITS_PER_PX, features.height_px * UNITS_PER_PX)
                if (features.positions > sides).any():
                    raise GalleryError(f"local features of picture {row['id']} lie outside it")
                count += 1
            bar.update(batch.num_rows)
    sentence = f"{counted(count, 'picture')} with local features"
    return Finding(not missing, f"{sentence}; {missing} without" if missing else sentence)


def _problems(reader: LanceReader, _: bool) -> Finding:
    count = sum(1 for _ in reader.problems())
    return Finding(None, f"photos that could not be read: {count}")


def _model(reader: LanceReader, _: bool) -> Finding:
    model, info = Path(reader.info.model_path), reader.info
    if not model.exists():
        return Finding(None, f"its model {info.model_file} is not at {model}")
    checkpoint = is_checkpoint(model)
    size = ImageSize(info.height_px, info.width_px) if checkpoint else None
    bound = identify(model, size, info.dim if checkpoint else None)
    check_model(reader.path, bound_model(info), bound)
    return Finding(True, f"its model is {model}")


def _index(reader: LanceReader, _: bool) -> Finding:
    known = state(reader.table)
    if known is None:
        return Finding(None, "no vector index: every picture is compared")
    held, lacking = known
    if lacking:
        return Finding(
            None,
            f"the vector index lacks {counted(lacking, 'picture')}, which are compared one by one; "
            "the command that built the dataset adds them",
        )
    return Finding(True, f"vector index of {counted(held, 'picture')}")


def size_of_dataset(address: str) -> int | None:
    """Return the bytes of a dataset's files; None in an object store, which lists them slowly."""
    if is_remote(address):
        return None
    return sum(file.stat().st_size for file in Path(address).rglob("*") if file.is_file())

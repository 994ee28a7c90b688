"""From a source to a dataset, on a Ray cluster.

Ray Data brings the listing to actors, each of which describes a batch and writes a Lance fragment.
The driver alone commits fragments, every few seconds: what is committed is in the dataset, once;
what is not is described again, by another actor or by the next run.
"""

import contextlib
import logging
import pickle
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from mobile_actnet.cluster.building.annotations import annotated
from mobile_actnet.cluster.building.beginning import begun, finished
from mobile_actnet.cluster.building.describing import ActorSetup, DescribePhotos
from mobile_actnet.cluster.building.listing import list_source
from mobile_actnet.cluster.building.ray_session import check_address, ray_session
from mobile_actnet.cluster.cluster_options import ClusterOptions, ClusterReport
from mobile_actnet.cluster.dataset_format import (
    DatasetSettings,
    lance_reason,
    open_table,
    problem_schema,
    problems_of,
    read_settings,
)
from mobile_actnet.cluster.extra import BUILDING, require
from mobile_actnet.cluster.places import check_dataset_name, is_remote
from mobile_actnet.cluster.vector_index import finish
from mobile_actnet.errors import ActnetError, ConfigError, GalleryError
from mobile_actnet.gallery.indexing.index_options import IndexOptions
from mobile_actnet.gallery.model import identify
from mobile_actnet.gallery.sqlite.kept import Kept
from mobile_actnet.gallery.sqlite.lock import only_writer
from mobile_actnet.gallery.sqlite.schema import GalleryInfo
from mobile_actnet.gallery.sqlite.writer import BrokenPhoto
from mobile_actnet.native.engine import require_engine
from mobile_actnet.network.config import is_checkpoint
from mobile_actnet.runtime import manifest as manifests
from mobile_actnet.runtime import packages
from mobile_actnet.runtime.silence import silence

if TYPE_CHECKING:
    import lance
    import pyarrow as pa

_MOST_PER_FRAGMENT, _LEAST_PER_FRAGMENT = 1024, 16
_BATCHES_PER_CORE = 8
_CORES_PER_ACTOR = 0.5
"""That an actor asks for: a node has room for the actors of one that died."""
_COMMIT_SHARE = 0.05


def build_dataset(
    source: str | Path, model: Path, output: str | Path,
    options: IndexOptions = IndexOptions(), cluster: ClusterOptions = ClusterOptions(),
) -> ClusterReport:  # fmt: skip
    """Describe the pictures of a source into a Lance dataset; a killed build goes on.

    Args:
        source: a folder, an address of an object store, or a .csv or .parquet list of addresses.
        model: artefact or checkpoint. output: path or address that ends in .lance.

    Raises:
        ActnetError: source, model or cluster cannot be used, the dataset was begun with other
            settings, or another process writes it.
    """
    require(BUILDING)
    check_address(cluster.address)
    address = check_dataset_name(output)
    files = _model_files(model)
    bound = identify(model, options.size, options.dim)
    if not is_checkpoint(model):
        packages.require(packages.format_of(model), packages.RUNNING)
    require_engine()
    listing = list_source(source, options.follow_links)
    photos, item_columns = annotated(listing, options.labels, options.items)
    info = GalleryInfo(
        **asdict(bound), storage=options.storage, thumbnail_side_px=options.thumbnail_side_px,
        photos_path=listing.root, model_path=str(model.absolute()), labels=str(options.labels or ""),
        uuid=str(uuid.uuid4()), revision=0, made_by=f"mobile-actnet {version('mobile-actnet')}",
    )  # fmt: skip
    contents = Kept(
        options.local_features is not False, options.page_side_px or 0, str(options.items or "")
    )
    settings = DatasetSettings(info, contents, item_columns)
    with _only_writer(address):
        place, table = begun(address, settings, options.overwrite)
        settings = read_settings(place, table)
        _retry_problems(place)
        waiting = _waiting(photos, table, place)
        _note_problems(place, listing.lost)
        with ray_session(cluster) as cores:
            started = time.perf_counter()
            writer = _Writer(place, table, cluster)
            if waiting.num_rows:
                setup = ActorSetup(place, settings, model.name)
                results = _described(waiting, setup, files, cluster, cores)
                with tqdm(
                    total=photos.num_rows, initial=photos.num_rows - waiting.num_rows, unit="photo",
                    disable=not options.progress, leave=False,
                ) as bar:  # fmt: skip
                    writer.take(results, bar)
            seconds = time.perf_counter() - started
            indexed = finish(place, cluster.vector_index_from, cores)
        _remove_uncommitted(place)
        finished(address, place)
    return ClusterReport(
        address, open_table(address).count_rows(), open_table(problems_of(address)).count_rows(),
        writer.described, seconds, cores, indexed, listing.left_out,
    )  # fmt: skip


class _Writer:
    """The one that commits: fragments of pictures, and problems before them."""

    def __init__(self, address: str, table: "lance.LanceDataset", cluster: ClusterOptions) -> None:
        self.described = 0
        self._address, self._cluster = address, cluster
        self._version = table.version
        self._taken: set[int] = set()
        self._fragments: list[Any] = []
        self._problems: list[BrokenPhoto] = []
        self._pictures = 0

    def take(self, results: "Iterator[pa.Table]", bar: "tqdm[Any]") -> None:
        """Commit what actors have written, every few seconds, and what there is after Ctrl-C."""
        every_s, last = self._cluster.commit_every_s, time.monotonic()
        try:
            for result in results:
                for row in result.to_pylist():
                    bar.update(self._add(row))
                if time.monotonic() - last >= every_s:
                    begun = time.monotonic()
                    self.commit()
                    last = time.monotonic()
                    # Committing takes longer as fragments grow in number.
                    every_s = max(self._cluster.commit_every_s, (last - begun) / _COMMIT_SHARE)
        except KeyboardInterrupt as stop:
            self.commit()
            sentence = f"{self.described} pictures are in the dataset; run the same command again to resume"
            raise KeyboardInterrupt(sentence) from stop
        self.commit()

    def _add(self, row: dict[str, Any]) -> int:
        if row["first_id"] in self._taken:
            return 0  # A batch that was done twice, as one on a node that died.
        self._taken.add(row["first_id"])
        problems = pickle.loads(row["problems"])
        self._fragments += pickle.loads(row["fragments"])
        self._problems += problems
        self._pictures += row["described"]
        return int(row["described"]) + len(problems)

    def commit(self) -> None:
        """Put what was described into the dataset.

        Raises:
            GalleryError: another process writes it too.
        """
        import lance

        _note_problems(self._address, self._problems)
        self._problems = []
        if not self._fragments:
            return
        try:
            table = lance.LanceDataset.commit(
                self._address, lance.LanceOperation.Append(self._fragments), self._version
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise ActnetError(
                f"{self._address} cannot be written: {lance_reason(error)}"
            ) from error
        if table.version != self._version + 1:
            raise GalleryError(
                f"{self._address} is being written by another process; stop one of them, and look "
                f"at it with actnet-index check {self._address}"
            )
        self._version = table.version
        self.described += self._pictures
        self._fragments, self._pictures = [], 0
        if self._cluster.on_commit is not None:
            self._cluster.on_commit(self.described)


def _described(
    waiting: "pa.Table", setup: ActorSetup, files: dict[str, bytes], cluster: ClusterOptions,
    cores: int,
) -> "Iterator[pa.Table]":  # fmt: skip
    """Yield what actors say of the batches, in the order in which they are finished."""
    import ray
    import ray.data

    actors = min(cluster.workers or cores, waiting.num_rows)
    size = cluster.photos_per_fragment or min(
        _MOST_PER_FRAGMENT,
        max(_LEAST_PER_FRAGMENT, waiting.num_rows // (actors * _BATCHES_PER_CORE)),
    )
    batches = [waiting.slice(at, size) for at in range(0, waiting.num_rows, size)]
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    try:
        dataset = ray.data.from_arrow(batches).map_batches(
            DescribePhotos, fn_constructor_args=(setup, ray.put(files)), batch_size=None,
            batch_format="pyarrow", compute=ray.data.ActorPoolStrategy(size=actors),
            num_cpus=_CORES_PER_ACTOR,
        )  # fmt: skip
        results = iter(dataset.iter_batches(batch_size=None, batch_format="pyarrow"))
        with silence():  # Ray warns of its own way to start actors.
            first = next(results)
        yield first
        yield from results
    except (ray.exceptions.RayError, RuntimeError, ValueError) as error:
        raise _sentence(error) from error


def _sentence(error: BaseException) -> ActnetError:
    """Return the error of an actor in the words that it was raised with."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or one in seen:
            continue
        if isinstance(one, ActnetError):
            return ActnetError(str(one).splitlines()[0])
        seen.append(one)
        waiting += [one.__context__, one.__cause__, getattr(one, "cause", None)]
    last = str(error).strip().splitlines() or [type(error).__name__]
    return ActnetError(f"the cluster stopped: {last[-1]}; run the same command again to resume")


def _waiting(photos: "pa.Table", table: "lance.LanceDataset", address: str) -> "pa.Table":
    """Return what is not in the dataset yet, with numbers.

    They are the places in the order of paths, as in an embedded gallery. Where the source has
    changed since a run that was killed, new pictures get numbers behind the known ones.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    known = table.to_table(columns=["id", "path"])
    broken = open_table(problems_of(address)).to_table(columns=["path"]).column("path")
    places = pc.index_in(known.column("path"), photos.column("path").combine_chunks())
    same = pc.all(pc.fill_null(pc.equal(known.column("id"), pc.add(places, 1)), False)).as_py()
    numbers = pa.array(range(1, photos.num_rows + 1), pa.int64())
    if known.num_rows and not same:
        numbers = pc.add(numbers, pc.max(known.column("id")))
    done = pa.chunked_array([*known.column("path").chunks, *broken.chunks], pa.string())
    return photos.add_column(0, "id", numbers).filter(
        pc.invert(pc.is_in(photos.column("path"), value_set=done.combine_chunks()))
    )


def _retry_problems(address: str) -> None:
    """Forget problems that were the disk's, the network's or the walk's, not the picture's."""
    open_table(problems_of(address)).delete("size_bytes IS NULL")


def _note_problems(address: str, problems: list[BrokenPhoto]) -> None:
    import lance
    import pyarrow as pa

    if problems:
        rows = pa.Table.from_pylist([asdict(each) for each in problems], problem_schema())
        lance.write_dataset(rows, problems_of(address), mode="append")


def _remove_uncommitted(address: str) -> None:
    """Remove the files of older versions, and what killed runs left.

    In an object store, where no lock says that nobody else writes, what is younger than a week stays.
    """
    for one in (address, problems_of(address)):
        open_table(one).cleanup_old_versions(
            older_than=timedelta(0), delete_unverified=not is_remote(address)
        )


def _only_writer(address: str) -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext() if is_remote(address) else only_writer(Path(address))


def _model_files(model: Path) -> dict[str, bytes]:
    """Return what actors need of a model: nodes need not see its folder."""
    if model.is_dir():
        raise ConfigError(
            f"{model} runs only on Apple's machines; give a .tflite, an .onnx or a checkpoint"
        )
    manifest = manifests.path_of(model)
    return {path.name: path.read_bytes() for path in (model, manifest) if path.is_file()}

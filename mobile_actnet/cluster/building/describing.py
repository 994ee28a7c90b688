"""What an actor of the cluster does with pictures: fetch them, describe them, write a fragment.

Decoding, resizing, descriptors and local features happen in a child process, which is the worker of
an embedded build: the same code, and a picture that takes its decoder down costs that picture alone.
"""

import pickle
import socket
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobile_actnet.cluster.dataset_format import DatasetSettings, bound_model, open_table
from mobile_actnet.cluster.fetching import fetch
from mobile_actnet.cluster.picture_rows import picture_table
from mobile_actnet.cluster.places import filesystem_of, inside, is_remote, store_errors, time_ns
from mobile_actnet.errors import ActnetError
from mobile_actnet.files import reason
from mobile_actnet.gallery.indexing.outcomes import one_by_one
from mobile_actnet.gallery.indexing.picture_work import Outcome, PictureWork, prepare
from mobile_actnet.gallery.indexing.workers import Worker, WorkerDiedError
from mobile_actnet.gallery.sqlite.writer import BrokenPhoto, DescribedPhoto
from mobile_actnet.pictures.photo_tree import FoundPhoto

if TYPE_CHECKING:
    import pyarrow as pa

_PHOTOS_PER_TASK = 16


@dataclass(frozen=True)
class ActorSetup:
    """What an actor needs to know.

    Attributes:
        dataset: address. settings: of the dataset; `photos_path` says where the pictures are.
        model_name: of the artefact; its files come through the cluster's object store.
    """

    dataset: str
    settings: DatasetSettings
    model_name: str


@dataclass(frozen=True)
class _Waiting:
    """A picture of the listing; size and time are None where nobody has looked yet."""

    path: str
    size_bytes: int | None
    mtime_ns: int | None


class DescribePhotos:
    """An actor: it holds the model once, and describes one batch of pictures after another."""

    def __init__(self, setup: ActorSetup, model_files: Any) -> None:
        """Plan an actor; it loads the model with its first batch.

        Args:
            model_files: reference to a dict of the model's files by name.
        """
        self._setup, self._model_files = setup, model_files
        self._root = setup.settings.info.photos_path
        self._folder = tempfile.TemporaryDirectory(prefix="actnet-")
        self._fetching = ThreadPoolExecutor(_PHOTOS_PER_TASK)
        self._started: tuple[Worker[list[FoundPhoto], list[Outcome]], PictureWork] | None = None

    def __call__(self, batch: "pa.Table") -> "pa.Table":
        """Describe a batch of the listing, and write a fragment that the driver is to commit.

        Returns:
            one row: `fragments` and `problems`, pickled; `first_id` of the batch; `described`.
        """
        import pyarrow as pa

        self._started = self._started or self._start()
        outcomes = list(self._outcomes(batch, *self._started))
        described = [each for each in outcomes if isinstance(each, DescribedPhoto)]
        broken = [each for each in outcomes if isinstance(each, BrokenPhoto)]
        return pa.table(
            {
                "fragments": [pickle.dumps(self._write(batch, described))],
                "problems": [pickle.dumps(broken)],
                "first_id": [batch.column("id")[0].as_py()],
                "described": [len(described)],
            }
        )

    def _start(self) -> "tuple[Worker[list[FoundPhoto], list[Outcome]], PictureWork]":
        import ray

        settings, node, own = self._setup.settings, socket.gethostname(), Path(self._folder.name)
        if not is_remote(self._root) and not Path(self._root).is_dir():
            raise ActnetError(
                f"the node {node} does not see {self._root}; put the pictures on a disk that all "
                "nodes share, or into an object store"
            )
        open_table(self._setup.dataset)  # A sentence where the disk is not shared.
        for name, content in ray.get(self._model_files).items():
            (own / name).write_bytes(content)
        photos = own / "photos" if is_remote(self._root) else Path(self._root)
        photos.mkdir(exist_ok=True)
        work = PictureWork(
            photos, own / self._setup.model_name, bound_model(settings.info),
            settings.info.storage, settings.info.thumbnail_side_px, settings.kept,
        )  # fmt: skip
        return Worker(prepare, work), work

    def _outcomes(
        self, batch: "pa.Table", worker: Worker[list[FoundPhoto], list[Outcome]], work: PictureWork
    ) -> Iterator[Outcome]:
        columns = (batch.column(name).to_pylist() for name in ("path", "size_bytes", "mtime_ns"))
        waiting = [_Waiting(*row) for row in zip(*columns, strict=True)]
        parts = [
            waiting[at : at + _PHOTOS_PER_TASK] for at in range(0, len(waiting), _PHOTOS_PER_TASK)
        ]
        # The next few pictures come over the network while these are described.
        coming = self._fetch(parts[0], work.photos)
        for number in range(len(parts)):
            here = [future.result() for future in coming]
            if number + 1 < len(parts):
                coming = self._fetch(parts[number + 1], work.photos)
            yield from (each for each in here if isinstance(each, BrokenPhoto))
            photos = [each for each in here if isinstance(each, FoundPhoto)]
            yield from _described(worker, work, photos)
            if is_remote(self._root):
                for photo in photos:
                    (work.photos / photo.path).unlink(missing_ok=True)

    def _fetch(
        self, waiting: list[_Waiting], folder: Path
    ) -> "list[Future[FoundPhoto | BrokenPhoto]]":
        look = self._bring if is_remote(self._root) else self._look
        return [self._fetching.submit(look, photo, folder) for photo in waiting]

    def _look(self, photo: _Waiting, folder: Path) -> FoundPhoto | BrokenPhoto:
        """Return a picture that lies on a disk of this node."""
        if photo.size_bytes is not None and photo.mtime_ns is not None:
            return FoundPhoto(photo.path, photo.size_bytes, photo.mtime_ns)
        try:
            status = (folder / photo.path).stat()
        except OSError as error:
            return BrokenPhoto(photo.path, f"cannot be read: {reason(error)}")
        return FoundPhoto(photo.path, status.st_size, status.st_mtime_ns)

    def _bring(self, photo: _Waiting, folder: Path) -> FoundPhoto | BrokenPhoto:
        """Copy a picture from an object store to a disk of this node."""
        try:
            mtime_ns = photo.mtime_ns
            if mtime_ns is None:
                system, path = filesystem_of(inside(self._root, photo.path))
                mtime_ns = time_ns(system.get_file_info(path).mtime)
            size_bytes = fetch(self._root, photo.path, folder / photo.path)
        except FileNotFoundError:
            return BrokenPhoto(photo.path, "does not exist")
        except store_errors() as error:
            # The network's fault, not the picture's: the next run tries again.
            return BrokenPhoto(photo.path, f"cannot be fetched: {error}")
        return FoundPhoto(photo.path, size_bytes, mtime_ns)

    def _write(self, batch: "pa.Table", described: list[DescribedPhoto]) -> list[Any]:
        from lance.fragment import write_fragments

        if not described:
            return []
        table = picture_table(batch, described, self._setup.settings)
        return list(write_fragments(table, self._setup.dataset, schema=table.schema))


def _described(
    worker: Worker[list[FoundPhoto], list[Outcome]], work: PictureWork, photos: list[FoundPhoto]
) -> Iterator[Outcome]:
    if not photos:
        return
    try:
        yield from worker.do(photos)
    except WorkerDiedError:
        yield from one_by_one(photos, work)

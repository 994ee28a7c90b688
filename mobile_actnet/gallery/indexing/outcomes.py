"""What becomes of photos in workers: a worker that dies costs the photo that it died of, no other."""

import contextlib
from collections.abc import Iterable, Iterator

from mobile_actnet.errors import ActnetError
from mobile_actnet.gallery.indexing.picture_work import Outcome, PictureWork, prepare
from mobile_actnet.gallery.indexing.workers import Worker, WorkerDiedError, in_order
from mobile_actnet.gallery.sqlite.writer import BrokenPhoto
from mobile_actnet.pictures.photo_tree import FoundPhoto

_PHOTO_LIMIT_S = 180.0


def outcomes_of(
    tasks: Iterable[list[FoundPhoto]], work: PictureWork, workers: int
) -> Iterator[Outcome]:
    """Describe photos in workers, in their order; one that ends its worker comes as a broken one.

    Args:
        workers: processes.

    Raises:
        ActnetError: the workers end by themselves.
    """
    several = [Worker[list[FoundPhoto], list[Outcome]](prepare, work) for _ in range(workers)]
    for task, outcomes in in_order(several, tasks):
        yield from outcomes if outcomes is not None else one_by_one(task, work)


def one_by_one(photos: list[FoundPhoto], work: PictureWork) -> Iterator[Outcome]:
    """Describe photos of which a worker has died, each alone: one of them may be the cause.

    Raises:
        ActnetError: the workers end by themselves.
    """
    lone = Worker[list[FoundPhoto], list[Outcome]](prepare, work, limit_s=_PHOTO_LIMIT_S)
    with contextlib.closing(lone) as worker:
        try:
            worker.do([])
        except WorkerDiedError as error:
            raise ActnetError(
                "the processes that describe photos stopped unexpectedly; is there enough "
                "memory? Try --workers 1"
            ) from error
        for photo in photos:
            try:
                yield from worker.do([photo])
            except WorkerDiedError:
                reason = (
                    "ends the process that decodes it (a broken file, too little memory, or "
                    f"more than {_PHOTO_LIMIT_S:.0f} s)"
                )
                yield BrokenPhoto(photo.path, reason, photo.size_bytes, photo.mtime_ns)

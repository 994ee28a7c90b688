"""What an update finds: by size and time first, by content where those differ."""

from pathlib import Path

import pytest

from mobile_actnet.errors import GalleryError
from mobile_actnet.gallery.sqlite.changes import (
    count_waiting,
    list_labels,
    list_photos,
    seen_paths,
    settle,
    waiting,
)
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.gallery.sqlite.writer import BrokenPhoto, GalleryWriter
from mobile_actnet.pictures.photo_tree import FoundPhoto, LostPath

# What the fixture's pictures p0.jpg to p4.jpg are: size 100 + n, time n, content "n".
UNCHANGED = [FoundPhoto(f"p{n}.jpg", 100 + n, n) for n in range(5)]


def never(path: str) -> str:
    raise AssertionError(f"{path} was read")


class Contents:
    """Hashes of photos by path; notes which were asked for."""

    def __init__(self, **seeds: int) -> None:
        self.seeds, self.read = seeds, []

    def __call__(self, path: str) -> str:
        import hashlib

        self.read.append(path)
        return hashlib.sha256(str(self.seeds[path.removesuffix(".jpg")]).encode()).hexdigest()


def paths(gallery: Path) -> list[str]:
    with GalleryReader(gallery) as reader:
        return [picture.path for picture in reader.all_pictures()]


def test_nothing_changed_nothing_written(make_gallery) -> None:
    gallery = make_gallery()
    before = gallery.read_bytes(), gallery.stat().st_mtime_ns
    with GalleryWriter(gallery) as writer:
        assert list_photos(writer, UNCHANGED) == 5
        changes = settle(writer, never)
        assert (changes.unchanged, count_waiting(writer)) == (5, 0)
        assert sorted(seen_paths(writer)) == [photo.path for photo in UNCHANGED]
    assert (gallery.read_bytes(), gallery.stat().st_mtime_ns) == before


def test_new_moved_renewed_changed_deleted(make_gallery) -> None:
    gallery = make_gallery()
    found = [
        FoundPhoto("p0.jpg", 100, 0),
        FoundPhoto("p1.jpg", 101, 999),  # touched
        FoundPhoto("p2.jpg", 102, 999),  # other content of the same size
        FoundPhoto("sub/q.jpg", 103, 3),  # p3 under another name
        FoundPhoto("new.jpg", 104, 50),  # as long as p4, which has gone
        FoundPhoto("new2.jpg", 5000, 50),
    ]
    contents = Contents(p1=1, p2=55, new=56, **{"sub/q": 3})
    with GalleryWriter(gallery) as writer:
        list_photos(writer, found)
        changes = settle(writer, contents)
        assert [photo.path for photo in waiting(writer)] == ["new.jpg", "new2.jpg", "p2.jpg"]
    counts = (changes.unchanged, changes.renewed, changes.moved, changes.deleted)
    assert counts == (1, 1, 1, 1)
    assert sorted(contents.read) == ["new.jpg", "p1.jpg", "p2.jpg", "sub/q.jpg"]
    assert paths(gallery) == ["p0.jpg", "p1.jpg", "p2.jpg", "sub/q.jpg"]
    with GalleryReader(gallery) as reader:
        assert reader.revision() == 2
        assert reader.pictures([4])[4].path == "sub/q.jpg"


def test_rehash_reads_everything(make_gallery) -> None:
    contents = Contents(p0=0, p1=1, p2=70, p3=3, p4=4)
    with GalleryWriter(make_gallery()) as writer:
        list_photos(writer, UNCHANGED)
        changes = settle(writer, contents, rehash=True)
        assert [photo.path for photo in waiting(writer)] == ["p2.jpg"]
    assert len(contents.read) == 5
    assert changes.unchanged == 4


@pytest.mark.parametrize("lost", ["sub", ""])
def test_pictures_below_a_lost_folder_stay(lost: str, make_gallery) -> None:
    gallery = make_gallery()
    moved = [FoundPhoto(f"sub/p{n}.jpg" if n > 2 else f"p{n}.jpg", 100 + n, n) for n in range(5)]
    with GalleryWriter(gallery) as writer:
        list_photos(writer, moved)
        settle(writer, Contents(**{"sub/p3": 3, "sub/p4": 4}))
    with GalleryWriter(gallery) as writer:
        list_photos(writer, [*moved[1:3], LostPath(lost, "Input/output error", True)])
        changes = settle(writer, never)
    assert changes.deleted == (0 if lost == "" else 1)
    assert {"sub/p3.jpg", "sub/p4.jpg"} <= set(paths(gallery))
    with GalleryReader(gallery) as reader:
        assert list(reader.problems()) == [(lost, "Input/output error")]


def test_a_broken_photo_is_tried_again_when_it_changes(make_gallery) -> None:
    gallery = make_gallery(0)
    with GalleryWriter(gallery) as writer:
        list_photos(writer, [])
        with writer.transaction():
            writer.note_problem(BrokenPhoto("cut.jpg", "is cut", 10, 1))
            writer.note_problem(BrokenPhoto("closed.jpg", "cannot be read: Permission denied"))
            writer.note_problem(BrokenPhoto("gone.jpg", "is cut", 10, 1))
    found = [FoundPhoto("cut.jpg", 10, 1), FoundPhoto("closed.jpg", 10, 1)]
    with GalleryWriter(gallery) as writer:
        list_photos(writer, found)
        settle(writer, never)
        assert [photo.path for photo in waiting(writer)] == ["closed.jpg"]
    with GalleryWriter(gallery) as writer:
        list_photos(writer, [FoundPhoto("cut.jpg", 10, 2)])
        settle(writer, never)
        assert count_waiting(writer) == 1
    with GalleryReader(gallery) as reader:
        assert list(reader.problems()) == [("cut.jpg", "is cut")]


def test_labels_change_without_describing(make_gallery) -> None:
    gallery = make_gallery()
    for labels, relabelled in (
        ([("p0.jpg", "tea"), ("p1.jpg", "milk"), ("none.jpg", "x")], 2),
        ([("p0.jpg", "tea"), ("p1.jpg", "oat milk")], 1),
        ([], 2),
    ):
        with GalleryWriter(gallery) as writer:
            list_photos(writer, UNCHANGED)
            assert list_labels(writer, labels) == max(0, len(labels) - 2)
            assert settle(writer, never).relabelled == relabelled
            assert count_waiting(writer) == 0
        with GalleryReader(gallery) as reader:
            held = {p.path: p.label for p in reader.all_pictures() if p.label}
        assert held == {path: label for path, label in labels if path != "none.jpg"}


def test_more_photos_than_a_page(make_gallery) -> None:
    found = [FoundPhoto(f"{n:05}.jpg", n, n) for n in range(1500)]
    with GalleryWriter(make_gallery(0)) as writer:
        list_photos(writer, found)
        settle(writer, never)
        assert list(waiting(writer)) == found


@pytest.mark.parametrize(
    ("pictures", "gone", "refused"),
    [
        (3, 1, False),
        (10, 9, False),
        (22, 20, False),
        (22, 21, True),
        (84, 21, False),
        (84, 22, True),
    ],
)
def test_more_than_twenty_and_more_than_a_quarter_are_not_deleted_unasked(
    pictures: int, gone: int, refused: bool, make_gallery
) -> None:
    """The rule that docs/gallery.md, docs/searching.md and the help of --prune tell."""
    gallery = make_gallery(pictures)
    left = [FoundPhoto(f"p{n}.jpg", 100 + n, n) for n in range(gone, pictures)]
    with GalleryWriter(gallery) as writer:
        list_photos(writer, left)
        if refused:
            message = f"{gone} of the {pictures} pictures .* Give --prune to actnet-index update"
            with pytest.raises(GalleryError, match=message):
                settle(writer, never, prune=False)
        else:
            assert settle(writer, never, prune=False).deleted == gone
    assert len(paths(gallery)) == (pictures if refused else pictures - gone)

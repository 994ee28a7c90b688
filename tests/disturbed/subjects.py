"""The commands that are disturbed: what lies there before, what they are called with, and what they leave.

Each writes into a folder of its own, `place`. A state of that folder is compared file by file; what a run keeps for
its resumption, and hidden folders, are left out.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobile_actnet.errors import ActnetError
from mobile_actnet.files import sha256_of
from mobile_actnet.gallery.check import examine_gallery
from mobile_actnet.gallery.sqlite.reader import GalleryReader
from mobile_actnet.runtime import manifest as manifests

State = dict[str, Any]

FOREIGN = "of a user.txt"


@dataclass(frozen=True)
class Subject:
    """A command under trial.

    Attributes:
        lay_out: puts into an empty folder what is there before, and returns the command's words.
        old: whether results of an earlier run lie there, which the command replaces.
        resumes: suffixes of what an interrupted run keeps, beside its results.
        grows: whether a gallery may hold a part of what it holds in the end.
        checks: are called with the folder after each disturbance.
        again: the words that go on, where those of the command would not.
    """

    name: str
    lay_out: Callable[[Path], list[str]]
    old: bool
    resumes: tuple[str, ...] = ()
    grows: bool = False
    checks: tuple[Callable[[Path], None], ...] = ()
    again: Callable[[Path], list[str] | None] = lambda _: None


def state(place: Path, subject: Subject) -> State:
    """Return what is in a folder, in a form that equals that of an undisturbed run.

    A folder cannot be replaced by one rename: killed between two, it lies hidden until a next command puts it back.
    """
    found: State = {}
    hidden = [
        path for path in place.glob(".actnet-*/.replaced-*/*") if not (place / path.name).exists()
    ]
    for path in sorted([*place.iterdir(), *hidden]):
        if path.name.startswith(".actnet-") or path.name.endswith(subject.resumes or ("\0",)):
            continue
        if path.suffix == ".sqlite":
            found[path.name] = contents_of(path)
        elif path.suffix == ".jsonl":
            entries = [json.loads(line) for line in path.read_text().splitlines()]
            found[path.name] = {entry["step"]: entry["loss"] for entry in entries}
        else:
            found[path.name] = sha256_of(path)
    return found


def contents_of(gallery: Path) -> dict[str, tuple[Any, ...]]:
    """All that a search sees, by path, and the settings."""
    with GalleryReader(gallery) as reader:
        settings = reader.rows("SELECT * FROM setting ORDER BY 1")
        rows = reader.rows(
            "SELECT path, size_bytes, sha256, label, scale, descriptor, features "
            "FROM picture LEFT JOIN local_features ON picture_id = id ORDER BY path"
        )
    return {"": tuple(settings)} | {row[0]: row for row in rows}


def pair_is_whole_or_refused(place: Path) -> None:
    """An artefact and a manifest of two runs must not pass for one."""
    for manifest in place.glob("model.*.json"):
        artefact = manifest.with_suffix("")
        if artefact.exists():
            try:
                told = manifests.load(artefact)
            except ActnetError:
                continue
            assert told.artefact.sha256 == sha256_of(artefact)


def gallery_is_sound(place: Path) -> None:
    for gallery in place.glob("*.sqlite"):
        findings = examine_gallery(gallery)
        # Without its photos' descriptors all there it is still sound; an update goes on with it.
        assert all(finding.ok is not False for finding in findings), findings


def exporting(kind: str, suffix: str, checkpoint: Path, old: Path | None) -> Subject:
    """`actnet export`, over an artefact of another checkpoint or over none."""

    def lay_out(place: Path) -> list[str]:
        if old is not None:
            for source in (old, manifests.path_of(old)):
                target = place / source.name
                shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        words = ["export", "--format", kind, "--checkpoint", str(checkpoint), "--image-size", "64"]
        words += ["--min-overlap", "0", "-o", str(place / f"model{suffix}")]
        return words + (["--overwrite"] if old is not None else [])

    return Subject(
        f"export of {kind}{' over an old one' if old else ''}", lay_out, old is not None,
        checks=(pair_is_whole_or_refused,),
    )  # fmt: skip


def dumping(gallery: Path, old: Path | None) -> Subject:
    """`actnet index export`, over the descriptors of another gallery or over nothing."""

    def lay_out(place: Path) -> list[str]:
        if old is not None:
            shutil.copytree(old, place, dirs_exist_ok=True)
        return ["index", "export", str(gallery), "-o", str(place)]

    return Subject(f"index export{' over an old one' if old else ''}", lay_out, old is not None)


def training(photos: Path, checkpoint: Path, old: bool) -> Subject:
    """`actnet train`, with a state that is kept every three steps."""

    def lay_out(place: Path) -> list[str]:
        output = place / "trained.safetensors"
        if old:
            shutil.copy(checkpoint, output)
        words = ["train", "--data", str(photos), "--checkpoint", str(checkpoint), "--steps", "24"]
        for setting in ("batch_size=4", "image_sizes=64", "teacher_sides_px=64", "autocast=fp32"):
            words += ["--set", setting]
        words += ["--workers", "0", "--device", "cpu", "-o", str(output)]
        return words + (["--overwrite"] if old else [])

    return Subject(
        f"train{' over an old one' if old else ''}", lay_out, old, resumes=(".state", ".jsonl")
    )


def calibrating(gallery: Path, old: Path | None) -> Subject:
    """`actnet index calibrate`, over thresholds of another gallery or over none."""

    def lay_out(place: Path) -> list[str]:
        # Its photos and its model are found from where it lies.
        shutil.copy(gallery, place / "g.sqlite")
        output = place / "thresholds.json"
        if old is not None:
            shutil.copy(old, output)
        words = ["index", "calibrate", str(place / "g.sqlite"), "-o", str(output)]
        return words + (["--overwrite"] if old is not None else [])

    return Subject(
        f"calibrate{' over an old one' if old else ''}", lay_out, old is not None,
        resumes=(".lock", "-journal"), checks=(gallery_is_sound,),
    )  # fmt: skip


def building(photos: Path, model: Path, old: Path | None) -> Subject:
    """`actnet index build`, over another gallery or over none."""

    def lay_out(place: Path) -> list[str]:
        if old is not None:
            shutil.copy(old, place / "g.sqlite")
        words = ["index", "build", str(photos), "--model", str(model), "--workers", "1"]
        words += ["-o", str(place / "g.sqlite")]
        return words + (["--overwrite"] if old is not None else [])

    def again(place: Path) -> list[str] | None:
        gallery = place / "g.sqlite"
        return update_words(gallery) if old is None and gallery.exists() else None

    return Subject(
        f"index build{' over an old one' if old else ''}", lay_out, old is not None,
        resumes=(".lock", "-journal", ".new"), grows=old is None, checks=(gallery_is_sound,),
        again=again,
    )  # fmt: skip


def updating(gallery: Path) -> Subject:
    """`actnet index update` of a gallery that lacks half of the photos."""

    def lay_out(place: Path) -> list[str]:
        shutil.copy(gallery, place / "g.sqlite")
        return update_words(place / "g.sqlite")

    return Subject(
        "index update", lay_out, True, resumes=(".lock", "-journal"), grows=True,
        checks=(gallery_is_sound,),
    )  # fmt: skip


def update_words(gallery: Path) -> list[str]:
    return ["index", "update", str(gallery), "--workers", "1"]

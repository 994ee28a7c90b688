"""Put models, each with its manifest, a gallery and thresholds, where the app takes them from.

    .venv/bin/python app_tools/assets.py --photos shop/
    .venv/bin/python app_tools/assets.py --photos shop/ --model models/mine.tflite other.tflite -o DIR
    .venv/bin/python app_tools/assets.py --photos shop/ --items items.csv --labels folder
    .venv/bin/python app_tools/assets.py --photos shop/ --format coreml -o ios_demo/App/actnet

What both apps show comes from the same arguments. Without --model the shipped weights are exported. Each model has a folder of its own.
"""

import argparse
import functools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mobile_actnet.errors import ActnetError
from mobile_actnet.files import sha256_of
from mobile_actnet.gallery.answers.answer_threshold import calibrate
from mobile_actnet.pictures.labels import FOLDER
from mobile_actnet.runtime.manifest import load, path_of
from mobile_actnet.runtime.vocabulary import Format, Precision

REPOSITORY = Path(__file__).resolve().parent.parent
ANDROID_DEMO = REPOSITORY / "android_demo"
ASSETS = ANDROID_DEMO / "app/src/main/assets/actnet"
EXPORTS = ANDROID_DEMO / "build/artefacts"
GALLERY, THRESHOLDS, MODELS = "gallery.sqlite", "thresholds.json", "models.json"
GALLERY_HASH = "gallery.sha256"
CODES = "local_codes.safetensors"
ENDINGS = {Format.TFLITE: ".tflite", Format.COREML: ".mlpackage"}

_MODELS_SCHEMA = 1
_CODES = REPOSITORY / "mobile_actnet/weights" / CODES

PAGE_PICTURE_PX = 1024
"""Longest side of the pictures of items' pages: a phone's screen is about as wide."""

# What Android's packager leaves out of an app without a word, and what is no name of a folder there.
_NO_FOLDER_NAME = re.compile(r"[._].*|.*~|.*[\\:*?\"<>|].*|CVS", re.DOTALL)


@functools.cache
def shipped_artefact(
    precision: Precision = Precision.FP16, artefact_format: Format = Format.TFLITE
) -> Path:
    """Export the shipped weights, once in a process; return the artefact.

    One of an earlier run is not taken: neither weights nor version tell whether the exporter has
    changed since, and exporting takes half a minute.
    """
    artefact = EXPORTS / f"mobile_actnet_224x224_{precision}{ENDINGS[artefact_format]}"
    command("actnet-export", "--format", artefact_format, "--precision", precision,
            "--overwrite", "-o", artefact)  # fmt: skip
    return artefact


@dataclass(frozen=True)
class Catalogue:
    """What a gallery is made of.

    Attributes:
        photos: a folder of pictures.
        labels: of `actnet-index build`: a CSV, or `folder`; None for none.
        items: of `actnet-index build`: a CSV with title, text, link and more; None for none. An item's page
            then has a picture of its own.
    """

    photos: Path
    labels: str | None = None
    items: Path | None = None

    def words(self) -> list[str]:
        """Return the options of `actnet-index build`."""
        words = []
        if self.labels is not None:
            words += [
                "--labels",
                self.labels if self.labels == FOLDER else str(Path(self.labels).resolve()),
            ]
        if self.items is not None:
            words += ["--items", str(self.items.resolve()), "--pictures", str(PAGE_PICTURE_PX)]
        return words


def make_models(folder: Path, artefacts: list[Path], catalogue: Catalogue) -> None:
    """Replace `folder` by a folder for each artefact, called as it is, and the list of them.

    What was there stays until the new is whole. All manifests are read before any photo.

    Args:
        artefacts: the first is what the app begins with.

    Raises:
        ActnetError: a manifest does not belong to its artefact, two are called the same, or all
            photos show one thing.
        subprocess.CalledProcessError: the photos cannot be indexed.
    """
    names = [artefact.stem for artefact in artefacts]
    _check_names(names)
    for artefact in artefacts:
        load(artefact)
    with _replacing(folder) as new:
        for name, artefact in zip(names, artefacts, strict=True):
            _write_model(new / name, artefact, catalogue)
            _remove_companions(new / name)
            # Tells the app that an update has brought another gallery.
            (new / name / GALLERY_HASH).write_text(sha256_of(new / name / GALLERY) + "\n")
        shutil.copy(_CODES, new / CODES)
        listed = {"schema": _MODELS_SCHEMA, "models": names}
        (new / MODELS).write_text(json.dumps(listed, indent=1) + "\n")


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    # Beside the old, which galleries' relative paths need; a name that the app's packager leaves out.
    new = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)


def _write_model(folder: Path, artefact: Path, catalogue: Catalogue) -> None:
    folder.mkdir(exist_ok=True)
    command("actnet-index", "build", catalogue.photos.resolve(), "--model", artefact.resolve(),
            "-o", (folder / GALLERY).resolve(), *catalogue.words())  # fmt: skip
    thresholds = calibrate(folder / GALLERY, artefact)
    (folder / THRESHOLDS).write_text(json.dumps(thresholds, indent=1) + "\n")
    if artefact.is_dir():
        shutil.copytree(artefact, folder / artefact.name)
    else:
        shutil.copy(artefact, folder)
    shutil.copy(path_of(artefact), folder)


def _remove_companions(folder: Path) -> None:
    for left in folder.glob(f"{GALLERY}.*"):
        left.unlink()  # The lock, and what only desktops use.


def _check_names(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ActnetError(
                f"{names.count(name)} models are called {name}; rename all but one, each with its manifest"
            )
        if _NO_FOLDER_NAME.fullmatch(name):
            raise ActnetError(
                f"the app makes a folder named like the model, and {name} is not allowed; rename "
                "the model and its manifest: no . or _ at the beginning, no ~ at the end, none of "
                '\\ : * ? " < > |'
            )


def command(name: str, *words: object) -> None:
    """Run one of the project's commands; its own messages say what fails.

    What it would do next is left out: that names files which are moved afterwards.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    program = Path(sys.executable).with_name(name)
    arguments = [str(program), *(str(word) for word in words)]
    with subprocess.Popen(arguments, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if not line.startswith("next: "):
                print(line, end="", flush=True)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments)


def _check_format(artefacts: list[Path], wanted: Format) -> None:
    ending = ENDINGS[wanted]
    for artefact in artefacts:
        if artefact.suffix != ending:
            raise ActnetError(
                f"the app runs {ending} artefacts, and {artefact.name} is not one; "
                f"export one with actnet-export --format {wanted}"
            )


def main() -> int:
    """Make the assets; the last line says where they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, help="folder of the gallery's photos")
    parser.add_argument("--model", type=Path, nargs="+", metavar="ARTEFACT",
                        help="artefacts beside their manifests; the app begins with the first")  # fmt: skip
    parser.add_argument("--format", type=Format, choices=list(ENDINGS), default=Format.TFLITE,
                        help="format of the app's model: tflite for Android, coreml for iOS")  # fmt: skip
    parser.add_argument(
        "--labels", help="a CSV with path,label, or the word folder for the folders' names"
    )
    parser.add_argument("--items", type=Path, metavar="CSV",
                        help="names and texts of things: path or item, title, maker, text, link")  # fmt: skip
    parser.add_argument("-o", type=Path, default=ASSETS, dest="folder")
    options = parser.parse_args()
    try:
        if not options.photos.is_dir():  # Looked at before a model is made for them.
            raise ActnetError(f"{options.photos} is not a folder; give a folder of pictures")
        catalogue = Catalogue(options.photos, options.labels, options.items)
        artefacts = options.model or [shipped_artefact(artefact_format=options.format)]
        _check_format(artefacts, options.format)
        make_models(options.folder, artefacts, catalogue)
    except subprocess.CalledProcessError as error:
        return int(error.returncode)
    except (ActnetError, OSError) as error:
        print(f"assets: {error}", file=sys.stderr)
        return 1
    print(f"{options.folder} has {', '.join(sorted(p.name for p in options.folder.iterdir()))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

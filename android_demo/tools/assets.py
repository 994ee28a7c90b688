"""Put an artefact, its manifest and a gallery where the app takes them from.

    .venv/bin/python android_demo/tools/assets.py --photos shop/
    .venv/bin/python android_demo/tools/assets.py --photos shop/ --model models/mine.tflite -o DIR
    .venv/bin/python android_demo/tools/assets.py --photos shop/ --format coreml -o ios_demo/App/actnet

Without --model the shipped weights are exported, unless that has been done (`make export`).
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

from toolchain import ANDROID_DEMO

from mobile_actnet.checkpoint import DEFAULT_CHECKPOINT
from mobile_actnet.errors import ActnetError
from mobile_actnet.export.answer_threshold import calibrate
from mobile_actnet.export.formats import Format, Precision
from mobile_actnet.export.manifest import load, path_of, sha256
from mobile_actnet.labels import FOLDER

REPOSITORY = ANDROID_DEMO.parent
ASSETS = ANDROID_DEMO / "app/src/main/assets/actnet"
GALLERY, THRESHOLDS = "gallery.sqlite", "thresholds.json"
ENDINGS = {Format.TFLITE: ".tflite", Format.COREML: ".mlpackage"}


def shipped_artefact(
    precision: Precision = Precision.FP16, artefact_format: Format = Format.TFLITE
) -> Path:
    """Return the shipped weights as an artefact, exported if they have not been."""
    ending = ENDINGS[artefact_format]
    artefact = REPOSITORY / f"artefacts/mobile_actnet_224x224_{precision}{ending}"
    if not _is_of_shipped_weights(artefact):
        command("actnet-export", "--format", artefact_format, "--precision", precision,
                "--overwrite", "-o", artefact)  # fmt: skip
    return artefact


def make_assets(
    folder: Path, artefact: Path, photos: Path, labels: str | None = None, calibrated: bool = True
) -> Path:
    """Replace `folder` by artefact, manifest, a gallery of `photos` and its thresholds.

    What was there stays until the new is whole.

    Args:
        labels: of `actnet-index build`: a CSV, or `folder`; None for none.
        calibrated: whether thresholds are made, which describes hundreds of made-up photos.

    Returns:
        the gallery.

    Raises:
        ActnetError: the manifest does not belong to the artefact, or all photos show one thing.
        subprocess.CalledProcessError: the photos cannot be indexed.
    """
    load(artefact)
    new = folder.with_name(folder.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    command("actnet-index", "build", photos.resolve(), "--model", artefact.resolve(),
            "-o", (new / GALLERY).resolve(), *_label_words(labels))  # fmt: skip
    if calibrated:
        thresholds = calibrate(new / GALLERY, artefact)
        (new / THRESHOLDS).write_text(json.dumps(thresholds, indent=1) + "\n")
    for left in new.glob(f"{GALLERY}.*"):
        left.unlink()  # The lock, and what only desktops use.
    if artefact.is_dir():
        shutil.copytree(artefact, new / artefact.name)
    else:
        shutil.copy(artefact, new)
    shutil.copy(path_of(artefact), new)
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)
    return folder / GALLERY


def command(name: str, *words: object) -> None:
    """Run one of the project's commands; its own messages tell what fails.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    program = Path(sys.executable).with_name(name)
    subprocess.run([str(program), *(str(word) for word in words)], check=True, cwd=REPOSITORY)


def _label_words(labels: str | None) -> list[str]:
    if labels is None:
        return []
    return ["--labels", labels if labels == FOLDER else str(Path(labels).resolve())]


def _is_of_shipped_weights(artefact: Path) -> bool:
    if not (artefact.exists() and path_of(artefact).exists()):
        return False
    checkpoint = json.loads(path_of(artefact).read_text())["checkpoint"]
    return bool(checkpoint["sha256"] == sha256(DEFAULT_CHECKPOINT))


def main() -> int:
    """Make the assets; the last line says where they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, help="folder for the gallery")
    parser.add_argument("--model", type=Path, help="an artefact with its manifest")
    parser.add_argument("--format", type=Format, choices=list(ENDINGS), default=Format.TFLITE,
                        help="of the app's model: tflite for Android, coreml for iOS")  # fmt: skip
    parser.add_argument("--labels", help="a CSV with path,label, or folder: the folders' names")
    parser.add_argument("-o", type=Path, default=ASSETS, dest="folder")
    options = parser.parse_args()
    try:
        artefact = options.model or shipped_artefact(artefact_format=options.format)
        if artefact.suffix != ENDINGS[options.format]:
            raise ActnetError(
                f"the app runs {ENDINGS[options.format]} artefacts, {artefact.name} is none; "
                f"export one with actnet-export --format {options.format}"
            )
        calibrated = options.format is Format.TFLITE  # The app for iOS asks for no thresholds yet.
        make_assets(options.folder, artefact, options.photos, options.labels, calibrated)
    except subprocess.CalledProcessError as error:
        return int(error.returncode)
    except (ActnetError, OSError) as error:
        print(f"assets: {error}", file=sys.stderr)
        return 1
    print(f"{options.folder} has {', '.join(sorted(p.name for p in options.folder.iterdir()))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

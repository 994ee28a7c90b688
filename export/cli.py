"""`actnet-export`: from weights to a checked phone model.

actnet-export --format tflite
actnet-export --format onnx --format coreml --precision fp32 --verify photos/ -o models/
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from mobile_actnet.checkpoint import DEFAULT_CHECKPOINT
from mobile_actnet.commands import run
from mobile_actnet.errors import ConfigError
from mobile_actnet.export.deployable import ImageSize, Layout
from mobile_actnet.export.formats import CoremlInput, Format, Precision
from mobile_actnet.export.manifest import path_of
from mobile_actnet.export.pipeline import (
    DEFAULT_OUTPUT,
    ExportRequest,
    ExportResult,
    export_artefacts,
)


def main(argv: list[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    return run(lambda: _export(arguments))


def parse_image_size(text: str) -> ImageSize:
    """Read "224" or "384x512" (height x width).

    Raises:
        argparse.ArgumentTypeError: anything else, or a side that is not allowed.
    """
    match = re.fullmatch(r"(\d+)(?:x(\d+))?", text)
    if not match:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no image size; give one side or HEIGHTxWIDTH, such as 224 or 384x512"
        )
    height = int(match[1])
    try:
        return ImageSize(height, int(match[2] or height))
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="actnet-export",
        description="Export Mobile-ACTNET to a phone model, checked against PyTorch.",
    )
    add = parser.add_argument
    add("--format", action="append", required=True, choices=[f.value for f in Format],
        help="file format; may repeat")  # fmt: skip
    add("--precision", choices=[p.value for p in Precision],
        help="default: fp16 for tflite and coreml, fp32 for onnx")  # fmt: skip
    add("--checkpoint", type=Path, default=DEFAULT_CHECKPOINT, metavar="FILE",
        help="weights to export (default: those shipped with the package)")  # fmt: skip
    add("--image-size", type=parse_image_size, default=ImageSize(), metavar="N|HxW",
        help="multiples of 32 from 64 to 1024 (default: 224)")  # fmt: skip
    add("--dim", type=int, help="length of the descriptor (default: the checkpoint's, 256)")
    add("--layout", choices=[x.value for x in Layout], help="order of an ONNX input's axes")
    add("--dynamic-batch", action="store_true", help="ONNX: any number of pictures in a run")
    add("--coreml-input", choices=[x.value for x in CoremlInput], default=CoremlInput.IMAGE.value,
        help="Core ML: a pixel buffer or a float tensor (default: image)")  # fmt: skip
    add("--verify", type=Path, metavar="DIR",
        help="photos to compare artefact and PyTorch on (default: generated pictures)")  # fmt: skip
    add("-o", "--output", type=Path, default=DEFAULT_OUTPUT, metavar="PATH",
        help="folder, or the artefact's name if there is one (default: artefacts/)")  # fmt: skip
    add("--overwrite", action="store_true", help="replace artefacts that exist")
    add("--json", action="store_true", help="end with one line of JSON")
    return parser


def _export(arguments: argparse.Namespace) -> int:
    request = ExportRequest(
        formats=tuple(Format(word) for word in arguments.format),
        precision=Precision(arguments.precision) if arguments.precision else None,
        checkpoint=arguments.checkpoint,
        size=arguments.image_size,
        dim=arguments.dim,
        layout=Layout(arguments.layout) if arguments.layout else None,
        dynamic_batch=arguments.dynamic_batch,
        coreml_input=CoremlInput(arguments.coreml_input),
        verify=arguments.verify,
        output=arguments.output,
        overwrite=arguments.overwrite,
    )
    results = export_artefacts(request, _say, progress=sys.stderr.isatty())
    print(f"next: actnet-doctor --model {results[0].path}")
    if arguments.json:
        print(json.dumps({"artefacts": [_summary(result) for result in results]}))
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def _summary(result: ExportResult) -> dict[str, Any]:
    manifest = result.manifest
    return {
        "path": str(result.path),
        "manifest": str(path_of(result.path)),
        "format": manifest["format"],
        "precision": manifest["precision"],
        "size_bytes": manifest["artefact"]["size_bytes"],
        "sha256": manifest["artefact"]["sha256"],
        "parity": manifest["parity"],
        "operators": manifest["operators"],
    }


if __name__ == "__main__":
    raise SystemExit(main())

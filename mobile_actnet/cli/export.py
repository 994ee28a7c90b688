"""`actnet-export`: from weights to a checked phone model.

actnet-export --format tflite
actnet-export --format onnx --format coreml --precision int8 --verify photos/ -o models/
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobile_actnet.cli.arguments import Parser
from mobile_actnet.commands import command_line, run
from mobile_actnet.errors import ConfigError
from mobile_actnet.export.checks.thresholds import ThresholdOverrides
from mobile_actnet.export.export_request import DEFAULT_OUTPUT, ExportRequest
from mobile_actnet.export.quantization.config import (
    DEFAULT_IMAGES,
    ROUNDED,
    STATIC,
    CalibrationMethod,
)
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.runtime.packages import CONVERTING, require
from mobile_actnet.runtime.vocabulary import (
    CoremlInput,
    Format,
    ImageSize,
    Layout,
    Lowering,
    Precision,
    parse_image_size,
)

if TYPE_CHECKING:
    from mobile_actnet.export.pipeline import ExportResult

_THRESHOLDS = {
    "min-cosine": "least mean cosine with PyTorch",
    "min-worst-cosine": "least cosine of the worst picture",
    "min-overlap": "least share of common pictures among the nearest ten",
    "max-map-loss": "most points of mAP lost on labelled photos",
}
_WITHOUT_RANGES = ROUNDED - STATIC


def main(argv: list[str] | None = None, prog: str = "actnet-export") -> int:
    arguments = _parser(prog).parse_args(argv)
    return run(lambda: _export(arguments))


class _Once(argparse.Action):
    """Refuse a second value, which argparse would take in place of the first without a word."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any,
        option_string: str | None = None,
    ) -> None:  # fmt: skip
        if getattr(namespace, self.dest) is not None:
            raise argparse.ArgumentError(self, "given twice; give it once")
        setattr(namespace, self.dest, values)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(
        prog=prog,
        examples=__doc__,
        description="Export Mobile-ACTNET to a phone model, checked against PyTorch.",
    )
    add = parser.add_argument
    add("--format", action="append", required=True, choices=[f.value for f in Format],
        help="file format; may repeat")  # fmt: skip
    add("--precision", action=_Once, choices=[p.value for p in Precision],
        help="default: fp16 for tflite and coreml, fp32 for onnx")  # fmt: skip
    add("--checkpoint", type=Path, default=DEFAULT_CHECKPOINT, metavar="FILE",
        help="weights to export (default: those shipped with the package)")  # fmt: skip
    add("--image-size", type=parse_image_size, default=ImageSize(), metavar="N|HxW",
        help="multiples of 32 from 64 to 1024 (default: 224)")  # fmt: skip
    add("--dim", type=int, help="length of the descriptor (default: the checkpoint's, 384)")
    add("--layout", choices=[x.value for x in Layout], help="order of an ONNX input's axes")
    add(
        "--dynamic-batch",
        action="store_true",
        help="ONNX: describe any number of pictures in one run",
    )
    add("--coreml-input", choices=[x.value for x in CoremlInput], default=CoremlInput.IMAGE.value,
        help="Core ML: a pixel buffer or a float tensor (default: image)")  # fmt: skip
    add("--verify", type=Path, metavar="DIR",
        help="photos to compare artefact and PyTorch on (default: generated pictures)")  # fmt: skip
    add("--calibration", type=Path, metavar="DIR",
        help="photos to measure activation ranges on, for the precisions of 8 bits and less; of a "
        "manifest.csv those with the role train (default: the ranges stored beside the checkpoint)")  # fmt: skip
    add("--calibration-images", type=int, metavar="N",
        help=f"number of these photos to use, a seeded choice (default: {DEFAULT_IMAGES})")  # fmt: skip
    add("--calibration-method", choices=[m.value for m in CalibrationMethod],
        help="how activation ranges are chosen (default: mse)")  # fmt: skip
    add("--lowering", choices=["auto", *(x.value for x in Lowering)], default="auto",
        help="how the Weibull is written (default: auto, what the format runs best)")  # fmt: skip
    add("--max-drop", type=_not_negative, metavar="POINTS",
        help="keep the most sensitive layers in float until no more mAP than this is lost on the "
        "labelled photos of --verify")  # fmt: skip
    for name, what in _THRESHOLDS.items():
        add(f"--{name}", type=_not_negative, metavar="X",
            help=f"{what} (default: the precision's)")  # fmt: skip
    add("-o", "--output", type=Path, default=DEFAULT_OUTPUT, metavar="PATH",
        help="folder, or the artefact's name if there is one (default: artefacts/)")  # fmt: skip
    add("--overwrite", action="store_true", help="replace artefacts that exist")
    add("--json", action="store_true", help="end with one line of JSON")
    return parser


def _not_negative(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed; give a number of 0 or more")
    return number


def _check_calibration(arguments: argparse.Namespace) -> None:
    """Refuse to leave unused what is said of photos, or of ranges that are not measured."""
    if arguments.calibration is not None:
        if arguments.calibration_method and arguments.precision in _WITHOUT_RANGES:
            raise ConfigError(
                f"--calibration-method would go unused: {arguments.precision} has no activations "
                f"in 8 bits; {' and '.join(sorted(STATIC))} have"
            )
        return
    for name in ("calibration_images", "calibration_method"):
        if getattr(arguments, name) is not None:
            raise ConfigError(
                f"--{name.replace('_', '-')} would go unused; give photos with --calibration DIR"
            )


def _export(arguments: argparse.Namespace) -> int:
    for word in arguments.format:
        require(Format(word), CONVERTING)
    from mobile_actnet.export.pipeline import export_artefacts

    _check_calibration(arguments)
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
        calibration=arguments.calibration,
        calibration_images=(
            DEFAULT_IMAGES if arguments.calibration_images is None else arguments.calibration_images
        ),
        calibration_method=CalibrationMethod(
            arguments.calibration_method or CalibrationMethod.MSE.value
        ),
        lowering=None if arguments.lowering == "auto" else Lowering(arguments.lowering),
        thresholds=ThresholdOverrides(
            arguments.min_cosine,
            arguments.min_worst_cosine,
            arguments.min_overlap,
            arguments.max_map_loss,
        ),
        max_drop=arguments.max_drop,
    )
    results = export_artefacts(request, _say, progress=sys.stderr.isatty())
    print("next:", command_line("actnet-doctor", "--model", results[0].path))
    if arguments.json:
        print(json.dumps({"artefacts": [_summary(result) for result in results]}))
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def _summary(result: "ExportResult") -> dict[str, Any]:
    from mobile_actnet.runtime.manifest import path_of

    manifest = result.manifest
    return {
        "path": str(result.path),
        "manifest": str(path_of(result.path)),
        "format": manifest.format,
        "precision": manifest.precision,
        "size_bytes": manifest.artefact.size_bytes,
        "sha256": manifest.artefact.sha256,
        "parity": manifest["parity"],
        "operators": manifest["operators"],
    }


if __name__ == "__main__":
    raise SystemExit(main())

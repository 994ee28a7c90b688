"""`actnet quantize ranges`, for maintainers: record activation ranges, so that int8 needs no photos.

actnet quantize ranges clothing/ grocery/ pictures/
make ranges PHOTOS="clothing grocery pictures"

To be run again whenever the weights change: ranges are bound to the checkpoint's hash, and those
of other weights are not used. The new record holds no tuned kernels; `actnet quantize`
makes one that does.
"""

import argparse
import sys
from pathlib import Path

from mobile_actnet.cli.arguments import Parser
from mobile_actnet.commands import run
from mobile_actnet.export.quantization.config import DEFAULT_IMAGES, CalibrationMethod
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.runtime.vocabulary import ImageSize, Layout


def main(argv: list[str] | None = None, prog: str = "actnet quantize ranges") -> int:
    parser = Parser(prog=prog, examples=__doc__, description="Record activation ranges.")
    parser.add_argument(
        "folders",
        type=Path,
        nargs="+",
        help="folders of photos; of a manifest.csv only the role train",
    )
    parser.add_argument(
        "--images", type=int, default=DEFAULT_IMAGES, help="photos to use, of all folders together"
    )
    parser.add_argument("--checkpoint", type=Path, default=DEFAULT_CHECKPOINT)
    parser.add_argument(
        "--method",
        choices=[m.value for m in CalibrationMethod],
        default=CalibrationMethod.MSE.value,
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE",
                        help="file to write (default: the one beside the shipped weights)")  # fmt: skip
    arguments = parser.parse_args(argv)
    return run(lambda: _record(arguments))


def _record(arguments: argparse.Namespace) -> int:
    from mobile_actnet.export.graph.deployable import DeployableActnet
    from mobile_actnet.export.quantization.calibration import (
        load_calibration_images,
        measure_ranges,
    )
    from mobile_actnet.export.quantization.int8_file import RECORDED, save_recorded
    from mobile_actnet.files import sha256_of
    from mobile_actnet.network.checkpoint import load_checkpoint

    output = arguments.output or RECORDED
    network, _ = load_checkpoint(arguments.checkpoint)
    images = load_calibration_images(
        arguments.folders, ImageSize(), arguments.images, sys.stderr.isatty()
    )
    deployable = DeployableActnet(network, network.config.descriptor_dim, Layout.NHWC)
    ranges = measure_ranges(deployable, images, CalibrationMethod(arguments.method))
    save_recorded(ranges, output, sha256_of(arguments.checkpoint))
    print(f"recorded {len(ranges.ranges)} ranges from {ranges.images} photos in {output}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

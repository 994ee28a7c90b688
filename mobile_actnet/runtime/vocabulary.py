"""The words of an artefact: formats, precisions, sizes and layouts, as commands and manifests write them.

Nothing heavy is imported here: every command shows these words in its help.
"""

import argparse
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mobile_actnet.errors import ConfigError
from mobile_actnet.network.config import check_image_size

INPUT_NAME = "image"


OUTPUT_NAME = "descriptor"


class Format(StrEnum):
    """File formats of an artefact."""

    TFLITE = "tflite"
    ONNX = "onnx"
    COREML = "coreml"


class Precision(StrEnum):
    """Numbers that an artefact stores and computes with; the same in every format.

    int8-weights: kernels in 8 bits, arithmetic in float. int8: kernels and activations in 8 bits
    by ranges known beforehand; the activation layers and the norm stay in float. mixed: the
    backbone as in int8, the whole head in float. palettised: kernels as places in a table of 256
    or 64 values, arithmetic in float.
    """

    FP32 = "fp32"
    FP16 = "fp16"
    INT8_WEIGHTS = "int8-weights"
    INT8 = "int8"
    MIXED = "mixed"
    PALETTISED_8 = "palettised-8"
    PALETTISED_6 = "palettised-6"


class CoremlInput(StrEnum):
    """What a Core ML artefact takes: a CVPixelBuffer or a float tensor (1, 3, H, W), 0 to 255."""

    IMAGE = "image"
    TENSOR = "tensor"


class Layout(StrEnum):
    """Order of the input's axes."""

    NHWC = "nhwc"
    NCHW = "nchw"


@dataclass(frozen=True)
class ImageSize:
    """Size of the model's input, in pixels; multiples of 32 from 64 to 1024.

    Raises:
        ConfigError: a side that is not allowed.
    """

    height: int = 224
    width: int = 224

    def __post_init__(self) -> None:
        check_image_size(self.height, self.width)

    def __str__(self) -> str:
        return f"{self.height}x{self.width}"


class Lowering(StrEnum):
    """How the Weibull is written: with x as a factor, with a mask that is 0 at 0, or with neither.

    All are the same function. Which is faster depends on the runtime; see
    docs/decisions/0011-the-weibull-at-int8.md.
    """

    LOG_EXP = "log-exp"
    LOG_EXP_MASK = "log-exp-mask"
    LOG_EXP_BARE = "log-exp-bare"


def parse_image_size(text: str) -> ImageSize:
    """Read "224" or "384x512" (height x width).

    Raises:
        argparse.ArgumentTypeError: anything else, or a side that is not allowed.
    """
    match = re.fullmatch(r"(\d+)(?:x(\d+))?", text)
    if not match:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an image size; give one side or HEIGHTxWIDTH, such as 224 or 384x512"
        )
    height = int(match[1])
    try:
        return ImageSize(height, int(match[2] or height))
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def parse_path(text: str) -> Path:
    """Read a path; an empty one would be the current folder.

    Raises:
        argparse.ArgumentTypeError: it is empty.
    """
    if not text:
        raise argparse.ArgumentTypeError("it is empty; is a variable of the shell unset?")
    return Path(text)


def parse_whole_number(text: str) -> int:
    """Read a whole number from 0 to 18 digits, which fits 64 bits.

    Raises:
        argparse.ArgumentTypeError: anything else.
    """
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed; give a whole number, 0 or more")
    if len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed; give 18 digits at most")
    return int(text)

"""Local features: small distinctive places of a picture, with 128 bits that tell each apart.

The detector and the gradients are SIFT's (Lowe, IJCV 2004); a learned projection makes a code of 128
bits of each. A gallery picture keeps 360 of them in 7 920 bytes. The C engine takes them, in Python as in the
apps. docs/verification.md has the definition, and docs/decisions says why SIFT and why these bits.
`gallery.answers.verification` compares them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mobile_actnet.errors import ConfigError
from mobile_actnet.native.engine import FEATURE_BYTES, detect_points, extract_features
from mobile_actnet.pictures.views import working_picture

NAME = "sift-128-bits"
VERSION = 1

CODE_BYTES = 16
MOST_FEATURES, LONGEST_SIDE_PX = 65535, 4095
"""Of a picture; positions are 16 bits."""

UNITS_PER_PX = 16
"""Positions are whole sixteenths of a pixel of the reduced picture."""


@dataclass(frozen=True)
class ExtractionConfig:
    """How local features are extracted from a picture.

    Attributes:
        side_px: longest side that the picture is reduced to; a smaller one stays as it is.
        count: features kept, those of the largest contrast.
    """

    side_px: int
    count: int

    def __post_init__(self) -> None:
        if not 64 <= self.side_px <= LONGEST_SIDE_PX:
            raise ConfigError(f"side_px is {self.side_px}; it must be 64 to {LONGEST_SIDE_PX}")
        if not 1 <= self.count <= MOST_FEATURES:
            raise ConfigError(f"count is {self.count}; it must be 1 to {MOST_FEATURES}")


GALLERY_EXTRACTION = ExtractionConfig(side_px=240, count=360)
QUERY_EXTRACTION = ExtractionConfig(side_px=400, count=1000)


@dataclass(frozen=True)
class LocalFeatures:
    """The local features of a picture, N of them, those of the largest contrast first.

    Attributes:
        width_px, height_px: of the reduced picture that they were taken from.
        blob: 22 bytes a feature, as a gallery stores them: all x, all y, all sizes, all angles, all codes.
    """

    width_px: int
    height_px: int
    blob: bytes

    def __post_init__(self) -> None:
        if len(self.blob) % FEATURE_BYTES:
            raise ValueError(f"{len(self.blob)} bytes; {FEATURE_BYTES} a feature are needed")
        if len(self) > MOST_FEATURES:
            raise ValueError(f"{len(self)} features; at most {MOST_FEATURES} are allowed")
        if (
            not 1
            <= min(self.width_px, self.height_px)
            <= max(self.width_px, self.height_px)
            <= LONGEST_SIDE_PX
        ):
            raise ValueError(
                f"a picture of {self.width_px} x {self.height_px} pixels; a side is 1 to {LONGEST_SIDE_PX}"
            )

    def __len__(self) -> int:
        """Return N."""
        return len(self.blob) // FEATURE_BYTES

    @property
    def positions(self) -> NDArray[np.uint16]:
        """(N, 2), x and y in sixteenths of a pixel from the picture's top left corner."""
        return np.frombuffer(self.blob, "<u2", 2 * len(self)).reshape(2, -1).T.astype(np.uint16)

    @property
    def sizes(self) -> NDArray[np.uint8]:
        """(N,), 16 * log2 of the diameter in pixels, rounded."""
        return np.frombuffer(self.blob, np.uint8, len(self), 4 * len(self))

    @property
    def angles(self) -> NDArray[np.uint8]:
        """(N,), orientation in 256ths of a turn, clockwise from the x axis."""
        return np.frombuffer(self.blob, np.uint8, len(self), 5 * len(self))

    @property
    def codes(self) -> NDArray[np.uint8]:
        """(N, 16), 128 bits; bit 0 is the first byte's highest."""
        return np.frombuffer(self.blob, np.uint8, offset=6 * len(self)).reshape(-1, CODE_BYTES)

    def to_bytes(self) -> bytes:
        """Return the gallery's blob."""
        return self.blob

    @classmethod
    def from_bytes(cls, blob: bytes, width_px: int, height_px: int) -> "LocalFeatures":
        """Read a gallery's blob.

        Raises:
            ValueError: its length is no multiple of 22 bytes, or the size or number cannot be.
        """
        return cls(width_px, height_px, blob)

    @classmethod
    def from_arrays(
        cls, width_px: int, height_px: int, positions: NDArray[np.uint16],
        sizes: NDArray[np.uint8], angles: NDArray[np.uint8], codes: NDArray[np.uint8],
    ) -> "LocalFeatures":  # fmt: skip
        """Put together what the properties of the same names return."""
        wide = positions.astype("<u2")
        parts = (wide[:, 0], wide[:, 1], sizes, angles, codes)
        return cls(width_px, height_px, b"".join(part.tobytes() for part in parts))


def extract(picture: Image.Image, config: ExtractionConfig) -> LocalFeatures:
    """Take local features from a picture.

    Args:
        picture: upright RGB.

    Raises:
        MissingPackageError: the C engine is not there.
        MemoryError: too little memory.
    """
    grey = _reduced_grey(picture, config)
    height, width = grey.shape
    return LocalFeatures.from_bytes(extract_features(grey, config.count), width, height)


def detect(
    picture: Image.Image, config: ExtractionConfig
) -> tuple[int, int, NDArray[np.float32], NDArray[np.float32]]:
    """Find SIFT's points in a picture that is reduced, grey, and evened out in contrast (CLAHE).

    Returns:
        width and height of the reduced picture in pixels; (N, 4) x, y (0 is the first pixel's
        centre), diameter in pixels, angle in degrees; (N, 128) gradients, 0 to 255.
    """
    grey = _reduced_grey(picture, config)
    height, width = grey.shape
    return width, height, *detect_points(grey, config.count)


def root_sift(gradients: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return the square roots of gradients that are brought to sum 1, (N, 128) float32.

    RootSIFT: Arandjelović and Zisserman, CVPR 2012.
    """
    wide = gradients.astype(np.float32)
    return np.sqrt(wide / np.maximum(wide.sum(axis=1, keepdims=True), 1))


def _reduced_grey(picture: Image.Image, config: ExtractionConfig) -> NDArray[np.uint8]:
    return np.asarray(working_picture(picture.convert("L"), config.side_px))

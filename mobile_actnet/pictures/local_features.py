"""Local features: small distinctive places of a picture, with 128 bits that tell each apart.

The detector and the gradients are OpenCV's SIFT; a learned projection makes a code of 128 bits of
each. A gallery picture keeps 360 of them in 7 920 bytes. docs/verification.md has the definition, and
docs/decisions says why SIFT and why these bits. `gallery.answers.verification` compares them.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mobile_actnet.errors import ConfigError, MissingPackageError
from mobile_actnet.pictures.views import working_picture

NAME = "sift-128-bits"
VERSION = 1

CODE_BYTES = 16
FEATURE_BYTES = 2 + 2 + 1 + 1 + CODE_BYTES
"""Two 16-bit coordinates, size, angle, code."""

UNITS_PER_PX = 16
"""Positions are whole sixteenths of a pixel of the reduced picture."""

_SIZE_STEPS_PER_OCTAVE = 16
_CONTRAST_THRESHOLD = 0.02
_CLAHE_CLIP, _CLAHE_TILES = 3.0, (8, 8)
_LARGEST_KEPT_BYTES = 31 << 20
"""glibc's threshold rises to 32 MiB at most."""

_CODES_FILE = Path(__file__).parent.parent / "weights" / "local_codes.safetensors"


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
        if not 64 <= self.side_px <= 4095:
            raise ConfigError(f"side_px is {self.side_px}; it must be 64 to 4095")
        if self.count < 1:
            raise ConfigError(f"count is {self.count}; it must be 1 or more")


GALLERY_EXTRACTION = ExtractionConfig(side_px=240, count=360)
QUERY_EXTRACTION = ExtractionConfig(side_px=400, count=1000)


@dataclass(frozen=True)
class LocalFeatures:
    """The local features of a picture, N of them, those of the largest contrast first.

    Attributes:
        width_px, height_px: of the reduced picture that they were taken from.
        positions: (N, 2) uint16, x and y in sixteenths of a pixel from the picture's top left corner.
        sizes: (N,) uint8, 16 * log2 of the diameter in pixels, rounded.
        angles: (N,) uint8, orientation in 256ths of a turn, clockwise from the x axis.
        codes: (N, 16) uint8, 128 bits; bit 0 is the first byte's highest.
    """

    width_px: int
    height_px: int
    positions: NDArray[np.uint16]
    sizes: NDArray[np.uint8]
    angles: NDArray[np.uint8]
    codes: NDArray[np.uint8]

    def __len__(self) -> int:
        """Return N."""
        return len(self.positions)

    def to_bytes(self) -> bytes:
        """Return the gallery's blob: all x, all y, all sizes, all angles, all codes."""
        wide = self.positions.astype("<u2")
        parts = (wide[:, 0], wide[:, 1], self.sizes, self.angles, self.codes)
        return b"".join(part.tobytes() for part in parts)

    @classmethod
    def from_bytes(cls, blob: bytes, width_px: int, height_px: int) -> "LocalFeatures":
        """Read a gallery's blob.

        Raises:
            ValueError: its length is no multiple of 22 bytes.
        """
        count, rest = divmod(len(blob), FEATURE_BYTES)
        if rest:
            raise ValueError(f"{len(blob)} bytes; {FEATURE_BYTES} a feature are needed")
        positions = np.frombuffer(blob, "<u2", 2 * count).reshape(2, count).T
        sizes, angles = np.frombuffer(blob, np.uint8, 2 * count, 4 * count).reshape(2, count)
        codes = np.frombuffer(blob, np.uint8, offset=6 * count).reshape(count, CODE_BYTES)
        return cls(width_px, height_px, positions.astype(np.uint16), sizes, angles, codes)


def extract(picture: Image.Image, config: ExtractionConfig) -> LocalFeatures:
    """Take local features from a picture.

    Args:
        picture: upright RGB.

    Raises:
        MissingPackageError: OpenCV is not installed.
    """
    width, height, points, descriptors = detect(picture, config)
    return LocalFeatures(
        width, height,
        np.clip(np.rint((points[:, :2] + 0.5) * UNITS_PER_PX), 0, 65535).astype(np.uint16),
        np.clip(np.rint(np.log2(np.maximum(points[:, 2], 1)) * _SIZE_STEPS_PER_OCTAVE), 0, 255).astype(np.uint8),
        (np.rint(points[:, 3] * (256 / 360)).astype(np.int64) & 255).astype(np.uint8),
        encode_descriptors(descriptors),
    )  # fmt: skip


def detect(
    picture: Image.Image, config: ExtractionConfig
) -> tuple[int, int, NDArray[np.float64], NDArray[np.float32]]:
    """Find SIFT's points in a picture that is reduced, grey, and evened out in contrast (CLAHE).

    Returns:
        width and height of the reduced picture in pixels; (N, 5) x, y (0 is the first pixel's
        centre), diameter in pixels, angle in degrees, contrast; (N, 128) gradients, 0 to 255.
    """
    cv2 = _opencv()
    grey = np.asarray(working_picture(picture.convert("L"), config.side_px))
    height, width = grey.shape
    grey = cv2.createCLAHE(_CLAHE_CLIP, _CLAHE_TILES).apply(grey)
    sift = cv2.SIFT_create(nfeatures=config.count, contrastThreshold=_CONTRAST_THRESHOLD)
    keypoints, descriptors = sift.detectAndCompute(grey, None)
    if not keypoints:
        return width, height, np.zeros((0, 5)), np.zeros((0, 128), np.float32)
    points = np.array([(*k.pt, k.size, k.angle, k.response) for k in keypoints], np.float64)
    # Equal contrasts are those of one place with two orientations; OpenCV may keep some too many.
    order = np.lexsort((points[:, 3], points[:, 0], points[:, 1], -points[:, 4]))[: config.count]
    return width, height, points[order], descriptors[order]


def encode_descriptors(descriptors: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the codes, (N, 16) uint8, of SIFT's gradients, (N, 128).

    A bit is one where the projection of the gradients' square roots (RootSIFT: Arandjelović and
    Zisserman, CVPR 2012) lies above its threshold.
    """
    projection, thresholds = _codes()
    return np.packbits(root_sift(descriptors) @ projection > thresholds, axis=1)


def root_sift(descriptors: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return the square roots of gradients that are brought to sum 1, (N, 128) float32."""
    wide = descriptors.astype(np.float32)
    return np.sqrt(wide / np.maximum(wide.sum(axis=1, keepdims=True), 1))


def use_one_thread() -> None:
    """Let OpenCV work on one thread, for processes of which several run side by side."""
    _opencv().setNumThreads(1)


@cache
def _codes() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the learned projection, (128, 128), and a threshold for each bit, (128,)."""
    from safetensors.numpy import load_file

    tensors = load_file(_CODES_FILE)
    return tensors["projection"], tensors["thresholds"]


def require_opencv() -> None:
    """Raise `MissingPackageError` where OpenCV is not installed."""
    _opencv()


@cache
def _opencv() -> Any:
    try:
        import cv2
    except ImportError as error:
        # Such as one that wants a screen's libraries, or too little memory.
        broken = "" if isinstance(error, ModuleNotFoundError) else f" (it is there, but: {error})"
        raise MissingPackageError(
            f"local features need OpenCV{broken}; run: pip install opencv-python-headless"
        ) from error
    _keep_freed_memory()
    return cv2


def _keep_freed_memory() -> None:
    """Let glibc keep what is freed after a picture for the next one.

    It gives large blocks back to the system, and takes them anew 6 000 pages a photo, which costs a fifth of an
    answer. Freeing one block raises the size from which it does so (mallopt(3), M_MMAP_THRESHOLD).
    """
    np.empty(_LARGEST_KEPT_BYTES, np.uint8)

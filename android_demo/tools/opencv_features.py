"""Local features by OpenCV's SIFT, which the C engine's own is held to.

The package does without OpenCV; tests and `extraction_benchmark.py` take it from the extra `dev`.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load_file

from mobile_actnet.native.engine import CODES_FILE
from mobile_actnet.pictures.local_features import (
    UNITS_PER_PX,
    ExtractionConfig,
    LocalFeatures,
    root_sift,
)
from mobile_actnet.pictures.views import working_picture

_SIZE_STEPS_PER_OCTAVE = 16
_CONTRAST_THRESHOLD = 0.02
_CLAHE_CLIP, _CLAHE_TILES = 3.0, (8, 8)


def extract_by_opencv(picture: Image.Image, config: ExtractionConfig) -> LocalFeatures:
    """Take local features from a picture, upright RGB."""
    width, height, points, gradients = detect_by_opencv(picture, config)
    return LocalFeatures.from_arrays(
        width, height,
        np.clip(np.rint((points[:, :2] + 0.5) * UNITS_PER_PX), 0, 65535).astype(np.uint16),
        np.clip(np.rint(np.log2(np.maximum(points[:, 2], 1)) * _SIZE_STEPS_PER_OCTAVE), 0, 255).astype(np.uint8),
        (np.rint(points[:, 3] * (256 / 360)).astype(np.int64) & 255).astype(np.uint8),
        encode_gradients(gradients),
    )  # fmt: skip


def detect_by_opencv(
    picture: Image.Image, config: ExtractionConfig
) -> tuple[int, int, NDArray[np.float64], NDArray[np.float32]]:
    """Find SIFT's points in a picture that is reduced, grey, and evened out in contrast (CLAHE).

    Returns:
        width and height of the reduced picture in pixels; (N, 5) x, y (0 is the first pixel's
        centre), diameter in pixels, angle in degrees, contrast; (N, 128) gradients, 0 to 255.
    """
    grey = np.asarray(working_picture(picture.convert("L"), config.side_px))
    height, width = grey.shape
    grey = cv2.createCLAHE(_CLAHE_CLIP, _CLAHE_TILES).apply(grey)
    sift = cv2.SIFT_create(  # type: ignore[attr-defined]
        nfeatures=config.count, contrastThreshold=_CONTRAST_THRESHOLD
    )
    keypoints, gradients = sift.detectAndCompute(grey, None)
    if not keypoints:
        return width, height, np.zeros((0, 5)), np.zeros((0, 128), np.float32)
    points = np.array([(*k.pt, k.size, k.angle, k.response) for k in keypoints], np.float64)
    # Equal contrasts are those of one place with two orientations; OpenCV may keep some too many.
    order = np.lexsort((points[:, 3], points[:, 0], points[:, 1], -points[:, 4]))[: config.count]
    return width, height, points[order], gradients[order]


def encode_gradients(gradients: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the codes, (N, 16) uint8, of SIFT's gradients, (N, 128)."""
    learned = load_file(CODES_FILE)
    bits = root_sift(gradients) @ learned["projection"] > learned["thresholds"]
    return np.packbits(bits, axis=1)

"""Which extra brings an optional package, and the sentence where it is not installed."""

from collections.abc import Iterator
from contextlib import contextmanager

from mobile_actnet.errors import MissingPackageError

EXTRA_OF = {
    "torch": "train",
    "torchvision": "train",
    "scipy": "train",
    "ai_edge_litert": "runtime",
    "flatbuffers": "runtime",
    "onnx": "onnx-runtime",
    "onnxruntime": "onnx-runtime",
    "onnxscript": "onnx",
    "litert_torch": "tflite",
    "ai_edge_quantizer": "tflite",
    "coremltools": "coreml",
    "matplotlib": "plots",
    "pillow_heif": "heic",
    "cryptography": "web",
    "segno": "web",
    "ray": "cluster",
    "lance": "cluster",
    "lance_ray": "cluster",
    "lancedb": "cluster",
    "pyarrow": "cluster",
}
"""Optional package -> the extra that brings it."""


def missing_package(error: ModuleNotFoundError) -> MissingPackageError | None:
    """Return what to tell of a package that is not installed; None where none of ours is missing."""
    name = (error.name or "").partition(".")[0]
    if name not in EXTRA_OF:
        return None
    return MissingPackageError(
        f"this needs the package {name}, which is not installed; "
        f"run: pip install 'mobile-actnet[{EXTRA_OF[name]}]'"
    )


@contextmanager
def naming_extras(alternative: str = "") -> Iterator[None]:
    """Raise `MissingPackageError` where an import in the block finds an optional package missing.

    Args:
        alternative: what else can be done, added to the sentence.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = missing_package(error)
        if missing is None:
            raise
        raise MissingPackageError(
            f"{missing}; {alternative}" if alternative else str(missing)
        ) from error

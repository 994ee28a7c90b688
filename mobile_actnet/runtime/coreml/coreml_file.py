"""What an .mlpackage says about itself, read from its protobuf."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.runtime.artefact_file import ArtefactInfo, TensorSpec
from mobile_actnet.runtime.coreml.mil_package import feature_shape, read_package
from mobile_actnet.runtime.errors import ArtefactError


def inspect(path: Path) -> ArtefactInfo:
    """Read tensors, operators and metadata from the package, without running it.

    Raises:
        ArtefactError: missing, damaged or of another kind.
    """
    package = read_package(path)
    operators = Counter(message.type for message in package.operations)
    del operators["const"]
    notes: dict[str, str | int] = {
        "specification_version": package.specification_version,
        "opset": package.opset,
    }
    if flushed := _subnormal_constants(package.constants):
        notes["subnormal_constants"] = flushed
    return ArtefactInfo(
        input=_spec(package.description.input[0]),
        output=_spec(package.description.output[0]),
        operators=dict(operators),
        metadata=dict(package.description.metadata.userDefined),
        notes=notes,
    )


def _spec(feature: Any) -> TensorSpec:
    kind = feature.type.WhichOneof("Type")
    if kind == "imageType":
        image = feature.type.imageType
        # The enumeration's own `Name` ends in a ValueError for a number of another release.
        names = {number: name for name, number in image.ColorSpace.items()}
        dtype = f"image:{names.get(image.colorSpace, 'unknown').lower()}"
    elif kind == "multiArrayType":
        dtype = _DTYPES.get(feature.type.multiArrayType.dataType, "unknown")
    else:
        raise ArtefactError(
            f"the package's {feature.name} is a {kind}; an image or a multi-array is allowed: export it again"
        )
    return TensorSpec(feature.name, feature_shape(feature), dtype)


def _subnormal_constants(constants: dict[str, NDArray[Any]]) -> str:
    """Name scalar constants that a device which flushes subnormal halves would take for zero."""
    small = [
        f"{name} {float(value):.1e}"
        for name, value in constants.items()
        if value.dtype == np.float16 and not value.ndim and 0 < abs(value) < _SMALLEST_NORMAL_HALF
    ]
    return ", ".join(sorted(small))


_DTYPES = {65568: "float32", 65552: "float16", 131104: "int32"}  # ArrayFeatureType.ArrayDataType


_SMALLEST_NORMAL_HALF = float(np.finfo(np.float16).tiny)

"""What sizes and settings are allowed."""

import pytest

from mobile_actnet.errors import ConfigError
from mobile_actnet.network.config import BackboneKind, NetworkConfig, StreamConfig, check_image_size


@pytest.mark.parametrize("size", [(64, 64), (1024, 1024), (384, 512), (1024, 768)])
def test_allowed_sizes(size: tuple[int, int]) -> None:
    check_image_size(*size)


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ((32, 64), "image height is 32; allowed are multiples of 32 from 64 to 1024"),
        ((64, 1056), "image width is 1056"),
        ((225, 224), "image height is 225"),
        ((-64, 64), "image height is -64"),
    ],
)
def test_refused_sizes(size: tuple[int, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_image_size(*size)


def test_refused_networks() -> None:
    with pytest.raises(ConfigError, match="at least one stream, and each stream a layer"):
        NetworkConfig(BackboneKind.MOBILENET_V2, (StreamConfig(()),))
    with pytest.raises(ConfigError, match="descriptor_dim is 2561; allowed is 1 to whitening_dim"):
        NetworkConfig(BackboneKind.MOBILENET_V2, (StreamConfig(("a",)),), descriptor_dim=2561)

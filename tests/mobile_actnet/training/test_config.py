"""Presets, and settings given as text."""

import pytest

from mobile_actnet.errors import ConfigError
from mobile_actnet.training.config import (
    PAPER,
    PHONE,
    Autocast,
    LossKind,
    Mining,
    TrainingConfig,
    override,
)


def test_the_papers_values() -> None:
    assert (PAPER.loss, PAPER.margin, PAPER.mining) == (LossKind.TRIPLET, 0.1, Mining.HARDEST)
    assert (PAPER.backbone_rate, PAPER.momentum, PAPER.weight_decay) == (1e-3, 0.9, 5e-4)
    assert (PAPER.triplets_per_epoch, PAPER.batch_size, PAPER.epochs) == (5000, 64, 20)
    assert PAPER.image_sizes == ((768, 1024),)
    assert PAPER.classification_epochs > 0


def test_settings_of_every_kind() -> None:
    found = override(
        PHONE,
        ["batch_size=8", "margin=0.2", "mining=hardest", "autocast=fp32", "nested_dims=64,128",
         "image_sizes=224,384x512"],
    )  # fmt: skip
    assert (found.batch_size, found.margin, found.mining) == (8, 0.2, Mining.HARDEST)
    assert (found.autocast, found.nested_dims) == (Autocast.FP32, (64, 128))
    assert found.image_sizes == ((224, 224), (384, 512))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("batch_size", "give NAME=VALUE; names are epochs, "),
        ("batchsize=3", "there is no setting 'batchsize'; names are epochs, "),
        ("batch_size=many", "the value must be like 64"),
        ("mining=soft", "the value must be like hardest or semi-hard or memory"),
        ("image_sizes=100", "image height is 100"),
        ("start_share=2", "start_share is 2.0; allowed is 0 to 1"),
        ("temperature=0", "temperature is 0.0; it must be above 0"),
        ("temperature=nan", "temperature is nan"),
    ],
)
def test_wrong_settings(setting: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        override(PHONE, [setting])


def test_settings_out_of_range() -> None:
    with pytest.raises(ConfigError, match="epochs is 0; it must be 1 or more"):
        TrainingConfig(epochs=0)

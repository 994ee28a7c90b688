"""The backbone that heads are compared on."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from mobile_actnet.errors import CheckpointError, ConfigError
from mobile_actnet.evaluation.reports.frozen_backbone import (
    AGGREGATIONS,
    HEADS,
    FrozenBackbone,
    HeadKind,
    load_backbone,
)
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.config import ActivationKind, PoolingKind
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import ImageSize


@pytest.fixture(scope="module")
def backbone(shipped_network: Actnet) -> FrozenBackbone:
    return FrozenBackbone(shipped_network.backbone.state_dict(), "shipped")


@pytest.mark.parametrize("kind", HEADS, ids=lambda kind: kind.name)
def test_every_head_describes(backbone: FrozenBackbone, kind: HeadKind) -> None:
    maps = backbone(generated_pictures(2, ImageSize(64, 64)))
    for aggregation in AGGREGATIONS:
        described = backbone.head(kind, aggregation, 3, seed=0)(maps, 3)
        assert described.shape == (2, 3)
        np.testing.assert_allclose(described.detach().norm(dim=1), 1, atol=1e-3)


def test_heads_are_those_of_the_paper() -> None:
    assert {(head.activation, head.pooling) for head in HEADS} == {
        *((ActivationKind.NONE, pooling) for pooling in PoolingKind),
        *((kind, PoolingKind.AVERAGE) for kind in ActivationKind),
    }


def test_backbone_from_a_file(backbone: FrozenBackbone, tmp_path: Path) -> None:
    path = tmp_path / "mobilenet.safetensors"
    save_file({k: v.contiguous() for k, v in backbone._module.state_dict().items()}, path)
    pixels = generated_pictures(1, ImageSize(64, 64))
    maps, expected = load_backbone(Path("any.onnx"), path)(pixels), backbone(pixels)
    assert all(torch.equal(maps[layer], expected[layer]) for layer in expected)


def test_no_backbone(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="model.onnx is an artefact"):
        load_backbone(Path("model.onnx"), None)
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_backbone(Path("model.onnx"), tmp_path / "none.safetensors")

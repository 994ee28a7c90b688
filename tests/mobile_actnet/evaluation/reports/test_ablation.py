"""The comparison of heads, on a few generated pictures and two steps."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.evaluation.config import AblationConfig
from mobile_actnet.evaluation.reports import ablation
from mobile_actnet.evaluation.reports.ablation import (
    ablation_table,
    run_ablation,
    training_pictures,
)
from mobile_actnet.evaluation.reports.frozen_backbone import HEADS, FrozenBackbone, HeadKind
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.config import ActivationKind
from mobile_actnet.network.whitening import pca_whitening
from mobile_actnet.pictures.photos import Photo
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import ImageSize

SMALL = AblationConfig(steps=2, images=6, batch_size=4, size=ImageSize(64, 64))
TWO = (HEADS[0], HeadKind("Weibull", ActivationKind.WEIBULL))


@pytest.fixture(scope="module")
def backbone(shipped_network: Actnet) -> FrozenBackbone:
    return FrozenBackbone(shipped_network.backbone.state_dict(), "shipped")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Eight pictures to train on."""
    folder = tmp_path / "catalogue"
    folder.mkdir()
    for number, picture in enumerate(generated_pictures(8, ImageSize(64, 64), seed=4)):
        Image.fromarray(picture).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def labelled(tmp_path: Path) -> list[Photo]:
    """Three things: the query is the database picture a little darker."""
    photos = []
    for number, picture in enumerate(generated_pictures(3, ImageSize(64, 64))):
        for role, factor in (("database", 1.0), ("query", 0.9)):
            path = tmp_path / f"{number}_{role}.png"
            Image.fromarray((picture * factor).astype(np.uint8)).save(path)
            photos.append(Photo(path, str(number), role))
    return photos


def test_two_heads(
    backbone: FrozenBackbone, pictures: Path, labelled: list[Photo], monkeypatch
) -> None:
    before = {key: value.clone() for key, value in backbone._module.state_dict().items()}
    seen = []
    call = FrozenBackbone.__call__
    monkeypatch.setattr(
        FrozenBackbone, "__call__", lambda self, x: seen.append(len(x)) or call(self, x)
    )
    collection, problems = training_pictures([pictures], SMALL)
    assert len(collection.paths) == 6
    assert problems == []
    sets = {"things": np.array([1, 3, 5])}
    scores = run_ablation(backbone, collection, labelled, sets, SMALL, TWO)
    # 6 clean pictures, 2 steps of 4 captures, 6 labelled ones: each once for all four variants.
    assert seen == [6, 4, 4, 6]
    assert set(scores) == {(head.name, kind) for head in TWO for kind in ("SLA", "MLA")}
    assert all(score == {"things": 100.0} for score in scores.values())
    after = backbone._module.state_dict()
    assert all(torch.equal(value, after[key]) for key, value in before.items())
    again = run_ablation(backbone, collection, labelled, sets, SMALL, TWO)
    assert again == scores


def test_heads_learn(
    backbone: FrozenBackbone, pictures: Path, labelled: list[Photo], monkeypatch
) -> None:
    collection, _ = training_pictures([pictures], SMALL)
    heads = []
    make = FrozenBackbone.head
    monkeypatch.setattr(FrozenBackbone, "head", lambda *a: heads.append(make(*a)) or heads[-1])
    run_ablation(backbone, collection, labelled, {}, SMALL, TWO[1:])
    single, multi = heads
    assert [len(head.streams) for head in heads] == [1, 2]
    assert [head.signature_dim for head in heads] == [1280, 2560]
    fresh = make(backbone, TWO[1], "SLA", 5, 0)
    assert not torch.equal(single.streams[0].activation.log_beta_minus_1,
                           fresh.streams[0].activation.log_beta_minus_1)  # fmt: skip
    assert torch.isfinite(multi.whitening.weight).all()


def test_whitening_within_the_spanned_space_is_the_same() -> None:
    signatures = torch.randn(9, 30, generator=torch.Generator().manual_seed(0)) + 3
    expected_weight, expected_bias = pca_whitening(signatures, 5, 0.4)
    weight, bias = ablation._whitening(signatures, 5, 0.4)
    expected = signatures @ expected_weight.T + expected_bias
    found = signatures @ weight.T + bias
    torch.testing.assert_close(found @ found.T, expected @ expected.T, rtol=1e-4, atol=1e-5)


def test_unreadable_training_pictures_are_reported(pictures: Path) -> None:
    (pictures / "broken.png").write_bytes(b"no picture")
    collection, problems = training_pictures([pictures], AblationConfig(images=99))
    assert len(collection.paths) == 8
    assert len(problems) == 1
    assert "broken.png" in problems[0]


def test_evaluation_pictures_are_not_trained_on(pictures: Path) -> None:
    rows = [f"{n}.png,{n},{'query' if n < 6 else 'train'}" for n in range(8)]
    (pictures / "manifest.csv").write_text("\n".join(["path,instance,role", *rows]))
    collection, _ = training_pictures([pictures], SMALL)
    assert [path.name for path in collection.paths] == ["6.png", "7.png"]
    (pictures / "manifest.csv").write_text("path,instance,role\n0.png,0,query")
    with pytest.raises(ActnetError, match="at least two instances"):
        training_pictures([pictures], SMALL)


def test_a_picture_that_went_away(backbone: FrozenBackbone, pictures: Path) -> None:
    collection, _ = training_pictures([pictures], SMALL)
    collection.paths[0].unlink()
    with pytest.raises(ActnetError, match="is gone or has changed"):
        run_ablation(backbone, collection, [], {}, SMALL, TWO)


def test_table() -> None:
    scores = {("MAC", "SLA"): {"a|b": 12.345}, ("MAC", "MLA"): {"a|b": 50.0}}
    table = ablation_table(scores, ["a|b"], "weights.safetensors", 6, 5, SMALL)
    assert table.splitlines()[-3:] == [
        r"| head | a\|b, SLA | a\|b, MLA |",
        "|---|---:|---:|",
        "| MAC | 12.35 | 50.00 |",
    ]
    caption = table.splitlines()[0]
    for text in ("**Only the heads were trained**", "weights.safetensors) is frozen", "2 steps",
                 "(4 a step)", "64x64", "descriptors of 5 values"):  # fmt: skip
        assert text in caption


def test_too_few_steps() -> None:
    with pytest.raises(ConfigError, match="--ablation-steps is 0"):
        AblationConfig(steps=0)

"""Sources: labels by manifest, folder or picture; what is skipped and refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.pictures.photos import Photo
from mobile_actnet.training.config import Labels
from mobile_actnet.training.sources import (
    Source,
    collect,
    draw,
    mix_sources,
    positives_of,
    read_source,
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for folder in ("mug", "vase"):
        (tmp_path / folder).mkdir()
        for number in range(2):
            Image.new("RGB", (8, 8)).save(tmp_path / folder / f"{number}.png")
    return tmp_path


def silent(_: str) -> None:
    pass


def test_a_picture_or_a_folder_is_an_instance(tree: Path) -> None:
    assert len({photo.instance for photo in read_source(tree)}) == 4
    assert len({photo.instance for photo in read_source(tree, Labels.FOLDER)}) == 2


def test_a_manifest_comes_first_and_only_train_is_taken(tree: Path) -> None:
    (tree / "manifest.csv").write_text(
        "path,instance,role\nmug/0.png,a,train\nmug/1.png,b,\nvase/0.png,c,query\n"
    )
    assert [photo.instance for photo in read_source(tree, Labels.FOLDER)] == ["a", "b"]


def test_damaged_pictures_are_reported_and_skipped(tree: Path) -> None:
    (tree / "mug" / "bad.jpg").write_bytes(b"text")
    said: list[str] = []
    assert len(read_source(tree, say=said.append)) == 4
    assert "bad.jpg cannot be decoded" in said[0]


def test_fewer_than_two_instances_get_a_sentence(tree: Path) -> None:
    with pytest.raises(ActnetError, match="has 1 instance to train on .* at least 2 are needed"):
        read_source(tree / "mug", Labels.FOLDER)


def test_equal_names_in_two_sources_are_two_things() -> None:
    photo = Photo(Path("IMG_1.jpg"), "IMG_1.jpg")
    other = Photo(Path("b.jpg"), "IMG_1.jpg")
    found = collect([Source([photo, other], 1), Source([photo], 3)])
    assert found.instances.tolist() == [0, 0, 1]
    assert found.chances.tolist() == [0.125, 0.125, 0.75]
    with pytest.raises(ActnetError, match="at least two instances"):
        collect([Source([photo, other], 1)])


@pytest.mark.parametrize("mix", ["1", "1,x", "1,-2", "1,0", "1,nan", "1,inf", "1e308,1e308"])
def test_a_wrong_mix_is_refused(mix: str) -> None:
    with pytest.raises(ConfigError, match="give 2 positive numbers"):
        mix_sources([[], []], mix)


def test_draws_follow_the_weights() -> None:
    many = [Photo(Path(f"{number}.jpg"), str(number)) for number in range(50)]
    collection = collect([Source(many, 1), Source(many, 9)])
    rng = np.random.default_rng(0)
    drawn = np.concatenate([draw(collection, 5, rng) for _ in range(400)])
    assert 0.85 < (drawn >= 50).mean() < 0.95
    assert len(draw(collection, 1000, rng)) == 100


def test_a_positive_is_another_photo_of_the_instance_or_the_picture_itself() -> None:
    instances = torch.tensor([0, 0, 0, 1])
    rng = np.random.default_rng(0)
    for _ in range(20):
        first, alone = positives_of(np.array([1, 3]), instances, rng)
        assert first in (0, 2)
        assert alone == 3

"""Calibration images and ranges: the choice, the file, and that the shipped weights have theirs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization.backbone_points import INPUT, SIGNATURE
from mobile_actnet.export.quantization.calibration import (
    CalibrationImages,
    load_calibration_images,
    measure_ranges,
)
from mobile_actnet.export.quantization.config import RECOMMENDED_IMAGES, CalibrationMethod
from mobile_actnet.export.quantization.int8_file import load_recorded, save_recorded
from mobile_actnet.files import sha256_of
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import ImageSize, Layout

SMALL = ImageSize(64, 64)


def folder_of(path: Path, count: int, seed: int = 0) -> Path:
    path.mkdir()
    for number, picture in enumerate(generated_pictures(count, SMALL, seed)):
        Image.fromarray(picture).save(path / f"{number:03}.png")
    return path


def test_shipped_weights_have_their_ranges() -> None:
    found = load_recorded(sha256_of(DEFAULT_CHECKPOINT))
    assert found is not None, "the weights changed: make ranges PHOTOS=..."
    assert found.images >= RECOMMENDED_IMAGES
    assert found.source == "recorded"
    assert {INPUT, SIGNATURE} < set(found.ranges)


def test_the_choice_is_the_same_every_time_and_of_all_folders(tmp_path: Path) -> None:
    folders = [folder_of(tmp_path / "a", 20), folder_of(tmp_path / "b", 20, seed=1)]
    first, second = (load_calibration_images(folders, SMALL, 24) for _ in range(2))
    assert first.hashes == second.hashes
    assert len(set(first.hashes)) == 24
    assert first.sha256 == second.sha256
    alone = load_calibration_images(folders[:1], SMALL, 24)
    assert len(set(first.hashes) & set(alone.hashes)) == 12


def test_only_photos_for_training_are_taken(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "shop", 20)
    lines = [f"{n:03}.png,{n},{'train' if n < 17 else 'query'}" for n in range(20)]
    (folder / "manifest.csv").write_text("path,instance,role\n" + "\n".join(lines))
    assert len(load_calibration_images([folder], SMALL).hashes) == 17


def test_unreadable_photos_are_reported(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "some", 17)
    (folder / "broken.png").write_bytes(b"no picture")
    found = load_calibration_images([folder], SMALL)
    assert len(found.pixels) == 17
    assert "broken.png" in found.problems[0]
    (folder / "000.png").write_bytes(b"no picture")
    (folder / "001.png").write_bytes(b"no picture")
    with pytest.raises(ConfigError, match="gives 15 readable photos; at least 16 are needed"):
        load_calibration_images([folder], SMALL)


@pytest.fixture(scope="module")
def measured(shipped_network: Actnet):
    deployable = DeployableActnet(shipped_network, 64, Layout.NHWC)
    images = CalibrationImages(generated_pictures(16, SMALL), ("a", "b"))
    return measure_ranges(deployable, images, CalibrationMethod.MSE)


def test_saved_ranges_come_back(measured, tmp_path: Path) -> None:
    path = tmp_path / "ranges.safetensors"
    save_recorded(measured, path, "0" * 64)
    found = load_recorded("0" * 64, path)
    assert found is not None
    assert found.ranges == measured.ranges
    assert (found.images, found.method, found.size) == (16, CalibrationMethod.MSE, "64x64")
    for name, scale in measured.scales.items():
        torch.testing.assert_close(found.scales[name], scale)
    for name, mean in measured.means.items():
        torch.testing.assert_close(found.means[name], mean)


def test_ranges_of_other_weights_are_not_used(measured, tmp_path: Path) -> None:
    path = tmp_path / "ranges.safetensors"
    save_recorded(measured, path, "0" * 64)
    assert load_recorded("1" * 64, path) is None
    assert load_recorded("0" * 64, tmp_path / "missing") is None


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_damaged_file_is_reported(measured, tmp_path: Path, share: float) -> None:
    path = tmp_path / "ranges.safetensors"
    save_recorded(measured, path, "0" * 64)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ActnetError, match="is damaged"):
        load_recorded("0" * 64, path)


def test_ranges_hold_what_was_seen(measured) -> None:
    # The levels of the input are the bytes.
    assert measured.ranges[INPUT] == (-116, 139)
    assert all(low <= 0 <= high and high > low for low, high in measured.ranges.values())
    assert np.isfinite(list(measured.ranges.values())).all()

"""Recording ranges, as a maintainer does after a change of the weights."""

from pathlib import Path

from PIL import Image

from mobile_actnet.cli.ranges import main
from mobile_actnet.export.quantization.int8_file import load_recorded
from mobile_actnet.files import sha256_of
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import ImageSize


def test_recorded_ranges_belong_to_their_weights(tmp_path: Path, capsys) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number, picture in enumerate(generated_pictures(16, ImageSize(64, 64))):
        Image.fromarray(picture).save(photos / f"{number}.png")
    path = tmp_path / "made.safetensors"
    assert main([str(photos), "-o", str(path)]) == 0
    assert "from 16 photos" in capsys.readouterr().out
    found = load_recorded(sha256_of(DEFAULT_CHECKPOINT), path)
    assert found is not None
    assert found.images == 16

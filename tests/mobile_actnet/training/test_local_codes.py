"""Learning the bits of local features: from pairs whose noise is known, and from a few pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from safetensors.numpy import load_file

from mobile_actnet.training.local_codes import learn_bits, main


def bits(rows: np.ndarray, learned: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return rows @ learned[0] > learned[1]


def test_bits_of_pairs_agree_where_noise_is_strong_in_some_directions() -> None:
    rng = np.random.default_rng(3)
    # Noise of 20 directions drowns them; the others tell places apart.
    noise = np.full(128, 0.1)
    noise[:20] = 4.0
    places = rng.standard_normal((6000, 128))
    one = places + rng.standard_normal(places.shape) * noise
    other = places + rng.standard_normal(places.shape) * noise
    learned = learn_bits(one[:4000], other[:4000], one[:4000], rng)
    assert [part.shape for part in learned] == [(128, 128), (128,)]
    first, second = bits(one[4000:], learned), bits(other[4000:], learned)
    pairs = (first != second).sum(1)
    strangers = (first != np.roll(second, 1, axis=0)).sum(1)
    assert pairs.mean() < 20
    assert abs(strangers.mean() - 64) < 3
    random = (rng.standard_normal((128, 128)), np.zeros(128))
    assert (bits(one[4000:], random) != bits(other[4000:], random)).sum(1).mean() > 2 * pairs.mean()


def test_the_command_writes_what_extraction_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(3):
        rng = np.random.default_rng(seed)
        picture = Image.new("RGB", (360, 300), "white")
        pen = ImageDraw.Draw(picture)
        for _ in range(150):
            x, y, w, h = (int(v) for v in rng.integers(0, (360, 300, 40, 40)))
            colour = tuple(int(v) for v in rng.integers(0, 256, 3))
            pen.rectangle((x, y, x + w + 3, y + h + 3), colour)
        picture.save(folder / f"{seed}.png")
    assert main([str(folder), "-o", str(tmp_path / "codes.safetensors")]) == 0
    assert "of 3 pictures" in capsys.readouterr().out
    tensors = load_file(tmp_path / "codes.safetensors")
    assert tensors["projection"].shape == (128, 128)
    assert tensors["thresholds"].shape == (128,)
    assert all(np.isfinite(tensor).all() for tensor in tensors.values())

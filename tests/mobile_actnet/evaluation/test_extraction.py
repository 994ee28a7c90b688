"""Extraction: order, problems, several sizes, and going on where a killed run stopped."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobile_actnet.errors import ActnetError
from mobile_actnet.evaluation.extraction import extract, file_hash
from mobile_actnet.runtime.vocabulary import ImageSize

SIZE = ImageSize(64, 64)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    found = []
    for number in range(150):
        found.append(tmp_path / f"{number}.png")
        Image.new("RGB", (4, 4), (number, 0, 255 - number)).save(found[-1])
    found[10].write_bytes(b"text")
    return found


def picture(red: int) -> Image.Image:
    return Image.new("RGB", (4, 4), (red, 0, 0))


class Colour:
    """Describes a picture by its first two colour values; counts, and can be killed."""

    def __init__(self, dies_after: int = 10**9) -> None:
        self.seen, self.dies_after = 0, dies_after

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        if self.seen >= self.dies_after:
            raise KeyboardInterrupt
        self.seen += len(pixels)
        return pixels[:, 0, 0, ::2].astype(np.float32)


def test_order_and_problems(paths: list[Path]) -> None:
    found = extract(paths, [(Colour(), SIZE)])
    assert found.rows.tolist() == [row for row in range(150) if row != 10]
    assert found.descriptors[:, 0].tolist() == found.rows.tolist()
    assert len(found.problems) == 1
    assert "10.png cannot be decoded" in found.problems[0]


def test_a_killed_run_goes_on(paths: list[Path], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with pytest.raises(KeyboardInterrupt):
        extract(paths, [(Colour(dies_after=60), SIZE)], cache)
    # What a kill in the middle of a chunk leaves: bytes, and half a line.
    (data,) = cache.glob("*.f32")
    data.write_bytes(data.read_bytes() + b"rubbish")
    (index,) = cache.glob("*.jsonl")
    index.write_bytes(index.read_bytes() + b'{"rows": [1')
    rest = Colour()
    found = extract(paths, [(rest, SIZE)], cache)
    assert rest.seen == 150 - 64
    whole = extract(paths, [(Colour(), SIZE)])
    assert np.array_equal(found.descriptors, whole.descriptors)
    assert (found.rows.tolist(), found.problems) == (whole.rows.tolist(), whole.problems)
    again = Colour()
    assert np.array_equal(extract(paths, [(again, SIZE)], cache).descriptors, whole.descriptors)
    assert again.seen == 0


def test_a_lost_or_cut_data_file_is_made_again(paths: list[Path], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    whole = extract(paths, [(Colour(), SIZE)], cache).descriptors.copy()
    (data,) = cache.glob("*.f32")
    for left_bytes, described in ((0, 149), (63 * 8 + 9, 86), (149 * 8 - 1, 22)):
        data.write_bytes(data.read_bytes()[:left_bytes])
        rest = Colour()
        assert np.array_equal(extract(paths, [(rest, SIZE)], cache).descriptors, whole)
        assert rest.seen == described


def test_two_runs_do_not_write_one_cache(paths: list[Path], tmp_path: Path) -> None:
    cache, messages = tmp_path / "cache", []

    def meanwhile(pixels: np.ndarray) -> np.ndarray:
        with pytest.raises(ActnetError) as error:
            extract(paths, [(Colour(), SIZE)], cache)
        messages.append(str(error.value))
        return Colour()(pixels)

    assert len(extract(paths, [(meanwhile, SIZE)], cache).rows) == 149
    assert all("another run is writing the same descriptors" in text for text in messages)
    assert len(messages) == 3


def test_a_cache_that_cannot_be_written_gets_a_sentence(paths: list[Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ActnetError, match="cannot write to .*file"):
        extract(paths, [(Colour(), SIZE)], tmp_path / "file")


def test_an_opener_gets_numbers_not_paths(paths: list[Path]) -> None:
    # The same path twice is two pictures: two boxes of one photo.
    found = extract([paths[0]] * 3, [(Colour(), SIZE)], opener=lambda row: picture(10 * row))
    assert found.descriptors[:, 0].tolist() == [0, 10, 20]


def test_decoding_runs_ahead_by_one_chunk(paths: list[Path]) -> None:
    opened, opened_when_described = [], []

    def opener(row: int) -> Image.Image:
        opened.append(row)
        return picture(0)

    def describe(pixels: np.ndarray) -> np.ndarray:
        opened_when_described.append(len(opened))
        return Colour()(pixels)

    extract(paths * 3, [(describe, SIZE)], opener=opener)
    for number, count in enumerate(opened_when_described):
        assert (
            count <= (number + 2) * 64
        )  # never more than this chunk and the next: constant memory


def test_another_model_or_a_changed_photo_is_described_anew(
    paths: list[Path], tmp_path: Path
) -> None:
    for identity, changes in (("a", False), ("b", False), ("b", True)):
        if changes:
            Image.new("RGB", (5, 5)).save(paths[0])
        fresh = Colour()
        extract(paths, [(fresh, SIZE)], tmp_path / "cache", identity)
        assert fresh.seen == 149


def test_several_sizes_are_summed(paths: list[Path]) -> None:
    found = extract(paths[:3], [(Colour(), SIZE), (Colour(), ImageSize(96, 96))])
    np.testing.assert_allclose(np.linalg.norm(found.descriptors, axis=1), 1, atol=1e-6)


def test_nothing_readable_gets_a_sentence(paths: list[Path]) -> None:
    with pytest.raises(ActnetError, match="none of the photos can be read: .*10.png"):
        extract(paths[10:11], [(Colour(), SIZE)])


def test_hash_of_a_folder_sees_its_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    before = file_hash(tmp_path)
    (tmp_path / "a").write_text("2")
    assert file_hash(tmp_path) != before

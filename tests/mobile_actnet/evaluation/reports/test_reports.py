"""The options of all reports, and what is written for them."""

import argparse
import functools
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mobile_actnet.errors import ActnetError, ConfigError, MissingPackageError
from mobile_actnet.evaluation.reports import ablation, plots
from mobile_actnet.evaluation.reports import reports as evaluate_reports
from mobile_actnet.evaluation.reports.reports import (
    add_report_arguments,
    check_report_arguments,
    query_sets,
    wanted,
    write_reports,
)
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.pictures.photos import Photo
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import ImageSize

needs_matplotlib = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None, reason="the extra plots is not installed"
)


@dataclass(frozen=True)
class Context:
    """What a report is made from, filled by hand."""

    model: Path
    folders: list[Path]
    photos: list[Photo]
    descriptors: NDArray[np.float32]
    describe_dims: Callable[[int], NDArray[np.float32]] | None


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """Three things, each twice; descriptors that put the two side by side."""
    folder = tmp_path / "things"
    folder.mkdir()
    photos = []
    for number, picture in enumerate(generated_pictures(3, ImageSize(64, 64))):
        for role in ("database", "query"):
            path = folder / f"{number}_{role}.png"
            Image.fromarray(picture).save(path)
            photos.append(Photo(path, f"{folder}:{number}", role))
    descriptors = np.repeat(np.eye(3, 64, dtype=np.float32), 2, axis=0)

    def describe_dims(dim: int) -> NDArray[np.float32]:
        return np.repeat(np.eye(3, dim, dtype=np.float32), 2, axis=0)

    return Context(DEFAULT_CHECKPOINT, [folder], photos, descriptors, describe_dims)


def parse(*options: str | Path, model: Path = DEFAULT_CHECKPOINT) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_report_arguments(parser)
    arguments = parser.parse_args([str(option) for option in options])
    arguments.model, arguments.image_size = model, ImageSize(64, 64)
    return arguments


def test_wanted() -> None:
    assert not wanted(parse("--browse-hits", "3"))
    for option in ("--separability", "--curve", "--browse", "--ablation"):
        assert wanted(parse(option, "file"))


@needs_matplotlib
def test_pictures_and_page(context: Context, tmp_path: Path) -> None:
    distances, dims, page = (tmp_path / name for name in ("a.svg", "b.png", "c.html"))
    lines = write_reports(
        parse("--separability", distances, "--curve", dims, "--browse", page), context
    )
    assert lines[0].startswith("separability of things: KL(matching || non-matching) ")
    assert lines[0].endswith("nats (3 and 6 pairs)")
    assert lines[1] == f"saved {distances}"
    assert lines[2].split()[:4] == ["mAP", "at", "dim", "16"]
    assert set(lines[3].split()[1:]) == {"100.00"}
    assert lines[-1] == f"saved {page}: 3 queries"
    assert all(path.stat().st_size for path in (distances, dims, page))
    assert page.read_text().count('<li class="right">') == 3


def test_ablation(context: Context, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(
        ablation, "run_ablation", partial(ablation.run_ablation, heads=ablation.HEADS[:1])
    )  # fmt: skip
    folder = tmp_path / "catalogue"
    folder.mkdir()
    for number, picture in enumerate(generated_pictures(4, ImageSize(64, 64), seed=3)):
        Image.fromarray(picture).save(folder / f"{number}.png")
    (folder / "broken.png").write_bytes(b"no picture")
    table = tmp_path / "heads.md"
    lines = write_reports(
        parse("--ablation", table, "--ablation-data", folder, "--ablation-steps", "1"), context
    )
    assert lines[0].startswith("skipped: ")
    assert lines[1] == "| head | things, SLA | things, MLA |"
    assert lines[3].startswith("| DA (average) | ")
    assert lines[-1] == f"saved {table}"
    assert "4 pictures" in table.read_text()


def test_sets_are_the_folders_with_queries() -> None:
    folders = [Path("x/shop"), Path("y/shop"), Path("z")]
    photos = [
        Photo(Path("0"), "x/shop:a", "query"),
        Photo(Path("1"), "y/shop:a", "both"),
        Photo(Path("2"), "z:a", "database"),
    ]
    sets = query_sets(photos, folders)
    assert {name: queries.tolist() for name, queries in sets.items()} == {
        "x/shop": [0],
        "y/shop": [1],
    }
    assert list(query_sets(photos[:1], folders[:1])) == ["shop"]
    with pytest.raises(ActnetError, match="role query or both"):
        query_sets(photos[2:], folders)


@pytest.mark.parametrize(
    ("options", "model", "message"),
    [
        (("--separability", "a.pdf"), "a.safetensors", "ends in .svg or .png"),
        (("--curve", "a.svg"), "a.onnx", "--curve needs a checkpoint, and a.onnx is an artefact"),
        (("--browse", "a.txt"), "a.onnx", "--browse is a.txt"),
        (("--browse", "a.html", "--browse-queries", "0"), "a.onnx", "--browse-queries is 0"),
        (("--ablation", "a.html"), "a.safetensors", "--ablation is a.html"),
        (("--ablation", "a.md"), "a.safetensors", "needs --ablation-data DIR"),
        (("--ablation", "a.md"), "a.tflite", "or --backbone FILE"),
        (("--ablation", "a.md", "--ablation-images", "1"), "a.onnx", "--ablation-images is 1"),
    ],
)
def test_refused_before_anything_is_described(
    options: tuple[str, ...], model: str, message: str, monkeypatch
) -> None:
    monkeypatch.setattr(evaluate_reports, "require_matplotlib", lambda: None)
    with pytest.raises(ConfigError, match=message):
        check_report_arguments(parse(*options, model=Path(model)))


def test_an_unwritable_folder_is_reported_before_anything_is_described(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ActnetError, match="cannot write to"):
        check_report_arguments(parse("--browse", str(tmp_path / "file" / "hits.html")))
    (tmp_path / "hits.html").mkdir()
    with pytest.raises(ActnetError, match="is a folder"):
        check_report_arguments(parse("--browse", str(tmp_path / "hits.html")))


def test_missing_matplotlib(monkeypatch) -> None:
    absent = functools.partial(plots.require_matplotlib, lambda _: None)
    monkeypatch.setattr(evaluate_reports, "require_matplotlib", absent)
    with pytest.raises(MissingPackageError, match="mobile-actnet\\[plots\\]"):
        check_report_arguments(parse("--separability", "a.svg"))


@needs_matplotlib
def test_a_set_without_both_kinds_of_pairs(context: Context, tmp_path: Path) -> None:
    lonely = Context(
        context.model, context.folders, context.photos[:2], context.descriptors[:2], None
    )
    with pytest.raises(ActnetError, match="no set has both"):
        write_reports(parse("--separability", tmp_path / "a.svg"), lonely)

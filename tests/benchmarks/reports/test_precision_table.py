"""The table of precisions: arithmetic, verdicts, and one real row."""

from pathlib import Path

import pytest
from PIL import Image

from mobile_actnet.benchmarks.config import parse_set
from mobile_actnet.benchmarks.latency.ratios import Ratio
from mobile_actnet.benchmarks.reports.precision_table import PrecisionRow, markdown
from mobile_actnet.cli.bench.precisions import main
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import ImageSize


def row(loss: float, allowed: float = 0.5) -> PrecisionRow:
    worst = [{"layer": "features.16.conv.2", "snr_db": 14.5}]
    return PrecisionRow(
        "tflite", "mixed", 4_030_000, 0.9957, 0.966, {"shop": 80.0 - loss}, {"shop": loss},
        allowed, worst, [], Ratio(0.61, 0.6, 0.62, 200),
    )  # fmt: skip


def test_sets_of_folders() -> None:
    found = parse_set("smvs/+clothing/")
    assert found.folders == (Path("smvs"), Path("clothing"))
    assert found.name == "smvs"


@pytest.mark.parametrize(("loss", "holds"), [(0.5, True), (0.51, False), (-2.0, True)])
def test_only_losses_count(loss: float, holds: bool) -> None:
    assert row(loss).holds is holds


def test_what_does_not_hold_is_shown_with_its_layers() -> None:
    table = markdown({"shop": 80.0}, [row(0.2), row(0.9)])
    lines = table.splitlines()
    assert (
        "| tflite | mixed | 4.03 MB | 0.61 (0.60 to 0.62) | 0.9957, 0.9660 | 79.80 (-0.20) | 0.5 | yes |"
        in lines
    )
    assert (
        "| tflite | mixed | 4.03 MB | 0.61 (0.60 to 0.62) | 0.9957, 0.9660 | 79.10 (-0.90) | 0.5 | **no** |"
        in lines
    )
    assert "- tflite mixed: features.16.conv.2 14.5" in lines


def test_the_command_writes_a_row_for_each_precision_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    lines = []
    for number, picture in enumerate(generated_pictures(6, ImageSize(64, 64))):
        Image.fromarray(picture).save(shop / f"{number}.png")
        lines.append(f"{number}.png,{number // 2},both")
    (shop / "manifest.csv").write_text("path,instance,role\n" + "\n".join(lines))
    table = tmp_path / "table.md"
    arguments = [str(shop), "--format", "onnx", "--image-size", "64", "-o", str(tmp_path / "out")]
    few = ["--precision", "fp32", "--precision", "int8"]
    assert main([*arguments, *few, "--table", str(table)]) == 0
    rows = [line.split(" | ") for line in table.read_text().splitlines() if "| onnx | " in line]
    assert [row[1] for row in rows] == ["fp32", "int8"]
    # Against PyTorch at the same size.
    assert rows[0][4] == "1.0000, 1.0000"
    # Only what stands beside its fp32 is timed.
    assert [bool(row[3]) for row in rows] == [False, True]
    assert "onnx int8 " in capsys.readouterr().out


def test_a_precision_that_no_format_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(tmp_path), "--format", "onnx", "--precision", "palettised-6"]
    assert main([*arguments, "-o", str(tmp_path)]) == 1
    assert "none of the formats has the precision palettised-6" in capsys.readouterr().err

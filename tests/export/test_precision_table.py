"""The table of precisions: arithmetic, verdicts, and one real row."""

from pathlib import Path

import pytest
from PIL import Image

from mobile_actnet.export.deployable import ImageSize
from mobile_actnet.export.pictures import generated_pictures
from mobile_actnet.export.precision_table import PrecisionRow, markdown, parse_set
from mobile_actnet.export.precisions_cli import main


def row(loss: float, allowed: float = 0.5) -> PrecisionRow:
    worst = [{"layer": "features.16.conv.2", "snr_db": 14.5}]
    return PrecisionRow(
        "tflite", "mixed", 4_030_000, 0.9957, 0.966, {"shop": 80.0 - loss}, {"shop": loss},
        allowed, worst, [],
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
    assert "| tflite | mixed | 4.03 MB | 0.9957, 0.9660 | 79.80 (-0.20) | 0.5 | yes |" in lines
    assert "| tflite | mixed | 4.03 MB | 0.9957, 0.9660 | 79.10 (-0.90) | 0.5 | **no** |" in lines
    assert "- tflite mixed: features.16.conv.2 14.5" in lines


def test_the_command_writes_a_row_for_each_precision(
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
    assert main([*arguments, "--table", str(table)]) == 0
    for precision in ("fp32", "fp16", "int8-weights", "int8", "mixed"):
        assert f"| onnx | {precision} |" in table.read_text()
    assert "onnx int8 " in capsys.readouterr().out

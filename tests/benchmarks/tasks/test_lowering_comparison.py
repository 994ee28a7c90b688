"""The comparison of lowerings: a row for each, the first one being what the others are timed by."""

from pathlib import Path

import pytest
from PIL import Image

from mobile_actnet.cli.bench.lowerings import main
from mobile_actnet.errors import ConfigError
from mobile_actnet.export.graph.lowering import lower_activation
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import ImageSize, Lowering


def _is_allowed(lowering: Lowering, network: Actnet) -> bool:
    try:
        for stream in network.head.streams:
            lower_activation(stream.activation, lowering)
    except ConfigError:
        return False
    return True


def test_a_row_for_each_lowering_that_the_weights_allow(
    tmp_path: Path, shipped_network: Actnet, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = []
    for number, picture in enumerate(generated_pictures(4, ImageSize(64, 64))):
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{number // 2},both")
    (tmp_path / "manifest.csv").write_text("path,instance,role\n" + "\n".join(lines))
    few = ["--format", "onnx", "--precision", "fp32", "--image-size", "64"]
    assert main([str(tmp_path), *few]) == 0
    rows = [
        line.strip("| ").split(" | ")
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("| onnx")
    ]
    allowed = [x for x in Lowering if _is_allowed(x, shipped_network)]
    assert len(allowed) >= 2
    assert [row[:3] for row in rows] == [["onnx", "fp32", x.value] for x in allowed]
    assert [row[3] == "1" for row in rows] == [True] + [False] * (len(allowed) - 1)
    # The same function in each.
    assert all(row[4] == "1.000000, 1.000000" for row in rows)
    assert len({row[5] for row in rows}) == 1

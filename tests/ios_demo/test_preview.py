"""What the preview shows is what is described: sources that need Apple's camera are held to it by their text."""

import re
from pathlib import Path

PHONE = Path(__file__).parents[2] / "ios_demo/Sources/ActnetPhone"
CAMERA = (PHONE / "Camera.swift").read_text()
PREVIEW = (PHONE / "CameraPreview.swift").read_text()


def test_the_preview_has_the_shape_of_the_frames() -> None:
    (width, height) = re.findall(r"sessionPreset = \.vga(\d+)x(\d+)", CAMERA)[0]
    (across, down) = re.findall(r"landscape: CGFloat = ([\d.]+) / ([\d.]+)", PREVIEW)[0]
    assert int(width) * float(down) == int(height) * float(across)
    assert re.findall(r"aspectRatio\((.*), contentMode: \.(\w+)\)", PREVIEW) == [
        ("isLow ? Self.landscape : 1 / Self.landscape", "fit")
    ]


def test_the_preview_shows_all_of_a_frame() -> None:
    assert re.findall(r"videoGravity = \.(\w+)", PREVIEW) == ["resizeAspect"]

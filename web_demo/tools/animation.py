"""Make the README's animation: a visitor's camera finds a picture of the drawn museum, as the tests' camera does.

    .venv/bin/python web_demo/tools/animation.py docs/screens/web.webp

It shows what `make test-web` left in build/e2e: the page in Chromium, with a video of a moving camera.
"""

import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

_WEB_DEMO = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(_WEB_DEMO / "tests/e2e"))
from make_demo import painting, photographed  # noqa: E402

_PICTURE = 3
_SCENE = (1080, 2160)
_SHARE = 0.3
_VIDEO = (720, 1440)
_RESTING, _MOVING, _HOLDING = 40, 18, 120
_QUALITY = 60
_LARGEST_BYTES = 1_500_000


def main(target: Path) -> int:
    """Write the animation; 1 where it is too large for a README."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "camera.mjpeg").write_bytes(b"".join(_video()))
        subprocess.run(["node", _WEB_DEMO / "tools/animation.mjs", folder], check=True)
        durations = json.loads((folder / "durations.json").read_text())
        frames = [Image.open(folder / f"{k:03}.png").convert("RGB") for k in range(len(durations))]
        frames[0].save(
            target, save_all=True, append_images=frames[1:], duration=durations, loop=0,
            quality=_QUALITY, method=6,
        )  # fmt: skip
    size = target.stat().st_size
    print(f"{target}: {len(durations)} frames, {sum(durations) / 1000:.1f} s, {size / 1e3:.0f} kB")
    return int(size > _LARGEST_BYTES)


def _video() -> list[bytes]:
    """Return JPEGs, one a frame: a phone rests beside the picture, goes there, and holds still."""
    scene, _ = photographed(painting(_PICTURE), np.random.default_rng(7), _SCENE, _SHARE)
    beside, whole = np.array([60, 40, 360, 640]), np.array([0, 0, *_SCENE])
    way = [0.0] * _RESTING + [k / _MOVING for k in range(_MOVING)] + [1.0] * _HOLDING
    frames = []
    for part in way:
        eased = part * part * (3 - 2 * part)
        box = (1 - eased) * beside + eased * whole
        frame = scene.resize(_VIDEO, Image.Resampling.BILINEAR, tuple(box.tolist()))
        jpeg = io.BytesIO()
        frame.save(jpeg, "JPEG", quality=90, subsampling=2)
        frames.append(jpeg.getvalue())
    return frames


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))

"""Make the golden files of the preprocessing: pictures, and the bytes that a network must see.

    python tests/golden/make_preprocessing.py

The pictures are drawn from formulas and one seed, and kept in lossless formats but for one JPEG.
Run it only where the definition in docs/preprocessing.md changes, and raise
`preprocessing.VERSION` with it: the phones hold to these bytes too.
"""

import hashlib
import json
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from icc_profiles import display_p3
from numpy.typing import NDArray
from PIL import Image

from mobile_actnet.pictures.preprocessing import NAME, VERSION, decode, resize

FOLDER = Path(__file__).parent / "preprocessing"
EXIF_ORIENTATION = 0x0112
SQUARE = (64, 64)
SIDEWAYS = (64, 96)

Pixels = NDArray[np.uint8]


def scene(width: int, height: int) -> Pixels:
    """Gradients, a disc, a fine checkerboard: (height, width, 3) with smooth and hard edges."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    u, v = (x + 0.5) / width, (y + 0.5) / height
    colour = np.stack([255 * u, 255 * v, 255 * (1 - u * v)], 2)
    colour[(u - 0.35) ** 2 + (v - 0.4) ** 2 < 0.05] = (250, 20, 60)
    colour[(u > 0.6) & (v > 0.6) & ((x + y) % 2 == 0)] = (0, 0, 0)
    colour[(u > 0.6) & (v < 0.25)] = 255
    return colour.astype(np.uint8)


def noise(width: int, height: int, channels: int = 3) -> Pixels:
    """The hardest input for a rounding rule."""
    rng = np.random.default_rng((width, height, channels))
    return rng.integers(0, 256, (height, width, channels), dtype=np.uint8)


def with_alpha(width: int, height: int) -> Pixels:
    """A scene with every alpha from 0 to 255: (height, width, 4)."""
    alpha = np.arange(width * height).reshape(height, width, 1) % 256
    return np.concatenate([scene(width, height), alpha.astype(np.uint8)], 2)


def grey(width: int, height: int) -> Pixels:
    return scene(width, height)[..., 1] // 2 + scene(width, height)[..., 0] // 2


def write_png_rgb16(path: Path, values: NDArray[np.uint16]) -> None:
    """Write (H, W, 3) as a PNG of 16 bits a channel, which Pillow reads but does not write."""
    height, width = values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )
    )


def _save(pixels: Pixels, **options: object) -> Callable[[Path], None]:
    return lambda path: Image.fromarray(pixels).save(path, **options)


def _palette(**options: object) -> Callable[[Path], None]:
    image = Image.fromarray(scene(50, 40)).quantize(24, dither=Image.Dither.NONE)
    return lambda path: image.save(path, **options)


def _one_bit(path: Path) -> None:
    Image.fromarray(grey(45, 70) > 110).save(path)


def _grey16(path: Path) -> None:
    y, x = np.mgrid[0:40, 0:55]
    Image.fromarray((y * 1500 + x * 90).astype(np.uint16)).save(path)


def _rgb16(path: Path) -> None:
    values = np.random.default_rng(16).integers(0, 65536, (20, 30, 3), dtype=np.uint16)
    write_png_rgb16(path, values)


def _cmyk(path: Path) -> None:
    Image.fromarray(noise(30, 20, 4), "CMYK").save(path, compression="tiff_lzw")


def _gif(path: Path) -> None:
    first, second = (
        Image.fromarray(pixels).quantize(16) for pixels in (scene(60, 44), noise(60, 44))
    )
    first.save(path, save_all=True, append_images=[second])


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    return exif


# name -> how it is written, the (height, width) that it is resized to
PICTURES: dict[str, tuple[Callable[[Path], None], tuple[int, int]]] = {
    "one_pixel.png": (_save(np.full((1, 1, 3), (200, 30, 90), np.uint8)), SQUARE),
    "odd.png": (_save(noise(37, 53)), SQUARE),
    "odd_sideways.png": (_save(noise(131, 47)), SIDEWAYS),
    "one_row.png": (_save(noise(300, 1)), SQUARE),
    "two_columns.png": (_save(noise(2, 300)), SQUARE),
    "larger.png": (_save(scene(320, 240)), SQUARE),
    "larger_sideways.png": (_save(scene(250, 333)), SIDEWAYS),
    "smaller.png": (_save(noise(10, 7)), SQUARE),
    "identical_size.png": (_save(noise(64, 64)), SQUARE),
    "identical_width.png": (_save(noise(64, 30)), SQUARE),
    "identical_height.png": (_save(noise(30, 64)), SIDEWAYS),
    "one_less.png": (_save(noise(65, 63)), SQUARE),
    "network_size.png": (_save(scene(180, 301)), (224, 224)),
    "checkerboard.png": (
        _save(((np.indices((96, 96)).sum(0) % 2) * 255).astype(np.uint8)[..., None].repeat(3, 2)),
        SQUARE,
    ),
    "rgba.png": (_save(with_alpha(70, 90)), SQUARE),
    "grey_alpha.png": (_save(with_alpha(48, 33)[..., [1, 3]]), SQUARE),
    "rgb_transparent_colour.png": (_save(scene(80, 60), transparency=(255, 255, 255)), SQUARE),
    "grey_transparent_value.png": (_save(grey(40, 40) // 16 * 16, transparency=96), SQUARE),
    "palette.png": (_palette(), SQUARE),
    "palette_alpha.png": (_palette(transparency=bytes(range(0, 240, 10))), SQUARE),
    "grey.png": (_save(grey(75, 50)), SQUARE),
    "one_bit.png": (_one_bit, SQUARE),
    "grey16.png": (_grey16, SQUARE),
    "rgb16.png": (_rgb16, SQUARE),
    "cmyk.tif": (_cmyk, SQUARE),
    "tiff_orientation_8.tif": (_save(scene(60, 40), tiffinfo={EXIF_ORIENTATION: 8}), SQUARE),
    **{
        f"orientation_{number}.png": (_save(scene(60, 40), exif=_exif(number)), SQUARE)
        for number in range(1, 9)
    },
    "jpeg_orientation_6.jpg": (_save(scene(96, 64), exif=_exif(6), quality=90), SQUARE),
    "lossless.webp": (_save(scene(66, 99), lossless=True, exact=True), SQUARE),
    "two_frames.gif": (_gif, SQUARE),
    "display_p3.png": (_save(scene(90, 70), icc_profile=display_p3()), SQUARE),
    "bitmap.bmp": (_save(noise(21, 13)), SQUARE),
}


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "sources").mkdir(parents=True)
    cases = []
    for name, (write, (height, width)) in PICTURES.items():
        source = FOLDER / "sources" / name
        write(source)
        image = decode(source)
        expected = resize(image, height, width).tobytes()
        output = f"{source.stem}_{height}x{width}.rgb"
        (FOLDER / output).write_bytes(expected)
        cases.append(
            {
                "source": f"sources/{name}",
                "lossless": source.suffix != ".jpg",
                "decoded_width": image.width,
                "decoded_height": image.height,
                "decoded_sha256": hashlib.sha256(image.tobytes()).hexdigest(),
                "expected": output,
                "height": height,
                "width": width,
                "sha256": hashlib.sha256(expected).hexdigest(),
            }
        )
    index = {"preprocessing": NAME, "version": VERSION, "cases": cases}
    (FOLDER / "index.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    print(f"{len(cases)} pictures in {FOLDER}")


if __name__ == "__main__":
    main()

"""Measure the wheel, and an empty environment with each extra; write docs/results/installed-sizes.md.

python manual/installed_sizes.py                    # all extras; half an hour and 5 GB for a while
python manual/installed_sizes.py cluster            # one extra: its row alone is renewed
python manual/installed_sizes.py "" runtime --check  # the base and one extra, printed alone
"""

import argparse
import configparser
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "results" / "installed-sizes.md"
_HEAD = """# Installed sizes

Made by `python manual/installed_sizes.py`: the wheel is installed by pip with each extra into an empty environment, with the
versions of `constraints.txt`. A size is the sum of the files in `site-packages`, compiled modules included, without pip
and setuptools. {system}. 1 MB is a million bytes.
"""
_LARGEST = 5


def build_wheel(folder: Path) -> Path:
    """Build the wheel of the checkout into a folder and return its path."""
    # From a copy: setuptools leaves a build folder behind, and takes up what an older one holds.
    copy = folder / "copy"
    copy.mkdir()
    for name in ("mobile_actnet", "export", "benchmarks"):
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=leave)
    shutil.copytree(ROOT / "android_demo/native", copy / "android_demo/native")
    for name in ("setup.cfg", "pyproject.toml", "build_backend.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    command: list[str | Path] = [sys.executable, "-m", "build", "--wheel", "--outdir", folder, copy]
    if os.environ.get("CC") or any(shutil.which(name) for name in ("cc", "gcc", "clang")):
        command.append("--no-isolation")  # Otherwise pip must fetch a compiler.
    subprocess.run(command, check=True, capture_output=True)
    shutil.rmtree(copy)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, extra: str, folder: Path) -> Path:
    """Install the wheel with an extra ("" is none) into an environment; return its Python.

    Args:
        folder: of the environment, which is made where it is not there.

    Raises:
        CalledProcessError: pip failed; its last lines are in `stderr`.
    """
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet"]
    pip += ["--disable-pip-version-check", "--constraint", ROOT / "constraints.txt"]
    name = f"mobile-actnet[{extra}]" if extra else "mobile-actnet"
    # torch alone and first, as the README says: another package must not choose its build.
    if needs_torch(extra):
        subprocess.run([*pip, "torch"], check=True, capture_output=True, text=True)
    words = [*pip, f"{name} @ {wheel.resolve().as_uri()}"]
    subprocess.run(words, check=True, capture_output=True, text=True)
    return python


def needs_torch(extra: str) -> bool:
    lines = extras()[extra] if extra else ""
    return "torch >=" in lines or "[train]" in lines or "train," in lines


def extras() -> dict[str, str]:
    """Return what setup.cfg declares: extra -> its lines, without `dev`."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    return {k: v for k, v in config["options.extras_require"].items() if k != "dev"}


def sizes(folder: Path) -> dict[str, int]:
    """Return bytes of each package in an environment, largest first; pip and setuptools left out."""
    (site,) = folder.glob("lib/python*/site-packages")
    bytes_of: dict[str, int] = {}
    for path in site.rglob("*"):
        if path.is_file() and not path.is_symlink():
            top = path.relative_to(site).parts[0]
            name = top.partition("-")[0].removesuffix(".libs").removesuffix(".py").lower()
            name = {"opencv_python_headless": "cv2", "pil": "pillow"}.get(name, name)
            if name not in ("pip", "setuptools", "pkg_resources", "_distutils_hack", "__pycache__"):
                bytes_of[name] = bytes_of.get(name, 0) + path.stat().st_size
    return dict(sorted(bytes_of.items(), key=lambda item: -item[1]))


def row(extra: str, packages: dict[str, int]) -> str:
    largest = ", ".join(f"{k} {v / 1e6:.0f}" for k, v in list(packages.items())[:_LARGEST])
    name = f"`{extra}`" if extra else "none"
    return f"| {name} | {sum(packages.values()) / 1e6:.0f} MB | {largest} |"


def measure(chosen: Iterable[str]) -> list[str]:
    """Return the table's lines, printing each as it is measured."""
    lines = []
    with tempfile.TemporaryDirectory() as place:
        wheel = build_wheel(Path(place))
        lines += [f"The wheel itself: {wheel.stat().st_size / 1e6:.1f} MB.", ""]
        lines += ["| extra | installed | of it, the largest packages in MB |", "|---|---|---|"]
        print(lines[0], flush=True)
        for extra in chosen:
            with tempfile.TemporaryDirectory(dir=place) as folder:
                install(wheel, extra, Path(folder))
                lines.append(row(extra, sizes(Path(folder))))
            print(lines[-1], flush=True)
    return lines


def renewed(page: str, lines: list[str]) -> list[str]:
    """Return the page's lines from the wheel on, with the rows that were measured put into them."""
    measured = {line.split("|")[1]: line for line in lines if line.startswith(("| `", "| none"))}
    old = page[page.index("The wheel itself") :].splitlines()
    rows = {line.split("|")[1]: line for line in old if line.startswith(("| `", "| none"))}
    named = [f" `{extra}` " if extra else " none " for extra in ("", *extras())]
    table = rows | measured
    return [*lines[:4], *(table[name] for name in named if name in table)]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extras", nargs="*", default=["", *extras()])
    parser.add_argument("--check", action="store_true", help="print, and leave the page as it is")
    arguments = parser.parse_args(argv)
    lines = measure(arguments.extras)
    if not arguments.check:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        system = f"Python {version} on {sysconfig.get_platform()}"
        lines = renewed(PAGE.read_text(encoding="utf-8"), lines)
        PAGE.write_text("\n".join([_HEAD.format(system=system), *lines]) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""The project's shape: who imports whom, what the wheel holds, which names are public."""

import ast
import configparser
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import mobile_actnet
import mobile_actnet.export

ROOT = Path(__file__).parent.parent
FOLDERS = {
    "mobile_actnet": ROOT / "mobile_actnet",
    "mobile_actnet.export": ROOT / "export",
    "mobile_actnet.benchmarks": ROOT / "benchmarks",
}
# benchmarks -> export -> mobile_actnet, never back.
MAY_IMPORT = {
    "mobile_actnet": {"mobile_actnet"},
    "mobile_actnet.export": {"mobile_actnet", "mobile_actnet.export"},
    "mobile_actnet.benchmarks": set(FOLDERS),
}


def modules(package: str) -> list[Path]:
    """Every module of a package, in all its rooms."""
    found = sorted(FOLDERS[package].rglob("*.py"))
    assert len(found) > 20, "the test looks at nothing"
    return found


def package_of(module: str) -> str | None:
    parents = [name for name in FOLDERS if module == name or module.startswith(name + ".")]
    return max(parents, key=len, default=None)


def imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            found += [module, *(f"{module}.{alias.name}" for alias in node.names)]
    return found


@pytest.mark.parametrize("package", FOLDERS)
def test_imports_point_one_way(package: str) -> None:
    for path in modules(package):
        for module in imports(path):
            # `import export` in the checkout would be a second copy of the package.
            assert module.partition(".")[0] not in ("export", "benchmarks", "tests"), path
            target = package_of(module)
            assert target is None or target in MAY_IMPORT[package], f"{path.name} -> {module}"


def test_import_direction_test_sees_a_wrong_arrow(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from mobile_actnet.export import pipeline\n")
    targets = {package_of(module) for module in imports(wrong)}
    assert not targets <= MAY_IMPORT["mobile_actnet"]


def test_setup_lists_every_package() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = config["options"]["packages"].split()
    rooms = {
        ".".join((package, *path.parent.relative_to(folder).parts))
        for package, folder in FOLDERS.items()
        for path in folder.rglob("*.py")
    }
    assert sorted(listed) == sorted(rooms)
    mapped = dict(
        line.replace(" ", "").split("=")
        for line in config["options"]["package_dir"].split("\n")[1:]
    )
    assert {name: ROOT / folder for name, folder in mapped.items()} == FOLDERS


def test_wheel_holds_the_packages_and_the_weights_alone(tmp_path: Path) -> None:
    # From a copy: setuptools leaves a build folder behind, and takes up what an older one holds.
    copy, build_options = tmp_path / "copy", ["--wheel", "--no-isolation"]
    copy.mkdir()
    for folder in FOLDERS.values():
        shutil.copytree(folder, copy / folder.name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    subprocess.run(
        [sys.executable, "-m", "build", *build_options, "--outdir", tmp_path, copy],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {
        "mobile_actnet"
    }
    for package, folder in FOLDERS.items():
        for path in modules(package):
            assert f"{package.replace('.', '/')}/{path.relative_to(folder)}" in names
    assert "mobile_actnet/weights/mobile_actnet.safetensors" in names
    assert "mobile_actnet/py.typed" in names
    assert not [name for name in names if "test" in name or "golden" in name]


@pytest.mark.parametrize("package", [mobile_actnet, mobile_actnet.export])
def test_public_names_are_there_and_documented(package: object) -> None:
    for name in package.__all__:  # type: ignore[attr-defined]
        public = getattr(package, name)
        assert public.__doc__, name


def test_every_command_answers_help() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    for line in config["options.entry_points"]["console_scripts"].split("\n")[1:]:
        command, _, target = line.replace(" ", "").partition("=")
        module = target.partition(":")[0]
        answer = subprocess.run(
            [sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=True
        )
        assert f"usage: {command}" in answer.stdout

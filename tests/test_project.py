"""The project's shape: who imports whom, what the wheel holds, which names are public."""

import ast
import configparser
import os
import re
import shutil
import subprocess
import sys
import tomllib
import types
import zipfile
from pathlib import Path

import installed_sizes
import pytest

import mobile_actnet
import mobile_actnet.export

ROOT = Path(__file__).parent.parent
FOLDERS = {
    "mobile_actnet": ROOT / "mobile_actnet",
    "mobile_actnet.export": ROOT / "export",
    "mobile_actnet.benchmarks": ROOT / "benchmarks",
}


def modules(package: str) -> list[Path]:
    """Every module of a package, in all its rooms."""
    found = sorted(FOLDERS[package].rglob("*.py"))
    assert len(found) > 20, "the test looks at nothing"
    return found


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


def test_no_relative_imports_and_no_second_copy_of_a_package() -> None:
    for package in FOLDERS:
        for path in modules(package):
            for module in imports(path):
                # `import export` in the checkout would be a second copy of the package.
                assert module.partition(".")[0] not in ("export", "benchmarks", "tests"), path


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Hold the contracts of pyproject.toml against the packages of a folder."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    places = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=places, capture_output=True, text=True)


def contracts() -> list[tuple[str, list[str]]]:
    """The package of each contract of layers, and its layers from the top."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    found = []
    for contract in settings["contracts"]:
        (container,) = contract["containers"]
        layers = [[one.strip() for one in layer.split("|")] for layer in contract["layers"]]
        found.append((container, layers))
    return found


def test_imports_keep_the_contracts() -> None:
    answer = lint_imports(ROOT)
    assert answer.returncode == 0, answer.stdout


def test_an_import_against_any_arrow_breaks_a_contract(tmp_path: Path) -> None:
    leave = shutil.ignore_patterns("__pycache__", "weights")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "mobile_actnet", tmp_path / "mobile_actnet", ignore=leave)
    arrows = []
    for container, layers in contracts():
        folder = tmp_path / container.replace(".", "/")
        for number, layer in enumerate(layers):
            for lower in layer:
                uppers = [f"{container}.{name}" for above in layers[:number] for name in above]
                arrows += [(f"{container}.{lower}", upper) for upper in uppers]
                room = folder / lower
                file = room / "against_the_arrows.py" if room.is_dir() else room.with_suffix(".py")
                with file.open("a") as code:
                    code.writelines(f"import {upper}\n" for upper in uppers)
    assert len(arrows) > 90
    answer = lint_imports(tmp_path)
    assert answer.returncode == 1
    told = " ".join(answer.stdout.split())
    missing = [a for a in arrows if f"{a[0]} is not allowed to import {a[1]}:" not in told]
    assert not missing, missing


@pytest.mark.parametrize("package", [mobile_actnet, mobile_actnet.export])
def test_lazy_names_are_the_names_that_type_checkers_see(package: types.ModuleType) -> None:
    tree = ast.parse(Path(package.__file__ or "").read_text(encoding="utf-8"))
    (block,) = (
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    typed = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == package._HOMES
    assert sorted(typed) == sorted(package.__all__)


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


def test_editors_and_mypy_find_every_package_in_the_checkout() -> None:
    for package, folder in FOLDERS.items():
        assert (ROOT / package.replace(".", "/")).resolve() == folder


def test_wheel_holds_the_packages_the_engine_and_the_weights_alone(tmp_path: Path) -> None:
    wheel = installed_sizes.build_wheel(tmp_path)
    assert "-py3-none-linux" in wheel.name
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {
        "mobile_actnet"
    }
    for package, folder in FOLDERS.items():
        for path in modules(package):
            assert f"{package.replace('.', '/')}/{path.relative_to(folder)}" in names
    assert "mobile_actnet/weights/mobile_actnet.safetensors" in names
    assert "mobile_actnet/py.typed" in names
    assert "mobile_actnet/native/libactnet.so" in names
    page = FOLDERS["mobile_actnet"] / "web" / "page"
    for path in page.rglob("*"):
        assert path.is_dir() or f"mobile_actnet/web/page/{path.relative_to(page)}" in names
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
        module, _, function = target.partition(":")
        code = (
            f"import sys; sys.argv[0] = '/bin/{command}'\n"
            f"from {module} import {function}; sys.exit({function}())"
        )
        answer = subprocess.run(
            [sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True
        )
        assert f"usage: {command}" in answer.stdout


def test_every_document_is_in_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = set(re.findall(r"\]\(([^)]+\.md)\)", index.read_text(encoding="utf-8")))
    pages = {
        path.relative_to(index.parent).as_posix()
        for path in index.parent.rglob("*.md")
        if path != index
    }
    assert {place for place in linked if not place.startswith("../")} == pages


def test_rooms_stay_small_enough_to_be_known() -> None:
    names: dict[str, list[Path]] = {}
    for folder in FOLDERS.values():
        for path in folder.rglob("*.py"):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path
            assert len(list(path.parent.glob("*.py"))) <= 16, path.parent
            names.setdefault(path.name, []).append(path)
    # A room's settings are `config`, its errors `errors`; a subcommand's module has its word.
    shared = {name for name, paths in names.items() if len(paths) > 1}
    assert shared == {"__init__.py", "config.py", "errors.py", "search.py"}

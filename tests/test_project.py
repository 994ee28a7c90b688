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
# The rooms from the top: a room may import what stands right of it, never what stands left.
HOUSE = "cli benchmarks export evaluation gallery training runtime network pictures commands files errors"
EXPORT = "pipeline export_request checks formats quantization graph"
# Imports that still point the wrong way; the list only gets shorter.
KNOWN = {
    ("mobile_actnet.benchmarks.tasks.lowering_comparison", "mobile_actnet.cli.export"),
    ("mobile_actnet.evaluation.ablation", "mobile_actnet.export.graph.deployable"),
    ("mobile_actnet.evaluation.extraction", "mobile_actnet.export.graph.deployable"),
    ("mobile_actnet.evaluation.reports", "mobile_actnet.export.graph.deployable"),
    ("mobile_actnet.evaluation.scoring", "mobile_actnet.export.graph.deployable"),
    ("mobile_actnet.gallery.check", "mobile_actnet.export.checks.diagnosis"),
    ("mobile_actnet.gallery.gallery", "mobile_actnet.evaluation.extraction"),
    ("mobile_actnet.gallery.indexing.indexer", "mobile_actnet.export.graph.deployable"),
    ("mobile_actnet.gallery.indexing.picture_work", "mobile_actnet.evaluation.extraction"),
    ("mobile_actnet.gallery.model", "mobile_actnet.evaluation.extraction"),
    ("mobile_actnet.gallery.model", "mobile_actnet.evaluation.ranking"),
    ("mobile_actnet.gallery.model", "mobile_actnet.export.graph.deployable"),
    ("mobile_actnet.runtime.formats", "mobile_actnet.export.graph.deployable"),
    ("mobile_actnet.runtime.formats", "mobile_actnet.export.graph.lowering"),
    ("mobile_actnet.runtime.manifest", "mobile_actnet.export.checks.generated_pictures"),
    ("mobile_actnet.runtime.manifest", "mobile_actnet.export.checks.parity"),
    ("mobile_actnet.runtime.manifest", "mobile_actnet.export.checks.portability"),
    ("mobile_actnet.runtime.manifest", "mobile_actnet.export.graph.lowering_errors"),
    ("mobile_actnet.runtime.runtimes", "mobile_actnet.export.formats.coreml_exporter"),
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


def points_up(importer: str, imported: str) -> bool:
    """Tell whether an import of one module by another goes against the order of the rooms."""
    rooms = [[*name.split(".")[1:], ""] for name in (importer, imported)]
    for order, place in ((HOUSE, 0), (EXPORT, 1)):
        inside = place == 0 or all(room[0] == "export" for room in rooms)
        floors = [
            order.split().index(room[place]) for room in rooms if room[place] in order.split()
        ]
        if inside and len(floors) == len(rooms) and floors[0] > floors[1]:
            return True
    return False


def test_imports_point_one_way() -> None:
    wrong = set()
    for package, folder in FOLDERS.items():
        for path in modules(package):
            importer = ".".join((package, *path.relative_to(folder).with_suffix("").parts))
            for module in imports(path):
                # `import export` in the checkout would be a second copy of the package.
                assert module.partition(".")[0] not in ("export", "benchmarks", "tests"), path
                if module.startswith("mobile_actnet.") and points_up(importer, module):
                    wrong.add((importer, module))
    assert {
        (a, b) for a, b in wrong if not any((a, b.rpartition(".")[0]) in wrong for _ in (0,))
    } == KNOWN


def test_import_direction_test_sees_a_wrong_arrow() -> None:
    assert points_up("mobile_actnet.network.actnet", "mobile_actnet.export")
    assert points_up("mobile_actnet.export.graph.lowering", "mobile_actnet.export.pipeline")
    assert not points_up("mobile_actnet.cli.search", "mobile_actnet.network.actnet")


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


def test_wheel_holds_the_packages_and_the_weights_alone(tmp_path: Path) -> None:
    # From a copy: setuptools leaves a build folder behind, and takes up what an older one holds.
    copy, build_options = tmp_path / "copy", ["--wheel", "--no-isolation"]
    copy.mkdir()
    for folder in FOLDERS.values():
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(folder, copy / folder.name, symlinks=True, ignore=leave)
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

"""The wheel with and without its extras: what is imported is declared, what is missing is named.

What an environment lacks is hidden from Python's finder, in every child process too; so no
registry is needed.
"""

import ast
import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import installed_sizes
import pytest

from mobile_actnet.cli.main import VERBS
from mobile_actnet.extras import EXTRA_OF
from mobile_actnet.runtime.manifest import path_of
from mobile_actnet.runtime.vocabulary import Format, Precision

ROOT = Path(__file__).parent.parent
# Where a package is imported under another name than it is installed under.
DISTRIBUTIONS = {
    "cv2": "opencv-python-headless", "PIL": "pillow", "google": "protobuf", "lance": "pylance",
    "ray": "ray[data]",
}  # fmt: skip
# Used where they happen to be: in a peer's benchmark, in another Python, for a second log.
NEVER_NEEDED = {"faiss", "tflite_runtime", "tensorboard"}
HIDING = """
import os
from importlib.machinery import PathFinder
hidden = frozenset(os.environ.get("HIDDEN_PACKAGES", "").split())
find_spec = PathFinder.find_spec
def find_other(name, path=None, target=None):
    return None if name.partition(".")[0] in hidden else find_spec(name, path, target)
PathFinder.find_spec = find_other
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


def declared() -> dict[str, set[str]]:
    """The distributions of the base ("") and of each extra, extras of extras included."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    lines = {"": config["options"]["install_requires"], **config["options.extras_require"]}

    def names(extra: str) -> Iterator[str]:
        for line in lines[extra].strip().splitlines():
            if inner := re.fullmatch(r"mobile-actnet\[(.+)\]", line):
                for each in inner[1].split(","):
                    yield from names(each)
            else:
                yield re.split(r"[ <>=]", line)[0]

    return {extra: set(names(extra)) for extra in lines}


def distribution_of(package: str) -> str:
    return DISTRIBUTIONS.get(package, package.replace("_", "-"))


def sources() -> Iterator[Path]:
    for folder in ("mobile_actnet", "export", "benchmarks"):
        yield from (ROOT / folder).rglob("*.py")


def imported_packages(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    tops = {name.partition(".")[0] for name in names}
    return tops - set(sys.stdlib_module_names) - {"mobile_actnet"}


def test_everything_imported_is_declared() -> None:
    known = set().union(*(names for extra, names in declared().items() if extra != "dev"))
    imported = {(path.name, package) for path in sources() for package in imported_packages(path)}
    assert len(imported) > 100
    missing = {
        (name, package)
        for name, package in imported
        if package not in NEVER_NEEDED and distribution_of(package) not in known
    }
    assert not missing


def test_a_missing_package_is_named_by_the_extra_that_brings_it() -> None:
    extras = declared()
    for package, extra in EXTRA_OF.items():
        assert distribution_of(package) in extras[extra]
        assert distribution_of(package) not in extras[""]


def test_all_is_everything_and_the_base_has_no_torch() -> None:
    extras = declared()
    for extra, names in extras.items():
        if extra not in ("dev", ""):
            assert names <= extras["all"], extra
    assert "torch" not in extras[""] | extras["runtime"] | extras["onnx-runtime"]


def test_the_extra_runtime_has_no_onnx() -> None:
    """Who searches with the format that is shipped would download 100 MB for nothing."""
    extras = declared()
    assert not {"onnx", "onnxruntime"} & (extras[""] | extras["runtime"] | extras["cluster"])
    assert extras["onnx-runtime"] <= extras["onnx"]


def test_both_pages_on_extras_have_a_row_for_each() -> None:
    for page in ("start/installing.md", "results/installed-sizes.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        rows = set(re.findall(r"^\| `([\w-]+)` \|", text, re.MULTILINE))
        assert rows == set(declared()) - {"", "dev"}, page


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content in a folder of its own, and what hides packages."""
    folder = tmp_path_factory.mktemp("wheel")
    wheel = installed_sizes.build_wheel(folder)
    zipfile.ZipFile(wheel).extractall(folder / "site")
    (folder / "site" / "sitecustomize.py").write_text(HIDING)
    return folder / "site"


@pytest.fixture
def run(installed: Path, tmp_path: Path) -> Run:
    """Give a function that runs Python where only the base and some extras are installed."""
    extras = declared()
    optional = {package for package in EXTRA_OF if distribution_of(package) in extras["all"]}

    def run_python(*words: str, extra: str = "") -> subprocess.CompletedProcess[str]:
        there = extras[""] | (extras[extra] if extra else set())
        hidden = {name for name in optional if distribution_of(name) not in there}
        assert hidden or extra == "all"
        environment = {
            **os.environ, "PYTHONPATH": str(installed), "HIDDEN_PACKAGES": " ".join(hidden),
        }  # fmt: skip
        command = [sys.executable, *words]
        return subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True
        )

    return run_python


EVERY_MODULE = """
import importlib, json, sys
from pathlib import Path
import mobile_actnet
from mobile_actnet.extras import EXTRA_OF
site = Path(mobile_actnet.__file__).parent.parent
told = {}
for path in sorted(site.glob("mobile_actnet/**/*.py")):
    name = ".".join(path.relative_to(site).with_suffix("").parts).removesuffix(".__init__")
    try:
        importlib.import_module(name)
        told[name] = ""
    except ModuleNotFoundError as error:
        told[name] = (error.name or "").partition(".")[0]
print(json.dumps([str(site), told]))
"""


@pytest.mark.parametrize("extra", ["", "runtime", "onnx-runtime", "train", "all"])
def test_every_module_imports_where_its_extras_are(run: Run, installed: Path, extra: str) -> None:
    answer = run("-c", EVERY_MODULE, extra=extra)
    assert answer.returncode == 0, answer.stderr
    site, told = json.loads(answer.stdout.splitlines()[-1])
    assert Path(site) == installed
    assert len(told) > 150
    there = declared()[""] | (declared()[extra] if extra else set())
    for module, missing in told.items():
        assert not missing or distribution_of(missing) not in there, module
        assert not missing or missing in EXTRA_OF, module
    if extra == "all":
        assert not any(told.values())
    else:
        assert not told["mobile_actnet.gallery.gallery"]
        assert any(told.values())


def test_doctor_names_the_next_step_of_what_is_there(run: Run) -> None:
    for extra, step in (
        ("", "pip install 'mobile-actnet[runtime]'"),
        ("runtime", "actnet-index build photos/ --model model.tflite -o photos.sqlite"),
        ("tflite", "actnet-export --format tflite"),
    ):
        answer = run("-m", "mobile_actnet.cli.main", "doctor", extra=extra)
        assert answer.stdout.splitlines()[-1] == f"next: {step}"


def test_without_extras_doctor_and_every_help_work(run: Run) -> None:
    answer = run("-m", "mobile_actnet.cli.main", "doctor")
    assert answer.returncode == 0, answer.stderr
    for extra in ("runtime", "onnx-runtime", "train", *(kind.value for kind in Format)):
        assert f"pip install 'mobile-actnet[{extra}]'" in answer.stdout
    for verb in VERBS:
        answer = run("-m", "mobile_actnet.cli.main", verb, "--help")
        assert answer.stdout.startswith(f"usage: actnet {verb}"), answer.stderr


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (["export", "--format", "tflite"], "tflite"),
        (["export", "--format", "onnx"], "onnx"),
        (["export", "--format", "coreml"], "coreml"),
        (["train", "--data", "x", "-o", "y"], "train"),
        (["quantize", "--data", "x"], "train"),
        (["evaluate", "--data", "."], "train"),
        (["web", ".", "-o", "site"], "tflite"),
        (["index", "build", ".", "--engine", "ray", "--model", "m", "-o", "d.lance"], "cluster"),
        (["index", "info", "d.lance"], "cluster"),
        (["index", "check", "d.lance"], "cluster"),
        (["index", "cut", "d.lance", "-o", "x.sqlite"], "cluster"),
        (["search", "d.lance", "--query", "x.jpg"], "cluster"),
        (["bench", "dataset"], "cluster"),
        (["evaluate", "--data", "d.lance"], "cluster"),
    ],
)
def test_a_command_names_the_extra_that_it_needs(run: Run, words: list[str], extra: str) -> None:
    answer = run("-m", "mobile_actnet.cli.main", *words)
    assert answer.returncode == 1, answer.stderr
    assert answer.stderr.startswith("error: ")
    assert f"run: pip install 'mobile-actnet[{extra}]'" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("kind", "converter", "needed", "other"),
    [
        (Format.TFLITE, "litert_torch", "runtime", "onnx-runtime"),
        (Format.ONNX, "onnxscript", "onnx-runtime", "cluster"),
    ],
)
def test_index_and_search_need_one_extra_alone(
    run: Run, small_artefact, make_photos, tmp_path: Path,
    kind: Format, converter: str, needed: str, other: str,
) -> None:  # fmt: skip
    pytest.importorskip(converter, reason=f"needs the extra {kind.value}")
    model = small_artefact(kind, Precision.FP32).path
    photos, gallery = make_photos(), tmp_path / "g.sqlite"
    command = ["-m", "mobile_actnet.cli.main"]
    build = ["index", "build", str(photos), "--model", str(model), "-o", str(gallery)]
    for extra in ("", other):
        answer = run(*command, *build[:-1], str(tmp_path / "none.sqlite"), extra=extra)
        assert answer.returncode == 1
        assert f"run: pip install 'mobile-actnet[{needed}]'" in answer.stderr
    for words in (
        build,
        ["index", "update", str(gallery)],
        ["search", str(gallery), "--query", str(photos / "000.jpg")],
        ["doctor", "--model", str(model)],
    ):
        answer = run(*command, *words, extra=needed)
        assert answer.returncode == 0, answer.stderr
    shutil.copy(photos / "000.jpg", photos / "new.jpg")
    for words in (
        ["search", str(gallery), "--query", str(photos / "000.jpg")],
        ["index", "update", str(gallery)],
        ["doctor", "--model", str(model)],
    ):
        answer = run(*command, *words, extra=other)
        assert answer.returncode == 1
        assert f"run: pip install 'mobile-actnet[{needed}]'" in answer.stdout + answer.stderr


def test_a_cluster_asks_for_the_runtime_of_an_onnx_artefact(
    run: Run, small_artefact, make_photos
) -> None:
    pytest.importorskip("onnxscript", reason="needs the extra onnx")
    pytest.importorskip("ray", reason="needs the extra cluster")
    model = small_artefact(Format.ONNX, Precision.FP32).path
    words = ["index", "build", str(make_photos()), "--engine", "ray", "--model", str(model)]
    answer = run("-m", "mobile_actnet.cli.main", *words, "-o", "d.lance", extra="cluster")
    assert answer.returncode == 1
    assert "run: pip install 'mobile-actnet[onnx-runtime]'" in answer.stderr


def test_photos_become_a_page_with_an_artefact_that_was_exported_elsewhere(
    run: Run, small_artefact, make_photos, tmp_path: Path
) -> None:
    pytest.importorskip("litert_torch", reason="needs the extra tflite")
    model = small_artefact(Format.TFLITE, Precision.FP32).path
    artefact = tmp_path / "artefacts" / "mobile_actnet_224x224_int8.tflite"
    artefact.parent.mkdir()
    shutil.copy(model, artefact)
    shutil.copy(path_of(model), path_of(artefact))
    words = ["-m", "mobile_actnet.cli.main", "web", str(make_photos()), "-o", "site"]
    answer = run(*words, extra="runtime")
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "site" / "engine" / "actnet.wasm").is_file()

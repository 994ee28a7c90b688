"""How pip compiles the engine: which compiler it takes, and what it says where one fails."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def backend() -> ModuleType:
    pytest.importorskip("setuptools.command.bdist_wheel", reason="needs setuptools 77")
    spec = importlib.util.spec_from_file_location("build_backend", ROOT / "build_backend.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def program(tmp_path: Path):
    """Give a function that writes a program, to be named in CC."""

    def write(script: str) -> str:
        path = tmp_path / "compiler"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return write


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """One that was compiled before."""
    path = tmp_path / "native" / "libactnet.so"
    path.parent.mkdir()
    path.write_bytes(b"before")
    return path


def unchanged(library: Path) -> bool:
    return list(library.parent.iterdir()) == [library] and library.read_bytes() == b"before"


def test_the_compiler_of_the_environment_comes_first(
    backend: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "ccache 'my gcc' -m64")
    assert backend.find_compiler() == ["ccache", "my gcc", "-m64"]
    assert backend._compiler_package() == []


def test_without_a_compiler_pip_is_asked_for_one(
    backend: ModuleType, monkeypatch: pytest.MonkeyPatch, library: Path, tmp_path: Path
) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(backend.importlib.util, "find_spec", lambda name: None)
    for hook in ("get_requires_for_build_wheel", "get_requires_for_build_editable"):
        monkeypatch.setattr(backend.build_meta, hook, lambda settings: ["of setuptools"])
        setuptools, zig = getattr(backend, hook)()
        assert setuptools == "of setuptools"
        assert zig.startswith("ziglang >="), hook
    with pytest.raises(backend.CCompilerError, match="needs a compiler; install one .* CC"):
        backend.compile_engine(library)
    assert unchanged(library)
    monkeypatch.setattr(backend.importlib.util, "find_spec", lambda name: object())
    assert backend.find_compiler()[:4] == [sys.executable, "-m", "ziglang", "cc"]


def test_a_compiler_that_is_not_there_is_named(
    backend: ModuleType, monkeypatch: pytest.MonkeyPatch, library: Path
) -> None:
    monkeypatch.setenv("CC", "/none/gcc -m64")
    with pytest.raises(backend.CCompilerError, match=r"/none/gcc does not run \(No such file"):
        backend.compile_engine(library)
    assert unchanged(library)


def test_what_a_compiler_says_is_passed_on(
    backend: ModuleType, monkeypatch: pytest.MonkeyPatch, library: Path, program
) -> None:
    monkeypatch.setenv("CC", program("printf 'no room \\377\\n' >&2; exit 3"))
    with pytest.raises(backend.CCompilerError, match=r"no room .\nthe C engine .* ended with 3; "):
        backend.compile_engine(library)
    assert unchanged(library)


def test_zig_leaves_no_cache_behind(
    backend: ModuleType, monkeypatch: pytest.MonkeyPatch, library: Path, program
) -> None:
    for kind in ("GLOBAL", "LOCAL"):
        monkeypatch.delenv(f"ZIG_{kind}_CACHE_DIR", raising=False)
    script = 'for f in "$ZIG_GLOBAL_CACHE_DIR" "$ZIG_LOCAL_CACHE_DIR"; do touch "$f/x" && echo "$f"; done'
    monkeypatch.setenv("CC", program(f"({script}) >&2; exit 1"))
    with pytest.raises(backend.CCompilerError) as told:
        backend.compile_engine(library)
    folders = [Path(line) for line in str(told.value).splitlines()[:2]]
    assert [folder.parent for folder in folders] == [library.parent] * 2
    assert unchanged(library)


def test_by_hand_a_failure_is_no_traceback(backend: ModuleType, tmp_path: Path, program) -> None:
    before = (ROOT / backend.LIBRARY).read_bytes()
    ran = subprocess.run(
        [sys.executable, ROOT / "build_backend.py"],
        env={"CC": program("exit 1")}, cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: the C engine was not compiled: ")
    assert (ROOT / backend.LIBRARY).read_bytes() == before

"""`actnet VERB` does what `actnet-VERB` does, and its help appears at once."""

import json
import subprocess
import sys

import pytest

from mobile_actnet.cli import main as command
from mobile_actnet.cli.bench.command import MODES, PROGRAMS
from mobile_actnet.cli.main import VERBS, main

HEAVY = ["torch", "torchvision", "onnx", "onnxruntime", "coremltools", "scipy", "usearch"]
HEAVY += ["numkong", "matplotlib", "ai_edge_litert", "litert_torch"]
# What a help line needs; the rest of the list is never imported for it.
LIGHT = [*HEAVY, "numpy", "PIL", "pydantic", "tqdm"]

COMMANDS = [
    [],
    *([verb] for verb in VERBS),
    *(["bench", mode] for mode in (*MODES, *PROGRAMS)),
    *(["index", step] for step in ("build", "update", "info", "check", "calibrate", "export")),
    ["train", "--quantize"],
]


def imported_by(code: str, packages: list[str]) -> tuple[str, list[str]]:
    """Run code in a process of its own; return what it printed, and which packages it imported."""
    end = f"\nimport sys, json\nprint(json.dumps([p for p in {packages} if p in sys.modules]))"
    ran = subprocess.run([sys.executable, "-c", code + end], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    printed, _, last = ran.stdout.rstrip("\n").rpartition("\n")
    return printed, json.loads(last)


def help_of(words: list[str], packages: list[str]) -> tuple[str, list[str]]:
    """Ask a command for its help."""
    return imported_by(
        "from mobile_actnet.cli.main import main\n"
        f"try: main({[*words, '--help']})\n"
        "except SystemExit as stopped: assert not stopped.code",
        packages,
    )


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    printed, imported = help_of(words, HEAVY)
    assert printed.startswith(" ".join(["usage: actnet", *words]))
    assert not imported


@pytest.mark.parametrize("words", [[], ["search"], ["bench"], ["doctor"]], ids=" ".join)
def test_help_of_the_first_commands_imports_next_to_nothing(words: list[str]) -> None:
    assert help_of(words, LIGHT)[1] == []


def test_packages_are_imported_at_once() -> None:
    _, imported = imported_by("import mobile_actnet, mobile_actnet.export", LIGHT)
    assert imported == []


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_hands_its_words_to_its_module(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Module:
        @staticmethod
        def main(words: list[str], prog: str) -> int:
            asked.append((words, prog))
            return 3

    def import_module(name: str) -> type[Module]:
        asked.append(name)
        return Module

    monkeypatch.setattr(command.importlib, "import_module", import_module)
    assert main([verb, "--option", "value"]) == 3
    module = VERBS[verb][0]
    assert asked == [f"mobile_actnet.cli.{module}", (["--option", "value"], f"actnet {verb}")]


def test_an_unknown_verb_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["exprot"])
    assert stopped.value.code == 2
    assert "invalid choice: 'exprot' (choose from " in capsys.readouterr().err


def test_without_a_verb_the_help_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 2
    assert "required: VERB; see actnet --help" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--teacher"], ["--teacher", "big.onnx"], ["--pack"]])
def test_help_of_teaching_needs_no_teacher(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["train", *words, "--help"])
    assert not stopped.value.code
    assert "--teacher-weights" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert not stopped.value.code
    assert capsys.readouterr().out.startswith("mobile-actnet 0.")

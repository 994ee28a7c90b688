"""Every help shows examples, and a wrong word costs one line."""

import subprocess
import sys

import pytest

from mobile_actnet.cli.main import VERBS, main

SUBCOMMANDS = [
    *VERBS, *(f"index {word}" for word in ("build", "update", "info", "check", "calibrate")),
    "index rehearse", "index export", "quantize ranges", "train --teacher", "bench compare",
]  # fmt: skip


@pytest.mark.parametrize("words", ["", *SUBCOMMANDS])
def test_every_help_ends_with_examples(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*words.split(), "--help"])
    assert stopped.value.code == 0
    *_, examples = capsys.readouterr().out.partition("examples:\n")
    lines = examples.strip().splitlines()
    assert lines
    assert all(line.strip().startswith(("actnet", "torchrun")) for line in lines), lines
    if words.startswith("index "):
        assert all(words.split()[1] in line for line in lines), "of this subcommand alone"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["serch"], "invalid choice: 'serch'"),
        (["search", "g.sqlite", "--query", "p.jpg", "--topp", "3"], "(did you mean --top?)"),
        (["index", "build"], "the following arguments are required: PHOTOS"),
        (["export", "--format", "tflit"], "invalid choice: 'tflit'"),
        (
            ["search", "g.sqlite", "--query", "p.jpg", "--views", "left"],
            "--views has 'left'; give none,",
        ),
        (["train", "--data", "d", "--seed", 19 * "9"], "give 18 digits at most"),
        (["search", "g.sqlite", "--query", ""], "argument --query: it is empty; is a variable"),
        (["index", "build", "", "--model", "m"], "argument PHOTOS: it is empty"),
        (["train", "--data", ""], "argument --data: it is empty"),
        (["bench", "compare", "", "b.json"], "argument A.json: it is empty"),
        (["train", "--data", "d", "--seed=-1"], "give a whole number, 0 or more"),
    ],
)
def test_a_wrong_word_is_one_line(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.endswith(" --help\n")
    assert error.count("\n") == 1


@pytest.mark.parametrize("more", [[], ["--teacher", "x.onnx"]])
def test_settings_are_listed(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["train", *more, "--list-settings"])
    assert stopped.value.code == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert "batch_size" in names
    assert ("views.rotation_deg" in names) is bool(more)


def test_the_package_is_a_command() -> None:
    command = [sys.executable, "-m", "mobile_actnet", "--version"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout.startswith("mobile-actnet ")

"""Every command of the pages is understood: its verb and options exist, its target is in the Makefile."""

import argparse
import importlib.util
import re

import pytest

pytest.importorskip("yaml", reason="needs the extra dev")

import documented
import figures
from commands_page import parser_of
from documented import Command, split_verb

from mobile_actnet.cli.main import VERBS

ROOT = documented.ROOT


def all_commands() -> list[Command]:
    commands = [command for page in documented.pages() for command in documented.commands(page)]
    assert len(commands) > 150
    return commands


def known_options(parser: argparse.ArgumentParser, words: list[str]) -> set[str]:
    options = set(parser._option_string_actions)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                if name in words:
                    options |= known_options(child, words)
    return options


@pytest.mark.parametrize("command", all_commands(), ids=lambda c: f"{c.page.name}: {c.line}"[:70])
def test_a_command_of_a_page_is_understood(command: Command) -> None:
    words = command.words
    if words[0] == "make":
        for word in words[1:]:
            if "=" not in word:
                makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
                assert re.search(rf"(?m)^{re.escape(word)}:", makefile), word
    elif words[0].startswith("actnet"):
        verb, rest = split_verb(words)
        if not verb or verb in ("VERB", "demo") or words[0].startswith("actnet_"):
            return
        assert verb in VERBS
        parser = parser_of(verb, rest)
        options = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
        assert options <= known_options(parser, rest), command.line
        if command.is_in_block and not re.search(r"\b[A-Z]{4,}\b", command.line):
            names_itself = rest and rest[0][0] != "-" and parser.prog.endswith(f" {rest[0]}")
            parser.parse_args(rest[1:] if names_itself else rest)
    elif words[0] == "python" and words[1] == "-m":
        assert importlib.util.find_spec(words[2])
    elif words[0] == "python" and words[1].endswith(".py"):
        assert (ROOT / words[1]).exists()
        if words[1] == "manual/figures.py":
            assert set(words[2:]) <= set(figures.FIGURES)


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    wrong = Command(ROOT / "README.md", "actnet index update shop.sqlite --item x", True)
    with pytest.raises((AssertionError, SystemExit)):
        test_a_command_of_a_page_is_understood(wrong)
    with pytest.raises(AssertionError):
        test_a_command_of_a_page_is_understood(Command(ROOT / "README.md", "make exports", True))

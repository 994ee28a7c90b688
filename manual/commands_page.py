"""The manual's page of commands, made from the commands' own parsers."""

import argparse
import importlib
import re
from collections.abc import Iterator
from unittest import mock

from mobile_actnet.cli.bench.command import MODES, PROGRAMS
from mobile_actnet.cli.main import VERBS


class _Stopped(BaseException):
    """Carries a command's parser out of it, before the command does anything."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.parser = parser


def commands_page() -> str:
    """Return the page as Markdown: a heading, a usage line and a table of options for each command."""
    parts = [
        "# Commands",
        "This page is made from the commands' parsers: it says what `--help` says. "
        "`actnet-VERB` is the same command as `actnet VERB`, except for `quantize` and `web`.",
        "Exit codes: 0 done, 1 an error, which a sentence names, 2 wrong usage, 130 stopped with Ctrl-C, "
        "143 stopped by SIGTERM.",
    ]
    for parser in command_parsers():
        parts.extend(_describe(parser))
    return "\n\n".join(parts) + "\n"


def command_parsers() -> Iterator[argparse.ArgumentParser]:
    """Yield the parser of each command, a verb before its subcommands."""
    for verb, (module, _) in VERBS.items():
        yield from _with_subcommands(_parser(module, [], f"actnet {verb}"))
        if verb == "bench":
            for mode in [*MODES, *PROGRAMS]:
                yield _parser(module, [mode], f"actnet {verb}")


def parser_of(verb: str, words: list[str]) -> argparse.ArgumentParser:
    """Return the parser that a verb would read these words with; some verbs have several."""
    return _parser(VERBS[verb][0], words, f"actnet {verb}")


def _parser(module: str, words: list[str], prog: str) -> argparse.ArgumentParser:
    def stop(parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        raise _Stopped(parser)

    with mock.patch.object(argparse.ArgumentParser, "parse_args", stop):
        try:
            importlib.import_module(f"mobile_actnet.cli.{module}").main(words, prog)
        except _Stopped as stopped:
            return stopped.parser
    raise AssertionError(f"{prog} parses nothing")


def _with_subcommands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from _with_subcommands(child)


def _describe(parser: argparse.ArgumentParser) -> Iterator[str]:
    level = "##" if len(parser.prog.split()) == 2 else "###"
    yield f"{level} {parser.prog}"
    if parser.description:
        yield _text(parser.description)
    rows = [_row(parser, action) for action in parser._actions if _is_shown(action)]
    if rows:
        yield "\n".join(["| option | meaning |", "|---|---|", *rows])
    epilog = (parser.epilog or "").partition("examples:")
    if epilog[2].strip():
        yield "```\n" + re.sub(r"(?m)^\s+", "", epilog[2].strip()) + "\n```"


def _is_shown(action: argparse.Action) -> bool:
    hidden = isinstance(action, argparse._HelpAction | argparse._SubParsersAction)
    return not hidden and action.help is not argparse.SUPPRESS


def _row(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    formatter = parser._get_formatter()
    names = ", ".join(f"`{name}`{{.name}}" for name in action.option_strings)
    value = (
        ""
        if action.nargs == 0
        else formatter._format_args(
            action,
            formatter._get_default_metavar_for_optional(action)
            if action.option_strings
            else formatter._get_default_metavar_for_positional(action),
        )
    )
    # Apart, so that a narrow screen breaks no name; a pipe inside code ends no cell here.
    words = [names, f"`{value}`" if value else ""]
    meaning = formatter._expand_help(action) if action.help else ""
    return f"| {' '.join(filter(None, words))} | {_text(meaning)} |"


def _text(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("<", "&lt;").strip()

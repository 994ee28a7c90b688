"""The parser of all commands: examples in every help, and two lines for a wrong word."""

import argparse
import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from mobile_actnet.errors import ActnetError
from mobile_actnet.runtime.vocabulary import parse_path

_UNKNOWN = "unrecognized arguments: "


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` whose help ends with examples.

    Args:
        examples: text in which each line that begins with the command is an example, such as the
            module's docstring.
    """

    def __init__(self, *arguments: Any, examples: str | None = None, **settings: Any) -> None:
        settings.setdefault("formatter_class", _Formatter)
        super().__init__(*arguments, **settings)
        self.register("type", Path, parse_path)
        if examples:
            self.show_examples(examples)

    def show_examples(self, text: str, word: str = "") -> None:
        """Take the examples of a text; with a word, those of that subcommand alone."""
        lines = [line for line in text.splitlines() if line.startswith(("actnet", "torchrun"))]
        if word:
            lines = [line for line in lines if word in line.split()[:3]]
        if lines:
            before = f"{self.epilog}\n\n" if self.epilog else ""
            self.epilog = before + "\n  ".join([_Formatter.EXAMPLES, *lines])

    def parse_known_args(self, *arguments: Any, **settings: Any) -> Any:
        """Parse; a value that the library refuses is a wrong word."""
        try:
            return super().parse_known_args(*arguments, **settings)
        except ActnetError as error:
            self.error(str(error))

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where the help is, without all the usage."""
        self.exit(
            2, f"{self.prog}: error: {message}{self._meant(message)}; see {self.prog} --help\n"
        )

    def _meant(self, message: str) -> str:
        """Return the option that a mistyped one is near to."""
        words = message.removeprefix(_UNKNOWN).split()
        if not message.startswith(_UNKNOWN) or not words[0].startswith("--"):
            return ""
        known = [option for action in self._actions for option in action.option_strings]
        near = difflib.get_close_matches(words[0].partition("=")[0], known, 1)
        return f" (did you mean {near[0]}?)" if near else ""


class _Formatter(argparse.HelpFormatter):
    """Leaves the lines of examples as they are."""

    EXAMPLES = "examples:"

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        prose, mark, examples = text.partition(self.EXAMPLES)
        filled = super()._fill_text(prose, width, indent) if prose.strip() else ""
        return f"{filled}\n\n{mark}{examples}".strip() if mark else filled


def list_settings(lines: Callable[[], list[str]]) -> type[argparse.Action]:
    """Return an action that prints settings and ends the program."""

    class Listing(argparse.Action):
        def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
            print("\n".join(lines()))
            parser.exit()

    return Listing

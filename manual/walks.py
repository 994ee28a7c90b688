"""Count the files and functions of this package that a command runs through, in its own process.

python manual/walks.py index build photos/ --model MODEL -o /tmp/g.sqlite
python manual/walks.py export --format tflite --precision int8 -o /tmp/w.tflite
"""

import inspect
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parents[1]


def walk(words: list[str]) -> tuple[int, set[tuple[str, str]]]:
    """Run a command; return its exit code, and (file, function) of everything called.

    Bodies of modules and classes are not counted, and neither is what the command starts in other processes.
    """
    from mobile_actnet.cli.main import main

    called: set[tuple[str, str]] = set()
    places: dict[str, str | None] = {}

    def note(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        # Bodies of modules and classes are not optimised code.
        if event != "call" or not code.co_flags & inspect.CO_OPTIMIZED:
            return
        if code.co_filename not in places:
            places[code.co_filename] = _place(code.co_filename)
        if place := places[code.co_filename]:
            called.add((place, code.co_qualname))

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        return main(words), called
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def _place(name: str) -> str | None:
    path = Path(name).resolve()
    if not path.is_relative_to(ROOT):
        return None
    place = path.relative_to(ROOT).as_posix()
    return place if place.startswith(("mobile_actnet/", "export/", "benchmarks/")) else None


if __name__ == "__main__":
    code, seen = walk(sys.argv[1:])
    print(f"{len({place for place, _ in seen})} files, {len(seen)} functions")
    raise SystemExit(code)

"""Keeping converters' chatter off the user's terminal."""

import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Hide what libraries print, from Python and from C++; exceptions pass through.

    Python's two streams are swallowed, the system's standard error is pointed at nothing, warnings
    and logging are off.
    """
    sys.stderr.flush()
    level = logging.root.manager.disable
    logging.disable(logging.ERROR)
    saved = os.dup(2)
    try:
        with (
            open(os.devnull, "w") as nowhere,
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        sys.stderr.flush()
        os.dup2(saved, 2)
        os.close(saved)
        logging.disable(level)

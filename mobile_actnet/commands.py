"""What all commands share: one sentence and exit code 1 for what a user can mend.

Exit codes: 0 done, 1 an error with a sentence, 2 wrong usage, 130 stopped with Ctrl-C.
"""

import errno
import io
import os
import sys
from collections.abc import Callable

from mobile_actnet.errors import ActnetError, MissingPackageError

EXTRA_OF = {
    "torch": "train",
    "torchvision": "train",
    "scipy": "train",
    "ai_edge_litert": "runtime",
    "flatbuffers": "runtime",
    "onnx": "runtime",
    "onnxruntime": "runtime",
    "onnxscript": "onnx",
    "litert_torch": "tflite",
    "ai_edge_quantizer": "tflite",
    "coremltools": "coreml",
    "matplotlib": "plots",
    "pillow_heif": "heic",
}
"""Optional package -> the extra that brings it."""

_RIGHTS = (errno.EACCES, errno.EPERM, errno.EROFS)
_EXIT_ERROR = 1
_EXIT_INTERRUPTED = 130


def run(command: Callable[[], int]) -> int:
    """Run a command's body and turn the errors a user can mend into one line and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal without check marks is no reason to stop.
            stream.reconfigure(errors="replace")
    try:
        return command()
    except BrokenPipeError:
        # Whoever read our output has had enough; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _EXIT_ERROR
    except ModuleNotFoundError as error:
        missing = missing_package(error)
        if missing is None:
            raise
        print(f"error: {missing}", file=sys.stderr)
        return _EXIT_ERROR
    except ActnetError as error:
        print(f"error: {error}", file=sys.stderr)
        return _EXIT_ERROR
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            print("error: the disk is full; free some space and run again", file=sys.stderr)
        elif error.errno in _RIGHTS and error.filename is not None:
            place = os.fsdecode(error.filename)
            print(
                f"error: {place}: {error.strerror}; the file or its folder does not allow what this "
                "command needs",
                file=sys.stderr,
            )
        else:
            raise
        return _EXIT_ERROR
    except KeyboardInterrupt:
        print("stopped: nothing half-written is left", file=sys.stderr)
        return _EXIT_INTERRUPTED


def missing_package(error: ModuleNotFoundError) -> MissingPackageError | None:
    """Return what to tell of a package that is not installed; None where none of ours is missing."""
    name = (error.name or "").partition(".")[0]
    if name not in EXTRA_OF:
        return None
    return MissingPackageError(
        f"this needs the package {name}, which is not installed; "
        f"run: pip install 'mobile-actnet[{EXTRA_OF[name]}]'"
    )

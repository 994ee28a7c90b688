"""The child process of `workers`: not a command for users.

Reads pickles from its parent's pipe: first (module path, prepare, arguments), then tasks; answers
each with (True, result) or (False, exception). The end of the pipe is the end of the process.
"""

import os
import pickle
import signal
import sys
import traceback


def main() -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    # What libraries print must not get between the answers.
    os.dup2(2, 1)
    tasks = sys.stdin.buffer
    try:
        sys.path[:] = pickle.load(tasks)
        prepare, arguments = pickle.load(tasks)
        work = None
        while True:
            task = pickle.load(tasks)
            try:
                work = work or prepare(*arguments)
                answer = (True, work(task))
            except Exception as error:
                error.add_note(traceback.format_exc())
                answer = (False, error)
            pickle.dump(answer, answers)
            answers.flush()
    except EOFError:
        return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""The state file of a run: what it needs to resume after a kill as if nothing had happened.

It is written every few steps, every minute, and when the run is stopped.
"""

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from mobile_actnet.errors import ActnetError
from mobile_actnet.files import put_in_place, reason, staging_folder
from mobile_actnet.runtime.interrupts import noted_stop
from mobile_actnet.training.config import TrainingConfig
from mobile_actnet.training.sources import Collection

State = dict[str, Any]

STATE_EVERY_S = 60.0


def run_identity(
    config: TrainingConfig, collection: Collection, start: dict[str, torch.Tensor]
) -> str:
    """Return what tells a run from others: settings, start weights, the pictures' names, labels."""
    names = [path.name for path in collection.paths]
    parts = [json.dumps(asdict(config)), json.dumps(names), str(collection.instances.tolist())]
    digest = hashlib.sha256("\n".join(parts).encode())
    for key in sorted(start):
        digest.update(key.encode() + start[key].cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def save_state(path: Path, state: State) -> None:
    """Write a state; the file is the old one or the new one, never half.

    Raises:
        ActnetError: the folder cannot be written, or the disk is full.
    """
    with staging_folder(path.parent) as folder:
        try:
            torch.save(state, folder / path.name)
        except OSError as error:
            raise ActnetError(f"cannot write {path}: {reason(error)}") from error
        except RuntimeError as error:
            # torch's writer reports a full disk so.
            raise ActnetError(f"cannot write {path}: is the disk full? ({error})") from error
        put_in_place([(folder / path.name, path)])


def load_state(path: Path, identity: str) -> State | None:
    """Read a state, without running code from it; None where there is no file.

    Raises:
        ActnetError: damaged, no state file, or of a run with other settings, start or pictures.
    """
    if not path.exists():
        return None
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
    # A damaged archive or pickle raises almost anything.
    except Exception as error:
        raise ActnetError(f"{path} is damaged or no state file; move it away") from error
    if not isinstance(state, dict) or state.get("identity") != identity:
        raise ActnetError(
            f"{path} belongs to a run with other settings, another start or other pictures; give those again to resume it, or move it away"
        )
    return state


class StateKeeper:
    """Writes a run's state in time, and says what is kept when the run is stopped.

    Args:
        path: the state file.
        every_steps, every_s: it is written at the earlier of both.
        largest: gives the largest number of all processes that train together.

    Attributes:
        steps: of the whole run, for the sentence; None where the clock ends it.
    """

    def __init__(
        self, path: Path, every_steps: int, every_s: float = STATE_EVERY_S,
        largest: Callable[[int], int] = int,
    ) -> None:  # fmt: skip
        self._path, self._largest = path, largest
        self._every_steps, self._every_s = every_steps, every_s
        self.steps: int | None = None
        self._kept: int | None = None
        self._saved_at = time.monotonic()
        self._stopped: Callable[[], bool] = lambda: False

    @contextlib.contextmanager
    def telling(self) -> Iterator[None]:
        """Give a `KeyboardInterrupt` of the block a sentence that says what is kept."""
        try:
            yield
        except KeyboardInterrupt as stop:
            raise KeyboardInterrupt(self._sentence()) from stop

    @contextlib.contextmanager
    def whole_steps(self) -> Iterator[None]:
        """Let a stop wait for the end of the step, where `after` writes the state."""
        with noted_stop() as stopped:
            self._stopped = stopped
            yield

    def after(self, step: int, due: bool, save: Callable[[int], None]) -> None:
        """Write the state of so many finished steps where it is time to.

        Args:
            due: write it in any case, as at the end.

        Raises:
            KeyboardInterrupt: the run was stopped meanwhile; the state is written.
        """
        overdue = time.monotonic() - self._saved_at > self._every_s
        # All processes do the same: writing waits for all of them.
        wish = self._largest(2 if self._stopped() else 1 if overdue else 0)
        if due or wish or step % self._every_steps == 0:
            save(step)
            self._kept, self._saved_at = step, time.monotonic()
        if wish == 2:
            raise KeyboardInterrupt

    def _sentence(self) -> str:
        again = "run the same command again to resume"
        if self._kept is not None:
            of = f" of {self.steps}" if self.steps else ""
            return f"{self._kept}{of} steps are kept in {self._path}; {again}"
        if self._path.exists():
            return f"{self._path} still has what an earlier run kept; {again}"
        return (
            "before the first step was finished: nothing is kept, and nothing half-written is left"
        )

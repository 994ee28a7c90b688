"""The state file of a run: what it needs to go on after a kill as if nothing had happened."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from mobile_actnet.errors import ActnetError
from mobile_actnet.files import put_in_place, reason, staging_folder
from mobile_actnet.training.config import TrainingConfig
from mobile_actnet.training.sources import Collection

State = dict[str, Any]


def run_identity(
    config: TrainingConfig, collection: Collection, start: dict[str, torch.Tensor]
) -> str:
    """Return what tells a run from others: settings, start weights, the pictures' names, labels."""
    names = [path.name for path in collection.paths]
    told = [json.dumps(asdict(config)), json.dumps(names), str(collection.instances.tolist())]
    digest = hashlib.sha256("\n".join(told).encode())
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
            f"{path} is the state of a run with other settings, start or pictures; move it away"
        )
    return state

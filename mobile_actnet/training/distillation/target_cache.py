"""Teachers' descriptors on disk, so that a view is described once in all runs."""

import hashlib
import sqlite3
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mobile_actnet.errors import ActnetError
from mobile_actnet.training.distillation.config import CACHE_VERSION
from mobile_actnet.training.distillation.teacher_networks import Teacher


class TargetCache:
    """One SQLite file: SHA-256 of teacher, pictures and recipe to a descriptor in half precision.

    A killed run loses at most the batch under way.

    Raises:
        ActnetError: the file cannot be written or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path)
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute(
                "CREATE TABLE IF NOT EXISTS target (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID"
            )
        except (sqlite3.Error, OSError) as error:
            raise ActnetError(f"cache {path} cannot be used: {error}; move it away") from error

    def describe(self, teacher: Teacher, keys: list[bytes], images: Tensor) -> Tensor:
        """Describe (B, 3, S, S) views, those that are not kept yet with the teacher.

        Args:
            keys: what tells the views apart, for any teacher.
            images: on the device that the teacher runs on.

        Returns:
            (B, dim) float32 on the CPU, values rounded to half precision.
        """
        start = f"{CACHE_VERSION} {teacher.identity} {images.shape[-1]} ".encode()
        names = [hashlib.sha256(start + key).digest() for key in keys]
        values = [self._get(name) for name in names]
        missing = [row for row, value in enumerate(values) if value is None]
        if missing:
            described = teacher.describe(images[missing]).half().cpu().numpy()
            rows = [(names[row], described[n].tobytes()) for n, row in enumerate(missing)]
            try:
                with self._file:
                    self._file.executemany("INSERT OR REPLACE INTO target VALUES (?, ?)", rows)
            except sqlite3.Error as error:
                raise ActnetError(
                    f"cache {self.path} cannot be written: {error}; free some space and run again"
                ) from error
            for n, row in enumerate(missing):
                values[row] = described[n]
        return torch.from_numpy(np.stack([v for v in values if v is not None]).astype(np.float32))

    def _get(self, name: bytes) -> np.ndarray | None:
        row = self._file.execute("SELECT value FROM target WHERE key = ?", (name,)).fetchone()
        return None if row is None else np.frombuffer(row[0], np.float16)

    def close(self) -> None:
        self._file.close()

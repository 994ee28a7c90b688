"""One writer: the second is told who holds the gallery, and a dead one holds nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mobile_actnet.errors import GalleryError
from mobile_actnet.gallery.sqlite.lock import only_writer

HOLD = (
    "import sys, time; from pathlib import Path; "
    "from mobile_actnet.gallery.sqlite.lock import only_writer\n"
    "with only_writer(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
)


def test_the_second_learns_who_holds_it(tmp_path: Path) -> None:
    gallery = tmp_path / "g.sqlite"
    with (
        only_writer(gallery),
        pytest.raises(GalleryError, match=f"is being written by process {os.getpid()} on .* since"),
        only_writer(gallery),
    ):
        pass
    assert not list(tmp_path.iterdir())
    with only_writer(gallery):
        pass


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    gallery = tmp_path / "g.sqlite"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(gallery)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(GalleryError, match=f"process {holder.pid} "), only_writer(gallery):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    with only_writer(gallery):
        pass
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with (
        pytest.raises(GalleryError, match="cannot be written: No such file"),
        only_writer(tmp_path / "none" / "g.sqlite"),
    ):
        pass

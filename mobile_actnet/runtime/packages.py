"""The formats as far as they are run: a package of this room for each, and what it needs.

`mobile_actnet.runtime.NAME` stands for the format NAME; what makes its artefacts is
`mobile_actnet.export.formats.NAME`. A new format is these two folders and a line in `Format`.
"""

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from mobile_actnet.errors import ConfigError, MissingPackageError
from mobile_actnet.runtime.vocabulary import Format

if TYPE_CHECKING:
    from mobile_actnet.runtime.artefact_file import ArtefactInfo
    from mobile_actnet.runtime.runtimes import Runtime


class RunnableFormat(Protocol):
    """What the package of a format has.

    Attributes:
        SUFFIX: of an artefact's name, with its dot.
        RUNNING: packages that reading and running an artefact need.
        RUNNING_EXTRA: the extra that installs them.
        CONVERTING: packages that exporting needs; the extra of the format's name installs them.
    """

    SUFFIX: str
    RUNNING: tuple[str, ...]
    RUNNING_EXTRA: str
    CONVERTING: tuple[str, ...]

    def inspect(self, path: Path) -> "ArtefactInfo":
        """Read what an artefact says about itself, without running it.

        Raises:
            ArtefactError: the file is missing, damaged or of another kind.
        """
        ...

    def open_runtime(self, path: Path, num_threads: int) -> "Runtime":
        """Load an artefact.

        Raises:
            ArtefactError: the runtime refuses it.
        """
        ...


def runnable(kind: Format) -> RunnableFormat:
    """Return the package of a format; importing it imports nothing heavy."""
    return cast(RunnableFormat, importlib.import_module(f"mobile_actnet.runtime.{kind.value}"))


CONVERTING = {kind: runnable(kind).CONVERTING for kind in Format}
"""Packages that exporting needs; each format's extra installs them."""

RUNNING = {kind: runnable(kind).RUNNING for kind in Format}
"""Packages that reading and running an artefact need."""


def require(
    kind: Format,
    packages: dict[Format, tuple[str, ...]],
    find_spec: Callable[[str], object | None] = importlib.util.find_spec,
) -> None:
    """Raise `MissingPackageError` with the pip command unless a format's packages are there."""
    for package in packages[kind]:
        if find_spec(package) is None:
            work = "running" if packages is RUNNING else "exporting"
            raise MissingPackageError(
                f"{work} {kind.value} needs the package {package}, which is not installed; "
                f"run: {install_command(kind, packages)}"
            )


def install_command(kind: Format, packages: dict[Format, tuple[str, ...]]) -> str:
    """Return the command that installs what a format needs: to be exported, or only to be run."""
    extra = runnable(kind).RUNNING_EXTRA if packages is RUNNING else kind.value
    return f"pip install 'mobile-actnet[{extra}]'"


def format_of(path: Path) -> Format:
    """Tell the format of an artefact by its suffix.

    Raises:
        ConfigError: none of the known ones.
    """
    suffixes = {runnable(kind).SUFFIX: kind for kind in Format}
    if path.suffix not in suffixes:
        raise ConfigError(f"{path} is not an artefact; allowed are {', '.join(suffixes)}")
    return suffixes[path.suffix]

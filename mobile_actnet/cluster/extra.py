"""Whether the packages of the extra `cluster` are there, said before any work is done."""

import importlib.util

from mobile_actnet.extras import missing_package

SEARCHING = ("pyarrow", "lance", "lancedb")
BUILDING = ("ray", "lance_ray", *SEARCHING)


def require(packages: tuple[str, ...]) -> None:
    """Refuse to go on without a package.

    Raises:
        MissingPackageError: with the pip command that installs it.
    """
    for name in packages:
        if importlib.util.find_spec(name) is None:
            error = missing_package(ModuleNotFoundError(name=name))
            assert error is not None
            raise error

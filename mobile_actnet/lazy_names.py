"""Public names that are imported when they are first used (PEP 562).

Packages show names of many rooms, and some rooms import torch. Were they imported with the
package, `--help` would take seconds.
"""

import importlib
import sys
from collections.abc import Callable, Mapping


def lazy_names(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Make the `__getattr__` of a package that imports its public names when they are used.

    Args:
        package: the package's `__name__`.
        homes: public name -> the module that defines it.

    The function raises `MissingPackageError` for a name whose module needs a package that is not installed.
    """

    def get(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        from mobile_actnet.extras import naming_extras  # Here Ctrl-C has its sentence already.

        with naming_extras():
            home = importlib.import_module(homes[name])
        value = getattr(home, name)
        # The next use finds it without asking here.
        setattr(sys.modules[package], name, value)
        return value

    return get

"""`python -m mobile_actnet` is the command `actnet`; every installed command begins here.

python -m mobile_actnet search shop.sqlite --query photo.jpg

This module imports nothing before Ctrl-C has its sentence.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> int:
    """Run `actnet`."""

    def command() -> int:
        from mobile_actnet.cli.main import main

        return main()

    return _run(command)


def alias() -> int:
    """Run the verb that the program is named after, such as `actnet-index`."""

    def command() -> int:
        from mobile_actnet.cli.main import alias

        return alias()

    return _run(command)


def precisions() -> int:
    """Run `actnet-precisions`."""

    def command() -> int:
        from mobile_actnet.cli.bench.precisions import main

        return main()

    return _run(command)


def _run(command: "Callable[[], int]") -> int:
    try:
        from mobile_actnet.starting import start

        return start(command)
    except KeyboardInterrupt:  # Before `start`, or a second one while the first is told.
        return 130


if __name__ == "__main__":
    raise SystemExit(main())

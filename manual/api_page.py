"""The manual's page of the Python interface: the public names, described by their docstrings."""

import mobile_actnet
import mobile_actnet.export


def api_page() -> str:
    """Return the page as Markdown for mkdocstrings: each public name under its package."""
    parts = [
        "# Python",
        "What the packages call public. Everything else may change without notice.",
    ]
    shown = set()
    for package in (mobile_actnet, mobile_actnet.export):
        parts.append(f"## {package.__name__}")
        for name in package.__all__:
            home = package._HOMES[name]
            if (home, name) not in shown:
                shown.add((home, name))
                parts.append(f"::: {home}.{name}\n    options:\n      heading_level: 3")
    return "\n\n".join(parts) + "\n"

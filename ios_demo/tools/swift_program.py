"""Run the Swift program of this folder from Python."""

import subprocess
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
IOS_DEMO = TOOLS.parent


def run_program(*words: object) -> subprocess.CompletedProcess[str]:
    """Run it as `make test-ios` built it; paths must be inside ios_demo, from where it sees them."""
    seen = [
        str(word.relative_to(IOS_DEMO)) if isinstance(word, Path) else str(word) for word in words
    ]
    return subprocess.run(
        [TOOLS / "in_swift.sh", ".build/release/actnet-demo", *seen],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

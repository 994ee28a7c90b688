"""Hold the Swift program's exit codes and sentences to what scripts rely on.

    .venv/bin/python ios_demo/tools/program_check.py FOLDER

FOLDER, inside ios_demo, has a TFLite artefact with its manifest.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from swift_program import run_program


def main() -> None:
    model = sorted(Path(sys.argv[1]).resolve().glob("*.tflite"))[0]
    done = run_program("self-test", model)
    _expect(done.returncode == 0, "a sound artefact passes its self-test", done)
    found = json.loads(done.stdout)
    _expect(found["cosine"] >= found["cosineMin"] > 0, "it says the cosine", done)
    wrong = _with_another_golden_descriptor(model)
    try:
        done = run_program("self-test", wrong)
    finally:
        shutil.rmtree(wrong.parent)
    _expect(done.returncode == 1, "a self-test that fails exits 1", done)
    _expect("Self-test failed: cosine" in done.stderr, "and says so", done)
    _expect(done.stdout == "", "and prints no result", done)
    done = run_program("self-test", model.with_name("gone.tflite"))
    _expect(done.returncode == 1, "a missing artefact exits 1", done)
    _expect("gone.tflite.json is missing" in done.stderr, "and says what is missing", done)
    done = run_program("self-test")
    _expect(done.returncode == 1 and "usage:" in done.stderr, "no MODEL tells the usage", done)
    print("actnet-demo: exit codes and sentences of self-test hold")


def _with_another_golden_descriptor(model: Path) -> Path:
    """Copy an artefact, with a manifest that asks for the opposite descriptor."""
    folder = model.parent / "another_golden"
    folder.mkdir(exist_ok=True)
    copy = folder / model.name
    shutil.copy(model, copy)
    manifest = json.loads(model.with_name(model.name + ".json").read_text())
    manifest["golden"]["descriptor"] = [-value for value in manifest["golden"]["descriptor"]]
    copy.with_name(copy.name + ".json").write_text(json.dumps(manifest))
    return copy


def _expect(held: bool, what: str, done: subprocess.CompletedProcess[str]) -> None:
    if not held:
        sys.exit(f"FAILED {what}: exit {done.returncode}, {done.stdout!r}, {done.stderr!r}")


if __name__ == "__main__":
    main()

"""`actnet-doctor`: what is installed, what works, what to install; with --model, is it sound.

actnet-doctor
actnet-doctor --model artefacts/mobile_actnet_224x224_fp16.tflite
actnet-doctor --install-old-runtime --install-tensorflow
"""

import argparse
import json
import platform
from pathlib import Path

from mobile_actnet.cli.arguments import Parser
from mobile_actnet.commands import run
from mobile_actnet.errors import ActnetError
from mobile_actnet.runtime.finding import Finding
from mobile_actnet.runtime.tflite.other_interpreters import (
    WITNESSES,
    Witness,
    install,
    is_installed,
)

_MARKS = {True: "✓", False: "✗", None: "·"}


def main(argv: list[str] | None = None, prog: str = "actnet-doctor") -> int:
    parser = Parser(
        prog=prog,
        examples=__doc__,
        description="Tell what works here, or whether an artefact is sound.",
    )
    parser.add_argument("--model", type=Path, metavar="ARTEFACT", help="artefact to check")
    for witness in WITNESSES:
        parser.add_argument(
            witness.option,
            dest="install",
            action="append_const",
            const=witness,
            help=f"make an environment with {witness.label} ({witness.remark}), so that exports "
            "are tried there too",
        )
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    arguments = parser.parse_args(argv)
    return run(lambda: _examine(arguments))


def _examine(arguments: argparse.Namespace) -> int:
    from mobile_actnet.export.checks.diagnosis import examine_artefact, examine_installation

    if arguments.install:
        for witness in arguments.install:
            _install(witness)
        return 0
    if arguments.model is None:
        print(f"Python {platform.python_version()} on {platform.system()} {platform.machine()}")
        findings = examine_installation()
    else:
        findings = examine_artefact(arguments.model)
    for finding in findings:
        print(f"{_MARKS[finding.ok]} {finding.text}")
    sound = all(finding.ok is not False for finding in findings)
    print(_last_line(findings, sound, arguments.model))
    if arguments.json:
        print(json.dumps({"sound": sound, "findings": [vars(finding) for finding in findings]}))
    return 0 if sound else 1


def _install(witness: Witness) -> None:
    folder = witness.default_folder()
    if not is_installed(witness, folder) and (problem := install(witness, folder)):
        raise ActnetError(
            f"{witness.label} cannot be installed in {folder}: {problem}; it needs Python "
            f"{witness.pythons} and a package registry, or {witness.variable} set to an "
            "environment that has it"
        )
    print(f"✓ {witness.label} in {folder}")


def _last_line(findings: list[Finding], sound: bool, model: Path | None) -> str:
    if not sound:
        wrong = sum(finding.ok is False for finding in findings)
        return f"{wrong} of these {'needs' if wrong == 1 else 'need'} mending"
    if model is not None:
        return f"{model} is sound: copy it and its manifest into the app"
    from mobile_actnet.export.checks.diagnosis import next_step

    return f"next: {next_step()}"


if __name__ == "__main__":
    raise SystemExit(main())

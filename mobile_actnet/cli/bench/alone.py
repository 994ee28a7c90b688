"""Modes of `actnet-bench` without a reference in turn: sweep, stages, minutes, roofline."""

import argparse
import os

from mobile_actnet.benchmarks.config import RuntimeKind
from mobile_actnet.benchmarks.latency.cases import Case
from mobile_actnet.benchmarks.latency.comparison import artefact_for
from mobile_actnet.benchmarks.latency.roofline import roofline_of
from mobile_actnet.benchmarks.latency.single_case import measure_alone, ready, sustain_case
from mobile_actnet.benchmarks.latency.sweep import resumed, sweep
from mobile_actnet.benchmarks.reports.report import Stages
from mobile_actnet.benchmarks.tasks.stages import (
    GALLERIES,
    exact_search,
    generated_candidates,
    generated_gallery,
    generated_photo,
    measure_stages,
)
from mobile_actnet.cli.bench.modes import chosen_cases, new_report, say, setup_of
from mobile_actnet.cli.bench.output import check_output, hand_over
from mobile_actnet.errors import ActnetError
from mobile_actnet.files import read_regular
from mobile_actnet.pictures.views import DEFAULT_VIEWS, VIEW_SETS
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import ImageSize, Precision

SWEPT_SIZES = (ImageSize(224, 224), ImageSize(384, 512), ImageSize(1024, 768))
_SWEPT_RUNTIMES = (RuntimeKind.LITERT, RuntimeKind.ONNXRUNTIME, RuntimeKind.PYTORCH)
_WINDOW_S = 5.0


def sweep_settings(arguments: argparse.Namespace) -> int:
    """Every combination in one report; a stopped sweep resumes."""
    check_output(arguments, resumes=True)
    setup = setup_of(arguments)
    report = resumed(arguments.output, new_report(), arguments.overwrite)
    cases = chosen_cases(_filled(arguments))
    report = sweep(cases, lambda case: measure_alone(case, setup, say), report,
                   arguments.output, say)  # fmt: skip
    arguments.overwrite = True
    hand_over(report, arguments)
    return int(bool(report.not_measured))


def time_stages(arguments: argparse.Namespace) -> int:
    """Decode, resize, inference, search, total."""
    check_output(arguments)
    measured = [
        stages for case in chosen_cases(arguments) for stages in _stages_of(case, arguments)
    ]
    hand_over(new_report(stages=measured), arguments)
    return 0


def sustain(arguments: argparse.Namespace) -> int:
    """Latency over minutes without pause."""
    check_output(arguments)
    window_s = min(_WINDOW_S, 6 * arguments.minutes)
    setup = setup_of(arguments)
    runs = [
        sustain_case(case, setup, arguments.minutes, window_s, say)
        for case in chosen_cases(arguments)
    ]
    hand_over(new_report(sustained=runs), arguments)
    return 0


def show_roofline(arguments: argparse.Namespace) -> int:
    """How far from the least time that the machine could take."""
    check_output(arguments)
    setup, cases = setup_of(arguments), chosen_cases(arguments)
    measurements = [measure_alone(case, setup, say) for case in cases]
    lines = [roofline_of(each, case.size) for each, case in zip(measurements, cases, strict=True)]
    hand_over(new_report(measurements=measurements, roofline=lines), arguments)
    return 0


def _filled(arguments: argparse.Namespace) -> argparse.Namespace:
    """Put everything that can be swept where nothing was asked for."""
    filled = argparse.Namespace(**vars(arguments))
    filled.runtime = arguments.runtime or [runtime.value for runtime in _SWEPT_RUNTIMES]
    filled.precision = arguments.precision or [precision.value for precision in Precision]
    filled.image_size = arguments.image_size or list(SWEPT_SIZES)
    filled.num_threads = arguments.num_threads or sorted({1, os.cpu_count() or 1})
    return filled


def _stages_of(case: Case, arguments: argparse.Namespace) -> list[Stages]:
    setup = setup_of(arguments)
    photo, picture = _photo(arguments)
    artefact = artefact_for(case, setup, say)
    results = []
    with ready(case, artefact, setup) as runner:
        candidates = generated_candidates(photo)
        dim = len(runner.describe(generated_pictures(1, case.size))[0])
        for count in GALLERIES:
            say(f"timing the stages of {case.setting} with {count} pictures")
            search = exact_search(generated_gallery(count, dim))
            measured = measure_stages(photo, runner, case.size, search, candidates, setup.plan)
            where = f"{case.network.value}, {case.setting}"
            results.append(
                Stages(
                    where,
                    picture,
                    count,
                    "generated, actnet-search's exact search of int8",
                    measured,
                    len(VIEW_SETS[DEFAULT_VIEWS]),
                )
            )
    return results


def _photo(arguments: argparse.Namespace) -> tuple[bytes, str]:
    """Read the photo that was given, else make one up."""
    if arguments.photo is None:
        return generated_photo(), "generated, 12 megapixels"
    try:
        return read_regular(arguments.photo), "a photo"
    except OSError as error:
        raise ActnetError(f"{arguments.photo} cannot be read: {error.strerror}") from error

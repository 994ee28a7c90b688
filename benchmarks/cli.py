"""`actnet-bench`: what the head costs on this machine, and what captures cost in training.

actnet-bench
actnet-bench --augmentation
actnet-bench --num-runs 1000 --num-threads 2 --json
"""

import argparse
import json
import platform
from pathlib import Path

from mobile_actnet.benchmarks.augmentation import measure_augmentation
from mobile_actnet.benchmarks.head_cost import measure_head_cost
from mobile_actnet.commands import run
from mobile_actnet.export.cli import parse_image_size
from mobile_actnet.export.deployable import ImageSize


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="actnet-bench",
        description="Time Mobile-ACTNET (TFLite fp32) against the same MobileNetV2 without head.",
    )
    parser.add_argument("--image-size", type=parse_image_size, default=ImageSize(), metavar="N|HxW")
    parser.add_argument("--num-threads", type=_positive, default=1)
    parser.add_argument("--num-runs", type=_positive, default=300, help="counted pairs of runs")
    parser.add_argument("--warmup-runs", type=_positive, default=20)
    parser.add_argument(
        "--augmentation",
        action="store_true",
        help="time captures against a training step instead (CPU, one thread)",
    )
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    arguments = parser.parse_args(argv)
    return run(lambda: _bench(arguments))


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not allowed; give at least 1")
    return number


def _bench(arguments: argparse.Namespace) -> int:
    if arguments.augmentation:
        return _bench_augmentation(arguments)
    report = measure_head_cost(
        Path.cwd(),
        arguments.image_size,
        arguments.num_threads,
        arguments.num_runs,
        arguments.warmup_runs,
    )
    print(
        f"TFLite fp32, {arguments.image_size}, {arguments.num_threads} thread(s), "
        f"{report.num_runs} interleaved pairs on {_processor()}"
    )
    print(f"Mobile-ACTNET        {report.median_a_ms:8.3f} ms median")
    print(f"MobileNetV2 headless {report.median_b_ms:8.3f} ms median")
    print(
        f"ratio {report.ratio:.3f}, 95 % interval {report.ratio_low:.3f} to {report.ratio_high:.3f}"
    )
    if arguments.json:
        print(json.dumps(vars(report)))
    return 0


def _bench_augmentation(arguments: argparse.Namespace) -> int:
    report = measure_augmentation()
    print(f"captures and training at {report.side_px} px, one thread each, on {_processor()}")
    print(f"captures   {report.captures_per_s:7.1f} pictures/s and core")
    print(f"training   {report.trained_per_s:7.1f} pictures/s (forward, loss, backward)")
    print(f"captures' share of a step if nothing overlaps: {100 * report.share:.1f} %")
    if arguments.json:
        print(json.dumps(vars(report)))
    return 0


def _processor() -> str:
    """Name the kind of processor; Linux tells it in /proc/cpuinfo alone."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    raise SystemExit(main())

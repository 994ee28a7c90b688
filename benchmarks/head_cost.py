"""What the head costs: Mobile-ACTNET against the same MobileNetV2 exported without it."""

from pathlib import Path

from mobile_actnet.benchmarks.latency import (
    RatioReport,
    compare_latencies,
    interleaved_latencies_ms,
)
from mobile_actnet.checkpoint import DEFAULT_CHECKPOINT, load_checkpoint
from mobile_actnet.export.deployable import DeployableActnet, HeadlessBackbone, ImageSize, Layout
from mobile_actnet.export.formats import CONVERTING, Format, Options, Precision, exporter, require
from mobile_actnet.export.runtimes import TfliteRuntime
from mobile_actnet.files import staging_folder


def measure_head_cost(
    folder: Path,
    size: ImageSize = ImageSize(),
    num_threads: int = 1,
    num_runs: int = 300,
    warmup_runs: int = 20,
) -> RatioReport:
    """Time TFLite fp32 with and without the head, interleaved.

    Args:
        folder: where the two artefacts lie for the time being.

    Raises:
        MissingPackageError: the extra `tflite` is not installed.
    """
    require(Format.TFLITE, CONVERTING)
    network, _ = load_checkpoint(DEFAULT_CHECKPOINT)
    dim = network.config.descriptor_dim
    options = Options(size, dim, Precision.FP32, Layout.NHWC)
    whole = DeployableActnet(network, dim, Layout.NHWC)
    with staging_folder(folder) as staging:
        runtimes = []
        for name, module in (("whole", whole), ("headless", HeadlessBackbone(whole))):
            path = staging / f"{name}.tflite"
            exporter(Format.TFLITE).convert(module.eval(), options, path, {})
            runtimes.append(TfliteRuntime(path, num_threads))
        whole_ms, headless_ms = interleaved_latencies_ms(
            runtimes[0].invoke, runtimes[1].invoke, num_runs, warmup_runs
        )
    return compare_latencies(whole_ms, headless_ms)

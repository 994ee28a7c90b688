"""A Ray cluster for the time of a command: one that runs already, or one on this machine."""

import contextlib
import logging
import os
from collections.abc import Iterator

from mobile_actnet.cluster.cluster_options import ClusterOptions
from mobile_actnet.errors import ActnetError


@contextlib.contextmanager
def ray_session(options: ClusterOptions) -> Iterator[int]:
    """Join or start a cluster; yield its cores. Nothing is reported to Ray's makers.

    Raises:
        ActnetError: there is no cluster at the address, or none can be started.
    """
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    if ray.is_initialized():
        yield _cores()
        return
    local = (
        {"num_cpus": options.workers or available_cores(),
         "object_store_memory": options.object_store_bytes, "include_dashboard": False}
        if options.address is None
        else {}
    )  # fmt: skip
    try:
        ray.init(
            options.address or "local", log_to_driver=False, logging_level=logging.ERROR,
            configure_logging=True, **local,
        )  # fmt: skip
    except Exception as error:  # Ray raises plain exceptions where a node does not answer in time.
        where = f"no Ray cluster answers at {options.address}" if options.address else "Ray fails"
        raise ActnetError(f"{where}: {_first_line(error)}") from error
    try:
        yield _cores()
    finally:
        ray.shutdown()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def available_cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux alone has it
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _cores() -> int:
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 1)))

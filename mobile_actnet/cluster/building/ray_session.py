"""A Ray cluster for the time of a command: one that runs already, or one on this machine."""

import contextlib
import logging
import os
import socket
from collections.abc import Iterator

from mobile_actnet.cluster.cluster_options import ClusterOptions
from mobile_actnet.errors import ActnetError, ConfigError

_ANSWERS_WITHIN_S = 10.0
_CLIENT = "ray://"


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
        if options.address is None:
            raise ActnetError(f"Ray fails: {_first_line(error)}") from error
        raise ActnetError(
            f"no Ray cluster answers at {options.address}: {_first_line(error)}; where it asks for "
            "tokens, set RAY_AUTH_MODE=token"
        ) from error
    try:
        yield _cores()
    finally:
        ray.shutdown()


def check_address(address: str | None) -> None:
    """Refuse an address that nobody listens at; Ray itself tries for minutes.

    Raises:
        ConfigError: it is of Ray's client. ActnetError: nobody answers.
    """
    if address is None:
        return
    if address.startswith(_CLIENT):
        raise ConfigError(
            f"--address is {address}, one of Ray's client; run this on a machine of the cluster, with "
            "--address auto or the head's host:port"
        )
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        return  # auto and local are Ray's own words.
    try:
        socket.create_connection((host, int(port)), _ANSWERS_WITHIN_S).close()
    except (OSError, OverflowError) as error:
        raise ActnetError(f"no Ray cluster answers at {address}: {error}") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def available_cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux alone has it
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _cores() -> int:
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 1)))

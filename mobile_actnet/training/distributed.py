"""Devices and processes: one CPU, one GPU, or many under torchrun."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from mobile_actnet.errors import ConfigError
from mobile_actnet.training.config import Autocast


@dataclass(frozen=True)
class Processes:
    """This process among those that train together.

    Attributes:
        rank, world: its number, and how many there are.
        device: where its network lives.
    """

    rank: int
    world: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process writes files and talks."""
        return self.rank == 0

    def wrap(self, module: nn.Module) -> nn.Module:
        """Share gradients of `module` with the other processes."""
        if self.world == 1:
            return module
        devices = [self.device] if self.device.type == "cuda" else None
        return DistributedDataParallel(module, device_ids=devices, broadcast_buffers=False)

    def mean(self, value: Tensor) -> Tensor:
        """Average a tensor over all processes."""
        value = value.detach().clone()
        if self.world > 1:
            dist.all_reduce(value)
            value /= self.world
        return value

    def largest(self, number: int) -> int:
        """Return the largest of all processes' numbers."""
        if self.world == 1:
            return number
        value = torch.tensor(number, device=self.device)
        dist.all_reduce(value, dist.ReduceOp.MAX)
        return int(value)

    def gather(self, value: Tensor) -> Tensor:
        """Join the tensors of all processes, of any lengths, along the first axis."""
        if self.world == 1:
            return value.detach()
        parts: list[Any] = [None] * self.world
        dist.all_gather_object(parts, value.detach().cpu())
        return torch.cat(parts).to(value.device)

    def wait(self) -> None:
        """Wait until every process has come here."""
        if self.world > 1:
            dist.barrier()


@dataclass(frozen=True)
class Execution:
    """How this machine carries a run out; what the run learns is the same.

    Attributes:
        workers: processes that make batches; 0 makes them in this one.
        state_every_steps: at which the state is written, beside every minute, epoch and stop.
        bar: whether to draw a progress bar.
        processes: this process among those that train together.
    """

    workers: int = 1
    state_every_steps: int = 100
    bar: bool = False
    processes: Processes = Processes(0, 1, torch.device("cpu"))


@contextmanager
def join_processes(device: str = "auto") -> Iterator[Processes]:
    """Join the group that torchrun started, or be the only process.

    Args:
        device: auto, cpu, or cuda; auto is the GPU where there is one.

    Raises:
        ConfigError: cuda was asked for and is not there.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("--device cuda: this machine or this torch has no CUDA; use --device cpu")
    cuda = torch.cuda.is_available() and device != "cpu"
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Processes(0, 1, torch.device("cuda" if cuda else "cpu"))
        return
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if cuda:
        torch.cuda.set_device(local)
    dist.init_process_group("nccl" if cuda else "gloo")
    try:
        yield Processes(
            dist.get_rank(), world, torch.device("cuda", local) if cuda else torch.device("cpu")
        )
    finally:
        dist.destroy_process_group()


def resolve_autocast(autocast: Autocast, device: torch.device) -> torch.dtype | None:
    """Return the dtype for the backbone; None is float32 throughout.

    Raises:
        ConfigError: fp16 on a CPU.
    """
    if autocast is Autocast.FP16:
        if device.type != "cuda":
            raise ConfigError("autocast fp16 needs a GPU; use bf16, fp32 or auto")
        return torch.float16
    if autocast is Autocast.BF16 or (autocast is Autocast.AUTO and _multiplies_bf16(device)):
        return torch.bfloat16
    return None


def autocasting(dtype: torch.dtype | None, device: torch.device) -> Any:
    """Return the context in which the backbone runs."""
    return torch.autocast(device.type, dtype) if dtype else nullcontext()


def _multiplies_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            flags = file.read()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags

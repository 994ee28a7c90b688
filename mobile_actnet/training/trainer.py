"""Training end to end: captures against a frozen teacher's bank, or triplets (the paper, eq. 23).

Bank: a frozen copy of the network at its start describes every clean picture once. The student
sees synthetic captures of the pictures and learns to give each the teacher's descriptor of its
clean picture, contrasted with the whole bank. The teacher keeps what the network already knows;
training on a narrow collection without it makes the network forget everything else.

Triplets: anchor, positive and negative pictures, the negatives mined with the current model.

Batch norm stays as it is in both: its statistics are those of the start. A stopped or killed run
resumes from its state file to the same losses.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.normalisation import normalise
from mobile_actnet.pictures.photos import Photo
from mobile_actnet.training.batches import Batch, CaptureBatches, Split, TripletBatches, loader
from mobile_actnet.training.config import LossKind, Mining, TrainingConfig
from mobile_actnet.training.distributed import Execution, autocasting, resolve_autocast
from mobile_actnet.training.log import TrainingLog, learned_parameters
from mobile_actnet.training.losses import (
    bank_loss,
    collapse_similarity,
    nested,
    proxy_loss,
    triplet_loss,
)
from mobile_actnet.training.mining import Triplets, mine_negatives
from mobile_actnet.training.optimizers import leading_parameters, make_optimizer, rate
from mobile_actnet.training.sources import Collection, Source, collect
from mobile_actnet.training.state import StateKeeper, load_state, run_identity, save_state
from mobile_actnet.training.teacher import finish_whitening, teacher_signatures
from mobile_actnet.training.triplet_miner import TripletMiner

_COLLAPSE_SIMILARITY = 0.9


@dataclass(frozen=True)
class Selection:
    """How the best epoch is chosen: `measure` gives a network's dev mAP, `keep` saves the best so far."""

    measure: Callable[[Actnet], float]
    keep: Callable[[Actnet], None]


def train(
    network: Actnet,
    sources: list[Source],
    config: TrainingConfig,
    state_path: Path,
    say: Callable[[str], None] = print,
    execution: Execution = Execution(),
    selection: Selection | None = None,
) -> None:
    """Train in place, from the beginning or from `state_path` where that file is.

    Args:
        network: with a fitted whitening, in evaluation mode; its start is the teacher.
        sources: pictures; photos with the same instance in one source are positives.
        state_path: the state file; beside it `.jsonl` gets a line for every 10th step.
        say: takes lines of progress and warnings.
        selection: measures each epoch, and the network ends as the best of them; None keeps the last.

    Raises:
        ActnetError: fewer than two instances, the state file is of another run, the loss is no
            longer finite, or the disk is full.
        ConfigError: the batch cannot be split over the processes.
        KeyboardInterrupt: the run was stopped; it says what is kept.
    """
    collection = collect(sources)
    processes = execution.processes
    keeper = StateKeeper(state_path, execution.state_every_steps, largest=processes.largest)
    with keeper.telling():
        run = _Run(network, collection, config, state_path, execution)
        keeper.steps = run.steps
        first_step = run.resume()
        report = say if processes.first else _silent
        shown, path = execution.bar and processes.first, state_path.with_suffix(".jsonl")
        log = TrainingLog(path, run.steps, first_step, report, shown)
        with closing(log), keeper.whole_steps():
            for step, batch in run.batches(first_step):
                entry = run.update(step, batch)
                if processes.first:
                    _report(log, step, entry, run, batch)
                epoch_ends = (step + 1) % run.steps_per_epoch == 0
                if epoch_ends and selection is not None:
                    run.keep_best(selection, step + 1, log.say)
                keeper.after(step + 1, epoch_ends or step + 1 == run.steps, run.save)
        run.finish()


class _Run:
    """A network in training, with all that changes while it trains."""

    def __init__(
        self, network: Actnet, collection: Collection, config: TrainingConfig, state_path: Path,
        execution: Execution,
    ) -> None:  # fmt: skip
        self.collection, self.config, self.state_path = collection, config, state_path
        self.workers, processes = execution.workers, execution.processes
        self.processes = processes
        self.device = processes.device
        self.split = Split(processes.rank, processes.world)
        self.instances = collection.instances.to(self.device)
        self.network = network.eval().to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.dtype = resolve_autocast(config.autocast, self.device)
        self.start = _copy(network)
        self.identity = run_identity(config, collection, self.start)
        self.dims = trained_dims(network, config)
        if processes.world > min(config.batch_size, len(collection.paths)) or (
            config.batch_size % processes.world
        ):
            raise ConfigError(
                f"batch_size is {config.batch_size}; it must be a multiple of the "
                f"{processes.world} processes, with at least one picture for each process"
            )
        items = len(collection.paths) if config.loss is LossKind.BANK else config.triplets_per_epoch
        self.steps_per_epoch = config.steps_per_epoch or math.ceil(items / config.batch_size)
        self.classification_steps = config.classification_epochs * self.steps_per_epoch
        self.steps = self.classification_steps + config.epochs * self.steps_per_epoch
        # A short run must not end before it is warm.
        self.warmup_steps = min(config.warmup_steps, self.steps // 10)
        for parameter in leading_parameters(network.backbone, config.frozen_blocks):
            parameter.requires_grad_(False)
        classes = int(self.instances.max()) + 1
        generator = torch.Generator().manual_seed(config.seed)
        proxies = torch.randn(classes, max(self.dims), generator=generator)
        self.proxies = nn.Parameter(proxies.to(self.device), config.classification_epochs > 0)
        self.averaged = torch.optim.swa_utils.AveragedModel(
            network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(config.average_decay)
        )
        self.optimizer = make_optimizer(network, self.proxies, config)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.dtype is torch.float16)
        self.shared = processes.wrap(network)
        self.triplets: Triplets | None = None
        self.memory: Tensor | None = None
        self.best: dict[str, Tensor] | None = None
        self.best_map = -1.0
        self.bank = self._bank() if config.loss is LossKind.BANK else torch.empty(0)

    def resume(self) -> int:
        """Take up the state file; return the number of finished steps."""
        state = load_state(self.state_path, self.identity)
        self.processes.wait()
        if state is None:
            return 0
        try:
            return self._take_up(state)
        # What is missing or of another shape: a file that holds our mark and is damaged behind it.
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, IndexError) as error:
            cause = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise ActnetError(f"{self.state_path} is damaged ({cause}); move it away") from error

    def _take_up(self, state: dict[str, Any]) -> int:
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scaler.load_state_dict(state["scaler"])
        self.proxies.data.copy_(state["proxies"])
        self.best, self.best_map = state["best"], state["best_map"]
        if state["triplets"] is not None:
            self.triplets = Triplets(*(rows.numpy() for rows in state["triplets"]))
        if state["memory"] is not None:
            self.memory = state["memory"].to(self.device)
        return int(state["step"])

    def save(self, step: int) -> None:
        """Write the state file, on the first process."""
        if self.processes.first:
            triplets = self.triplets
            save_state(
                self.state_path,
                {
                    "identity": self.identity,
                    "step": step,
                    "network": self.network.state_dict(),
                    "averaged": self.averaged.state_dict(),
                    "optimizer": self.optimizer.state_dict(),
                    "scaler": self.scaler.state_dict(),
                    "proxies": self.proxies.data,
                    "triplets": None if triplets is None else [
                        torch.from_numpy(rows) for rows in
                        (triplets.anchors, triplets.positives, triplets.negatives)
                    ],
                    "memory": self.memory,
                    "best": self.best,
                    "best_map": self.best_map,
                },
            )  # fmt: skip
        self.processes.wait()

    def batches(self, first_step: int) -> Iterator[tuple[int, Batch]]:
        """Yield the batches of all steps from `first_step` on."""
        step = first_step
        while step < self.steps:
            epoch, done = divmod(step, self.steps_per_epoch)
            left = self.steps_per_epoch - done
            for number, batch in enumerate(loader(self._dataset(epoch, done, left), self.workers)):
                yield step + number, batch
            step += left

    def update(self, step: int, batch: Batch) -> dict[str, float]:
        """Make one step of the optimizer; return the loss and what else to log.

        Raises:
            ActnetError: the loss is not finite.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak_rate"] * rate(step, self.steps, self.warmup_steps)
        self.optimizer.zero_grad()
        count = batch.pixels.shape[1]
        total = torch.zeros((), device=self.device)
        similarity = 0.0
        pieces = _pieces(count, self.config.micro_batch_size)
        for number, piece in enumerate(pieces):
            last = number == len(pieces) - 1
            with nullcontext() if last else _not_shared(self.shared):
                loss, descriptors = self._loss(step, batch, piece)
                share = (piece.stop - piece.start) / count
                self.scaler.scale(loss * share).backward()
            total += loss.detach() * share
            if len(descriptors) > 1:
                similarity += share * collapse_similarity(descriptors)
        total = self.processes.mean(total)
        if not torch.isfinite(total):
            raise ActnetError(
                f"the loss is {float(total)} at step {step + 1}; "
                f"move {self.state_path} away and start again with lower rates"
            )
        self.scaler.unscale_(self.optimizer)
        trained = [p for g in self.optimizer.param_groups for p in g["params"]]
        norm = nn.utils.clip_grad_norm_(trained, self.config.largest_gradient_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.averaged.update_parameters(self.network)
        return {
            "loss": float(total),
            "gradient_norm": float(norm),
            "mean_similarity": similarity,
        }

    @torch.no_grad()
    def keep_best(self, selection: Selection, step: int, say: Callable[[str], None]) -> None:
        """Measure the averaged network and remember it if it is the best so far."""
        if not self.processes.first:
            return
        candidate = self._kept()
        own = _copy(self.network)
        self.network.load_state_dict(candidate)
        mean_ap = selection.measure(self.network)
        say(f"step {step}: dev mAP {mean_ap:.2f}" + (", best so far" * (mean_ap > self.best_map)))
        if mean_ap > self.best_map:
            self.best, self.best_map = candidate, mean_ap
            selection.keep(self.network)
        self.network.load_state_dict(own)

    def finish(self) -> None:
        """Leave the network with the weights to keep, whitening rows in order."""
        self.network.load_state_dict(self.best or self._kept())
        self.network.float().to("cpu")
        if self.processes.first:
            photos = [Photo(path, "") for path in self.collection.paths]
            finish_whitening(self.network, photos, self.config.teacher_sides_px[0], self.dims)

    def _kept(self) -> dict[str, Tensor]:
        share = self.config.start_share
        averaged = self.averaged.module.state_dict()
        return {
            key: torch.lerp(value, self.start[key], share) if value.is_floating_point() else value
            for key, value in ((key, value.detach().clone()) for key, value in averaged.items())
        }

    def _dataset(self, epoch: int, done: int, left: int) -> Any:
        first_step = epoch * self.steps_per_epoch + done
        config, collection = self.config, self.collection
        retrieval_epoch = epoch - config.classification_epochs
        if config.loss is LossKind.BANK or retrieval_epoch < 0:
            return CaptureBatches(collection, config, first_step, left, self.split)
        if config.mining is Mining.MEMORY:
            if self.memory is None:
                self.memory = self._miner().describe_all()
            return CaptureBatches(collection, config, first_step, left, self.split, True)
        if done == 0 or self.triplets is None:
            hard = retrieval_epoch >= config.mining_after_epochs
            self.triplets = self._miner().choose(epoch, hard)
        return TripletBatches(collection, config, self.triplets, epoch, done, left, self.split)

    def _miner(self) -> TripletMiner:
        return TripletMiner(
            self.network, self.collection, self.config, max(self.dims), self.device, self.dtype
        )

    def _loss(self, step: int, batch: Batch, piece: slice) -> tuple[Tensor, Tensor]:
        """Return the mean loss of a piece of a batch, and its anchors' descriptors."""
        pixels = batch.pixels[:, piece]
        views, size = pixels.shape[:2]
        images = normalise(torch.from_numpy(pixels.reshape(-1, *pixels.shape[2:])).to(self.device))
        images = images.contiguous(memory_format=torch.channels_last)
        with autocasting(self.dtype, self.device):
            described = self.shared(images, max(self.dims))
        numbers = torch.from_numpy(batch.numbers[:, piece]).to(self.device)
        if step < self.classification_steps:
            return proxy_loss(
                described, self.proxies, self.instances[numbers[0]], self.config.temperature
            ), described
        losses = [
            self._loss_of(nested(described, dim).reshape(views, size, dim), numbers, dim)
            for dim in self.dims
        ]
        if self.memory is not None:
            rows = self.processes.gather(numbers.reshape(-1))
            self.memory[rows] = self.processes.gather(described)
        return torch.stack(losses).mean(), nested(described[:size], self.dims[-1])

    def _loss_of(self, views: Tensor, numbers: Tensor, dim: int) -> Tensor:
        config = self.config
        if config.loss is LossKind.BANK:
            return bank_loss(
                views[0], nested(self.bank, dim), numbers[0], self.instances,
                config.temperature, config.same_instance_share, config.teacher_share,
            )  # fmt: skip
        if self.memory is None:
            return triplet_loss(views[0], views[1], views[2], config.margin)
        memory = nested(self.memory, dim)
        negatives = mine_negatives(
            views[0].detach(), views[1].detach(), memory, self.instances[numbers[0]],
            self.instances, Mining.MEMORY,
        )  # fmt: skip
        return triplet_loss(views[0], views[1], memory[negatives], config.margin)

    @torch.no_grad()
    def _bank(self) -> Tensor:
        """Describe every clean picture with the network as it is: (M, largest dim)."""
        photos = [Photo(path, "") for path in self.collection.paths]
        signatures = teacher_signatures(
            self.network, photos, self.config.teacher_sides_px, self.dtype
        )
        if len(signatures) < len(photos):
            raise ActnetError(
                f"{len(photos) - len(signatures)} of {len(photos)} pictures cannot be decoded; "
                "leave them out with `readable`"
            )
        return nested(self.network.head.whitening(signatures, max(self.dims)), max(self.dims))


def trained_dims(network: Actnet, config: TrainingConfig) -> tuple[int, ...]:
    """Return the lengths of descriptor that the loss is applied to, ascending."""
    rows = network.config.whitening_dim
    return tuple(sorted({d for d in config.nested_dims if 1 <= d <= rows})) or (
        network.config.descriptor_dim,
    )


def _report(log: TrainingLog, step: int, entry: dict[str, float], run: _Run, batch: Batch) -> None:
    for problem in batch.problems:
        log.say(f"skipped: {problem}")
    if entry["mean_similarity"] > _COLLAPSE_SIMILARITY and (step + 1) % 10 == 0:
        log.say(
            f"warning: the descriptors of different pictures have a mean similarity of "
            f"{entry['mean_similarity']:.2f} (1 is collapse: one point for all); "
            "use mining=semi-hard, mining_after_epochs=1 or lower rates"
        )
    logged = (step + 1) % 10 == 0 or step + 1 == run.steps
    learned = learned_parameters(run.network) if logged else {}
    log.step(step + 1, run.config.batch_size, {**entry, **learned})


def _pieces(count: int, size: int) -> list[slice]:
    if not count:
        raise ActnetError("no picture of a whole batch can be read; check the folder")
    size = size or count
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def _not_shared(module: nn.Module) -> Any:
    return module.no_sync() if isinstance(module, DistributedDataParallel) else nullcontext()


def _copy(network: nn.Module) -> dict[str, Tensor]:
    return {key: value.detach().clone() for key, value in network.state_dict().items()}


def _silent(_: str) -> None:
    pass

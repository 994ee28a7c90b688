"""Fine-tuning for 8 bits: the simulated int8 network learns to describe as the float one does.

No labels: the loss is one minus the cosine of both descriptors of the same picture, a capture or a
clean one. Some pictures are held out and say what it was worth. A stopped or killed run resumes from
its state file to the same losses.
"""

import contextlib
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mobile_actnet.errors import ActnetError
from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization.calibration import ActivationRanges
from mobile_actnet.export.quantization.config import TuningConfig
from mobile_actnet.export.quantization.fake_quantization import SimulatedInt8
from mobile_actnet.network.actnet import Actnet, l2_normalise
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.vocabulary import Layout
from mobile_actnet.training.batches import CaptureBatches, loader
from mobile_actnet.training.config import PHONE
from mobile_actnet.training.distributed import Execution
from mobile_actnet.training.log import TrainingLog
from mobile_actnet.training.optimizers import rate
from mobile_actnet.training.sources import Collection
from mobile_actnet.training.state import StateKeeper, load_state, run_identity, save_state

STATE_EVERY_STEPS = 50
_BATCH = 16
_BETAS = (0.9, 0.99)
_DIMMED_SHARE, _DARKEST = 0.25, 0.04


@dataclass(frozen=True)
class TuningPictures:
    """What a network is tuned on.

    Attributes:
        learned: pictures to learn from.
        held_out: (N, H, W, 3) uint8, none of them among `learned`.
    """

    learned: Collection
    held_out: Pixels


def tune(
    network: Actnet,
    pictures: TuningPictures,
    ranges: ActivationRanges,
    config: TuningConfig,
    state_path: Path,
    say: Callable[[str], None] = print,
    execution: Execution = Execution(state_every_steps=STATE_EVERY_STEPS),
) -> ActivationRanges:
    """Tune from the beginning, or from `state_path` where that file is.

    Args:
        network: float, in evaluation mode; not changed.
        ranges: ranges, scales and means of the network.
        state_path: the state file; beside it `.jsonl` gets a line for every 10th step.

    Returns:
        what to record, tuned kernels included.

    Raises:
        ActnetError: the state file is of another run, the loss is no longer finite, the held-out
            pictures are no nearer than before, or the disk is full.
        KeyboardInterrupt: the run was stopped; it says what is kept.
    """
    held_out = pictures.held_out
    run = _Run(network, pictures.learned, ranges, config, state_path)
    before = run.cosine(held_out)
    say(f"held-out pictures: cosine {before:.5f} with the float network before tuning")
    first_step = run.resume()
    keeper = StateKeeper(state_path, execution.state_every_steps)
    keeper.steps = config.steps
    log = TrainingLog(
        state_path.with_suffix(".jsonl"), config.steps, first_step, say, execution.bar
    )
    with keeper.telling(), contextlib.closing(log), keeper.whole_steps():
        for step, pixels in run.batches(first_step, execution.workers):
            log.step(step + 1, len(pixels), {"loss": run.update(step, pixels)})
            keeper.after(step + 1, step + 1 == config.steps, run.save)
    run.take_average()
    after = run.cosine(held_out)
    say(f"held-out pictures: cosine {after:.5f} after tuning")
    if after <= before:
        # A run with other settings is to begin anew.
        state_path.unlink(missing_ok=True)
        raise ActnetError(
            f"tuning did not bring the descriptors nearer (cosine {before:.5f} before, "
            f"{after:.5f} after); nothing is saved: give more pictures, more --steps or a lower --rate"
        )
    cosines = {"cosine_before": round(before, 5), "cosine_after": round(after, 5)}
    settings = {"steps": config.steps, "pictures_per_step": config.batch_size}
    return run.simulated.record({**settings, **cosines, "held_out": len(held_out)})


class _Run:
    """A simulated network in training, with all that changes while it trains."""

    def __init__(
        self, network: Actnet, collection: Collection, ranges: ActivationRanges,
        config: TuningConfig, state_path: Path,
    ) -> None:  # fmt: skip
        self._config, self._collection, self._state_path = config, collection, state_path
        dim = network.config.descriptor_dim
        self._float = DeployableActnet(network, dim, Layout.NHWC)
        self.simulated = SimulatedInt8(copy.deepcopy(self._float), ranges)
        self._drawn = replace(
            PHONE, batch_size=config.batch_size // 2, image_sizes=config.image_sizes,
            seed=config.seed,
        )  # fmt: skip
        start = dict(network.state_dict()) | {f"means/{k}": x for k, x in ranges.means.items()}
        self._identity = run_identity(self._drawn, collection, start) + repr(config)
        rates = (
            (self.simulated.levels, config.level_rate),
            (self.simulated.shifts, config.shift_rate),
            (self.simulated.widenings, config.widening_rate),
        )
        self._optimizer = torch.optim.Adam(
            [{"params": list(group), "peak_rate": peak} for group, peak in rates], betas=_BETAS
        )
        self._learnt = [parameter for group, _ in rates for parameter in group]
        self._averaged = [parameter.detach().clone() for parameter in self._learnt]

    def resume(self) -> int:
        """Take up the state file; return the number of finished steps."""
        state = load_state(self._state_path, self._identity)
        if state is None:
            return 0
        for parameter, value in zip(self._learnt, state["learnt"], strict=True):
            parameter.data.copy_(value)
        self._averaged = state["averaged"]
        self._optimizer.load_state_dict(state["optimizer"])
        return int(state["step"])

    def save(self, step: int) -> None:
        """Write the state file."""
        learnt = [parameter.detach() for parameter in self._learnt]
        save_state(
            self._state_path,
            {
                "identity": self._identity, "step": step, "learnt": learnt,
                "averaged": self._averaged, "optimizer": self._optimizer.state_dict(),
            },
        )  # fmt: skip

    def batches(self, first_step: int, workers: int) -> Iterator[tuple[int, Pixels]]:
        """Yield the steps from `first_step` on, each with (N, H, W, 3) pictures."""
        left = self._config.steps - first_step
        drawn = CaptureBatches(self._collection, self._drawn, first_step, left, with_positives=True)
        for number, batch in enumerate(loader(drawn, workers)):
            pixels = batch.pixels.reshape(-1, *batch.pixels.shape[2:])
            if len(pixels):
                step = first_step + number
                yield step, _dimmed(pixels, np.random.default_rng((self._config.seed, step)))

    def update(self, step: int, pixels: Pixels) -> float:
        """Make one step of the optimizer; return the loss.

        Raises:
            ActnetError: the loss is not finite.
        """
        config, images = self._config, torch.from_numpy(pixels)
        factor = rate(step, config.steps, min(config.warmup_steps, config.steps // 10))
        for group in self._optimizer.param_groups:
            group["lr"] = group["peak_rate"] * factor
        with torch.no_grad():
            expected = self._float(images)
        loss = 1 - (self._described(images) * expected).sum(1).mean()
        if not torch.isfinite(loss):
            raise ActnetError(
                f"the loss is {float(loss.detach())} at step {step + 1}; "
                f"move {self._state_path} away and start again with a lower --rate"
            )
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        # At first the average follows fast: it must not hold on to the start.
        decay = min(config.average_decay, (step + 1) / (step + 10))
        with torch.no_grad():
            for average, parameter in zip(self._averaged, self._learnt, strict=True):
                average.lerp_(parameter, 1 - decay)
        return float(loss.detach())

    def take_average(self) -> None:
        """Replace what was learnt last by the running average."""
        for parameter, average in zip(self._learnt, self._averaged, strict=True):
            parameter.data.copy_(average)

    @torch.no_grad()
    def cosine(self, pixels: Pixels) -> float:
        """Return the mean cosine of int8 and float descriptors."""
        batches = [torch.from_numpy(pixels[n : n + _BATCH]) for n in range(0, len(pixels), _BATCH)]
        cosines = [(self._described(x) * self._float(x)).sum(1) for x in batches]
        return float(torch.cat(cosines).mean())

    def _described(self, images: Tensor) -> Tensor:
        return l2_normalise(self._float.whitening(self.simulated(images)))


def _dimmed(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Darken a share of the pictures: few of a dark one's levels are left, rounding hurts it most."""
    factors = np.exp(rng.uniform(np.log(_DARKEST), 0, len(pixels)))
    factors[rng.random(len(pixels)) >= _DIMMED_SHARE] = 1
    return np.round(pixels * factors[:, None, None, None]).astype(np.uint8)

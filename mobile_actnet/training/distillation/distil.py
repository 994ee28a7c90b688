"""Training by teachers: the student learns their descriptors of the same views.

Views of the pictures (parts, collages, captures) are rendered in batches; the teachers describe
each view, and the student, which sees it through a phone's camera, learns that descriptor, with a
head for each teacher. A view that is a capture mostly has the clean picture's descriptor as its
target. No labels are needed. Beyer et al. (CVPR 2022) found that teacher and student must see the
same view, for long.

Every choice of a step is drawn from the seed and the step's number, so a resumed run makes the same
steps. On a GPU pictures and teachers live there and nothing is kept; on a CPU the teachers'
descriptors are kept on disk.
"""

import contextlib
import copy
import hashlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mobile_actnet.errors import ActnetError
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.normalisation import normalisation
from mobile_actnet.training.distillation.config import DistillationConfig, ViewKind
from mobile_actnet.training.distillation.joining import (
    fit_ridge,
    join_heads,
    split_heads,
    teacher_shares,
)
from mobile_actnet.training.distillation.picture_store import PictureStore
from mobile_actnet.training.distillation.recipes import (
    Recipes,
    draw_recipes,
    join_recipes,
    whole_views,
)
from mobile_actnet.training.distillation.rendering import distort, render
from mobile_actnet.training.distillation.student import (
    make_optimizer,
    move_average,
    rate,
    with_rows,
)
from mobile_actnet.training.distillation.target_cache import TargetCache
from mobile_actnet.training.distillation.targets import CHUNK, Targets
from mobile_actnet.training.distillation.teacher_losses import teacher_loss
from mobile_actnet.training.distillation.teacher_networks import Teaching
from mobile_actnet.training.distributed import autocasting, resolve_autocast
from mobile_actnet.training.log import TrainingLog
from mobile_actnet.training.state import STATE_EVERY_S, StateKeeper, load_state, save_state

_MOST_HELD_OUT = 512
_LOG_EVERY_STEPS = 10


@dataclass(frozen=True)
class Pace:
    """How often a run stops to look at itself.

    Attributes:
        measure_every_steps: on held-out pictures.
        state_every_steps, state_every_s: the state is written at the earlier of both.
        bar: whether to draw a progress bar.
    """

    measure_every_steps: int = 200
    state_every_steps: int = 200
    state_every_s: float = STATE_EVERY_S
    bar: bool = False


def distil(
    run: "Distillation", state_path: Path, say: Callable[[str], None] = print, pace: Pace = Pace()
) -> Actnet:
    """Train a student, from its start or from `state_path` where that file is.

    Args:
        run: the student, its teachers and pictures.
        state_path: beside it `.jsonl` gets a line for every 10th step.
        say: takes lines of progress.

    Returns:
        The student, its heads joined, on the CPU, in evaluation mode.

    Raises:
        ActnetError: the state file is of another run, the loss is not finite, or the disk is full.
        KeyboardInterrupt: the run was stopped; it says what is kept.
    """
    config = run.config
    first_step = run.resume(state_path)
    keeper = StateKeeper(state_path, pace.state_every_steps, pace.state_every_s)
    keeper.steps = None if config.minutes else config.steps
    log = TrainingLog(state_path.with_suffix(".jsonl"), config.steps, first_step, say, pace.bar)
    with keeper.telling(), contextlib.closing(log), keeper.whole_steps():
        for step in range(first_step, config.steps):
            # Later the time may pass between two steps: then one more is the last, and is measured.
            if step == first_step and run.progress(step) >= 1:
                break  # resumed after its time was over
            loss = run.update(step)
            done, last = step + 1, run.progress(step + 1) >= 1
            entry: dict[str, Any] = {"loss": math.nan}
            if done % _LOG_EVERY_STEPS == 0 or last:
                entry["loss"] = float(loss)
                if not math.isfinite(entry["loss"]):
                    raise ActnetError(
                        f"the loss is {entry['loss']} at step {done}; move {state_path} away "
                        "and start again with lower rates"
                    )
            if done % pace.measure_every_steps == 0 or last:
                measured = run.measure()
                entry |= measured
                log.say(f"step {done}, {100 * run.progress(done):.0f} %: {_sentence(measured)}")
            log.step(done, min(config.batch_size, len(run.learned)), entry, run.left_s())
            keeper.after(done, last, lambda finished: run.save(state_path, finished))
            if last:
                break
    return run.joined()


class Distillation:
    """A student in training, with all that changes while it trains.

    Args:
        start: where the student begins; not changed.
        store: pictures to learn from; some are held out.
        cache: keeps the teachers' descriptors; None where `views_per_picture` is 0.

    Raises:
        ActnetError: too few pictures. ConfigError: weights that fit neither teachers nor sources.
    """

    def __init__(
        self, start: Actnet, store: PictureStore, teaching: Teaching, config: DistillationConfig,
        device: torch.device, cache: TargetCache | None = None,
    ) -> None:  # fmt: skip
        teachers = teaching.teachers
        self.store, self.config, self.device = store, config, device
        self.dtype = resolve_autocast(config.autocast, device)
        self.learned, self.held_out = _split(store, config.held_out_share)
        self.chances = store.chances[self.learned] / store.chances[self.learned].sum()
        shares = torch.tensor([teacher_shares(row, len(teachers)) for row in teaching.weights])
        of_pictures = shares[torch.from_numpy(store.sources)]  # (M, teachers)
        mean = (torch.from_numpy(store.chances)[:, None] * of_pictures).sum(0).tolist()
        self.join_shares = teacher_shares(teaching.join_weights or mean, len(teachers))
        self.weights = of_pictures.to(device)
        self.identity = _identity(start, store, teaching, config)
        self.targets = Targets(store, teachers, self.learned, config, cache, device)
        chosen = np.random.default_rng(config.seed).permutation(self.learned)
        bank = torch.from_numpy(chosen[: config.bank_size]).to(device)
        self.banks = [values[bank] for values in self.targets.clean]
        self.student = self._begin(start)
        self.averaged = copy.deepcopy(self.student).eval().requires_grad_(False)
        self.optimizer = make_optimizer(self.student, config, device)
        self.elapsed_s, self._clock, self.measured = 0.0, time.monotonic(), dict[str, float]()

    def progress(self, step: int) -> float:
        """Part of the run that is over, by steps or by the clock."""
        by_steps, left_s = step / self.config.steps, self.left_s()
        by_clock = 0.0 if left_s is None else 1 - left_s / (60 * self.config.minutes)
        return max(by_steps, by_clock)

    def left_s(self) -> float | None:
        """Seconds until the clock ends the run, at least 0; None where steps alone do."""
        if not self.config.minutes:
            return None
        spent_s = self.elapsed_s + time.monotonic() - self._clock
        return max(0.0, 60 * self.config.minutes - spent_s)

    def update(self, step: int) -> Tensor:
        """Make one step of the optimizer; return the loss, still on the device."""
        config, progress = self.config, self.progress(step)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak_rate"] * rate(progress, config.warmup_share)
        rng = np.random.default_rng((config.seed, step))
        recipes = self._draw(rng)
        views = self._render(recipes)
        targets = self.targets.of(recipes, views, rng, config.clean_share)
        seen = self._distort(views, int(rng.integers(2**62)))
        side_px = config.late_side_px if progress >= config.late_from else config.early_side_px
        described = split_heads(self._describe(self.student, seen, side_px), self.targets.dims)
        weights = self.weights[torch.from_numpy(recipes.pictures).to(self.device)]
        loss = torch.zeros((), device=self.device)
        for number, (student, target, bank) in enumerate(
            zip(described, targets, self.banks, strict=True)
        ):
            each = teacher_loss(
                student, target, bank, config.temperature, config.cosine_weight,
                config.spread_weight,
            )  # fmt: skip
            loss = loss + (weights[:, number] * each).mean()
        self.optimizer.zero_grad()
        loss.backward()
        trained = [p for g in self.optimizer.param_groups for p in g["params"]]
        nn.utils.clip_grad_norm_(trained, config.largest_gradient_norm)
        self.optimizer.step()
        # The first steps are far from the later ones: the average forgets them sooner.
        move_average(
            self.averaged, self.student, min(config.average_decay, (1 + step) / (10 + step))
        )
        return loss.detach()

    @torch.no_grad()
    def measure(self) -> dict[str, float]:
        """See how the averaged student does on pictures that it does not learn from.

        Returns:
            `held_out_cosine_N`: of its heads with each teacher's descriptors of the same crops;
            `held_out_recall`: per cent of captures whose clean picture comes first among the
            held-out ones, by the heads' similarities together.
        """
        rng = np.random.default_rng(0)
        clean = self._side_by_side(self._describe_clean(self.held_out))
        cosines: list[list[Tensor]] = [[] for _ in self.targets.dims]
        right = []
        for start in range(0, len(self.held_out), CHUNK):
            rows = self.held_out[start : start + CHUNK]
            for kind in (ViewKind.CROP, ViewKind.CAPTURE):
                views_config = self.config.views.only(kind)
                others = rng.choice(self.learned, len(rows))
                recipes = draw_recipes(rng, rows, others, self.store.aspects, views_config)
                views = self._render(recipes)
                seen = self._distort(views, start)
                described = self._describe(self.averaged, seen, self.config.late_side_px)
                if kind is ViewKind.CROP:
                    targets = self.targets.of(recipes, views, rng, 0.0)
                    heads = split_heads(described, self.targets.dims)
                    for kept, head, target in zip(cosines, heads, targets, strict=True):
                        kept.append((head * target).sum(1))
                else:
                    best = (self._side_by_side(described) @ clean.T).argmax(1).cpu().numpy()
                    right.append(best == np.arange(start, start + len(rows)))
        measured = {
            f"held_out_cosine_{number}": float(torch.cat(kept).mean())
            for number, kept in enumerate(cosines)
        }
        self.measured = {**measured, "held_out_recall": 100 * float(np.concatenate(right).mean())}
        return self.measured

    def resume(self, path: Path) -> int:
        """Take up the state file; return the number of finished steps."""
        state = load_state(path, self.identity)
        if state is None:
            return 0
        self.student.load_state_dict(state["student"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.elapsed_s, self._clock = float(state["elapsed_s"]), time.monotonic()
        return int(state["step"])

    def save(self, path: Path, step: int) -> None:
        """Write the state file."""
        state = {
            "identity": self.identity,
            "step": step,
            "elapsed_s": self.elapsed_s + time.monotonic() - self._clock,
            "student": self.student.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        save_state(path, state)

    @torch.no_grad()
    def joined(self) -> Actnet:
        """Return the averaged student with its heads joined to one whitening, on the CPU."""
        whitening = self.averaged.head.whitening
        weight, bias = join_heads(
            whitening.weight, whitening.bias, self._signatures(self.averaged), self.targets.dims,
            self.join_shares, self.config.joined_dim, self.config.joined_strength,
        )  # fmt: skip
        joined = with_rows(self.averaged, len(bias))
        joined.head.whitening.set(weight, bias)
        return joined.cpu().float().eval()

    def _draw(self, rng: np.random.Generator) -> Recipes:
        config, count = self.config, min(self.config.batch_size, len(self.learned))
        drawn = rng.choice(len(self.learned), count, replace=False, p=self.chances)
        rows = self.learned[drawn]
        if not config.views_per_picture:
            return draw_recipes(rng, rows, np.roll(rows, 1), self.store.aspects, config.views)
        numbers = rng.integers(0, config.views_per_picture, count)
        return join_recipes(
            [self._numbered(row, number) for row, number in zip(rows, numbers, strict=True)]
        )

    def _numbered(self, row: int, number: int) -> Recipes:
        """Return a picture's view of a number, the same one whenever it is asked for."""
        seed = int(self.store.hashes[row][:15], 16)
        rng = np.random.default_rng((self.config.seed, seed, int(number)))
        partner = rng.choice(self.learned, 1)
        return draw_recipes(rng, np.array([row]), partner, self.store.aspects, self.config.views)

    @torch.no_grad()
    def _render(self, recipes: Recipes) -> Tensor:
        pixels = self.store.take(recipes.pictures, self.device)
        partners = self.store.take(recipes.partners, self.device)
        return render(pixels, partners, recipes, self.config.view_side_px)

    @torch.no_grad()
    def _distort(self, views: Tensor, seed: int) -> Tensor:
        generator = torch.Generator(self.device).manual_seed(seed)
        return distort(views, generator, self.config.distortions)

    def _side_by_side(self, described: Tensor) -> Tensor:
        """Put the heads' descriptors beside each other by their shares: (B, sum of dims)."""
        heads = split_heads(described, self.targets.dims)
        return torch.cat(
            [math.sqrt(s) * head for s, head in zip(self.join_shares, heads, strict=True)], 1
        )

    def _images(self, views: Tensor, side_px: int) -> Tensor:
        """Normalise (B, 3, S, S) pictures of 0 to 255 at a size."""
        if views.shape[-1] != side_px:
            views = nn.functional.interpolate(
                views, size=(side_px, side_px), mode="bilinear", antialias=True
            )
        scale, offset = normalisation()
        images = views * scale.to(self.device) + offset.to(self.device)
        return images.contiguous(memory_format=torch.channels_last)

    def _describe(self, network: Actnet, views: Tensor, side_px: int) -> Tensor:
        """Describe (B, 3, S, S) pictures of 0 to 255: (B, sum of the heads' dims)."""
        with autocasting(self.dtype, self.device):
            return network(self._images(views, side_px), sum(self.targets.dims))

    @torch.no_grad()
    def _describe_clean(self, rows: NDArray[np.int64]) -> Tensor:
        side_px = self.config.late_side_px
        return torch.cat(
            [self._describe(self.averaged, views, side_px) for views in self._clean_views(rows)]
        )

    @torch.no_grad()
    def _signatures(self, network: Actnet) -> Tensor:
        """Return the signatures of the clean pictures that are learned from: (M, D)."""
        signatures = []
        for views in self._clean_views(self.learned):
            with autocasting(self.dtype, self.device):
                signatures.append(network.signature(self._images(views, views.shape[-1])))
        return torch.cat(signatures)

    def _clean_views(self, rows: NDArray[np.int64]) -> Any:
        for start in range(0, len(rows), CHUNK):
            recipes = whole_views(rows[start : start + CHUNK])
            pixels = self.store.take(recipes.pictures, self.device)
            yield render(pixels, pixels, recipes, self.config.late_side_px)

    @torch.no_grad()
    def _begin(self, start: Actnet) -> Actnet:
        """Copy the start; fit a head to each teacher's descriptors of the clean pictures."""
        student = with_rows(start, sum(self.targets.dims)).eval()
        student.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        rows = torch.from_numpy(self.learned).to(self.device)
        targets = torch.cat([values[rows] for values in self.targets.clean], 1)
        student.head.whitening.set(*fit_ridge(self._signatures(student), targets))
        return student if self.config.frozen_batch_norm else student.train()


def _split(store: PictureStore, share: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Hold pictures out by their hashes: always the same ones, in any order."""
    order = np.argsort(np.array(store.hashes), kind="stable")
    count = min(_MOST_HELD_OUT, max(1, math.ceil(share * len(store))))
    if len(store) - count < 3:
        raise ActnetError(f"{len(store)} pictures are too few to learn from; give 4 or more")
    return np.sort(order[count:]), np.sort(order[:count])


def _identity(
    start: Actnet, store: PictureStore, teaching: Teaching, config: DistillationConfig
) -> str:
    """Return what tells a run from others."""
    parts = [
        json.dumps(asdict(config)), *store.hashes, str(store.chances.tolist()),
        *(teacher.identity for teacher in teaching.teachers), str(teaching.weights),
    ]  # fmt: skip
    digest = hashlib.sha256("\n".join(parts).encode())
    for key, value in sorted(start.state_dict().items()):
        digest.update(key.encode() + value.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _sentence(measured: dict[str, float]) -> str:
    cosines = [f"{value:.3f}" for name, value in measured.items() if "cosine" in name]
    return (
        f"on held-out pictures the cosine with the teachers is {', '.join(cosines)}; "
        f"{measured['held_out_recall']:.1f} % of captures find their picture first"
    )

"""What a run tells while it runs: a bar, lines, a JSON-lines file, TensorBoard if installed."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mobile_actnet.files import refuse_special
from mobile_actnet.network.activations import activation_parameters
from mobile_actnet.network.actnet import Actnet, Stream
from mobile_actnet.network.pooling import GemPooling

_EVERY_STEPS = 10


class TrainingLog:
    """Writes `path` (a line for every 10th step) and shows progress.

    Args:
        path: the .jsonl file; a folder of the same name without suffix holds TensorBoard's events.
        steps: of the whole run. first_step: where this part of it begins.
        say: takes lines; one for every 10th step where there is no bar.
        bar: whether to draw a progress bar on the terminal.
    """

    def __init__(
        self, path: Path, steps: int, first_step: int, say: Callable[[str], None], bar: bool
    ) -> None:
        self.path, self.steps, self.first_step, self._say, self._bar_shown = (
            path, steps, first_step, say, bar,
        )  # fmt: skip
        refuse_special(path)
        self._bar = tqdm(
            total=steps, initial=first_step, unit="step", disable=not bar, dynamic_ncols=True
        )
        self._started, self._pictures = time.monotonic(), 0
        self._tensorboard = _tensorboard(path.with_suffix(""))
        path.parent.mkdir(parents=True, exist_ok=True)

    def say(self, line: str) -> None:
        """Show a line without breaking the bar."""
        if self._bar_shown:
            self._bar.write(line)
        else:
            self._say(line)

    def step(
        self, step: int, pictures: int, entry: dict[str, Any], left_s: float | None = None
    ) -> None:
        """Record a finished step.

        Args:
            step: number of finished steps.
            pictures: that all processes used in it.
            entry: `loss` and whatever else is to be kept.
            left_s: of a run that the clock ends; None tells it from the steps.
        """
        self._pictures += pictures
        elapsed_s = time.monotonic() - self._started
        rate = self._pictures / elapsed_s
        self._bar.set_postfix(loss=f"{entry['loss']:.3f}", images_per_s=f"{rate:.0f}")
        self._bar.update()
        if step % _EVERY_STEPS and step != self.steps:
            return
        entry = {"step": step, **entry, "images_per_s": round(rate, 1)}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        if self._tensorboard:
            for name, value in entry.items():
                self._tensorboard.add_scalar(name, value, step)
        if not self._bar_shown:
            if left_s is None:
                left_s = elapsed_s / (step - self.first_step) * (self.steps - step)
            self._say(
                f"step {step}/{self.steps} loss {entry['loss']:.3f}, {rate:.0f} images/s, "
                f"{left_s / 60:.0f} min left"
            )

    def close(self) -> None:
        self._bar.close()
        if self._tensorboard:
            self._tensorboard.close()


def learned_parameters(network: Actnet) -> dict[str, float]:
    """Return the head's scalar parameters: `stream0.beta`, `stream0.power`, ..."""
    parameters: dict[str, float] = {}
    for number, stream in enumerate(network.head.streams):
        assert isinstance(stream, Stream)
        values = activation_parameters(stream.activation)
        values["scale"] = float(stream.power.scale.detach())
        values["power"] = float(stream.power.power.detach())
        if isinstance(stream.pooling, GemPooling):
            values["gem_p"] = float(stream.pooling.log_p.detach().exp())
        parameters |= {f"stream{number}.{name}": round(value, 5) for name, value in values.items()}
    bias = network.head.whitening.bias
    parameters["whitening_bias_norm"] = round(float(bias.detach().norm()), 5)
    return parameters


def _tensorboard(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder.with_name(folder.name + ".tensorboard")))

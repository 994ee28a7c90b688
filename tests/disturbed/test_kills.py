"""Commands killed with SIGKILL: nothing is lost, and the same command again gives what it would have given.

ACTNET_KILLS=200 python -m pytest -s tests/disturbed/test_kills.py kills builds, updates and exports that often, and
trainings and calibrations 50 times; a normal run does it a few times. Half of the kills come before a file is opened
for writing, renamed, made or removed, over all of these; the others come at any time.
"""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.disturbed.conftest import Answer, Forks, agrees
from tests.disturbed.subjects import State, Subject, state

KILLS = int(os.environ.get("ACTNET_KILLS", "8"))
SEED = os.environ.get("ACTNET_KILLS_SEED", "1")

OLD = " over an old one"
# Name -> its share of the kills of its command.
SHARES = {
    **{f"export of {kind}{old}": 4 for kind in ("tflite", "onnx", "coreml") for old in ("", OLD)},
    **{f"index {word}{old}": 2 for word in ("export", "build") for old in ("", OLD)},
    "index update": 1,
    # These are killed a quarter as often.
    **{f"{word}{old}": 8 for word in ("train", "calibrate") for old in ("", OLD)},
}
LayOut = Callable[[Subject], tuple[Path, list[str]]]


def check_what_is_left(place: Path, subject: Subject, before: State, after: State) -> None:
    """Each file is the old one or the new one, and none has gone."""
    now = state(place, subject)
    for name in before | now:
        assert name in before or name in after, f"{name} is neither old nor new"
        assert agrees(now.get(name), before.get(name), after.get(name), subject.grows), name
    for check in subject.checks:
        check(place)


@pytest.mark.parametrize("name", SHARES)
def test_kills(name: str, trials: dict[str, Subject], forks: Forks, lay_out: LayOut) -> None:
    subject, rng = trials[name], random.Random(f"{SEED} {name}")
    place, words = lay_out(subject)
    before = state(place, subject)
    undisturbed = forks.run(words)
    assert undisturbed.code == 0, undisturbed.err
    after = state(place, subject)
    assert after != before
    kills = -(-KILLS // SHARES[name])
    steps = list(range(undisturbed.steps))
    rng.shuffle(steps)
    alive = whole = 0
    for number in range(kills):
        place, words = lay_out(subject)
        for _ in range(2 if rng.random() < 0.25 else 1):
            answer = kill(forks, subject.again(place) or words, number, steps, rng, undisturbed)
            assert answer.code in (0, -9, 1), answer
            alive += answer.code == -9
            check_what_is_left(place, subject, before, after)
        told = forks.run(subject.again(place) or words)
        if told.code:
            # Killed when everything was written, or after it had ended.
            assert "exists; give --overwrite" in told.err, told.err
            whole += 1
        assert state(place, subject) == after
        left = [path.name for path in place.iterdir() if path.name not in after]
        assert [each for each in left if not each.endswith(".jsonl")] == [], "leftovers"
    print(
        f"{name}: {kills} trials, {alive} kills of the running command, {whole} when all was done"
    )
    assert alive


def kill(
    forks: Forks, words: list[str], number: int, steps: list[int], rng: random.Random,
    undisturbed: Answer,
) -> Answer:  # fmt: skip
    if number % 2:
        return forks.run(words, kill_after_s=rng.uniform(0, undisturbed.seconds))
    return forks.run(words, kill_at=steps[number // 2 % len(steps)])

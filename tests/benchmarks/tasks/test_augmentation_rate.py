"""The augmentation benchmark says what it measured."""

import json

import pytest

from mobile_actnet.benchmarks.tasks.augmentation_rate import measure_augmentation
from mobile_actnet.cli.bench.command import main


def test_share_follows_from_the_two_rates() -> None:
    report = measure_augmentation(side_px=64, pictures=4, rounds=2)
    captures_s, learning_s = 1 / report.captures_per_s, 1 / report.trained_per_s
    assert 0 < report.share < 1
    assert report.share == pytest.approx(captures_s / (captures_s + learning_s))


def test_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    small = measure_augmentation(side_px=64, pictures=2, rounds=1)
    monkeypatch.setattr("mobile_actnet.cli.bench.modes.measure_augmentation", lambda: small)
    assert main(["--augmentation", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == vars(small)

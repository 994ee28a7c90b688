"""torchvision's networks work beside a CPU-only torch, and other errors are not hidden."""

import importlib
from types import ModuleType

import pytest
import torch

from mobile_actnet.network import torchvision_guard


def test_networks_can_be_built() -> None:
    torchvision = torchvision_guard.import_torchvision()
    network = torchvision.models.mobilenet_v2(weights=None).eval()
    with torch.no_grad():
        assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 1000)
    assert torchvision_guard.import_torchvision() is torchvision


def test_missing_operators_are_declared_and_the_import_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outcomes: list[object] = [RuntimeError("operator torchvision::nms does not exist"), "module"]
    declared = []

    def import_module(name: str) -> object:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return ModuleType(name)

    monkeypatch.setattr(importlib, "import_module", import_module)
    monkeypatch.setattr(torchvision_guard.sys, "modules", {})
    monkeypatch.setattr(
        torchvision_guard, "_declare_missing_operators", lambda: declared.append(True)
    )
    assert torchvision_guard.import_torchvision().__name__ == "torchvision"
    assert declared == [True]


def test_other_errors_come_through(monkeypatch: pytest.MonkeyPatch) -> None:
    def import_module(name: str) -> ModuleType:
        raise RuntimeError("torchvision needs another torch")

    monkeypatch.setattr(importlib, "import_module", import_module)
    with pytest.raises(RuntimeError, match="needs another torch"):
        torchvision_guard.import_torchvision()

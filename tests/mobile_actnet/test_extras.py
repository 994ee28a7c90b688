"""Python without torch: what needs it says so in the sentence of the commands."""

import subprocess
import sys

import pytest

HIDDEN = """
import sys
for name in ("torch", "torchvision", "scipy", "litert_torch", "ai_edge_quantizer"):
    sys.modules[name] = None
import mobile_actnet as actnet
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
try:
    {statement}
except actnet.ActnetError as error:
    print(type(error).__name__, error)
"""
SENTENCE = (
    "MissingPackageError this needs the package torch, which is not installed; "
    "run: pip install 'mobile-actnet[train]'"
)


def without_torch(statement: str) -> str:
    answer = subprocess.run(
        [sys.executable, "-c", HIDDEN.format(statement=statement)], capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


@pytest.mark.parametrize(
    "statement",
    [
        "actnet.load()",
        "actnet.Gallery.build('photos', DEFAULT_CHECKPOINT, 'shop.sqlite')",
        "from mobile_actnet.gallery.model import opened; opened(DEFAULT_CHECKPOINT, None)",
    ],
)
def test_an_artefact_takes_the_place_of_a_checkpoint(statement: str) -> None:
    printed = without_torch(statement)
    assert printed.startswith(f"{SENTENCE}; or give an artefact of actnet export in place of")


@pytest.mark.parametrize(
    "statement",
    [
        "from mobile_actnet.export import export_artefacts",
        "actnet.evaluate_model",
        "actnet.MobileActnet()",
        "actnet.load_checkpoint(DEFAULT_CHECKPOINT)",
    ],
)
def test_a_public_name_that_needs_torch_names_the_extra(statement: str) -> None:
    assert without_torch(statement) == SENTENCE


def test_an_unknown_name_is_an_attribute_error_and_numpy_is_enough_for_others() -> None:
    assert without_torch("assert not hasattr(actnet, 'nothing') and actnet.evaluate") == ""

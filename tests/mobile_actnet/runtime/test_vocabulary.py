"""Formats: what is missing gets its command, suffixes are told apart."""

from pathlib import Path

import pytest

from mobile_actnet.errors import ConfigError, MissingPackageError
from mobile_actnet.export.formats.exporter import exporter
from mobile_actnet.runtime.packages import CONVERTING, RUNNING, format_of, require
from mobile_actnet.runtime.vocabulary import Format

RUNNING_EXTRAS = {Format.TFLITE: "runtime", Format.ONNX: "onnx-runtime", Format.COREML: "coreml"}


@pytest.mark.parametrize("kind", Format)
def test_missing_package_is_named_with_its_command(kind: Format) -> None:
    for packages in (CONVERTING, RUNNING):
        for package in packages[kind]:
            with pytest.raises(MissingPackageError, match=package) as caught:
                require(kind, packages, lambda name, gone=package: None if name == gone else name)
            extra = RUNNING_EXTRAS[kind] if packages is RUNNING else kind.value
            assert str(caught.value).endswith(f"run: pip install 'mobile-actnet[{extra}]'")


@pytest.mark.parametrize("kind", Format)
def test_exporters_know_their_suffix(kind: Format) -> None:
    assert format_of(Path("model").with_suffix(exporter(kind).suffix)) is kind


def test_other_suffixes_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"allowed are \.tflite, \.onnx, \.mlpackage"):
        format_of(Path("model.pt"))

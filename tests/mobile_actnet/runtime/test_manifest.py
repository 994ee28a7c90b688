"""The manifest: what it holds, and what a reader refuses."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.export.graph.lowering import divisor, largest_value
from mobile_actnet.files import sha256_of, size_bytes
from mobile_actnet.network.activations import activation_parameters
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.runtime import manifest as manifests
from mobile_actnet.runtime.errors import ManifestError
from mobile_actnet.runtime.vocabulary import Format, Precision

MINIMAL = {
    "schema": 1, "name": "m", "format": "tflite", "precision": "fp32", "checkpoint": {},
    "input": {}, "output": {"dim": 2}, "parity": {}, "operators": {},
    "preprocessing": {"name": "pillow-bilinear", "version": 1, "height": 64, "width": 96},
    "golden": {"descriptor": [1.0, 0.0]},
}  # fmt: skip


@pytest.fixture
def artefact(tmp_path: Path) -> Path:
    path = tmp_path / "m.tflite"
    path.write_bytes(b"weights")
    held = {"file": "m.tflite", "sha256": hashlib.sha256(b"weights").hexdigest(), "size_bytes": 7}
    (tmp_path / "m.tflite.json").write_text(json.dumps({**MINIMAL, "artefact": held}))
    return path


def test_holds_what_an_app_must_know(small_artefact, shipped_network: Actnet) -> None:
    pytest.importorskip("onnx", reason="needs the extra onnx")
    result = small_artefact(Format.ONNX, Precision.FP32)
    held = manifests.load(result.path)
    assert held.values == json.loads(manifests.path_of(result.path).read_text())
    assert held["artefact"]["sha256"] == hashlib.sha256(result.path.read_bytes()).hexdigest()
    assert held["artefact"]["size_bytes"] == result.path.stat().st_size
    assert (
        held["checkpoint"]["sha256"] == hashlib.sha256(DEFAULT_CHECKPOINT.read_bytes()).hexdigest()
    )
    assert held["input"] == {
        "name": "image", "shape": [1, 64, 64, 3], "dtype": "uint8", "layout": "nhwc",
        "colour": "rgb", "range": [0, 255],
    }  # fmt: skip
    assert held["output"]["name"] == "descriptor"
    assert held["output"]["dim"] == len(held["golden"]["descriptor"]) == 384
    assert held["preprocessing"] == {
        "name": "pillow-bilinear", "version": 1, "height": 64, "width": 64,
    }  # fmt: skip
    for stream, told in zip(shipped_network.head.streams, held["network"]["streams"], strict=True):
        assert told["parameters"] == activation_parameters(stream.activation)
        errors = {e["dtype"]: e["max_absolute"] for e in told["lowering"]["errors"]}
        # The errors are shares of the divisor, which stays behind a layer with larger values.
        above = largest_value(stream.activation) / divisor(stream.activation)
        assert 0 < errors["float32"] < 1e-4 * above
        assert 1e-4 < errors["float16"] < 2e-2 * above
    assert np.linalg.norm(held["golden"]["descriptor"]) == pytest.approx(1, abs=1e-3)


def test_reads_what_belongs_together(artefact: Path) -> None:
    assert manifests.load(artefact)["name"] == "m"


def test_an_artefact_that_changed_is_refused(artefact: Path) -> None:
    artefact.write_bytes(b"Weights")
    with pytest.raises(ManifestError, match="is not the file that m.tflite.json describes"):
        manifests.load(artefact)


def test_missing_manifest_or_artefact(artefact: Path) -> None:
    manifest = manifests.path_of(artefact)
    artefact.unlink()
    with pytest.raises(ManifestError, match="only its manifest does"):
        manifests.load(artefact)
    manifest.unlink()
    with pytest.raises(ManifestError, match="m.tflite does not exist; actnet export makes one"):
        manifests.load(artefact)
    artefact.write_bytes(b"weights")
    missing = (
        r"has no manifest \(m.tflite.json is missing\); copy that file from where the model was"
    )
    with pytest.raises(ManifestError, match=missing):
        manifests.load(artefact)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read"),
        ("\udcff", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("[]", "not a JSON object"),
        ('{"schema": 2}', "has schema 2; this release reads 1"),
        ("{}", "has schema None"),
        ('{"schema": 1, "name": "m"}', "'format' is missing or malformed"),
        (json.dumps({**MINIMAL, "artefact": []}), "'artefact' is missing or malformed"),
        (
            json.dumps({**MINIMAL, "artefact": {"sha256": ""}, "output": {"dim": "many"}}),
            "output.dim is missing or malformed",
        ),
    ],
)
def test_damaged_manifests(artefact: Path, text: str, message: str) -> None:
    manifests.path_of(artefact).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ManifestError, match=message):
        manifests.load(artefact)


def test_hash_of_a_folder_by_hand(tmp_path: Path) -> None:
    package = tmp_path / "m.mlpackage"
    (package / "Data").mkdir(parents=True)
    (package / "b").write_bytes(b"2")
    (package / "Data" / "a").write_bytes(b"1")
    one, two = (hashlib.sha256(data).hexdigest() for data in (b"1", b"2"))
    expected = hashlib.sha256(f"{one}  Data/a\n{two}  b\n".encode()).hexdigest()
    assert sha256_of(package) == expected
    assert size_bytes(package) == 2


def test_golden_cosine() -> None:
    golden = manifests.GoldenPart(descriptor=(0.6, 0.8))
    assert golden.cosine(np.array([0.6, 0.8], np.float32)) == pytest.approx(1)
    assert golden.cosine(np.array([0.8, 0.6], np.float32)) == pytest.approx(0.96)
    with pytest.raises(ManifestError, match="has 2 values; the artefact gives 3"):
        golden.cosine(np.zeros(3, np.float32))


def test_fields_of_later_releases_survive(artefact: Path) -> None:
    path = manifests.path_of(artefact)
    later = json.loads(path.read_text())
    later["views"] = [1, None]
    later["golden"]["outline"] = {"left": 0.5}
    path.write_text(json.dumps(later))
    manifest = manifests.load(artefact)
    assert json.loads(manifests.dump(manifest)) == later
    assert manifest["views"] == [1, None]
    assert manifest.golden.model_extra == {"outline": {"left": 0.5}}


def test_what_a_manifest_does_not_say_is_an_error_where_it_is_needed() -> None:
    manifest = manifests.Manifest.of({**MINIMAL, "artefact": {}, "preprocessing": {}, "output": {}})
    for ask in (lambda: manifest.size, lambda: manifest.dim):
        with pytest.raises(ManifestError, match="the manifest of m has no"):
            ask()


def test_no_value_that_is_not_json() -> None:
    broken = {**MINIMAL, "artefact": {}, "notes": {"largest_value": float("nan")}}
    with pytest.raises(ValueError, match="JSON compliant"):
        manifests.dump(manifests.Manifest.of(broken))


WRONG = (None, True, -1, 0, 1e300, "text", [], [1], [[1, 2], [3]], {}, {"a": 1}, 10**59)


def places(value: object, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return [before]
    return [before] * bool(before) + [
        place for key, inner in value.items() for place in places(inner, (*before, key))
    ]


def test_whatever_a_manifest_holds_is_read_or_refused_with_a_sentence(artefact: Path) -> None:
    path = manifests.path_of(artefact)
    whole = json.loads(path.read_text())
    whole["golden"]["cosine_min"] = whole["parity"]["cosine_mean"] = 0.999
    whole["calibration"] = {"images": 3, "kept_in_float": ["a"]}
    whole["runs_on"] = [{"runtime": "r"}]
    refused = 0
    for place in places(whole):
        for value in WRONG:
            changed = json.loads(json.dumps(whole))
            inner = changed
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = value
            path.write_text(json.dumps(changed))
            try:
                manifest = manifests.load(artefact)
                manifest.golden.cosine(np.ones(2, np.float32))
                f"{manifest.parity.cosine_mean or 0:.6f} {manifest.size} {manifest.dim}"
                [run.result for run in manifest.runs_on or ()]
                list(manifest.calibration.kept_in_float or ()) if manifest.calibration else []
            except ManifestError:
                refused += 1
    assert refused > 150


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_words_that_are_no_json(word: str, artefact: Path) -> None:
    path = manifests.path_of(artefact)
    path.write_text(
        path.read_text().replace('"parity": {}', f'"parity": {{"cosine_mean": {word}}}')
    )
    with pytest.raises(ManifestError, match=f"{word} is not a number of JSON"):
        manifests.load(artefact)


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_link_in_a_package_is_refused(kind: str, tmp_path: Path) -> None:
    package, elsewhere = tmp_path / "m.mlpackage", tmp_path / "elsewhere"
    (package / "Data").mkdir(parents=True)
    (package / "Data" / "weights").write_bytes(b"x")
    assert manifests.sha256(package)
    if kind == "folder":
        (package / "Data").rename(elsewhere)
        (package / "Data").symlink_to(elsewhere)
    else:
        (package / "Data" / "weights").rename(elsewhere)
        (package / "Data" / "weights").symlink_to(elsewhere)
    with pytest.raises(ManifestError, match="holds the link (Data|weights); copy it"):
        manifests.sha256(package)


def test_a_pipe_is_no_artefact(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.tflite")
    with pytest.raises(ManifestError, match="is not a regular file"):
        manifests.sha256(tmp_path / "m.tflite")


@pytest.mark.parametrize("place", [".", "/"])
def test_a_place_without_a_name_is_no_artefact(place: str) -> None:
    with pytest.raises(ManifestError, match="is a folder; give an artefact"):
        manifests.load(Path(place))

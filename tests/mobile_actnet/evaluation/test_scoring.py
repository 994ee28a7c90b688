"""`actnet-evaluate` on pictures whose ranking is known."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobile_actnet.cli.evaluate import main
from mobile_actnet.errors import ActnetError
from mobile_actnet.evaluation.config import EvaluationOptions
from mobile_actnet.evaluation.protocols.protocols import Protocol, load_task
from mobile_actnet.evaluation.ranking import evaluate
from mobile_actnet.evaluation.scoring import (
    _scaled,
    evaluate_model,
    evaluate_protocol,
    evaluate_rankings,
    rank,
)
from mobile_actnet.gallery.sqlite.storage import Storage, decode, encode
from mobile_actnet.network.config import DEFAULT_CHECKPOINT
from mobile_actnet.pictures.photos import find_photos
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Three things, each twice: the query is its database picture a little darker."""
    folder = tmp_path / "things"
    folder.mkdir()
    rows = ["path,instance,role"]
    for number, picture in enumerate(generated_pictures(3, ImageSize(64, 64))):
        for role, factor in (("database", 1.0), ("query", 0.9)):
            name = f"{number}_{role}.png"
            Image.fromarray((picture * factor).astype(np.uint8)).save(folder / name)
            rows.append(f"{name},{number},{role}")
    (folder / "manifest.csv").write_text("\n".join(rows))
    return folder


@pytest.fixture
def distractors(tmp_path: Path) -> Path:
    folder = tmp_path / "others"
    folder.mkdir()
    rows = ["path,instance,role"]
    # The same instance name as a thing's: folders are kept apart.
    for number, picture in enumerate(generated_pictures(4, ImageSize(64, 64), seed=9)):
        Image.fromarray(picture).save(folder / f"{number}.png")
        rows.append(f"{number}.png,0,distractor")
    (folder / "manifest.csv").write_text("\n".join(rows))
    return folder


@pytest.mark.parametrize("artefact", [False, True])
def test_finds_the_same_picture(
    labelled: Path, distractors: Path, small_artefact, capsys, artefact: bool
) -> None:
    model = ["--image-size", "64"]
    if artefact:
        model = ["--model", str(small_artefact(Format.ONNX, Precision.FP32).path)]
    assert main(["--data", str(labelled), "--data", str(distractors), *model, "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["descriptor_dim"] == 384
    assert told["sets"] == {
        "things": {"mAP": 100, "recall@1": 100, "recall@10": 100, "queries": 3, "database": 7}
    }


def test_wrong_labels_are_measured_as_wrong(labelled: Path, capsys) -> None:
    manifest = labelled / "manifest.csv"
    swapped = manifest.read_text().replace("0_query.png,0", "0_query.png,1")
    manifest.write_text(swapped)
    assert main(["--data", str(labelled), "--image-size", "64", "--json"]) == 0
    score = json.loads(capsys.readouterr().out.splitlines()[-1])["sets"]["things"]
    assert score["recall@1"] == pytest.approx(200 / 3)


def test_bad_input(labelled: Path, small_artefact, tmp_path: Path, capsys) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    Image.new("RGB", (8, 8)).save(plain / "a.png")
    artefact = str(small_artefact(Format.ONNX, Precision.FP32).path)
    for arguments, message in (
        (["--data", str(plain)], "has no photo with the role"),
        (["--data", str(labelled), "--model", artefact, "--dim", "9"], "has its own size and dim"),
        (["--data", str(labelled), "--dim", "9999"], "descriptor dim is 9999"),
        (["--data", str(labelled), "--model", "none.onnx"], "none.onnx does not exist"),
    ):
        assert main(arguments) == 1
        assert message in capsys.readouterr().err


def told_by(capsys, *arguments: str) -> dict:
    assert main([*arguments, "--image-size", "64", "--json"]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.parametrize("extra", [["--rerank", "aqe"], ["--rerank", "diffusion"],
                                   ["--augment-database"], ["--scales", "multi"]])  # fmt: skip
def test_options_rank_and_are_reported(
    labelled: Path, distractors: Path, capsys, extra: list[str]
) -> None:
    told = told_by(capsys, "--data", str(labelled), "--data", str(distractors), *extra)
    if "diffusion" not in extra:  # which ranks the central first where all are neighbours
        assert told["sets"]["things"]["recall@1"] == 100
    else:
        assert told["rerank"] == "diffusion"
    assert told["sets"]["things"]["recall@10"] == 100
    assert told["sets"]["things"]["database"] == 7
    assert ("rerank" in told) == (extra[0] != "--scales")
    assert told.get("scales") == ([1, 2**-0.5, 0.5] if "--scales" in extra else None)


def test_choices_are_printed(labelled: Path, capsys) -> None:
    assert main(["--data", str(labelled), "--image-size", "64", "--rerank", "aqe"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "with rerank aqe, augment_database False"


def test_sides_of_scales_are_multiples_of_32() -> None:
    # 224 / sqrt(2) = 158.4, nearest 160; 224 / 2 = 112, 3.5 steps go to the even 4; 64 is the least.
    assert [_scaled(ImageSize(224, 448), scale) for scale in (1, 2**-0.5, 0.5)] == [
        ImageSize(224, 448), ImageSize(160, 320), ImageSize(128, 224),
    ]  # fmt: skip
    assert _scaled(ImageSize(96, 96), 0.5) == ImageSize(64, 64)


@pytest.mark.parametrize("text", ["large", "1,,2", "0", "nan", ""])
def test_scales_that_are_none(labelled: Path, capsys, text: str) -> None:
    with pytest.raises(SystemExit):
        main(["--data", str(labelled), "--scales", text])
    assert "is not allowed; give multi, or factors" in capsys.readouterr().err


def test_rerank_none_and_its_own_scorer_agree(labelled: Path, capsys) -> None:
    manifest = labelled / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("0_query.png,0", "0_query.png,1"))
    photos = find_photos(labelled)
    descriptors = np.random.default_rng(0).standard_normal((6, 8)).astype(np.float32)
    queries = np.flatnonzero([photo.role == "query" for photo in photos])
    database = np.flatnonzero([photo.role == "database" for photo in photos])
    rankings = rank(descriptors[queries], descriptors[database], EvaluationOptions())
    assert evaluate_rankings(photos, queries, database[rankings]) == evaluate(
        descriptors, photos, queries
    )


def test_limit_keeps_whole_instances(labelled: Path, capsys) -> None:
    score = told_by(capsys, "--data", str(labelled), "--limit", "3")["sets"]["things"]
    assert (score["queries"], score["database"]) == (2, 2)


def test_an_unreadable_photo_is_reported_and_left_out(labelled: Path, capsys) -> None:
    (labelled / "1_database.png").write_bytes(b"text")
    assert main(["--data", str(labelled), "--image-size", "64", "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("skipped: ")
    assert "1_database.png" in lines[0]
    score = json.loads(lines[-1])["sets"]["things"]
    assert (score["queries"], score["database"]) == (2, 2)


def test_a_cache_gives_the_same_scores(labelled: Path, tmp_path: Path, capsys) -> None:
    cache = ["--cache", str(tmp_path / "cache")]
    first = told_by(capsys, "--data", str(labelled), *cache)
    assert list((tmp_path / "cache").glob("*.f32"))
    assert told_by(capsys, "--data", str(labelled), *cache) == first


@pytest.fixture
def ground_truth(tmp_path: Path) -> Path:
    truth = {
        "imlist": ["0_database", "1_database", "2_database"],
        "qimlist": ["0_query", "1_query"],
        "gnd": [
            {"easy": [0], "hard": [], "junk": [1], "bbx": [0, 0, 64, 64]},
            {"easy": [1], "hard": [], "junk": [], "bbx": [0, 0, 64, 64]},
        ],
    }
    path = tmp_path / "gnd.json"
    path.write_text(json.dumps(truth))
    return path


@pytest.mark.parametrize("extra", [[], ["--rerank", "aqe", "--augment-database"]])
def test_a_protocol(
    labelled: Path, distractors: Path, ground_truth: Path, tmp_path: Path, capsys, extra: list[str]
) -> None:
    (distractors / "2.png").write_bytes(b"text")
    protocol = [
        "--protocol", "roxford5k", "--photos", str(labelled), "--ground-truth", str(ground_truth),
        "--distractors", str(distractors), "--cache", str(tmp_path / "cache"), "--image-size", "64",
    ]  # fmt: skip
    assert main([*protocol, *extra, "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("skipped: ")
    assert "2.png" in lines[0]
    sets = json.loads(lines[-1])["sets"]
    assert sets["roxford5k/easy"] == {
        "mAP": 100, "recall@1": 100, "recall@10": 100, "queries": 2, "database": 6, "mP@10": 100,
    }  # fmt: skip
    assert sets["roxford5k/medium"]["queries"] == 2
    assert sets["roxford5k/hard"]["queries"] == 0


def test_a_protocol_needs_its_photos(labelled: Path, ground_truth: Path) -> None:
    options = EvaluationOptions(size=ImageSize(64, 64))
    for name, message in (
        ("1_database.png", "1 of the 3 photos of roxford5k cannot be read.*1_database.png"),
        ("0_query.png", "a query cannot be read.*0_query.png"),
    ):
        content = (labelled / name).read_bytes()
        (labelled / name).write_bytes(b"text")
        task = load_task(Protocol.ROXFORD5K, labelled, ground_truth)
        with pytest.raises(ActnetError, match=message):
            evaluate_protocol(DEFAULT_CHECKPOINT, task, options=options)
        (labelled / name).write_bytes(content)


def test_two_queries_of_one_photo_keep_their_boxes(tmp_path: Path) -> None:
    left, right = generated_pictures(2, ImageSize(64, 64))
    both = Image.fromarray(np.concatenate([left, right], axis=1))
    for name, picture in (("left", Image.fromarray(left)), ("right", Image.fromarray(right)),
                          ("both", both)):  # fmt: skip
        picture.save(tmp_path / f"{name}.png")
    truth = {
        "imlist": ["left", "right"],
        "qimlist": ["both", "both"],
        "gnd": [
            {"easy": [0], "hard": [], "junk": [], "bbx": [0, 0, 64, 64]},
            {"easy": [1], "hard": [], "junk": [], "bbx": [64, 0, 128, 64]},
        ],
    }
    (tmp_path / "gnd.json").write_text(json.dumps(truth))
    task = load_task(Protocol.ROXFORD5K, tmp_path, tmp_path / "gnd.json")
    options = EvaluationOptions(size=ImageSize(64, 64))
    assert (
        evaluate_protocol(DEFAULT_CHECKPOINT, task, options=options).settings["easy"].mean_ap == 100
    )


def test_protocol_or_data(labelled: Path, capsys) -> None:
    for arguments, message in (
        ([], "give --data DIR, or --protocol NAME"),
        (["--protocol", "holidays"], "--protocol holidays needs --photos DIR"),
        (["--protocol", "holidays", "--photos", "x", "--limit", "3"], "--limit and the reports"),
        (["--data", str(labelled), "--limit", "0"], "--limit is 0"),
        (["--data", str(labelled), "--photos", "x"], "are for --protocol"),
        (["--data", str(labelled), "--data", str(labelled)], "have the same name"),
    ):
        assert main(arguments) == 1
        assert message in capsys.readouterr().err


def test_reports_are_written(labelled: Path, tmp_path: Path, capsys) -> None:
    names = {name: tmp_path / name for name in ("d.svg", "c.svg", "b.html")}
    told = told_by(
        capsys, "--data", str(labelled), "--separability", str(names["d.svg"]),
        "--curve", str(names["c.svg"]), "--browse", str(names["b.html"]),
    )  # fmt: skip
    assert told["sets"]["things"]["mAP"] == 100
    assert all(path.stat().st_size > 1000 for path in names.values())


@pytest.mark.parametrize("storage", ["int8", "float16"])
def test_storage_rounds_as_a_gallery_does(labelled: Path, capsys, storage: str) -> None:
    arguments = ["--data", str(labelled), "--image-size", "64", "--storage", storage, "--json"]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"with storage {storage}" in lines
    assert json.loads(lines[-1])["storage"] == storage
    plain = evaluate_model(DEFAULT_CHECKPOINT, [labelled], EvaluationOptions(ImageSize(64, 64)))
    rounded = evaluate_model(
        DEFAULT_CHECKPOINT,
        [labelled],
        EvaluationOptions(ImageSize(64, 64), storage=Storage(storage)),
    )
    expected = decode(encode(plain.descriptors, Storage(storage)))
    np.testing.assert_array_equal(rounded.descriptors, expected)

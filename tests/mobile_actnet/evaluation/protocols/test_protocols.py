"""The named protocols: scores by hand, by another implementation, and on the real ground truth."""

import json
import math
import os
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobile_actnet.errors import ActnetError
from mobile_actnet.evaluation.protocols.protocols import (
    Protocol,
    Query,
    Relevance,
    Task,
    crop_query,
    load_task,
    positive_ranks,
    precision_at,
    score_rankings,
    trapezoidal_average_precision,
)

DATA = Path(os.environ.get("ACTNET_DATA", Path(__file__).parents[5] / "shared" / "data"))


def numbers(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


@pytest.mark.parametrize(
    ("ranks", "positives", "expected"),
    [
        ((0,), 1, 1.0),
        ((0, 1, 2), 3, 1.0),
        ((1,), 1, (0 + 1 / 2) / 2),
        ((0, 2), 2, (1 + 1) / 4 + (1 / 2 + 2 / 3) / 4),
        ((2, 3), 2, (0 + 1 / 3) / 4 + (1 / 3 + 2 / 4) / 4),
        ((0,), 4, 1 / 4),
        ((), 2, 0.0),
    ],
)
def test_average_precision_by_hand(ranks: tuple[int, ...], positives: int, expected: float) -> None:
    assert trapezoidal_average_precision(numbers(*ranks), positives) == pytest.approx(expected)


def test_no_positive_is_not_a_number() -> None:
    assert math.isnan(trapezoidal_average_precision(numbers(), 0))


@pytest.mark.parametrize(
    ("ranks", "rank", "expected"),
    [
        ((0, 3), 1, 1.0),
        ((0, 3), 5, 2 / 4),  # the last positive is the fourth hit
        ((0, 3), 10, 2 / 4),
        ((1, 6), 5, 1 / 5),
        ((0,), 10, 1.0),
        ((12,), 10, 0.0),
    ],
)
def test_precision_by_hand(ranks: tuple[int, ...], rank: int, expected: float) -> None:
    assert precision_at(numbers(*ranks), rank) == pytest.approx(expected)


def test_junk_is_taken_out_of_the_ranking() -> None:
    # Positions 0 to 5 at these ranks; junk at ranks 0 and 3, positives at ranks 1, 4 and 5.
    database_ranks = numbers(4, 0, 1, 3, 2, 5)
    relevance = Relevance(positive=numbers(5, 0, 2), junk=numbers(3, 1))
    assert positive_ranks(database_ranks, relevance).tolist() == [0, 2, 3]


def touch(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def revisited(labels: list[list[str]], folder: Path) -> Task:
    """Load a task from the label of each database photo, a list per query."""
    names = [f"p{number}" for number in range(len(labels[0]))]
    truths = [
        {
            "bbx": [0, 0, 9, 9],
            **{
                wanted: [position for position, label in enumerate(row) if label == wanted]
                for wanted in ("easy", "hard", "junk")
            },
        }
        for row in labels
    ]
    photos = touch(folder / "jpg", "q.jpg", *(f"{name}.jpg" for name in names))
    path = folder / "gnd.json"
    path.write_text(json.dumps({"imlist": names, "qimlist": ["q"] * len(labels), "gnd": truths}))
    return load_task(Protocol.ROXFORD5K, photos, path)


POSITIVE = {"easy": {"easy"}, "medium": {"easy", "hard"}, "hard": {"hard"}}


def other_scores(
    labels: list[list[str]], rankings: list[list[int]], setting: str
) -> tuple[list[Fraction], dict[int, list[Fraction]], dict[int, int]]:
    """Score with exact fractions, walking the precision-recall curve hit by hit."""
    areas: list[Fraction] = []
    precisions: dict[int, list[Fraction]] = {1: [], 5: [], 10: []}
    recalled = {1: 0, 10: 0}
    for row, ranking in zip(labels, rankings, strict=True):
        shown = [row[hit] if hit < len(row) else "distractor" for hit in ranking]
        hits = [
            label in POSITIVE[setting]
            for label in shown
            if label in POSITIVE[setting] | {"negative", "distractor"}
        ]
        if not any(hits):
            continue
        curve = [(Fraction(0), Fraction(1))]
        for seen in range(1, len(hits) + 1):
            found = sum(hits[:seen])
            curve.append((Fraction(found, sum(hits)), Fraction(found, seen)))
        areas.append(
            sum(
                ((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(curve)),
                Fraction(0),
            )
        )
        while not hits[-1]:
            hits.pop()
        for k, values in precisions.items():
            values.append(Fraction(sum(hits[:k]), len(hits[:k])))
        for k in recalled:
            recalled[k] += any(hits[:k])
    return areas, precisions, recalled


def random_labels(random: np.random.Generator, queries: int, database: int) -> list[list[str]]:
    """Draw labels; some queries lack easy ones, hard ones, junk, or all of them."""
    names = np.array(["easy", "hard", "junk", "negative"])
    shares = random.dirichlet((0.4, 0.4, 0.4, 1.0), queries)
    return [list(map(str, random.choice(names, database, p=share))) for share in shares]


def test_a_thousand_random_rankings_against_another_implementation(tmp_path: Path) -> None:
    random = np.random.default_rng(20)
    compared = dict.fromkeys(POSITIVE, 0)
    empty = dict.fromkeys(POSITIVE, 0)
    for _ in range(120):
        queries, database, distractors = (
            int(random.integers(*r)) for r in ((1, 20), (2, 40), (0, 9))
        )
        labels = random_labels(random, queries, database)
        rankings = np.stack([random.permutation(database + distractors) for _ in range(queries)])
        scores = score_rankings(revisited(labels, tmp_path), rankings)
        assert list(scores) == list(POSITIVE)
        for setting, score in scores.items():
            areas, precisions, recalled = other_scores(labels, rankings.tolist(), setting)
            compared[setting] += len(areas)
            empty[setting] += queries - len(areas)
            count = max(len(areas), 1)
            assert score.queries == len(areas)
            assert score.mean_ap == pytest.approx(float(100 * sum(areas) / count), abs=1e-9)
            for k, values in precisions.items():
                expected = float(100 * sum(values) / count)
                assert score.precision_at[k] == pytest.approx(expected, abs=1e-9)
            assert score.recall_at_1 == pytest.approx(100 * recalled[1] / count)
            assert score.recall_at_10 == pytest.approx(100 * recalled[10] / count)
    assert sum(compared.values()) + sum(empty.values()) >= 3000
    assert min(compared.values()) >= 500
    assert min(empty.values()) >= 30


def test_no_query_counts(tmp_path: Path) -> None:
    task = revisited([["negative", "hard"]], tmp_path)
    score = score_rankings(task, np.array([[0, 1]]))["easy"]
    assert (score.queries, score.mean_ap, score.precision_at) == (0, 0.0, {1: 0.0, 5: 0.0, 10: 0.0})


@pytest.fixture(scope="module", params=[Protocol.ROXFORD5K, Protocol.RPARIS6K])
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Task:
    """The published ground truth; nothing is decoded, so empty files serve as its photos."""
    path = DATA / "gnd" / f"gnd_{request.param}.json"
    if not path.is_file():
        pytest.skip(f"{path} is not here; set ACTNET_DATA to the folder that holds gnd")
    content = json.loads(path.read_text())
    names = [f"{name}.jpg" for name in content["imlist"] + content["qimlist"]]
    photos = touch(tmp_path_factory.mktemp(str(request.param)), *names)
    return load_task(request.param, photos, path)


def ordered(task: Task, setting: str, *groups: str) -> np.ndarray:
    """Rank by groups: positive, junk, and negative for the rest."""
    rows = []
    for relevance in task.settings[setting]:
        kinds = {"positive": set(relevance.positive), "junk": set(relevance.junk)}
        everything = set(range(len(task.database)))
        kinds["negative"] = everything - kinds["positive"] - kinds["junk"]
        rows.append([position for group in groups for position in sorted(kinds[group])])
    return np.array(rows)


@pytest.mark.parametrize("setting", ["easy", "medium", "hard"])
def test_the_real_ground_truth(real: Task, setting: str) -> None:
    without_easy = 2 if real.protocol is Protocol.ROXFORD5K else 0
    counted = 70 - without_easy * (setting == "easy")
    for groups in (
        ("positive", "negative", "junk"),
        ("junk", "positive", "negative"),
        ("positive", "junk", "negative"),
    ):
        score = score_rankings(real, ordered(real, setting, *groups))[setting]
        assert score.queries == counted
        assert score.mean_ap == pytest.approx(100)
        assert score.precision_at == {1: 100.0, 5: 100.0, 10: 100.0}
        assert (score.recall_at_1, score.recall_at_10) == (100.0, 100.0)


@pytest.mark.parametrize("setting", ["easy", "medium", "hard"])
def test_the_real_ground_truth_ranked_backwards(real: Task, setting: str) -> None:
    expected = []
    for relevance in real.settings[setting]:
        positives = len(relevance.positive)
        negatives = len(real.database) - positives - len(relevance.junk)
        # After all negatives the precision climbs from 0 as n / (negatives + n).
        curve = np.arange(positives + 1) / np.arange(negatives, negatives + positives + 1)
        if positives:
            expected.append(np.trapezoid(curve, dx=1 / positives))
    backwards = ordered(real, setting, "negative", "junk", "positive")
    score = score_rankings(real, backwards)[setting]
    assert score.mean_ap == pytest.approx(100 * float(np.mean(expected)))
    assert 0 < score.mean_ap < 10
    assert (score.precision_at[10], score.recall_at_10) == (0.0, 0.0)


def test_distractors_lower_the_real_score(real: Task) -> None:
    perfect = ordered(real, "medium", "positive", "negative", "junk")
    distractors = np.tile(np.arange(3) + len(real.database), (len(perfect), 1))
    last = score_rankings(real, np.hstack([perfect, distractors]))["medium"]
    first = score_rankings(real, np.hstack([distractors, perfect]))["medium"]
    assert last.mean_ap == pytest.approx(100)
    assert (first.mean_ap < 100, first.recall_at_1, first.recall_at_10) == (True, 0.0, 100.0)


@pytest.mark.parametrize(
    ("rankings", "message"),
    [
        ([[0, 1, 2]] * 2, "rankings have shape (2, 3); roxford5k needs 1 rows of at least 3"),
        ([[0, 1]], "rankings have shape (1, 2)"),
        ([0, 1, 2], "rankings have shape (3,)"),
        ([[0.5, 0.2, 0.1]], "give whole numbers, not similarities"),
        ([[0, 1, 1]], "ranking 0 must hold each database position 0 to 2 once"),
        ([[0, 1, 3]], "must hold each database position"),
        ([[0, 1, -1]], "must hold each database position"),
        ([[0, 4, 1, 4, 2]], "no distractor twice"),
    ],
)
def test_wrong_rankings(tmp_path: Path, rankings: list, message: str) -> None:
    task = revisited([["easy", "negative", "junk"]], tmp_path)
    with pytest.raises(ActnetError) as caught:
        score_rankings(task, np.array(rankings))
    assert message in str(caught.value)


def test_holidays(tmp_path: Path) -> None:
    touch(tmp_path / "jpg1", "100100.jpg", "100000.jpg", "100002.jpg", "100001.jpg")
    touch(tmp_path / "jpg2", "100101.jpg", "100200.jpg", "notes.txt", ".hidden.jpg")
    task = load_task(Protocol.HOLIDAYS, tmp_path, None)
    names = ["100000", "100001", "100002", "100100", "100101", "100200"]
    assert [path.stem for path in task.database] == names
    assert [(query.path.stem, query.box) for query in task.queries] == [
        ("100000", None),
        ("100100", None),
        ("100200", None),
    ]
    # First query: itself, 100001, a negative, 100002: (1 + 1) / 4 + (1/2 + 2/3) / 4 = 19/24.
    # Second: a negative, itself, 100101: (0 + 1/2) / 2 = 1/4. The third has nothing to find.
    rankings = np.array([[0, 1, 5, 2, 3, 4], [2, 3, 4, 0, 1, 5], [5, 0, 1, 2, 3, 4]])
    score = score_rankings(task, rankings)["all"]
    assert score.mean_ap == pytest.approx(100 * (19 / 24 + 1 / 4) / 2)
    assert (score.queries, score.recall_at_1, score.recall_at_10) == (2, 50.0, 100.0)


def test_oxford_from_text_files(tmp_path: Path) -> None:
    photos = touch(tmp_path / "jpg", "hall_1.jpg", "hall_2.jpg", "hall_3.png", "hall_4.JPG")
    files = touch(tmp_path / "gt", "hall_1_ok.txt")
    (files / "hall_1_query.txt").write_text("oxc1_hall_1 1 2 30 40\n")
    (files / "hall_1_good.txt").write_text("hall_1\nhall_3\n")
    (files / "hall_1_junk.txt").write_text("hall_2\n")
    task = load_task(Protocol.OXFORD5K, photos, files)
    assert task.queries == [Query(photos / "hall_1.jpg", (1.0, 2.0, 30.0, 40.0))]
    assert task.database[3] == photos / "hall_4.JPG"
    # Junk, the query itself, a negative, a positive: (1 + 1) / 4 + (1/2 + 2/3) / 4 = 19/24.
    score = score_rankings(task, np.array([[1, 0, 3, 2]]))["all"]
    assert score.mean_ap == pytest.approx(100 * 19 / 24)


def test_the_classic_protocols_from_a_file(tmp_path: Path) -> None:
    photos = touch(tmp_path / "jpg", "a.jpg", "b.jpg")
    path = tmp_path / "gnd.json"
    truth = [{"ok": [1, 0], "junk": [], "bbx": [0, 0, 9, 9]}]
    path.write_text(json.dumps({"imlist": ["b", "a"], "qimlist": ["a"], "gnd": truth}))
    task = load_task(Protocol.PARIS6K, photos, path)
    assert task.database == [photos / "b.jpg", photos / "a.jpg"]
    assert task.settings["all"][0].positive.tolist() == [1, 0]


def test_damaged_photos_of_paris_are_left_out(tmp_path: Path) -> None:
    photos = touch(tmp_path, "paris_louvre_000135.jpg", "paris_louvre_000136.jpg")
    for label, content in {
        "query": "paris_louvre_000135 1 2 30 40",
        "good": "paris_louvre_000135\nparis_louvre_000136",
        "ok": "",
        "junk": "",
    }.items():
        (photos / f"louvre_1_{label}.txt").write_text(content)
    task = load_task(Protocol.PARIS6K, photos, photos)
    assert [path.name for path in task.database] == ["paris_louvre_000135.jpg"]
    assert task.settings["all"][0].positive.tolist() == [0]


def test_missing_photos_are_counted(tmp_path: Path) -> None:
    photos = touch(tmp_path / "jpg", "b.jpg")
    path = tmp_path / "gnd.json"
    truth = [{"easy": [], "hard": [], "junk": [], "bbx": [0, 0, 9, 9]}]
    path.write_text(json.dumps({"imlist": ["a", "b", "c"], "qimlist": ["q"], "gnd": truth}))
    with pytest.raises(ActnetError, match=r"lacks 3 of the 4 photos of roxford5k \(first: a.jpg\)"):
        load_task(Protocol.ROXFORD5K, photos, path)


@pytest.mark.parametrize(
    ("protocol", "names", "truth", "message"),
    [
        ("roxford5k", ["a.jpg"], None, "roxford5k needs its ground truth .got none.; give gnd_rox"),
        ("rparis6k", ["a.jpg"], ".", "is a folder; rparis6k needs a file"),
        ("holidays", ["100000.jpg"], ".", "holidays has its ground truth in its file names"),
        ("holidays", ["a.jpg", "1.jpg"], None, "holds 1 photo without a number as name .first: a"),
        ("holidays", ["100001.jpg"], None, "holds 100001 but not 100000, the query"),
        ("holidays", ["1.jpg", "1.png"], None, "1.jpg and .*1.png have the same name"),
        ("holidays", ["notes.txt"], None, "holds no photos"),
    ],
)
def test_what_load_task_refuses(
    tmp_path: Path, protocol: str, names: list[str], truth: str | None, message: str
) -> None:
    touch(tmp_path, *names)
    with pytest.raises(ActnetError, match=message):
        load_task(Protocol(protocol), tmp_path, None if truth is None else tmp_path / truth)


def test_no_photo_folder(tmp_path: Path) -> None:
    with pytest.raises(ActnetError, match="is not a folder; give the folder"):
        load_task(Protocol.HOLIDAYS, tmp_path / "none", None)


def test_crop() -> None:
    image = Image.new("RGB", (100, 80))
    image.putpixel((10, 20), (255, 0, 0))
    cropped = crop_query(image, (9.6, 20.4, 30.2, 40.0))
    assert (cropped.size, cropped.getpixel((0, 0))) == ((20, 20), (255, 0, 0))
    assert crop_query(image, (-5, 70, 300, 95)).size == (100, 10)
    assert crop_query(image, None) is image
    with pytest.raises(ActnetError, match="holds no pixel of a photo of 100 x 80"):
        crop_query(image, (100, 0, 120, 10))

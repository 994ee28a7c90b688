"""Right answers: counted by hand, and measured on drawn posters."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mobile_actnet.cli.evaluate import main
from mobile_actnet.errors import ConfigError
from mobile_actnet.evaluation.answer_quality import FirstHits, right_answers, score_answers
from mobile_actnet.evaluation.config import AnswerOptions


def hits(known: list[float], unknown: list[float], right: list[bool]) -> FirstHits:
    return FirstHits(np.array(right), np.array(known), np.array(unknown), np.array(right))


def test_thresholds_by_hand() -> None:
    known, unknown = [9.0, 5, 3, 8, 1], [4.0, 2, 0, 6, 1]
    found = hits(known, unknown, [True, True, True, False, True])
    # 1 % of five queries is none: the threshold is the largest unknown score.
    marks, threshold = right_answers(found, 0.01)
    assert (marks.tolist(), threshold) == ([True, False, False, False, False], 6)
    # 20 % is one: it is the second largest.
    marks, threshold = right_answers(found, 0.2)
    assert (marks.tolist(), threshold) == ([True, True, False, False, False], 4)
    assert right_answers(found, 1.0)[0].tolist() == [True, True, True, False, True]


def test_scores_that_are_level_are_no_answer() -> None:
    found = hits([6.0, 6.0], [6.0, 0.0], [True, True])
    assert not right_answers(found, 0.01)[0].any()


def test_intervals_hold_the_value_and_shrink_with_queries() -> None:
    rng = np.random.default_rng(1)

    def scored(count: int) -> tuple[float, float, float]:
        right = rng.random(count) < 0.8
        found = hits(list(rng.normal(3, 1, count)), list(rng.normal(0, 1, count)), list(right))
        score = score_answers(found, 1000)
        assert score.recall_at_1.value == pytest.approx(100 * right.mean())
        for share in (score.recall_at_1, *score.right_answers.values()):
            assert share.low <= share.value <= share.high
        # The binomial's 95 % interval, within what 1 000 samples say.
        return score.recall_at_1.high - score.recall_at_1.low, count, right.mean()

    width, count, share = scored(400)
    assert width == pytest.approx(100 * 2 * 1.96 * (share * (1 - share) / count) ** 0.5, rel=0.15)
    assert scored(50)[0] > 2 * width


def poster(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (240, 320), tuple(int(v) for v in rng.integers(0, 256, 3)))
    pen = ImageDraw.Draw(picture)
    for _ in range(90):
        x, y, w, h = (int(v) for v in rng.integers(0, (240, 320, 50, 50)))
        pen.rectangle((x, y, x + w + 4, y + h + 4), tuple(int(v) for v in rng.integers(0, 256, 3)))
    return picture


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    rows = ["path,instance,role"]
    for seed in range(4):
        poster(seed).save(folder / f"{seed}.png")
        photo = Image.new("RGB", (480, 360), "grey")
        photo.paste(poster(seed).resize((180, 240)), (130, 60))
        photo.save(folder / f"{seed}_photo.png")
        rows += [f"{seed}.png,{seed},database", f"{seed}_photo.png,{seed},query"]
    (folder / "manifest.csv").write_text("\n".join(rows))
    others = tmp_path / "others"
    others.mkdir()
    for seed in range(20, 25):
        poster(seed).save(others / f"{seed}.png")
    return folder


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:
    assert main([*map(str, arguments), "--image-size", "64", "--answers", "--json"]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])["answers"]["shop"]


def test_posters_are_answered_rightly(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, "--data", shop, "--distractors", shop.parent / "others")
    assert list(found) == ["whole photo", "views", "verified"]
    assert found["verified"]["recall_at_1"]["value"] == 100
    assert found["verified"]["right_answers"]["0.01"]["value"] == 100
    assert (found["verified"]["queries"], found["verified"]["database"]) == (4, 9)
    # Posters have many inliers: two views are enough for all of them, and find the same.
    assert found["verified"]["certain_early"] == 100
    assert found["verified"]["changed_early"] == 0
    assert found["views"]["certain_early"] == 0
    two = told(capsys, "--data", shop, "--views", "whole,centre")
    assert two["verified"]["certain_early"] == 0, "nothing is left to be spared"
    for half in ("even", "odd"):
        assert told(capsys, "--data", shop, "--half", half)["verified"]["queries"] == 2
    sideways = told(capsys, "--data", shop, "--turn", "90")
    assert sideways["verified"]["recall_at_1"]["value"] == 100


def test_the_order_of_lines_changes_nothing(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Twins: equal pictures of two things, so that similarities are level.
    (shop / "a_twin.png").write_bytes((shop / "1.png").read_bytes())
    manifest = shop / "manifest.csv"
    head, *rows = [*manifest.read_text().split("\n"), "a_twin.png,other,database"]
    manifest.write_text("\n".join([head, *rows]))
    first = told(capsys, "--data", shop)
    plain = main(["--data", str(shop), "--image-size", "64", "--json"]), capsys.readouterr().out
    manifest.write_text("\n".join([head, *rows[::-1]]))
    assert told(capsys, "--data", shop) == first
    again = main(["--data", str(shop), "--image-size", "64", "--json"]), capsys.readouterr().out
    assert again == plain


def test_what_cannot_be_measured(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="--turn is 45"):
        AnswerOptions(turn_deg=45)
    with pytest.raises(ConfigError, match="--shortlist is 0"):
        AnswerOptions(shortlist=0)
    assert main(["--data", str(shop), "--distractors", str(shop)]) == 1
    assert "--distractors are for --protocol and --answers" in capsys.readouterr().err
    assert main(["--data", str(shop), "--answers", "--scales", "multi"]) == 1
    assert "one scale" in capsys.readouterr().err
